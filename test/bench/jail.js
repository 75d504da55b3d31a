import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { probeArgv } from "../../dist/tools/ffprobe.js";
import { ffprobeLimits } from "../../dist/tools/limits.js";
import { jailState, run } from "../../dist/tools/run.js";
import { makeClip } from "./clips.js";
import { need } from "./machine.js";
import { CannotRun } from "./processes.js";
import { median, say } from "./report.js";

const runs = 20;

/** What locking in costs: the same ffprobe of a short clip with limits only and in a jail, in turns. */
export async function benchJail({ programs, folder }) {
  const ffprobe = need(programs, "ffprobe");
  const state = await jailState(ffprobe);
  if (!state.works) throw new CannotRun(`programs cannot be locked in here: ${state.reason}`);
  const made = { scenes: ["testsrc2"], size: "320x240", rate: 25, roundSeconds: 12, seconds: 12 };
  const clip = await makeClip(need(programs, "ffmpeg"), join(folder, "clip.mp4"), made);
  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  const request = { program: ffprobe, argv: probeArgv(clip), cwd: scratch, limits: ffprobeLimits };
  const ways = { limits: request, jail: { ...request, jail: { reads: [clip], writes: [] } } };
  const took = { limits: [], jail: [] };
  for (let round = 0; round <= runs; round += 1) {
    for (const [way, asked] of Object.entries(ways)) {
      const seconds = await timed(asked);
      if (round > 0) took[way].push(seconds);
    }
  }
  const ratios = took.jail.map((seconds, at) => seconds / took.limits[at]);
  const [limits, jail] = [median(took.limits), median(took.jail)];
  say(`-- ${runs} runs of ffprobe over a short clip, with limits only and in a jail`);
  say(`     limits: median ${milliseconds(limits)}; jail: median ${milliseconds(jail)}`);
  say(
    `     one jail costs ${milliseconds(jail - limits)}; ratio, pair by pair: median ${median(ratios).toFixed(3)}`,
  );
}

async function timed(request) {
  const began = performance.now();
  const { exitCode, endedBy } = await run(request);
  if (exitCode !== 0) throw new CannotRun(`ffprobe did not read the clip (${endedBy}, ${exitCode})`);
  return (performance.now() - began) / 1000;
}

function milliseconds(seconds) {
  return `${(seconds * 1000).toFixed(1)} ms`;
}
