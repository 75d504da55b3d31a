import { join } from "node:path";
import type { Resources } from "../capture/resources.js";
import { oddOrientation } from "../core/media/media-tags.js";
import { parseSeconds } from "../core/media/timing.js";
import { HoldfastError } from "../core/words/error.js";
import { type MediaProbe, probeMedia, type VideoStream } from "../tools/media/ffprobe.js";
import type { MediaRun } from "../tools/media/input.js";
import { readChecked } from "../vault/checked-read.js";
import type { StoredObject } from "../vault/objects.js";
import {
  type ChosenCapture,
  chosenCapture,
  type PackagedSource,
  packagedEntries,
} from "../vault/package/content.js";
import type { World } from "../world.js";

/** An original that matches the log and that ffprobe can read. */
export interface ReadOriginal {
  /** Its logical path. */
  readonly path: string;
  /** Absolute. */
  readonly media: string;
  readonly sha256: string;
  readonly probe: MediaProbe;
}

/** The originals of a copy. */
export interface CopyOriginals {
  readonly picture: ReadOriginal;
  readonly video: VideoStream;
  /** The original whose sound is kept, possibly `picture` itself; null if no sound is kept or there is none. */
  readonly sound: ReadOriginal | null;
  /** Whether the originals have sound. */
  readonly hasSound: boolean;
  /** When the kept sound begins, in microseconds from the beginning of its file; null if unknown. */
  readonly soundStart: number | null;
  readonly runs: readonly MediaRun[];
}

/** Which original is wanted where there are several videos, and an existing empty folder. */
interface OriginalsChoice {
  readonly wanted: string | null;
  readonly keepSound: boolean;
  readonly scratch: string;
}

/**
 * Reads a capture's originals and finds the one with the video and the one with the sound. `wanted` is the logical path of
 * the video original if there are several. Throws `not-as-recorded` if an original does not match the log, `usage` if there
 * is no video or several without a choice, and `io` if ffprobe refuses them all.
 */
export async function copyOriginals(
  resources: Resources,
  world: World,
  object: StoredObject,
  choice: OriginalsChoice,
): Promise<CopyOriginals> {
  const sources = await checkedOriginals(resources, world, object);
  return readOriginals(resources.ffprobe.path, world, { ...choice, capture: object.record.capture, sources });
}

/** The same of originals that nobody need compare with the log. */
export async function readOriginals(
  ffprobe: string,
  world: Pick<World, "signal">,
  choice: OriginalsChoice & { readonly capture: string; readonly sources: readonly PackagedSource[] },
): Promise<CopyOriginals> {
  const { capture, sources } = choice;
  const read: ReadOriginal[] = [];
  const runs: MediaRun[] = [];
  for (const { path, from, sha256 } of sources) {
    const request = { ffprobe, media: from, scratch: choice.scratch };
    const probe = await probeMedia({ ...request, signal: world.signal });
    world.signal.throwIfAborted();
    runs.push(probe.run);
    if (probe.ok) read.push({ path, media: from, sha256, probe });
  }
  if (read.length === 0 && sources.length > 0) {
    const why = "ffprobe cannot read any of its originals";
    throw new HoldfastError("io", `redacting ${capture}: ${why}`, `for details: holdfast show ${capture}`);
  }
  const picture = choosePicture(capture, read, choice.wanted);
  const { video } = picture.probe;
  if (video === null) throw new Error("the original chosen for its video has none");
  const odd = oddOrientation(picture.probe.json, video.index);
  if (odd !== null)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: regions cannot be placed in ${picture.path}: ${odd}`,
      "make the copy with a video editor, from a file written by 'holdfast export'",
    );
  const withSound = [picture, ...read].find(({ probe }) => probe.hasAudio) ?? null;
  const sound = choice.keepSound ? withSound : null;
  return { picture, video, sound, hasSound: withSound !== null, soundStart: soundStart(withSound), runs };
}

function soundStart(original: ReadOriginal | null): number | null {
  const stream = original?.probe.streams.find(({ type }) => type === "audio");
  const [start, clip] = [parseSeconds(stream?.start), parseSeconds(original?.probe.start)];
  return start === null || clip === null ? null : start - clip;
}

/** The originals, each compared with the log before any program reads it. */
async function checkedOriginals(
  { vault }: Resources,
  { signal }: World,
  { record }: StoredObject,
): Promise<readonly PackagedSource[]> {
  const id = record.capture;
  const tracks = tracksOf(
    record,
    chosenCapture(vault.layout, id, packagedEntries(vault.database, [id], false)),
  );
  for (const track of tracks) await readChecked(track, async () => undefined, signal);
  return tracks;
}

/** The media tracks of a capture with their logical paths. */
export function tracksOf(
  record: StoredObject["record"],
  { files }: Pick<ChosenCapture, "files">,
): readonly PackagedSource[] {
  const wanted = new Set(record.files.filter(({ role }) => role === "media_track").map(({ path }) => path));
  return files
    .map((file) => ({ ...file, path: file.path.slice(join("data", record.capture, "/").length) }))
    .filter(({ path }) => wanted.has(path));
}

function choosePicture(capture: string, read: readonly ReadOriginal[], wanted: string | null): ReadOriginal {
  const withPicture = read.filter(({ probe }) => probe.video !== null);
  const [first, second] = withPicture;
  const paths = withPicture.map(({ path }) => path).join(", ");
  if (first === undefined)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: the capture has no video`,
      `to see what it contains: holdfast show ${capture}`,
    );
  const named = withPicture.find(({ path }) => path === wanted);
  if (wanted !== null && named === undefined)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: the capture has no video ${wanted}`,
      `choose one of these with --original: ${paths}`,
    );
  if (named === undefined && second !== undefined)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: the capture has several videos: ${paths}`,
      "choose one with --original",
    );
  return named ?? first;
}

/** Describes the streams that a copy leaves out, with ffprobe's names for codecs. */
export function leftOut({ picture, video, sound, runs: _runs }: CopyOriginals): readonly string[] {
  const originals = sound === null || sound === picture ? [picture] : [picture, sound];
  return originals.flatMap((original) => {
    const kept = keptSound(original, sound);
    return original.probe.streams
      .filter(({ index }) => index !== kept && !(original === picture && index === video.index))
      .map(({ index, type, codec, picture: cover }) => {
        const kind = cover ? "cover picture" : type;
        return `${original.path}, stream ${index}: ${kind}${codec === null ? "" : ` (${codec})`}`;
      });
  });
}

/** The first audio stream, which is the one that a copy keeps. */
function keptSound(original: ReadOriginal, sound: ReadOriginal | null): number | null {
  if (original !== sound) return null;
  return original.probe.streams.find(({ type }) => type === "audio")?.index ?? null;
}
