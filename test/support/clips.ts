import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { madeOnce } from "./made-once.ts";

/** Clips made with ffmpeg on PATH, each once for all tests of a run: they are to be read, and never changed in place. */
export interface Clips {
  /** Absolute path of the clip of that name. */
  readonly get: (name: ClipName) => string;
  /** For when they are needed no more. */
  readonly remove: () => void;
}

export function openClips(): Clips {
  const get = (name: ClipName): string => {
    const folder = madeOnce(name, (making) => recipes[name](join(making, name), get));
    return join(folder, name);
  };
  return { get, remove: () => undefined };
}

/** Six shots that look different, by how long each lasts, in seconds: the cuts of `shots-*` are known. */
export const shotSeconds = [1, 2.4, 1, 1, 3.2, 1.4];

/** When each shot of `shots-*` begins and ends, in seconds. */
export const shots: readonly { readonly from: number; readonly to: number }[] = spans(shotSeconds);

/** The shots of `long-*`: many of 1 s, some hidden between key frames 2 s apart. */
export const longShotSeconds = [6, 1, 1.32, 5.68, 1, 1, 8, 1.12, 1.88, 4];
export const longShots: readonly { readonly from: number; readonly to: number }[] = spans(longShotSeconds);

export type ClipName = keyof typeof recipes;

type Recipe = (out: string, get: (name: ClipName) => string) => void;

const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
const tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3"];

