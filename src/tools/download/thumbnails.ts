import { basename } from "node:path";
import { isJsonObject, type Json } from "../../audit/canonical-json.js";
import { exchangesFor } from "../../core/capture/parts.js";
import type { TrafficLog } from "../../core/capture/traffic-log.js";
import type { FetchedSidecar } from "./fetch-types.js";
import { mediaName } from "./yt-dlp-args.js";

/** A preview picture that yt-dlp began to write: the platform's number for it, and the file. */
export interface WrittenThumbnail {
  readonly id: string;
  readonly file: string;
}

/** The preview pictures that yt-dlp says it wrote. It tries the best first, and the next one if that fails. */
export function writtenThumbnails(remarks: readonly string[]): readonly WrittenThumbnail[] {
  return remarks.flatMap((line) => {
    const [, id, file] = /^\[info\] Writing video thumbnail (\S+) to: (.+)$/.exec(line) ?? [];
    return id === undefined || file === undefined ? [] : [{ id, file }];
  });
}

const endings = /\.(?:jpe?g|jfif|png|webp|avif|hei[cf]|bmp|gif|tiff?)$/i;

/**
 * Whether a file in the downloader's folder looks like a preview picture that is not finished. Until the clip is there,
 * yt-dlp gives the picture the clip's name, with the ending of the picture's address. A GIF may be the clip itself.
 */
export function isUnfinishedThumbnail(file: string): boolean {
  const [name, ending, more] = file.split(".");
  return name === mediaName && ending !== "gif" && more === undefined && endings.test(file);
}

/**
 * Whether a preview picture took the place of the clip: the page controls the ending of its address, and yt-dlp takes a
 * file with the clip's own name for the clip.
 */
export function tookClipsPlace(remarks: readonly string[]): boolean {
  return (
    writtenThumbnails(remarks).some(({ file }) => !endings.test(file)) ||
    remarks.some(
      (line) => line.startsWith(`[download] ${mediaName}.`) && line.endsWith(" has already been downloaded"),
    )
  );
}

/**
 * Those that came whole. What broke off stays in the folder as if it had come: yt-dlp warns of some breaks, and others show
 * only in the announced length. `info` is the raw info.json.
 */
export function wholeThumbnails(
  came: readonly FetchedSidecar[],
  { remarks, exchanges }: TrafficLog,
  warnings: readonly string[],
  info: Json,
): readonly FetchedSidecar[] {
  const failed = warnings.flatMap(
    (line) => /^Unable to download video thumbnail (\S+): /.exec(line)?.[1] ?? [],
  );
  const writers = new Map(writtenThumbnails(remarks).map(({ id, file }) => [endingOf(file), id]));
  return came.filter(({ path, bytes }) => {
    const id = writers.get(endingOf(path));
    if (id === undefined || failed.includes(id)) return false;
    const url = addressOf(info, id);
    const answer =
      url === null ? undefined : exchangesFor(url, exchanges).findLast((one) => one.status === 200);
    return answer === undefined || answer.encoded || bytes >= (answer.content_length ?? 0);
  });
}

function endingOf(file: string): string {
  return basename(file).split(".").slice(1).join(".");
}

function addressOf(info: Json, id: string): string | null {
  const listed = isJsonObject(info) && Array.isArray(info.thumbnails) ? info.thumbnails : [];
  const found = listed.filter(isJsonObject).find((one) => one.id === id);
  return typeof found?.url === "string" ? found.url : null;
}
