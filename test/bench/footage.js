import { appendFileSync, copyFileSync, existsSync, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { fourScenes, makeClip } from "./clips.js";
import { root } from "./machine.js";

/** Where real footage lies, if it is on this machine. */
const corpus = join(root, "..", "shared", "corpus");

/** A thousand boxes in each other: no program opens it, so nothing can be measured with it. */
const nested = "c2pa-nested_moov_1000.mp4";

const copies = 4;
const large = 1e6;

/**
 * `count` different files like those that people archive: every clip of the corpus of at least 1 MB four times, and of the
 * smaller ones the largest once. Where there is no corpus, clips are made, and `words` says so.
 */
export async function realClips({ ffmpeg, folder, count }) {
  const names = existsSync(corpus) ? readdirSync(corpus).filter((name) => isFootage(name)) : [];
  const sizes = names.map((name) => ({ path: join(corpus, name), bytes: statSync(join(corpus, name)).size }));
  sizes.sort((one, other) => other.bytes - one.bytes);
  const files = sizes.flatMap(({ path, bytes }) =>
    differentCopies(path, folder, bytes >= large ? copies : 1),
  );
  if (files.length >= count)
    return { files: files.slice(0, count), words: "real footage of ../shared/corpus" };
  const made = [];
  for (let number = 0; number < count; number += 1) made.push(await madeClip(ffmpeg, folder, number));
  return { files: made, words: "generated clips, since ../shared/corpus is not here" };
}

function isFootage(name) {
  return name !== nested && !name.endsWith(".md");
}

/** The file itself, and copies that differ by a `free` box, which every player and prober steps over. */
function differentCopies(path, folder, times) {
  const others = Array.from({ length: times - 1 }, (_, index) => {
    const copy = join(folder, `copy-${index + 1}-${path.split("/").at(-1)}`);
    copyFileSync(path, copy);
    appendFileSync(copy, freeBox(index + 1));
    return copy;
  });
  return [path, ...others];
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
  const copy = join(folder, `made-${number}${extname(first)}`);
  copyFileSync(first, copy);
  appendFileSync(copy, freeBox(number));
  return copy;
}
