import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Texts that stand in the metadata of `tellingClip` and must be in no copy. */
export const canaries = [
  "CANARY-TITLE",
  "CANARY-CHAPTER",
  "CANARY-SUBTITLE",
  "CANARY-COMMENT",
  "CANARYMAKE",
  "CANARYMODEL",
  "+43.2380+076.9450",
  "2026-01-02T03:04:05",
] as const;

const metadata = `;FFMETADATA1
title=CANARY-TITLE
comment=CANARY-COMMENT
location=+43.2380+076.9450/
com.apple.quicktime.make=CANARYMAKE
com.apple.quicktime.model=CANARYMODEL
com.apple.quicktime.location.ISO6709=+43.2380+076.9450/
creation_time=2026-01-02T03:04:05Z
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=CANARY-CHAPTER
`;

const small = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/** Stock ffmpeg in a folder; the names in `argv` are relative to it. */
export function ffmpegIn(folder: string, argv: readonly string[]): Buffer {
  return execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", "-y", ...argv], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 256 * 1024 * 1024,
  });
}

/**
 * Two seconds of 160x120 at ten frames a second, turned by a quarter for display, with sound, words, a chapter, a cover picture
 * and tags of place and device. Returns its path.
 */
export function tellingClip(folder: string): string {
  writeFileSync(join(folder, "tags.txt"), metadata);
  writeFileSync(join(folder, "words.srt"), "1\n00:00:00,000 --> 00:00:01,500\nCANARY-SUBTITLE\n");
  const inputs = ["testsrc2=s=160x120:r=10:d=2", "sine=d=2", "color=red:s=64x64:d=0.1"];
  ffmpegIn(folder, [
    ...inputs.flatMap((input) => ["-f", "lavfi", "-i", input]),
    ...["-i", "words.srt", "-i", "tags.txt", "-map", "0:v", "-map", "1:a", "-map", "2:v", "-map", "3:s"],
    ...["-frames:v:1", "1", "-map_metadata", "4", "-map_chapters", "4", ...small],
    ...["-c:v:1", "mjpeg", "-pix_fmt:v:1", "yuvj420p", "-disposition:v:1", "attached_pic"],
    ...["-c:a", "aac", "-c:s", "mov_text", "-movflags", "use_metadata_tags", "flat.mp4"],
  ]);
  const turn = ["-metadata:s:v:0", "rotate=90", "-movflags", "use_metadata_tags"];
  ffmpegIn(folder, [
    "-i",
    "flat.mp4",
    "-map",
    "0:v",
    "-map",
    "0:a",
    "-map",
    "0:s",
    "-c",
    "copy",
    ...turn,
    "clip.mp4",
  ]);
  return join(folder, "clip.mp4");
}

/** Clips whose times or samples are awkward, each a second or two. */
export const awkward: Readonly<Record<string, readonly string[]>> = {
  "samples wider than high.mp4": ["-vf", "setsar=4/3", ...small],
  "frames of different length.mkv": [
    "-vf",
    "select='not(eq(mod(n,5),1)+eq(mod(n,5),2))'",
    "-fps_mode",
    "vfr",
    ...small,
  ],
  "a clock that begins late.ts": [...small, "-bf", "2", "-output_ts_offset", "3600"],
  "an odd size.avi": ["-vf", "scale=151:113", "-c:v", "mjpeg", "-pix_fmt", "yuvj444p"],
};

/** Makes one of them and returns its bytes. */
export function awkwardClip(folder: string, name: string): Buffer {
  const options = awkward[name] ?? [];
  ffmpegIn(folder, ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2", ...options, name]);
  return readFileSync(join(folder, name));
}

/** A decoded clip as a player shows it: brightness alone, frame by frame. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Uint8Array[];
}

/** Every frame of a file, turned and stretched to `width` × `height`. */
export function lumaOf(folder: string, file: string, width: number, height: number): Luma {
  const filter = `scale=${width}:${height}:out_range=tv,format=gray`;
  const raw = ffmpegIn(folder, [
    "-i",
    file,
    "-map",
    "0:V:0",
    "-vf",
    filter,
    "-fps_mode",
    "passthrough",
    "-f",
    "rawvideo",
    "-",
  ]);
  const size = width * height;
  const frames = Array.from({ length: raw.length / size }, (_, at) =>
    raw.subarray(at * size, (at + 1) * size),
  );
  return { width, height, frames };
}
