import { randomFillSync } from "node:crypto";
import { closeSync, copyFileSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { runWhole } from "./processes.js";

export const mebibyte = 1024 * 1024;

/** Scenes that look different from each other, each the same every time: what is measured depends on the pictures. */
export const fourScenes = ["testsrc2", "mandelbrot", "smptehdbars", "gradients=seed=1"];

/**
 * Makes a clip of scenes with grain, hard cuts between them, and a key frame at least every two seconds. The scenes are
 * encoded once, `roundSeconds` in all, and repeated without encoding until the clip is `seconds` long.
 */
export async function makeClip(ffmpeg, out, { scenes, size, rate, roundSeconds, seconds }) {
  const round = `${out}.round.mp4`;
  const each = roundSeconds / scenes.length;
  const sources = scenes.flatMap((name) => ["-f", "lavfi", "-i", source(name, size, rate)]);
  const cuts = scenes.map(
    (_, index) =>
      `[${index}:v]trim=duration=${each},setpts=PTS-STARTPTS,noise=all_seed=1:alls=6:allf=t,format=yuv420p,setsar=1[v${index}]`,
  );
  const order = scenes.map((_, index) => `[v${index}]`).join("");
  const graph = `${cuts.join(";")};${order}concat=n=${scenes.length}:v=1:a=0[v]`;
  const quiet = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y"];
  const encoder = await videoEncoder(ffmpeg);
  const coding = [...encoder, "-g", String(2 * rate), "-movflags", "+faststart"];
  await run(ffmpeg, [...quiet, ...sources, "-filter_complex", graph, "-map", "[v]", ...coding, round]);
  const repeats = String(Math.ceil(seconds / roundSeconds) - 1);
  await run(ffmpeg, [
    ...quiet,
    "-stream_loop",
    repeats,
    "-i",
    round,
    "-c",
    "copy",
    "-movflags",
    "+faststart",
    out,
  ]);
  return out;
}

function source(name, size, rate) {
  return `${name}${name.includes("=") ? ":" : "="}s=${size}:r=${rate}`;
}

/** H.264 where this ffmpeg can make it: it is what platforms serve. Every ffmpeg makes MPEG-4. */
async function videoEncoder(ffmpeg) {
  const { stdout } = await run(ffmpeg, ["-hide_banner", "-encoders"]);
  return / libx264 /.test(stdout)
    ? ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23"]
    : ["-c:v", "mpeg4", "-q:v", "5"];
}

function run(program, args) {
  return runWhole({ program, args });
}

const shortScenes = ["testsrc2", "smptebars", "testsrc", "rgbtestsrc"];

/** Makes a clip of a few seconds with sound, 320x240, whose pictures and tone are of its `number` alone. */
export async function makeShortClip(ffmpeg, out, number, seconds = 2) {
  const picture = `${shortScenes[number % shortScenes.length]}=s=320x240:r=25:d=${seconds}`;
  const sound = `sine=frequency=${200 + 10 * number}:duration=${seconds}`;
  await run(ffmpeg, [
    ...["-nostdin", "-hide_banner", "-loglevel", "error", "-y"],
    ...["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound],
    ...["-vf", `hue=h=${9 * number}`, ...(await videoEncoder(ffmpeg)), "-pix_fmt", "yuv420p", "-g", "25"],
    ...["-c:a", "aac", "-b:a", "64k", "-t", String(seconds), "-movflags", "+faststart", out],
  ]);
  return out;
}

/**
 * Copies an MP4 and brings it to `bytes` with a `free` box, which every player and prober steps over. The padding is
 * random, so that no disk can make it shorter, or with `sparse` a hole that takes no room.
 */
export function padClip(clip, out, bytes, { sparse }) {
  copyFileSync(clip, out);
  const file = openSync(out, "r+");
  try {
    const at = fstatSync(file).size;
    // A size of 1 says that the real one follows in 64 bits.
    const head = Buffer.alloc(16);
    head.writeUInt32BE(1, 0);
    head.write("free", 4, "latin1");
    head.writeBigUInt64BE(BigInt(bytes - at), 8);
    writeSync(file, head, 0, head.length, at);
    if (sparse) ftruncateSync(file, bytes);
    else writeRandom(file, at + head.length, bytes);
  } finally {
    closeSync(file);
  }
  return out;
}

/** A file of random bytes. */
export function makeRandomFile(out, bytes) {
  const file = openSync(out, "wx");
  try {
    writeRandom(file, 0, bytes);
  } finally {
    closeSync(file);
  }
  return out;
}

function writeRandom(file, from, to) {
  const block = Buffer.allocUnsafe(4 * mebibyte);
  for (let at = from; at < to; ) {
    randomFillSync(block);
    at += writeSync(file, block, 0, Math.min(block.length, to - at), at);
  }
}
