import { join } from "node:path";
import { type CaptureRowRecord, captureById } from "../vault/index/captures.js";
import { readObject } from "../vault/objects.js";
import type { World } from "../world.js";
import type { CaptureResult } from "./capture-result.js";
import { storageFailure } from "./failed-capture.js";
import { failedPage, type PageResult, takePage } from "./page.js";
import type { Browser } from "./page-tools.js";
import type { Resources } from "./resources.js";

/** That the page around each clip is wanted, and who is told what came of it. */
export interface PagesWanted {
  readonly browser: Browser;
  readonly onPage: (result: PageResult) => void;
}

/** The page around a clip that was captured just now. What becomes of it changes nothing about the clip. */
export async function pageAround(
  resources: Resources,
  world: World,
  { browser, onPage }: PagesWanted,
  proxy: string | null,
  result: CaptureResult,
): Promise<void> {
  const { vault, egress, clock } = resources;
  const isNew = result.status === "captured" || result.status === "incomplete";
  const row = isNew && result.id !== null ? captureById(vault.database, result.id) : undefined;
  if (egress === null || !row?.url || world.signal.aborted || isMediaItself(resources, row)) return;
  const tools = { vault, browser, egress, proxy, clock };
  onPage(await takePage(tools, world, row.id, { url: result.url, shown: row.url }));
}

/** The same where nobody waits to hear of the disk: a full one is a failure of the page, and the clip's result stands. */
export async function pageAroundOrWhy(
  resources: Resources,
  world: World,
  wanted: PagesWanted,
  proxy: string | null,
  result: CaptureResult,
): Promise<void> {
  try {
    await pageAround(resources, world, wanted, proxy, result);
  } catch (error) {
    const failure = storageFailure(error);
    if (failure === null || world.signal.aborted) throw error;
    const shown = captureById(resources.vault.database, result.id ?? "")?.url ?? "";
    wanted.onPage(failedPage(result.id, shown, failure, null));
  }
}

/** Whether the address of a capture led to the media file at once: then there is no page around it. */
function isMediaItself({ vault }: Resources, { object }: CaptureRowRecord): boolean {
  if (object === null) return true;
  const { requests, final_url } = readObject(join(vault.layout.root, object)).record;
  const type = requests.find(({ url, status }) => url === final_url && status === 200)?.content_type ?? "";
  return /^(?:video|audio|image)\//i.test(type);
}
