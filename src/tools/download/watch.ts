import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type FetchBounds, maxThumbnailBytes } from "../run/limits.js";
import { isSubtitle } from "./received-files.js";
import { isUnfinishedThumbnail } from "./thumbnails.js";
import { mediaName } from "./yt-dlp-args.js";

/** Why a download is ended before it ends by itself; `classifyFailure` knows these words. */
export type WatchReason = "too-large" | "stalled" | "timed-out" | "broken-off";

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Watches the folder a download writes to: its total size, the average speed over the stall window, and the time before
 * the first byte of media. The downloader's own limits do not stop a server that sends one byte per second or announces
 * no length (SECURITY B-15, B-16). The returned function is called every second and returns the reason to end the run,
 * or null. `now` is a monotonic clock in milliseconds.
 */
export function openDownloadWatch(
  folder: string,
  bounds: FetchBounds,
  now: () => number,
): () => WatchReason | null {
  const samples: Sample[] = [];
  let mediaBegan = false;
  // Subtitles come before the media, with a pause between them: each one shows that the site still answers.
  let lookUpBegan = now();
  let subtitlesSeen = 0;

  return () => {
    const at = now();
    const { media, all, begun, thumbnail, subtitles } = folderBytes(folder);
    if (media > bounds.maxBytes || thumbnail > maxThumbnailBytes) return "too-large";
    mediaBegan ||= begun;
    if (subtitles > subtitlesSeen) [subtitlesSeen, lookUpBegan] = [subtitles, at];
    if (!mediaBegan) return at - lookUpBegan > bounds.lookUpMs ? "timed-out" : null;
    samples.push({ at, bytes: all });
    // Keep the newest sample that is a whole window old at the front.
    while (samples[1] !== undefined && at - samples[1].at >= bounds.stallMs) samples.shift();
    return hasStalled(samples[0], at, all, bounds) ? "stalled" : null;
  };
}

function hasStalled(oldest: Sample | undefined, at: number, bytes: number, bounds: FetchBounds): boolean {
  if (oldest === undefined) return false;
  const elapsed = at - oldest.at;
  if (elapsed < bounds.stallMs) return false;
  return ((bytes - oldest.bytes) * 1000) / elapsed < bounds.stallBytesPerSecond;
}

/**
 * Counts finished segments once, although the joined file contains them too, and skips files that vanish meanwhile.
 * Media has begun when its file exists, even if the first bytes are still in the downloader's buffer.
 */
function folderBytes(folder: string): {
  readonly thumbnail: number;
  /** How many there are. */
  readonly subtitles: number;
  readonly media: number;
  readonly all: number;
  readonly begun: boolean;
} {
  let begun = false;
  let media = 0;
  let all = 0;
  let thumbnail = 0;
  let subtitles = 0;
  for (const name of readdirSync(folder)) {
    if (/\.part-Frag\d+$/.test(name)) continue;
    const bytes = lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    all += bytes;
    if (!name.startsWith(`${mediaName}.`) || name.endsWith(".json")) continue;
    if (isUnfinishedThumbnail(name)) {
      thumbnail += bytes;
      continue;
    }
    if (isSubtitle(name)) {
      subtitles += 1;
      continue;
    }
    begun = true;
    media += bytes;
  }
  return { media, all, begun, thumbnail, subtitles };
}
