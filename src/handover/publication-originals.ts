import { join } from "node:path";
import type { Resources } from "../capture/resources.js";
import { oddOrientation } from "../core/media/media-tags.js";
import { parseSeconds } from "../core/media/timing.js";
import { HoldfastError } from "../core/words/error.js";
import { type MediaProbe, probeMedia, type VideoStream } from "../tools/media/ffprobe.js";
import type { MediaRun } from "../tools/media/input.js";
import { readChecked } from "../vault/checked-read.js";
import type { StoredObject } from "../vault/objects.js";
import { chosenCapture, type PackagedSource, packagedEntries } from "../vault/package/content.js";
import type { World } from "../world.js";

/** An original that ffprobe could read, its bytes compared with the log. */
export interface ReadOriginal {
  /** Logical path. */
  readonly path: string;
  /** Absolute. */
  readonly media: string;
  readonly sha256: string;
  readonly probe: MediaProbe;
}

/** What a copy is made from. */
export interface CopyOriginals {
  readonly picture: ReadOriginal;
  readonly video: VideoStream;
  /** Whose sound is kept, which may be `picture` itself; null where none is kept or there is none. */
  readonly sound: ReadOriginal | null;
  /** Whether there was sound to keep or remove. */
  readonly hasSound: boolean;
  /** When that sound begins, in microseconds from the beginning of its file; null where nothing says so. */
  readonly soundStart: number | null;
  readonly runs: readonly MediaRun[];
}

/**
 * Reads the originals of a capture: which has the pictures, which the sound. `wanted` is the logical path of the one with
 * the pictures, where there are several. Throws `not-as-recorded` where an original is not what the log states, `usage` where
 * there is no picture or no choice was made, `io` where ffprobe refuses them all.
 */
export async function copyOriginals(
  resources: Resources,
  world: World,
  object: StoredObject,
  choice: { readonly wanted: string | null; readonly keepSound: boolean; readonly scratch: string },
): Promise<CopyOriginals> {
  const { capture } = object.record;
  const sources = await checkedOriginals(resources, world, object);
  const read: ReadOriginal[] = [];
  const runs: MediaRun[] = [];
  for (const { path, from, sha256 } of sources) {
    const request = { ffprobe: resources.ffprobe.path, media: from, scratch: choice.scratch };
    const probe = await probeMedia({ ...request, signal: world.signal });
    world.signal.throwIfAborted();
    runs.push(probe.run);
    if (probe.ok) read.push({ path, media: from, sha256, probe });
  }
  if (read.length === 0 && sources.length > 0) {
    const why = "ffprobe can read none of its originals";
    throw new HoldfastError("io", `redacting ${capture}: ${why}`, `see: holdfast show ${capture}`);
  }
  const picture = choosePicture(capture, read, choice.wanted);
  const { video } = picture.probe;
  if (video === null) throw new Error("an original was chosen for pictures and has none");
  const odd = oddOrientation(picture.probe.json, video.index);
  if (odd !== null)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: nobody can say where a region lies in ${picture.path}: ${odd}`,
      "make the copy with a video editor, from a file that holdfast export wrote",
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

/** The originals as the log states them; each byte is read before any program sees it. */
async function checkedOriginals(
  { vault }: Resources,
  { signal }: World,
  { record }: StoredObject,
): Promise<readonly PackagedSource[]> {
  const id = record.capture;
  const { files } = chosenCapture(vault.layout, id, packagedEntries(vault.database, [id], false));
  const wanted = new Set(record.files.filter(({ role }) => role === "media_track").map(({ path }) => path));
  const tracks = files
    .map((file) => ({ ...file, path: file.path.slice(join("data", id, "/").length) }))
    .filter(({ path }) => wanted.has(path));
  for (const track of tracks) await readChecked(track, async () => undefined, signal);
  return tracks;
}

function choosePicture(capture: string, read: readonly ReadOriginal[], wanted: string | null): ReadOriginal {
  const withPicture = read.filter(({ probe }) => probe.video !== null);
  const [first, second] = withPicture;
  const paths = withPicture.map(({ path }) => path).join(", ");
  if (first === undefined)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: it has no video`,
      `for what it has: holdfast show ${capture}`,
    );
  const named = withPicture.find(({ path }) => path === wanted);
  if (wanted !== null && named === undefined)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: it has no video ${wanted}`,
      `give --original one of these: ${paths}`,
    );
  if (named === undefined && second !== undefined)
    throw new HoldfastError(
      "usage",
      `redacting ${capture}: it has several videos: ${paths}`,
      "say which with --original",
    );
  return named ?? first;
}

/** The streams that are not in a copy, in words; names of codecs are ffprobe's own. */
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

/** The first stream of sound, which is the one that is mapped. */
function keptSound(original: ReadOriginal, sound: ReadOriginal | null): number | null {
  if (original !== sound) return null;
  return original.probe.streams.find(({ type }) => type === "audio")?.index ?? null;
}
