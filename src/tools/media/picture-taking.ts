import { createHash } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Look } from "../../core/media/dhash.js";
import type { VideoStream } from "./ffprobe.js";
import { type DecodingSource, type DecodingWindow, takePictures } from "./frame-runs.js";
import type { MediaRun } from "./input.js";
import type { FrameDrawing } from "./picture-messages.js";
import type { Pictures } from "./pictures.js";

/** A decoded and drawn frame with its looks. */
export interface TakenFrame {
  /** The presentation time, in units of the stream's time base. */
  readonly pts: number;
  /** As displayed, after rotation. */
  readonly look: Look;
  /** As decoded, comparable with the looks from `lookAtFrames`. */
  readonly lookAsDecoded: Look;
  readonly frameSha256: string;
  readonly jpeg: { readonly file: string; readonly sha256: string };
}

// Frames drawn at once, for two cores; an 8K frame takes 100 MB.
const atOnce = 3;

/**
 * Decodes the frames with the given times (ascending) and draws each as JPEG into `folder`, under a working name that
 * begins with `name`. May return fewer or other frames than requested, so the caller must compare. Throws whatever
 * prevented a drawing.
 */
export async function takeFrames(request: {
  readonly source: DecodingSource;
  readonly pictures: Pictures;
  readonly window: DecodingWindow;
  readonly pts: readonly number[];
  readonly folder: string;
  readonly name: string;
  readonly onFrame?: () => void;
  /** Whether to count the frames that are decoded on the way. */
  readonly counts?: boolean;
}): Promise<{ readonly frames: readonly TakenFrame[]; readonly decoded: number; readonly run: MediaRun }> {
  const { source, pictures, folder, name } = request;
  const drawings: Drawing[] = [];
  const inHand = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const work = async (rgb: Uint8Array, at: number): Promise<void> => {
    drawings[at] = await drawPicture(rgb, source.video, pictures, join(folder, `${name}-${at}.part`));
    request.onFrame?.();
  };
  const take = async (rgb: Uint8Array, at: number): Promise<void> => {
    // No caller may be waiting yet when this fails, so the failure is kept until one is.
    const job = work(rgb, at)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => inHand.delete(job));
    inHand.add(job);
    if (inHand.size >= atOnce) await Promise.race(inHand);
    if (failures.length > 0) throw failures[0];
  };
  const { window, pts, counts } = request;
  const { lines, decoded, run } = await takePictures(source, window, pts, name, take, counts);
  await Promise.all(inHand);
  if (failures.length > 0) throw failures[0];
  const frames = drawings.flatMap((drawing, at) => {
    const line = lines[at];
    if (line && line.pts !== null) return [{ ...drawing, pts: line.pts, frameSha256: line.hash }];
    // A picture without its line has no time, so it is unknown which frame it shows.
    rmSync(drawing.jpeg.file, { force: true });
    return [];
  });
  return { frames, decoded, run };
}

type Drawing = Pick<TakenFrame, "look" | "lookAsDecoded" | "jpeg">;

/** Draws a decoded frame (raw RGB, announced size) as a JPEG file. */
async function drawPicture(
  rgb: Uint8Array,
  video: VideoStream,
  pictures: Pictures,
  file: string,
): Promise<Drawing> {
  return keepDrawing(await pictures.drawFrame(rgb, video), file);
}

/** Writes the JPEG file of a drawn frame. */
export async function keepDrawing(
  { look, lookAsDecoded, jpeg }: FrameDrawing,
  file: string,
): Promise<Drawing> {
  await writeFile(file, jpeg, { flag: "wx", mode: 0o444 });
  const sha256 = createHash("sha256").update(jpeg).digest("hex");
  return { look, lookAsDecoded, jpeg: { file, sha256 } };
}

/** Gives a drawn frame its final name in its folder. */
export function keepFrame({ jpeg }: TakenFrame, folder: string, name: string): void {
  renameSync(jpeg.file, join(folder, name));
}

/** Removes the drawings of frames that will not be kept. */
export function discardFrames(frames: readonly TakenFrame[]): void {
  for (const { jpeg } of frames) rmSync(jpeg.file, { force: true });
}
