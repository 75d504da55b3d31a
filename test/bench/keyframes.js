import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fourScenes, makeClip } from "./clips.js";
import { compare } from "./compare.js";
import { ownPeak } from "./holdfast.js";
import { need, root } from "./machine.js";
import { runWhole } from "./processes.js";
import { median, say, seconds } from "./report.js";

const script = join(root, "test", "bench", "take-keyframes.js");

/** Made clips of two minutes: what one camera sees, and short shots. Both have regular key frames and one at every cut. */
const madeClips = [
  { name: "one-camera.mp4", scenes: ["testsrc2"], words: "one scene, no cut but every 12 s" },
  { name: "short-shots.mp4", scenes: fourScenes, words: "four scenes, a cut every 3 s" },
];

/** Clips of the shared corpus that are long enough for the start of a process not to be most of it. */
const corpusClips = ["sample_iPod.m4v", "flir.mp4"];

/** Probing a clip and taking its keyframes against decoding every frame of it. */
export async function benchKeyframes({ programs, folder }) {
  const ffmpeg = need(programs, "ffmpeg");
  const ffprobe = need(programs, "ffprobe");
  for (const { name, scenes, words } of madeClips) {
    const made = { scenes, size: "1920x1080", rate: 30, roundSeconds: 12, seconds: 120 };
    const clip = await makeClip(ffmpeg, join(folder, name), made);
    say(`-- two minutes of 1080p, 30 frames a second, a key frame at least every 2 s; ${words}`);
    await compareOn({ ffmpeg, ffprobe, folder, clip, pairs: 3, atLeast: 10 });
    await sayFloor(ffmpeg, clip);
  }
  for (const name of corpusClips) {
    const path = join(root, "..", "shared", "corpus", name);
    if (!existsSync(path)) continue;
    say(`-- ${name}, real footage, key frames wherever its maker put them`);
    await compareOn({ ffmpeg, ffprobe, folder, clip: path, pairs: 3 });
  }
}

async function compareOn({ ffmpeg, ffprobe, folder, clip, pairs, atLeast }) {
  const name = basename(clip);
  const out = join(folder, `${name}.frames`);
  mkdirSync(out);
  const ours = {
    label: `node test/bench/take-keyframes.js ${name}   (dist/tools/media/keyframes.js)`,
    program: process.execPath,
    args: ["--import", ownPeak, script, ffmpeg, ffprobe, clip, out],
  };
  const peer = {
    label: `ffmpeg -i ${name} -f null -`,
    program: ffmpeg,
    args: ["-nostdin", "-hide_banner", "-loglevel", "error", "-i", clip, "-f", "null", "-"],
  };
  const runs = await compare(ours, peer, { pairs, atLeast });
  say(`     ${runs.at(-1).stdout.trim()}`);
}

/** What no way of taking keyframes can go below without a second core: shows how much of a ratio is the clip's doing. */
async function sayFloor(ffmpeg, clip) {
  const args = [
    "-nostdin",
    "-loglevel",
    "error",
    "-skip_frame",
    "nokey",
    "-threads",
    "1",
    "-i",
    clip,
    "-f",
    "null",
    "-",
  ];
  const runs = [];
  for (let run = 0; run < 3; run += 1) runs.push(await runWhole({ program: ffmpeg, args }));
  const took = seconds(median(runs.map((run) => run.seconds)));
  say(`     decoding its key frames and nothing else, in one thread (-skip_frame nokey): median ${took}`);
}
