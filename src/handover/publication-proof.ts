import { closeSync, openSync, readSync, statSync } from "node:fs";
import { codedSize } from "../core/media/fill.js";
import { foreignTag, tagTexts } from "../core/media/media-tags.js";
import { foreignBoxes } from "../core/media/mp4-boxes.js";
import type { FilledRegion, PublicationCheck, PublicationTiming } from "../core/media/publication.js";
import { parseSeconds } from "../core/media/timing.js";
import { probeMedia } from "../tools/media/ffprobe.js";
import { type MediaRun, whyUnusable } from "../tools/media/input.js";
import { type CopyTools, frameTimes, measureFills } from "../tools/media/publication-copy.js";
import type { CopyOriginals } from "./publication-originals.js";

/** A finished copy and what it should be. */
export interface FinishedCopy {
  /** Absolute. */
  readonly path: string;
  readonly originals: CopyOriginals;
  /** The times of the original's frames, in microseconds. */
  readonly times: readonly number[];
  readonly picture: { readonly width: number; readonly height: number };
  readonly fills: readonly FilledRegion[];
  readonly timing: PublicationTiming;
}

/** The result of checking a copy. */
export interface CopyProof {
  /** Why the copy must not be used; null if it passed every check. */
  readonly refused: string | null;
  readonly checks: readonly PublicationCheck[];
  readonly runs: readonly MediaRun[];
}

/** The largest allowed distance from black of any sample in a filled region, of 255. */
const mostFromBlack = 8;

/** In microseconds: two containers round the times. */
const timeTolerance = 2000;

/**
 * In microseconds: an audio encoder adds up to a packet of silence at the start, which not every container can remove.
 */
const soundTolerance = 50_000;

function startTolerance({ sound }: CopyOriginals): number {
  return sound === null ? timeTolerance : soundTolerance;
}

/**
 * Reads a finished copy again and compares it with the request: every frame is present, every region is black in every
 * frame of its time, and there is no stream, box, tag or text that does not belong there. Stops at the first failed check.
 */
export async function proveCopy(
  tools: CopyTools & { readonly ffprobe: string },
  copy: FinishedCopy,
): Promise<CopyProof> {
  const checks: PublicationCheck[] = [];
  const runs: MediaRun[] = [];
  for (const check of [checkStreams, checkBoxes, checkTexts, checkFrames, checkFills]) {
    const found = await check(tools, copy);
    runs.push(...(found.runs ?? []));
    tools.signal.throwIfAborted();
    if ("refused" in found) return { refused: found.refused, checks, runs };
    checks.push({ check: found.check, found: found.found });
  }
  return { refused: null, checks, runs };
}

type CheckOutcome = { readonly runs?: readonly MediaRun[] } & (
  | PublicationCheck
  | { readonly refused: string }
);

async function checkStreams(
  { ffprobe, scratch, signal }: CopyTools & { readonly ffprobe: string },
  { path, originals, picture }: FinishedCopy,
): Promise<CheckOutcome> {
  const probe = await probeMedia({ ffprobe, media: path, scratch, signal });
  const runs = [probe.run];
  if (!probe.ok) return { refused: `the copy cannot be read: ${probe.reason}`, runs };
  const wanted = originals.sound === null ? ["video"] : ["video", "audio"];
  const { video } = probe;
  const coded = codedSize(picture);
  const asWanted =
    probe.streams.map(({ type }) => type).join() === wanted.join() &&
    video?.width === coded.width &&
    video.height === coded.height &&
    video.rotation === 0;
  if (!asWanted) return { refused: "its streams are not the requested ones", runs };
  if (Math.abs(parseSeconds(probe.start) ?? 0) > startTolerance(originals))
    return { refused: "its clock does not begin at 0", runs };
  const tag = foreignTag(probe.json);
  if (tag !== null) return { refused: `its metadata contains ${tag}`, runs };
  return {
    check: "streams",
    found: `${wanted.join(" and ")} and no other stream, no tag and no chapter`,
    runs,
  };
}

async function checkBoxes(_tools: CopyTools, { path }: FinishedCopy): Promise<CheckOutcome> {
  const foreign = withFile(path, (read, size) => foreignBoxes(read, size));
  const [first] = foreign;
  if (first !== undefined) return { refused: `its container contains ${first}` };
  return {
    check: "boxes",
    found: "the container holds only what playback needs, without pictures or lists of tags",
  };
}

