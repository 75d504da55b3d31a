import { createHash } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dhash, type Look } from "../core/dhash.js";
import { type DecodingSource, type DecodingWindow, takePictures } from "./frame-runs.js";
import type { MediaRun } from "./media-input.js";
import { jpegOf, lookOf } from "./picture.js";

/** A frame that was decoded and looked at; `jpeg` is null where it was found too like its neighbour to be drawn. */
export interface TakenFrame {
  /** Presentation time in units of the stream's time base. */
  readonly pts: number;
  readonly look: Look;
  readonly dhash: string;
  readonly frameSha256: string;
  readonly jpeg: { readonly file: string; readonly sha256: string } | null;
}

// Frames being drawn at once: two cores, and an 8K frame is 100 MB.
const atOnce = 3;

/**
 * Decodes the frames with the given times (ascending) and draws each as JPEG into `folder`, under a working name that
 * begins with `name`. `isNeeded` is asked in order and may spare a frame the drawing. Fewer or other frames than asked
 * for may come back: the caller compares.
 */
export async function takeFrames(request: {
  readonly source: DecodingSource;
  readonly window: DecodingWindow;
  readonly pts: readonly number[];
  readonly folder: string;
  readonly name: string;
  readonly isNeeded: (look: Look, at: number) => boolean;
  readonly onFrame: () => void;
}): Promise<{ readonly frames: readonly TakenFrame[]; readonly run: MediaRun }> {
  const { source, folder, name } = request;
  const looks: Look[] = [];
  const drawn = new Map<number, NonNullable<TakenFrame["jpeg"]>>();
  const drawing = new Set<Promise<void>>();
  const draw = async (rgb: Uint8Array, at: number): Promise<void> => {
    drawn.set(at, await writeJpegOf(rgb, source, join(folder, `${name}-${at}.part`)));
  };
  const { lines, run } = await takePictures(source, request.window, request.pts, name, async (rgb, at) => {
    const look = await lookOf(rgb, source.video);
    looks.push(look);
    if (request.isNeeded(look, at)) {
      const job = draw(rgb, at).finally(() => drawing.delete(job));
      drawing.add(job);
    }
    if (drawing.size >= atOnce) await Promise.race(drawing);
    request.onFrame();
  });
  await Promise.all(drawing);
  const frames = looks.flatMap((look, at) => {
    const line = lines[at];
    const jpeg = drawn.get(at) ?? null;
    if (line && line.pts !== null) {
      return [{ pts: line.pts, look, dhash: dhash(look), frameSha256: line.sha256, jpeg }];
    }
    // A picture without its line has no time: it cannot be stated which frame it is.
    if (jpeg) rmSync(jpeg.file, { force: true });
    return [];
  });
  return { frames, run };
}

async function writeJpegOf(rgb: Uint8Array, { video }: DecodingSource, file: string) {
  const bytes = await jpegOf(rgb, video);
  await writeFile(file, bytes, { flag: "wx", mode: 0o444 });
  return { file, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Gives a drawn frame its final name inside its folder. */
export function keepFrame(jpeg: NonNullable<TakenFrame["jpeg"]>, folder: string, name: string): void {
  renameSync(jpeg.file, join(folder, name));
}

/** Removes the drawings of frames that are not kept. */
export function discardFrames(frames: readonly TakenFrame[]): void {
  for (const { jpeg } of frames) if (jpeg) rmSync(jpeg.file, { force: true });
}
