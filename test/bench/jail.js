import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { jailOfRun, ytDlpJailState } from "../../dist/tools/download/yt-dlp-jail.js";
import { probeArgv } from "../../dist/tools/media/ffprobe.js";
import { ffprobeLimits } from "../../dist/tools/run/limits.js";
import { jailState, run } from "../../dist/tools/run/run.js";
import { makeClip } from "./clips.js";
import { need } from "./machine.js";
import { CannotRun } from "./processes.js";
import { median, say, sayUnbounded } from "./report.js";

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
  await compare("ffprobe over a short clip", ways);
  await benchDownloader(need(programs, "yt-dlp"), scratch);
}

/** The same for yt-dlp, which has a door in its jail: by a start that does nothing, so that it is the jail that is measured. */
async function benchDownloader(ytDlp, scratch) {
  const state = await ytDlpJailState(ytDlp, homedir());
  if (!state.works) throw new CannotRun(`yt-dlp cannot be locked in here: ${state.reason}`);
  const { python } = state.places;
  const request = { program: python, argv: ["-I", "-c", ""], cwd: scratch, limits: ffprobeLimits };
  const own = { reads: [], writes: [] };
  const jail = jailOfRun({ ...state.places, receive: (caller) => caller.destroy() }, own);
  await compare("the Python of yt-dlp, whose jail has a door", {
    limits: request,
    jail: { ...request, jail },
  });
}

async function compare(what, ways) {
  const took = { limits: [], jail: [] };
  for (let round = 0; round <= runs; round += 1) {
    for (const [way, asked] of Object.entries(ways)) {
      const seconds = await timed(asked);
      if (round > 0) took[way].push(seconds);
    }
  }
  const ratios = took.jail.map((seconds, at) => seconds / took.limits[at]);
  const [limits, jail] = [median(took.limits), median(took.jail)];
  say(`-- ${runs} runs of ${what}, with limits only and in a jail`);
  say(`     limits: median ${milliseconds(limits)}; jail: median ${milliseconds(jail)}`);
  const peer = `ratio, pair by pair: median ${median(ratios).toFixed(3)}`;
  sayUnbounded(`one jail around ${what}`, { value: jail - limits, unit: "s", peer });
}

async function timed(request) {
  const began = performance.now();
  const { exitCode, endedBy } = await run(request);
  if (exitCode !== 0) throw new CannotRun(`a run failed (${endedBy}, ${exitCode})`);
  return (performance.now() - began) / 1000;
}

function milliseconds(seconds) {
  return `${(seconds * 1000).toFixed(1)} ms`;
}