/** Texts that the muxer and the encoders write into every file. */
const ownTexts = [
  "ftypisom",
  "isomiso2avc1mp41mp42",
  "VideoHandler",
  "SoundHandler",
  "mdirappl",
  "Lavc libx264 mpeg4",
];
const shortestText = 6;
const longestText = 64;
const mostTexts = 200;

/** Searches every byte for the texts in the originals' tags and for their digests. */
async function checkTexts(_tools: CopyTools, { path, originals }: FinishedCopy): Promise<CheckOutcome> {
  const read = [originals.picture, ...(originals.sound ? [originals.sound] : [])];
  const texts = read
    .flatMap(({ probe }) => tagTexts(probe.json))
    .filter((text) => !ownTexts.some((own) => own.includes(text)));
  const digests = read.flatMap(({ sha256 }) => [Buffer.from(sha256), Buffer.from(sha256, "hex")]);
  const needles = [...new Set(texts)]
    .slice(0, mostTexts)
    .map((text) => Buffer.from(text).subarray(0, longestText));
  const wanted = [...digests, ...needles.filter(({ length }) => length >= shortestText)];
  if (withFile(path, (readAt, size) => holdsAny(readAt, size, wanted)))
    return { refused: "it contains a text from the original's metadata, or that text's digest" };
  return {
    check: "texts",
    found: `it contains none of the ${wanted.length} texts and digests from the originals`,
  };
}

const blockBytes = 8 * 1024 * 1024;

function holdsAny(
  readAt: (offset: number, length: number) => Buffer,
  size: number,
  needles: readonly Buffer[],
): boolean {
  for (let offset = 0; offset < size; offset += blockBytes) {
    const block = readAt(offset, blockBytes + longestText);
    if (needles.some((needle) => block.includes(needle))) return true;
  }
  return false;
}

async function checkFrames(
  tools: CopyTools & { readonly ffprobe: string },
  { path, times, timing, originals }: FinishedCopy,
): Promise<CheckOutcome> {
  const { times: found, run } = await frameTimes(tools, path, 0);
  const runs = [run];
  const refusal = whyUnusable(run);
  if (refusal !== null) return { refused: `the copy cannot be decoded: ${refusal}`, runs };
  if (run.result.stderr.length > 0) return { refused: "decoding it causes warnings", runs };
  if (found.length !== times.length)
    return { refused: `it has ${found.length} frames, but the original has ${times.length}`, runs };
  const shift = (found[0] ?? 0) - (times[0] ?? 0);
  const moved = times.findIndex((time, at) => Math.abs((found[at] ?? 0) - shift - time) > timeTolerance);
  if (moved !== -1) return { refused: `its frame ${moved} does not have the time of the original's`, runs };
  const begins = parseSeconds(timing.copy) ?? 0;
  if (Math.abs(shift + begins) > startTolerance(originals))
    return { refused: "it does not begin at the intended point of the original", runs };
  return { check: "frames", found: `${found.length} frames, each with the time of the original's`, runs };
}

async function checkFills(tools: CopyTools, { path, fills }: FinishedCopy): Promise<CheckOutcome> {
  if (fills.length === 0) return { check: "fills", found: "nothing was filled" };
  const proofs = fills.map(({ filled, first_frame, last_frame }) => {
    return { region: filled, first: first_frame, last: last_frame };
  });
  const { measures, run } = await measureFills(tools, path, proofs);
  const runs = [run];
  const short = proofs.some(({ first, last }, at) => measures[at]?.frames !== last - first + 1);
  if (short) return { refused: "some frames of a filled region could not be measured", runs };
  const furthest = measures.reduce((most, measure) => Math.max(most, measure.furthest), 0);
  if (furthest > mostFromBlack)
    return { refused: `a filled region is not solid black: it is ${furthest} of 255 from black`, runs };
  const regions = fills.length === 1 ? "the region is" : `all ${fills.length} regions are`;
  return {
    check: "fills",
    found: `${regions} black in every frame, at most ${furthest} of 255 from black`,
    runs,
  };
}

function withFile<T>(
  path: string,
  use: (read: (offset: number, length: number) => Buffer, size: number) => T,
): T {
  const descriptor = openSync(path, "r");
  const { size } = statSync(path);
  const read = (offset: number, length: number): Buffer => {
    const block = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    return block.subarray(0, readSync(descriptor, block, 0, block.length, offset));
  };
  try {
    return use(read, size);
  } finally {
    closeSync(descriptor);
  }
}
