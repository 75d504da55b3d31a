import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { madeOnce } from "./made-once.ts";

/**
 * Puts the clips that the test site serves into `folder`, made with ffmpeg on PATH once for all tests of a run:
 * `clip.mp4`, `other.mp4`, `part-1.mp4` to `part-3.mp4`, `audio.mp3`, `hls/segment-0.ts` to `-2.ts`, and in `dash/`
 * picture and sound apart, as two whole files and as a manifest with segments.
 */
export function makeSiteClips(folder: string): void {
  cpSync(madeOnce("site", makeAll), folder, { recursive: true });
}

function makeAll(folder: string): void {
  mkdirSync(join(folder, "hls"), { recursive: true });
  mkdirSync(join(folder, "dash/segments"), { recursive: true });
  const clip = join(folder, "clip.mp4");
  make(["-shortest", ...faststart, clip], "testsrc2", 440, 3);
  make(["-shortest", ...faststart, join(folder, "other.mp4")], "smptebars", 880, 4);
  for (const [index, source] of ["rgbtestsrc", "yuvtestsrc", "testsrc"].entries()) {
    make(["-shortest", ...faststart, join(folder, `part-${index + 1}.mp4`)], source, 300 + index, 1);
  }
  ffmpeg(["-i", clip, "-vn", "-c:a", "libmp3lame", "-b:a", "64k", join(folder, "audio.mp3")]);
  // As a packager for HLS cuts them: their packets are counted from the first piece to the last, so that joined they decode.
  const hls = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "0"];
  const pieces = ["-hls_segment_filename", join(folder, "hls/segment-%d.ts"), join(folder, "hls/made.m3u8")];
  ffmpeg(["-i", clip, "-c", "copy", ...hls, ...pieces]);
  const dash = ["-i", clip, "-map", "0", "-c", "copy", "-f", "dash", "-seg_duration", "1"];
  ffmpeg([...dash, "-use_template", "0", "-use_timeline", "0", join(folder, "dash/segments/manifest.mpd")]);
  ffmpeg(["-i", clip, "-map", "0:v", "-c", "copy", ...faststart, join(folder, "dash/picture.mp4")]);
  ffmpeg(["-i", clip, "-map", "0:a", "-c", "copy", ...faststart, join(folder, "dash/sound.m4a")]);
}

const faststart = ["-movflags", "+faststart"];

function make(output: readonly string[], source: string, tone: number, seconds: number): void {
  ffmpeg([
    ...["-f", "lavfi", "-i", `${source}=size=160x120:rate=10:duration=${seconds}`],
    ...["-f", "lavfi", "-i", `sine=frequency=${tone}:duration=${seconds}`],
    ...["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "aac", "-b:a", "64k"],
    ...output,
  ]);
}

function ffmpeg(argv: readonly string[]): void {
  execFileSync("ffmpeg", ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", ...argv], {
    stdio: "pipe",
  });
}
