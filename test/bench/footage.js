import { appendFileSync, copyFileSync, existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fourScenes, makeClip } from "./clips.js";
import { root } from "./machine.js";

/** Where real footage lies, if it is on this machine. */
const corpus = join(root, "..", "shared", "corpus");

/** A thousand boxes in each other: no program opens it, so nothing can be measured with it. */
const nested = "c2pa-nested_moov_1000.mp4";

const copies = 4;
const large = 1e6;

/**
 * `count` different files like those that people archive: every clip of the corpus of at least 1 MB, that again three times
 * over, then the smaller ones once, the largest first. Where there is no corpus, clips are made, and `words` says so.
 */
export async function realClips({ ffmpeg, folder, count }) {
  const names = existsSync(corpus) ? readdirSync(corpus).filter((name) => isFootage(name)) : [];
  const clips = names.map((name) => ({ path: join(corpus, name), bytes: statSync(join(corpus, name)).size }));
  clips.sort((one, other) => other.bytes - one.bytes);
  const [larger, smaller] = [clips.filter(isLarge), clips.filter((clip) => !isLarge(clip))];
  const rounds = Array.from({ length: copies }, (_, round) =>
    larger.map(({ path }) => differentCopy(path, folder, round)),
  );
  const files = [...rounds.flat(), ...smaller.map(({ path }) => path)];
  if (files.length >= count)
    return { files: files.slice(0, count), words: "real footage of ../shared/corpus" };
  const made = [];
  for (let number = 0; number < count; number += 1) made.push(await madeClip(ffmpeg, folder, number));
  return { files: made, words: "generated clips, since ../shared/corpus is not here" };
}

function isLarge({ bytes }) {
  return bytes >= large;
}

function isFootage(name) {
  return name !== nested && !name.endsWith(".md");
}

/** The file itself, and then copies that differ by a `free` box, which every player and prober steps over. */
function differentCopy(path, folder, round) {
  if (round === 0) return path;
  const copy = join(folder, `copy-${round}-${basename(path)}`);
  copyFileSync(path, copy);
  appendFileSync(copy, freeBox(round));
  return copy;
}

function freeBox(number) {
  const box = Buffer.alloc(8 + 4);
  box.writeUInt32BE(box.length, 0);
  box.write("free", 4, "latin1");
  box.writeUInt32BE(number, 8);
  return box;
}

/** Twenty seconds with four cuts; one clip is encoded and the others differ by their boxes. */
async function madeClip(ffmpeg, folder, number) {
  const first = join(folder, "made.mp4");
  if (number === 0) {
    const made = { scenes: fourScenes, size: "640x360", rate: 25, roundSeconds: 20, seconds: 20 };
    return makeClip(ffmpeg, first, made);
  }
  const copy = join(folder, `made-${number}.mp4`);
  copyFileSync(first, copy);
  appendFileSync(copy, freeBox(number));
  return copy;
}
