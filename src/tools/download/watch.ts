import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FetchBounds } from "../run/limits.js";
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
  const began = now();
  const samples: Sample[] = [];
  let mediaBegan = false;

  return () => {
    const at = now();
    const { media, all, begun } = folderBytes(folder);
    if (media > bounds.maxBytes) return "too-large";
    mediaBegan ||= begun;
    if (!mediaBegan) return at - began > bounds.lookUpMs ? "timed-out" : null;
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
  readonly media: number;
  readonly all: number;
  readonly begun: boolean;
} {
  let begun = false;
  let media = 0;
  let all = 0;
  for (const name of readdirSync(folder)) {
    if (/\.part-Frag\d+$/.test(name)) continue;
    const bytes = lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    all += bytes;
    if (!name.startsWith(`${mediaName}.`) || name.endsWith(".json")) continue;
    begun = true;
    media += bytes;
  }
  return { media, all, begun };
}
