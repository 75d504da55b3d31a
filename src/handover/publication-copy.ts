import { dirname } from "node:path";
import type { Resources } from "../capture/resources.js";
import { boundsOf, codedSize, type Fill, fillProblem, framesOf, wholeBlocks } from "../core/media/fill.js";
import type { FilledRegion, PublicationRecord, PublicationTiming } from "../core/media/publication.js";
import { fromMicroseconds, parseSeconds } from "../core/media/timing.js";
import { HoldfastError } from "../core/words/error.js";
import { displaySize } from "../tools/media/display-size.js";
import { type MediaRun, whyUnusable } from "../tools/media/input.js";
import {
  type CopyTools,
  type FillBox,
  frameTimes,
  makeCopy,
  pictureEncoder,
} from "../tools/media/publication-copy.js";
import type { StoredObject } from "../vault/objects.js";
import type { World } from "../world.js";
import { type CopyOriginals, copyOriginals, leftOut } from "./publication-originals.js";
import { proveCopy } from "./publication-proof.js";

export interface CopyRequest {
  readonly fills: readonly Fill[];
  readonly keepSound: boolean;
  readonly original: string | null;
  /** Absolute path of the new file, the only one in its folder. */
  readonly out: string;
  /** Absolute path of an existing empty folder. */
  readonly scratch: string;
}

/** A copy that passed every check, and what its record states. */
export interface MadeCopy {
  readonly facts: Pick<
    PublicationRecord,
    | "derived_from"
    | "width"
    | "height"
    | "rotation"
    | "frames"
    | "fills"
    | "sound"
    | "timing"
    | "left_out"
    | "checks"
  >;
  readonly clipStart: string | null;
  readonly runs: readonly MediaRun[];
}

/** Makes a publication copy at `out` and checks it. Throws as `redactCapture` does; an interrupt is thrown unchanged. */
export async function makePublicationCopy(
  resources: Resources,
  world: World,
  object: StoredObject,
  request: CopyRequest,
): Promise<MadeCopy> {
  const { capture } = object.record;
  const { keepSound, scratch, out } = request;
  // 1. read the originals and compare them with the log
  const choice = { wanted: request.original, keepSound, scratch };
  const originals = await copyOriginals(resources, world, object, choice);
  const { picture: original, video, sound } = originals;
  const picture = displaySize(video);
  refuseOutside(request.fills, picture);

  // 2. read every frame's time, so that a region is filled in each frame that shows it
  const length = parseSeconds(original.probe.duration);
  const tools = toolsOf(resources, world, scratch, length);
  tell(world, capture, "reading the times of all frames", null, null);
  const listed = await frameTimes(tools, original.media, video.index);
  refuseRun(capture, listed.run, world);
  const { times } = listed;
  const fills = request.fills.map((fill) => filledRegion(fill, times, picture, length));

  // 3. make the copy
  const { encoder, run: asked } = await pictureEncoder(tools);
  const boxes = fills.map((fill) => boxOf(fill, times));
  const timing = timingOf(originals, times);
  const plan = {
    media: original.media,
    stream: video.index,
    sound: sound?.media ?? null,
    picture,
    boxes,
    encoder,
    begins: timing.copy,
  };
  const total = wholeSeconds(times.at(-1) ?? 0);
  const onTime = (time: number) => tell(world, capture, "seconds encoded", wholeSeconds(time), total);
  const made = await makeCopy(tools, plan, { out, outDir: dirname(out) }, onTime);
  refuseRun(capture, made, world);

  // 4. check the copy
  tell(world, capture, "checking the copy", null, null);
  const subject = { path: out, originals, times, picture, fills, timing };
  const proof = await proveCopy({ ...tools, ffprobe: resources.ffprobe.path }, subject);
  if (proof.refused !== null) throw refusedCopy(capture, proof.refused);
  return {
    facts: {
      derived_from: originsOf(originals),
      ...picture,
      rotation: video.rotation,
      frames: times.length,
      fills,
      sound: soundOf(originals),
      timing,
      left_out: leftOut(originals),
      checks: proof.checks,
    },
    clipStart: original.probe.start,
    runs: [...originals.runs, listed.run, asked, made, ...proof.runs],
  };
}

