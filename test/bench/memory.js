import { join } from "node:path";
import { fourScenes, makeClip, padClip } from "./clips.js";
import { importInto, ownPeak } from "./holdfast.js";
import { need, needSpace, root } from "./machine.js";
import { runWhole } from "./processes.js";
import { megabytes, say, sayBelow, seconds } from "./report.js";

const size = 10e9;
const most = 250e6;

/**
 * The most memory holdfast's own process takes while it imports a large file, and while it imports large pictures. The
 * programs it starts have limits of their own.
 */
export async function benchMemory({ programs, folder }) {
  needSpace(2 * size);
  const ffmpeg = need(programs, "ffmpeg");
  const small = { scenes: fourScenes, size: "1920x1080", rate: 30, roundSeconds: 12, seconds: 24 };
  const clip = await makeClip(ffmpeg, join(folder, "clip.mp4"), small);
  const large = padClip(clip, join(folder, "large.mp4"), size, { sparse: true });
  await sayDigests(large);
  await sayPeak(folder, large, "10 GB: 24 s of 1080p and padding");
  const wide = { scenes: ["mandelbrot"], size: "3840x2160", rate: 30, roundSeconds: 6, seconds: 6 };
  await sayPeak(folder, await makeClip(ffmpeg, join(folder, "wide.mp4"), wide), "6 s of 2160p");
}

/** What reading the file once and taking both digests takes by itself: no import can be faster. */
async function sayDigests(file) {
  const script = join(root, "test", "bench", "hash-files.js");
  const run = await runWhole({ program: process.execPath, args: ["--import", ownPeak, script, file] });
  say(
    `  node test/bench/hash-files.js FILE   (both digests of it and nothing else; one run of ${seconds(run.seconds)})`,
  );
}

async function sayPeak(folder, file, words) {
  const run = await importInto(join(folder, "vault"), [file]);
  const largest = run.largest === null ? "not measured" : megabytes(run.largest);
  say(`  holdfast import FILE   (${words}; one run of ${seconds(run.seconds)})`);
  sayBelow(`import of ${words}: peak of its own process`, {
    value: run.ownPeak,
    most,
    unit: "B",
    peer: `largest of it and the programs it started: ${largest}`,
  });
}
