import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import type { PublicationRecord } from "../../src/core/media/publication.js";
import { showCapture } from "../../src/search/show.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { ffmpegIn } from "../support/publication-clips.js";
import { captureFiles, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

/*
 * Copies for publication of clips whose picture and sound do not begin together, or not at 0. What is made here lasts until the
 * tests of the file that imports it are over.
 */

const folder = temporaryFolder();
afterAll(() => folder.remove());
const at = (name: string) => join(folder.path, name);
const vault = at("vault");

/** How much later picture or sound of `base.mp4` is put: what the container's clock, its edit lists and packets then say. */
const later = (input: number, seconds: string) => {
  const inputs = [0, 1].flatMap((one) => [
    ...(one === input ? ["-itsoffset", seconds] : []),
    "-i",
    "base.mp4",
  ]);
  return [...inputs, "-map", "0:v", "-map", "1:a", "-c", "copy"];
};
const pictureAlone = ["-itsoffset", "1.2", "-i", "base.mp4", "-map", "0:v", "-c", "copy"];

const clips = {
  "frames that are predicted from later ones.mp4": ["-i", "base.mp4", "-c", "copy"],
  "a picture that begins after the sound.ts": [...later(0, "1.2"), "-f", "mpegts"],
  "a sound that begins after the picture.ts": [...later(1, "1.2"), "-f", "mpegts"],
  "a picture that begins after the sound.mp4": later(0, "1.2"),
  "a sound that begins after the picture.mp4": later(1, "1.2"),
  "a picture that begins after the sound.mkv": later(0, "1.2"),
  "an edit list that leaves out the beginning.mp4": ["-ss", "1.35", "-i", "base.mp4", "-c", "copy"],
  "no sound, and a clock that begins late.mp4": pictureAlone,
  "no sound, and a clock that begins late.mkv": pictureAlone,
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ClipName = keyof typeof clips;
export const clipNames = Object.keys(clips) as readonly ClipName[];

/** The clip and the capture of it in the vault, each made when it is first asked for. */
const captures = new Map<ClipName, string>();

async function captureOf(name: ClipName): Promise<string> {
  const known = captures.get(name);
  if (known !== undefined) return known;
  if (captures.size === 0) {
    const picture = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=6", "-f", "lavfi", "-i", "sine=d=6"];
    const coded = ["-c:v", "libx264", "-bf", "3", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    ffmpegIn(folder.path, [...picture, ...coded, "base.mp4"]);
  }
  ffmpegIn(folder.path, [...clips[name], name]);
  const made = await capture(at(name), name.slice(name.lastIndexOf(".")));
  captures.set(name, made);
  return made;
}

async function capture(path: string, ending: string): Promise<string> {
  const world = { ...testWorld(), now: () => new Date(), random: (count: number) => randomBytes(count) };
  const opened = await openTestVault(vault, world);
  try {
    const url = `https://video.example/${encodeURIComponent(path)}`;
    return captureFiles(opened, { [`track-1${ending}`]: readFileSync(path) }, url).record.capture;
  } finally {
    closeVault(opened);
  }
}

/** A copy with one region filled between two moments, and what the command said of it. */
export interface FilledCopy {
  /** Absolute path of the file that was copied. */
  readonly original: string;
  readonly path: string;
  readonly publication: PublicationRecord;
  /** What the command printed, in one line. */
  readonly page: string;
}

const [from, to] = [2.55, 3.05];

/** A copy of a clip, made by the command itself. */
export async function copyOf(name: ClipName, keepSound: boolean): Promise<FilledCopy> {
  const id = await captureOf(name);
  return redact(id, at(name), `${from}-${to}`, ...(keepSound ? ["--keep-sound"] : []));
}

async function redact(id: string, original: string, times: string, ...more: readonly string[]) {
  const words = ["redact", id, "--fill", `16,16,32x32@${times}`, ...more, "--vault", vault];
  const { status, stdout, stderr } = await holdfast(words);
  expect(status, stderr).toBe(0);
  const { objectPath, publications } = showCapture(vault, id);
  const publication = publications.at(-1)!;
  const path = join(vault, objectPath!, publication.version, "content", publication.files[0]!.path);
  return { original, path, publication, page: stdout.replaceAll(/\s+/g, " ") };
}

/** When the picture and the sound of a file begin, and when each frame is shown, in seconds of its own clock. */
interface Times {
  readonly start: number;
  readonly picture: number;
  readonly sound: number;
  readonly frames: readonly number[];
}

const timesOf = new Map<string, Times>();

function read(path: string): Times {
  const known = timesOf.get(path);
  if (known !== undefined) return known;
  const probed = (...words: readonly string[]) =>
    JSON.parse(execFileSync("ffprobe", ["-v", "error", ...words, "-of", "json", path]).toString());
  const facts: {
    readonly format: { readonly start_time: string };
    readonly streams: readonly { readonly codec_type: string; readonly start_time: string }[];
    readonly frames: readonly { readonly best_effort_timestamp_time: string }[];
  } = {
    ...probed("-show_format", "-show_streams"),
    ...probed("-select_streams", "V:0", "-show_entries", "frame=best_effort_timestamp_time"),
  };
  const start = (type: string) => Number(facts.streams.find((one) => one.codec_type === type)?.start_time);
  const times = {
    start: Number(facts.format.start_time),
    picture: start("video"),
    sound: start("audio"),
    frames: facts.frames.map((frame) => Number(frame.best_effort_timestamp_time)),
  };
  timesOf.set(path, times);
  return times;
}

/** Which frame a player shows so long after the beginning of a file: `ffplay -ss` counts from its earliest stream on. */
function shownAt(path: string, seconds: number): number {
  const { frames, start } = read(path);
  return Math.max(
    0,
    frames.findLastIndex((time) => time - start <= seconds),
  );
}

/** How much later the sound of a file begins than its picture, in seconds. */
function soundAfterPicture(path: string): number {
  const { sound, picture } = read(path);
  return sound - picture;
}

const framesOf = ({ publication: { fills } }: FilledCopy) =>
  fills.map((fill) => [fill.first_frame, fill.last_frame]);

/** The frames that are darker in one region than those of another file: where a copy is filled. */
function filledFrames(copy: string, original: string): readonly number[] {
  const brightness = (path: string) => {
    const crop = ["-map", "0:V:0", "-vf", "crop=32:32:16:16,scale=1:1:flags=area,format=gray"];
    const picture = ["-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"];
    return [...ffmpegIn(folder.path, ["-i", path, ...crop, ...picture])];
  };
  const [one, other] = [brightness(copy), brightness(original)];
  expect(one.length).toBe(other.length);
  return one.flatMap((value, frame) => ((other[frame] ?? 0) - value > 20 ? [frame] : []));
}

/** A region is filled in the frames that a player shows at its times. */
export function mustBeFilledAsShown(copy: FilledCopy): void {
  const { original, path } = copy;
  const wanted = [shownAt(original, from), shownAt(original, to)] as const;
  const all = Array.from({ length: wanted[1] - wanted[0] + 1 }, (_, nth) => wanted[0] + nth);
  expect(framesOf(copy)).toEqual([wanted]);
  expect(filledFrames(path, original)).toEqual(all);
}

/** A copy begins at 0, and says which moment of the original that is. */
export function mustBeginAtZero({ original, path, publication }: FilledCopy): void {
  const begins = Number(publication.timing?.copy);
  expect(Math.abs(read(path).start)).toBeLessThan(0.03);
  for (const time of [from, to, 4.5]) expect(shownAt(path, time - begins)).toBe(shownAt(original, time));
}

/** Times given for a copy that came back as a file mean what a player shows of that copy. */
export async function mustMeanItsOwnTimes({ path }: FilledCopy): Promise<void> {
  const second = await redact(await capture(path, ".mp4"), path, "1.55-2.05");
  expect(framesOf(second)).toEqual([[shownAt(path, 1.55), shownAt(path, 2.05)]]);
}

/** Sound that is kept stays with its pictures, and by how much it begins later or earlier is told. */
export function mustTellOfSound({ original, path, publication: { sound, timing } }: FilledCopy): void {
  if (sound === "none") {
    expect(timing?.sound).toBeNull();
    return;
  }
  const offset = soundAfterPicture(original);
  expect(Number(timing?.sound) - Number(timing?.picture)).toBeCloseTo(offset, 3);
  if (sound === "kept") expect(Math.abs(soundAfterPicture(path) - offset)).toBeLessThan(0.05);
}
