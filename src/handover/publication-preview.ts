import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEntry } from "../audit/entry.js";
import { codedSize, type Fill, wholeBlocks } from "../core/media/fill.js";
import { fromMicroseconds, parseSeconds } from "../core/media/timing.js";
import { HoldfastError } from "../core/words/error.js";
import { displaySize } from "../tools/media/display-size.js";
import { drawFillGrid } from "../tools/media/fill-grid.js";
import { whyUnusable } from "../tools/media/input.js";
import { openPictures } from "../tools/media/pictures.js";
import { stillAt } from "../tools/media/still.js";
import { requirePrograms } from "../tools/run/programs.js";
import { oneCaptureByPart } from "../vault/index/captures.js";
import { entriesOf } from "../vault/log.js";
import { chosenCapture } from "../vault/package/content.js";
import { readVault } from "../vault/reader.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { World } from "../world.js";
import { refuseOutside } from "./publication-copy.js";
import { publicationDestination } from "./publication-destination.js";
import { readOriginals, tracksOf } from "./publication-originals.js";

export interface PreviewRequest {
  readonly vault: string;
  /** Any part of a capture's id that no other id contains. */
  readonly id: string;
  readonly fills: readonly Fill[];
  /** Logical path of the original, if the capture has several videos. */
  readonly original: string | null;
  /** Microseconds from the beginning of the clip. */
  readonly at: number;
}

/**
 * Where the preview goes: a new file outside the vault that `to` names, else the first free name in `folder`. Throws
 * `usage`.
 */
export function previewDestination(to: string | null, folder: string, id: string, vault: string): string {
  const names = Array.from({ length: 1000 }, (_, at) => `${id}-preview${at === 0 ? "" : `-${at + 1}`}.png`);
  const free = names.map((name) => join(folder, name)).find((path) => !existsSync(path));
  return publicationDestination(to ?? free ?? join(folder, `${id}-preview.png`), vault, "png");
}

/** A still with the regions that a copy would have at its time. */
export interface Preview {
  readonly id: string;
  /** When the frame begins that is seen then, in decimal seconds from the beginning of the clip. */
  readonly at: string;
  readonly width: number;
  readonly height: number;
  /** How many of the regions are filled at the time. */
  readonly shown: number;
  readonly png: Uint8Array;
}

/**
 * Draws what is seen at a time of a clip, with the regions that are filled then and a grid in the pixels in which regions
 * are counted. Only reads, logs nothing and compares no digest. Throws as `redactCapture` does.
 */
export async function previewFills(request: PreviewRequest, world: World): Promise<Preview> {
  const { id, sources } = readVault(request.vault, ({ layout, database }) => {
    const row = oneCaptureByPart(database, request.id);
    refuseWithdrawn(database, row.id, "previewing");
    if (row.object === null)
      throw new HoldfastError(
        "usage",
        `previewing ${row.id}: this attempt failed, and holdfast kept nothing of it`,
        `to see what is known about it: holdfast report ${row.id}`,
      );
    const own = entriesOf(database, row.id).map(({ line }) => ({ entry: parseEntry(line), line }));
    const chosen = chosenCapture(layout, row.id, own);
    return { id: row.id, sources: tracksOf(chosen.object.record, chosen) };
  });
  const programs = await requirePrograms(["ffmpeg", "ffprobe"], {
    env: world.env,
    now: world.now(),
    allowOldYtDlp: false,
  });
  const path = (name: "ffmpeg" | "ffprobe") => programs.get(name)?.path ?? "";
  const scratch = mkdtempSync(join(tmpdir(), "holdfast-preview-"));
  const pictures = openPictures(scratch);
  try {
    const choice = { wanted: request.original, keepSound: false, scratch, capture: id, sources };
    const { picture: original, video } = await readOriginals(path("ffprobe"), world, choice);
    const picture = displaySize(video);
    refuseOutside(request.fills, picture);
    const length = parseSeconds(original.probe.duration);
    if (length !== null && request.at > length) throw beyond(request.at, length);
    const tools = {
      ffmpeg: path("ffmpeg"),
      scratch,
      signal: world.signal,
      seconds: (length ?? 0) / 1_000_000,
    };
    const plan = { media: original.media, stream: video.index, picture, at: request.at };
    const { still, run } = await stillAt(tools, plan);
    world.signal.throwIfAborted();
    if (still === null) throw noStill(id, whyUnusable(run) ?? "no picture can be decoded there");
    const active = request.fills.filter((fill) => isFilledAt(fill, still.time, request.at));
    drawFillGrid(
      still.picture,
      active.map((fill) => wholeBlocks(fill, codedSize(picture))),
    );
    const png = await pictures.encodePng(still.picture);
    return { id, at: fromMicroseconds(still.time), ...picture, shown: active.length, png };
  } finally {
    await pictures.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A region is filled in each frame that is seen between its times, so in one that begins before and lasts into them. */
function isFilledAt({ from, to }: Fill, frame: number, at: number): boolean {
  return from === null || to === null || (from <= at && frame <= to);
}

function beyond(at: number, length: number): HoldfastError {
  return new HoldfastError(
    "usage",
    `previewing at ${fromMicroseconds(at)} s: the clip ends at ${fromMicroseconds(length)} s`,
    "count the time from the beginning of the clip, in seconds or in the form 1:03",
  );
}

function noStill(id: string, why: string): HoldfastError {
  return new HoldfastError(
    "io",
    `previewing ${id}: ${why}`,
    `try another time; to see how the original decodes: holdfast show ${id}`,
  );
}
