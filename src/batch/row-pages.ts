import type { Job } from "../capture/archive.js";
import type { CaptureResult } from "../capture/capture-result.js";
import { storageFailure } from "../capture/failed-capture.js";
import type { PageResult } from "../capture/page.js";
import { type PagesWanted, pageAround } from "../capture/page-around.js";
import { webUrl } from "../core/capture/source-url.js";

/** What the pages of a row added to the vault. */
export interface RowPages {
  readonly bytes: number;
  readonly diskFull: boolean;
}

/**
 * Takes the page around each clip that a row captured, one after the other: each at the turn of its site, and with one of the
 * processors that derivations share. The row has its result already, and nothing here changes it.
 */
export async function takeRowPages(
  job: Job,
  wanted: PagesWanted | null,
  results: readonly CaptureResult[],
): Promise<RowPages> {
  let bytes = 0;
  if (wanted === null) return { bytes, diskFull: false };
  const { resources, world, scheduler, request } = job;
  const onPage = (result: PageResult) => {
    bytes += result.files.reduce((sum, file) => sum + file.bytes, 0);
    wanted.onPage(result);
  };
  try {
    for (const result of results) {
      const host = webUrl(result.url)?.hostname;
      if (!isNew(result) || host === undefined) continue;
      const asked = await scheduler.fetch(host, world.signal);
      // What a browser saw says nothing about how the downloader is received.
      asked(null);
      await scheduler.derive(() =>
        pageAround(resources, world, { ...wanted, onPage }, request.proxy, result),
      );
    }
    return { bytes, diskFull: false };
  } catch (error) {
    if (world.signal.aborted) return { bytes, diskFull: false };
    if (storageFailure(error) === null) throw error;
    return { bytes, diskFull: true };
  }
}

function isNew({ status }: CaptureResult): boolean {
  return status === "captured" || status === "incomplete";
}