/** Refuses regions that reach beyond the picture. */
export function refuseOutside(
  fills: readonly Fill[],
  picture: { readonly width: number; readonly height: number },
): void {
  for (const fill of fills) {
    const problem = fillProblem(fill, picture);
    if (problem === null) continue;
    const typed = `${fill.x},${fill.y},${fill.width}x${fill.height}`;
    throw new HoldfastError(
      "usage",
      `filling ${typed}: ${problem}`,
      "count pixels from the upper left corner of a keyframe, which has the clip's full size",
    );
  }
}

function filledRegion(
  fill: Fill,
  times: readonly number[],
  picture: { readonly width: number; readonly height: number },
  length: number | null,
): FilledRegion {
  const frames = framesOf(fill, times, length);
  if (frames === null) {
    const end = fromMicroseconds(Math.max(length ?? 0, times.at(-1) ?? 0));
    throw new HoldfastError(
      "usage",
      `filling from ${fromMicroseconds(fill.from ?? 0)} s on: the clip ends at ${end} s`,
      "count the time from the beginning of the clip, in seconds or in the form 1:03",
    );
  }
  const { x, y, width, height, from, to } = fill;
  const asked = { x, y, width, height };
  return {
    asked,
    filled: wholeBlocks(asked, codedSize(picture)),
    from: from === null ? null : fromMicroseconds(from),
    to: to === null ? null : fromMicroseconds(to),
    first_frame: frames.first,
    last_frame: frames.last,
  };
}

function boxOf({ filled, first_frame, last_frame }: FilledRegion, times: readonly number[]): FillBox {
  const { after, before } = boundsOf({ first: first_frame, last: last_frame }, times);
  const text = (time: number | null) => (time === null ? null : fromMicroseconds(time));
  return { region: filled, after: text(after), before: text(before) };
}

function toolsOf(resources: Resources, world: World, scratch: string, length: number | null): CopyTools {
  return { ffmpeg: resources.ffmpeg.path, scratch, signal: world.signal, seconds: (length ?? 0) / 1_000_000 };
}

function originsOf({ picture, sound }: CopyOriginals): PublicationRecord["derived_from"] {
  const read = sound === null || sound === picture ? [picture] : [picture, sound];
  return read.map(({ path, sha256 }) => ({ path, sha256 }));
}

function soundOf({ sound, hasSound }: CopyOriginals): PublicationRecord["sound"] {
  if (!hasSound) return "none";
  return sound === null ? "removed" : "kept";
}

/** The copy starts at its earliest stream, so that every player counts its times alike. */
function timingOf(originals: CopyOriginals, times: readonly number[]): PublicationTiming {
  const picture = times[0] ?? 0;
  const { sound, soundStart } = originals;
  const begins = sound === null ? picture : Math.min(picture, soundStart ?? 0);
  return {
    picture: fromMicroseconds(picture),
    sound: soundStart === null ? null : fromMicroseconds(soundStart),
    copy: fromMicroseconds(begins),
  };
}

function refuseRun(capture: string, run: MediaRun, world: World): void {
  world.signal.throwIfAborted();
  const refusal = whyUnusable(run);
  if (refusal === null) return;
  throw new HoldfastError(
    "io",
    `making a publication copy of ${capture}: ${refusal}`,
    `nothing was stored; to see how the original decodes: holdfast show ${capture}`,
  );
}

/** The error for a copy that failed a check: such a copy must not be kept anywhere. */
function refusedCopy(capture: string, why: string): HoldfastError {
  return new HoldfastError(
    "io",
    `checking the publication copy of ${capture}: ${why}`,
    "nothing was stored; make this copy with a video editor, and please report this to the holdfast project",
  );
}

/** Microseconds as whole seconds, for the progress line. */
function wholeSeconds(time: number): number {
  return Math.ceil(time / 1_000_000);
}

function tell(
  world: World,
  subject: string,
  detail: string,
  done: number | null,
  total: number | null,
): void {
  world.progress({ subject, stage: "redact", detail, done, total, speed: null, etaSeconds: null });
}
