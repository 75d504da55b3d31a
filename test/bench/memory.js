import { join } from "node:path";
import { fourScenes, makeClip, mebibyte, padClip } from "./clips.js";
import { importInto } from "./holdfast.js";
import { need, needSpace } from "./machine.js";
import { megabytes, say, seconds } from "./report.js";

const size = 2048 * mebibyte;
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
  await sayPeak(folder, large, "2 GiB: 24 s of 1080p and padding");
  const wide = { scenes: ["mandelbrot"], size: "3840x2160", rate: 30, roundSeconds: 6, seconds: 6 };
  await sayPeak(folder, await makeClip(ffmpeg, join(folder, "wide.mp4"), wide), "6 s of 2160p");
}

async function sayPeak(folder, file, words) {
  const run = await importInto(join(folder, "vault"), [file]);
  const budget = `budget: at most ${megabytes(most)}, ${run.ownPeak <= most ? "met" : "not met"}`;
  const largest = run.largest === null ? "not measured" : megabytes(run.largest);
  say(`  holdfast import FILE   (${words}; one run of ${seconds(run.seconds)})`);
  say(`     peak ${megabytes(run.ownPeak)} of its own process; ${budget}`);
  say(`     largest of its process and the programs it started: ${largest}`);
}
