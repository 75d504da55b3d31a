import { join } from "node:path";
import { fourScenes, makeClip, mebibyte, padClip } from "./clips.js";
import { importInto } from "./holdfast.js";
import { need, needSpace } from "./machine.js";
import { megabytes, say, seconds } from "./report.js";

const size = 2048 * mebibyte;
const most = 250e6;

/** The most memory holdfast's own process takes while it imports a file of 2 GiB; the programs it starts have limits of their own. */
export async function benchMemory({ programs, folder }) {
  needSpace(2 * size);
  const clip = await makeClip(need(programs, "ffmpeg"), join(folder, "clip.mp4"), {
    scenes: fourScenes,
    size: "1920x1080",
    rate: 30,
    roundSeconds: 12,
    seconds: 24,
  });
  const file = padClip(clip, join(folder, "large.mp4"), size, { sparse: true });
  const run = await importInto(join(folder, "vault"), [file]);
  say("  holdfast import FILE   (2 GiB, 24 s of 1080p and padding)");
  const words = run.ownPeak <= most ? "met" : "not met";
  say(`     peak ${megabytes(run.ownPeak)} of its own process; budget: at most ${megabytes(most)}, ${words}`);
  const largest = run.largest === null ? "not measured" : megabytes(run.largest);
  say(`     largest of its process and the programs it started: ${largest}; ${seconds(run.seconds)}`);
}
