import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../dist/tools/run/programs.js";
import { need } from "./machine.js";
import { CannotRun } from "./processes.js";

/** Downloading anew every time, and as raw as holdfast asks for: no merge, no fix-up, no ffmpeg. */
const rawly = ["--ignore-config", "--no-cache-dir", "--force-overwrites", "--fixup=never"];

/** Fetches all pages of a list and does nothing else. */
export function ytDlpAlone(programs, list, folder) {
  const cwd = join(folder, "alone");
  mkdirSync(cwd, { recursive: true });
  const args = [...rawly, "-o", "%(autonumber)s.%(ext)s", "-a"];
  const program = need(programs, "yt-dlp");
  return { label: `yt-dlp ${args.join(" ")} LIST`, program, args: [...args, list], cwd };
}

/** Decodes every frame of each file once and does nothing else. */
export function decodeEach(programs, files) {
  const body = `"$FFMPEG" -nostdin -v error -i "$file" -f null - 2>&1`;
  const script = `for file; do ${body}; done`;
  return {
    ...{ label: `sh -c '${script}' sh CLIPS`, program: "/bin/sh", args: ["-c", script, "sh", ...files] },
    env: { ...process.env, FFMPEG: need(programs, "ffmpeg") },
  };
}

/** What people do by hand for each address: fetch, hash, probe, read the metadata, take the key frames. */
export function shellLoop(programs, list, folder) {
  return loop(programs, list, join(folder, "loop"), [
    "sha256sum media.* > SHA256SUMS",
    `"$FFPROBE" -v error -show_format -show_streams -of json media.* > ffprobe.json`,
    `"$EXIFTOOL" -json -G1 -a media.* > exiftool.json`,
    `"$FFMPEG" -nostdin -v error -y -skip_frame nokey -i media.* -fps_mode passthrough -q:v 2 key-%d.jpg`,
  ]);
}

/**
 * A stand-in for auto-archiver, one address after the other, with the steps of its modules for download, hash, metadata,
 * thumbnails and HTML. It is not auto-archiver: it has none of what that program itself costs.
 */
export function pipelineStandIn(programs, list, folder) {
  const thumbnails = "select='isnan(prev_selected_t)+gte(t-prev_selected_t,5)',scale=640:-2";
  return loop(programs, list, join(folder, "stand-in"), [
    "sha256sum media.* > hash.txt",
    `"$EXIFTOOL" -json media.* > metadata.json`,
    `"$FFPROBE" -v error -show_format -show_streams -of json media.* > ffprobe.json`,
    `"$FFMPEG" -nostdin -v error -y -i media.* -vf "${thumbnails}" -fps_mode passthrough -q:v 2 thumb-%d.jpg`,
    `{ echo "<!doctype html><title>$url</title><pre>"; cat hash.txt metadata.json; echo "</pre>"; for thumb in thumb-*; do echo "<img src=$thumb>"; done; } > index.html`,
  ]);
}

async function loop(programs, list, cwd, steps) {
  mkdirSync(cwd, { recursive: true });
  const exiftool = await findProgram("exiftool", { env: process.env, now: new Date() });
  if (exiftool === null) throw new CannotRun("exiftool is not installed");
  const fetching = `"$YTDLP" ${rawly.join(" ")} -q -o "media.%(ext)s" "$url"`;
  const body = ["mkdir -p $n; cd $n; rm -f *", fetching, ...steps, "cd ..; n=$((n+1))"].join("; ");
  const script = `n=1; while read url; do ${body}; done < "$LIST"`;
  const paths = {
    ...{ YTDLP: need(programs, "yt-dlp"), FFPROBE: need(programs, "ffprobe") },
    ...{ FFMPEG: need(programs, "ffmpeg"), EXIFTOOL: exiftool.path, LIST: list },
  };
  const label = `sh -c '${script}'`;
  return { label, program: "/bin/sh", args: ["-c", script], cwd, env: { ...process.env, ...paths } };
}