const recipes = {
  "shots-one-keyframe.mp4": fromShots([...x264, "-g", "9999", "-sc_threshold", "0"]),
  "shots-fixed-gop.mp4": fromShots([...x264, "-g", "50", "-sc_threshold", "0"]),
  "shots-scene-keys.mp4": fromShots(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3"]),
  "shots-all-intra.mp4": fromShots([...x264, "-g", "1"]),
  "shots-mjpeg.avi": fromShots(["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"]),
  "shots-mpeg4.avi": fromShots(["-c:v", "mpeg4", "-bf", "2", "-g", "250", "-sc_threshold", "1000000000"]),
  "shots.ts": fromShots([
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
    "-bf",
    "3",
    "-g",
    "50",
    "-sc_threshold",
    "0",
  ]),
  "shots.mkv": (out, get) => ffmpeg(["-i", get("shots-scene-keys.mp4"), "-c", "copy", out]),
  "shots-hevc.mp4": fromShots([
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=none:keyint=50",
  ]),
  "shots-vp9.webm": fromShots([
    "-c:v",
    "libvpx-vp9",
    "-deadline",
    "realtime",
    "-cpu-used",
    "8",
    "-threads",
    "1",
    "-g",
    "60",
  ]),
  // Pictures that are never shown are made by a second pass alone.
  "shots-vp8.webm": (out, get) => {
    const encoding = ["-c:v", "libvpx", "-deadline", "good", "-cpu-used", "5", "-threads", "1", "-g", "60"];
    for (const pass of ["1", "2"]) {
      const hidden = ["-auto-alt-ref", "1", "-lag-in-frames", "12", "-pass", pass, "-passlogfile", out];
      fromShots([...encoding, ...hidden])(out, get);
    }
  },
  // Every frame lasts a different time: 40, 80, 120 ms in turn.
  "shots-vfr.mp4": (out, get) =>
    ffmpeg([
      ...[
        "-i",
        get("shots-scene-keys.mp4"),
        "-vf",
        "select='not(eq(mod(n,6),1)+eq(mod(n,6),3)+eq(mod(n,6),4))'",
      ],
      ...["-fps_mode", "vfr", ...x264, "-bf", "2", "-g", "40", out],
    ]),
  "turned-90.mp4": turned(90),
  "turned-270.mp4": turned(270),
  "wide-samples.mp4": (out) =>
    ffmpeg([...source("testsrc2=s=160x120:r=10:d=2"), ...x264, "-vf", "setsar=4/3", out]),
  "interlaced.mp4": (out) =>
    ffmpeg([
      ...source("testsrc2=s=320x240:r=25:d=3"),
      ...["-c:v", "libx264", "-pix_fmt", "yuv420p", "-flags", "+ildct+ilme", "-g", "25", out],
    ]),
  // Cut without decoding in the middle of a group of pictures: an edit list hides the first frames.
  "edit-list.mp4": (out, get) => ffmpeg(["-ss", "1.5", "-i", get("shots-fixed-gop.mp4"), "-c", "copy", out]),
  // The clock of a transport stream wraps; a start just before that counts as before zero.
  "negative-start.ts": (out, get) =>
    ffmpeg(["-i", get("shots-fixed-gop.mp4"), "-c", "copy", "-output_ts_offset", "95442.2", out]),
  "late-start.ts": (out, get) =>
    ffmpeg(["-i", get("shots-fixed-gop.mp4"), "-c", "copy", "-output_ts_offset", "3600", out]),
  "size-change.ts": (out) => {
    const parts = ["320x240", "640x480"].map((size, at) => {
      const part = `${out}.${at}.ts`;
      ffmpeg([
        ...source(`testsrc2=s=${size}:r=25:d=2`),
        ...x264,
        "-g",
        "25",
        "-output_ts_offset",
        `${at * 2}`,
        part,
      ]);
      return part;
    });
    ffmpeg(["-i", `concat:${parts.join("|")}`, "-c", "copy", out]);
  },
  "cover-picture.m4a": (out) =>
    ffmpeg([
      ...[...tone, ...source("color=red:s=64x64:d=0.1"), "-map", "0:a", "-map", "1:v", "-frames:v", "1"],
      ...["-c:a", "aac", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-disposition:v:0", "attached_pic", out],
    ]),
  "sound-only.m4a": (out) => ffmpeg([...tone, "-c:a", "aac", out]),
  "sound-and-picture.mp4": (out) =>
    ffmpeg([...source("testsrc2=s=160x120:r=10:d=3"), ...tone, ...x264, "-c:a", "aac", "-shortest", out]),
  "sound-and-picture.ts": (out, get) => ffmpeg(["-i", get("sound-and-picture.mp4"), "-c", "copy", out]),
  // Times in milliseconds, which do not fit the sound's samples.
  "sound-in-milliseconds.mkv": (out, get) =>
    ffmpeg(["-i", get("sound-and-picture.mp4"), "-c:v", "copy", "-c:a", "libmp3lame", out]),
  "subtitled.mkv": subtitled("subrip"),
  "subtitled.mp4": subtitled("mov_text"),
  // Begins 7 ms before zero.
  "early-sound.webm": (out, get) =>
    ffmpeg([...["-i", get("picture-vp8.webm"), ...tone], "-c:v", "copy", "-c:a", "libopus", out]),
  "picture.mp4": (out, get) => ffmpeg(["-i", get("sound-and-picture.mp4"), "-map", "0:v", "-c", "copy", out]),
  "picture-vp8.webm": (out) =>
    ffmpeg([
      ...source("testsrc2=s=160x120:r=10:d=3"),
      "-c:v",
      "libvpx",
      "-threads",
      "1",
      "-cpu-used",
      "5",
      out,
    ]),
  "still.mp4": (out) => ffmpeg([...source("testsrc=s=320x240:r=5:d=1"), ...stillFor(45), out]),
  "one-frame.mp4": (out) =>
    ffmpeg([...source("testsrc2=s=160x120:r=10:d=1"), "-frames:v", "1", ...x264, out]),
  "long-fixed-gop.mp4": fromLongShots(["-g", "50", "-sc_threshold", "0"]),
  "long-scene-keys.mp4": fromLongShots(["-g", "250"]),
} as const satisfies Readonly<Record<string, Recipe>>;

export const clipNames = Object.keys(recipes) as readonly ClipName[];

function spans(seconds: readonly number[]): { from: number; to: number }[] {
  let from = 0;
  return seconds.map((length) => {
    const span = { from, to: from + length };
    from = span.to;
    return span;
  });
}

// Flat colours among them: their packets are tiny and their difference hashes equal.
const looks = ["testsrc2", "color=red", "smptebars", "color=blue", "testsrc", "color=black", "rgbtestsrc"];

function fromShots(encoding: readonly string[]): Recipe {
  return (out) => ffmpeg([...cutTogether(shotSeconds, "160x120"), ...encoding, out]);
}

/** Large enough that decoding everything is no longer the cheap way. */
function fromLongShots(encoding: readonly string[]): Recipe {
  return (out) => ffmpeg([...cutTogether(longShotSeconds, "1024x576"), ...x264, ...encoding, out]);
}

function cutTogether(seconds: readonly number[], size: string): string[] {
  const inputs = seconds.flatMap((length, at) => {
    const look = looks[at % looks.length] ?? "testsrc";
    return source(`${look}${look.includes("=") ? ":" : "="}s=${size}:r=25:d=${length}`);
  });
  const joined = `concat=n=${seconds.length}:v=1,format=yuv420p[out]`;
  return [...inputs, "-filter_complex", joined, "-map", "[out]"];
}

/** With a stream of words in a codec of its own. */
function subtitled(codec: string): Recipe {
  return (out, get) => {
    const words = `${out}.srt`;
    writeFileSync(words, "1\n00:00:00,500 --> 00:00:02,000\nТоқтат!\n");
    const inputs = ["-i", get("sound-and-picture.mp4"), "-i", words, "-map", "0", "-map", "1"];
    ffmpeg([...inputs, "-c", "copy", "-c:s", codec, out]);
  };
}

function turned(degrees: number): Recipe {
  return (out, get) =>
    ffmpeg(["-i", get("picture.mp4"), "-c", "copy", "-metadata:s:v:0", `rotate=${degrees}`, out]);
}

function stillFor(seconds: number): string[] {
  return ["-vf", `trim=end_frame=1,loop=${seconds * 5}:1,setpts=N/5/TB`, "-r", "5", ...x264, "-g", "10"];
}

function source(description: string): string[] {
  return ["-f", "lavfi", "-i", description];
}

function ffmpeg(argv: readonly string[]): void {
  execFileSync("ffmpeg", ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", ...argv], {
    stdio: "pipe",
  });
}

/** One frame as stock ffmpeg shows it when it decodes everything. */
export interface ShownFrame {
  readonly pts: number;
  readonly sha256: string;
}

/** Every frame of a stream in presentation order: the plain full decode that keyframes are checked against. */
export function everyFrame(media: string, stream: number, timeBase: string): readonly ShownFrame[] {
  return decoded(media, stream, timeBase, ["-hash", "sha256"]).map(([pts, hash]) => ({ pts, sha256: hash }));
}

/**
 * The same of a clip with large pictures, of which SHA-256 takes longer than to decode them: only the frames of these
 * numbers have it, and each of those has the time that the plain decode has for its number.
 */
export function framesAt(
  media: string,
  stream: number,
  timeBase: string,
  numbers: readonly number[],
): readonly ShownFrame[] {
  const all = decoded(media, stream, timeBase, ["-hash", "adler32"]);
  const some = `select=${numbers.map((number) => `eq(n\\,${number})`).join("+")}`;
  const chosen = decoded(media, stream, timeBase, ["-vf", some, "-hash", "sha256"]);
  const hashes = new Map(chosen.map(([pts, hash], at) => [`${numbers[at]} ${pts}`, hash]));
  return all.map(([pts], number) => ({ pts, sha256: hashes.get(`${number} ${pts}`) ?? "" }));
}

/** Time and hash of each frame that ffmpeg shows. */
function decoded(
  media: string,
  stream: number,
  timeBase: string,
  how: readonly string[],
): readonly (readonly [pts: number, hash: string])[] {
  const text = execFileSync(
    "ffmpeg",
    [
      ...["-nostdin", "-loglevel", "quiet", "-copyts", "-noautorotate", "-i", media, "-map", `0:${stream}`],
      ...["-fps_mode", "passthrough", "-enc_time_base", timeBase, "-autoscale", "0"],
      ...[...how, "-f", "framehash", "-"],
    ],
    { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  return text.split("\n").flatMap((line) => {
    const columns = line.split(",").map((column) => column.trim());
    return line.startsWith("#") || columns.length < 6
      ? []
      : [[Number(columns[2]), columns[5] ?? ""] as const];
  });
}
