import type { Look } from "../../core/media/dhash.js";
import {
  keyCandidates,
  maxKeyframes,
  mayHideShot,
  type PlannedFrame,
  type Stretch,
  type StretchEvidence,
  type VideoPacket,
  withinLimit,
} from "../../core/media/keyframe-plan.js";
import { chooseFrames } from "../../core/media/shots.js";
import type { VideoStream } from "./ffprobe.js";
import { type DecodingWindow, lookAtFrames } from "./frame-runs.js";
import { type FrameTaking, gapOver, type NumberedFrame, type RouteResult } from "./frame-taking.js";
import { discardFrames, type TakenFrame, takeFrames } from "./picture-taking.js";

/** What the packets announce. `start` is the file's first time in seconds, from which seeking counts. */
export interface Announced {
  readonly frames: readonly PlannedFrame[];
  readonly packets: readonly VideoPacket[];
  readonly start: number;
  /** Whether the container's seeking only guesses by byte position. */
  readonly seeksLate: boolean;
}

// Up to this many pixels (about 15 s of 720p), decoding everything takes less than a second and leaves no doubt.
const cheapPixels = 400_000_000;

/** Whether decoding this many frames is cheap enough to do it for certainty's sake. */
function decodesCheaply(frames: number, { width, height }: VideoStream): boolean {
  return frames * width * height <= cheapPixels;
}

const mostDecodedInside = 0.6;
const mostSeeks = 24;
const worthSplitting = 10;
// Up to this many, taking all key frames costs less than looking at them first and taking the different ones.
const fewKeys = 30;

/**
 * Takes key frames, the first and last frame, and frames found in stretches that may hide a shot. Returns null and leaves
 * nothing behind if decoding everything is as cheap, or if the decoder shows other frames than the packets announce.
 */
export async function takeFromKeyFrames(
  taking: FrameTaking,
  announced: Announced,
): Promise<RouteResult | null> {
  const { frames } = announced;
  if (decodesCheaply(frames.length, taking.source.video)) return null;
  const keys = keyCandidates(frames);
  const keyCount = frames.reduce((count, { key }) => count + (key ? 1 : 0), 0);
  // If most key frames are not candidates, decoding only key frames saves nothing.
  if (keyCount > 2 * keys.length) return null;
  const route = new KeyFrameRoute(taking, announced);
  const result = await route.take(keys);
  if (result === null) route.discard();
  return result;
}

/** The frames of one clip while they are looked at and taken, by position in presentation order. */
class KeyFrameRoute {
  private readonly taken = new Map<number, TakenFrame>();
  private readonly looks = new Map<number, Look>();
  private readonly positions: ReadonlyMap<number, number>;
  private readonly maxGap: number;
  private readonly last: number;
  private readonly taking: FrameTaking;
  private readonly announced: Announced;
  private planned = 0;
  private done = 0;
  private runCount = 0;
  private decoded = 0;

  constructor(taking: FrameTaking, announced: Announced) {
    this.taking = taking;
    this.announced = announced;
    const { frames } = announced;
    this.last = frames.length - 1;
    this.maxGap = gapOver(this.timeOf(0), this.timeOf(this.last));
    this.positions = new Map(frames.map(({ pts }, at) => [pts, at]));
  }

  /** Looks at the key frames, then at the suspect stretches, then takes what is worth keeping. Null: see above. */
  async take(keys: readonly number[]): Promise<RouteResult | null> {
    const ends = [0, this.last].filter((at) => !keys.includes(at));
    const atKeys = keys.length <= fewKeys ? this.takeKeys(keys) : this.lookAtKeys(keys);
    const looked = await Promise.all([atKeys, ...ends.map((at) => this.takeRun([at]))]);
    if (!looked.every((asPlanned) => asPlanned)) return null;
    const stretches = this.suspects(keys);
    const inside = sum(stretches.map((stretch) => this.secondsOf(stretch)));
    if (inside > mostDecodedInside * this.secondsOf({ from: 0, to: this.last })) return null;
    const found = await this.lookInside(stretches);
    if (found === null) return null;
    const { chosen, bitten } = this.choose([...ends, ...keys, ...found]);
    const wanted = chosen.filter((at) => !this.taken.has(at));
    const isCandidate = new Set(keys);
    const taken = await Promise.all([
      this.takeKeys(wanted.filter((at) => isCandidate.has(at))),
      this.takeOthers(wanted.filter((at) => !isCandidate.has(at))),
    ]);
    if (!taken.every((asPlanned) => asPlanned)) return null;
    const decoded = stretches.length === 0 ? "" : `, ${stretches.length} of these stretches were decoded`;
    const notes = [`shots between key frames were searched for by packet size and similarity${decoded}`];
    return { frames: this.numbered(), maxGap: this.maxGap, bitten, decoded: this.decoded, notes };
  }

  discard(): void {
    discardFrames([...this.taken.values()]);
  }

  private async lookAtKeys(keys: readonly number[]): Promise<boolean> {
    const parts = await Promise.all(
      inHalves(keys).map(async (part) => {
        const window = { ...this.windowOver(part, "nokey"), fromPts: this.ptsOf(part[0] ?? 0) };
        const looked = await lookAtFrames(this.taking.source, window);
        this.taking.runs.push(looked.run);
        this.decoded += looked.frames.length;
        return looked.frames;
      }),
    );
    for (const { pts, look } of parts.flat()) {
      const at = pts === null ? undefined : this.positions.get(pts);
      if (at !== undefined) this.looks.set(at, look);
    }
    return keys.every((at) => this.looks.has(at));
  }

  /** The positions worth taking of all that were looked at, ascending. */
  private choose(positions: readonly number[]): {
    readonly chosen: readonly number[];
    readonly bitten: boolean;
  } {
    const ordered = [...new Set(positions)].sort((a, b) => a - b);
    const candidates = ordered.flatMap((at) => {
      const look = this.looks.get(at);
      return look ? [{ at, look, time: this.timeOf(at), fixed: at === 0 || at === this.last }] : [];
    });
    const { kept, bitten } = withinLimit(candidates, this.maxGap, maxKeyframes);
    return { chosen: kept.flatMap((at) => candidates[at]?.at ?? []), bitten };
  }

  private async takeKeys(keys: readonly number[]): Promise<boolean> {
    const parts = inHalves(keys).map((part) => this.takeExactly(part, this.windowOver(part, "nokey")));
    return (await Promise.all(parts)).every((asPlanned) => asPlanned);
  }

  /** The stretches between key frames, or the ends of the clip, that may hide a shot; adjacent ones are joined. */
  private suspects(keys: readonly number[]): readonly Stretch[] {
    const edges = [...new Set([0, ...keys, this.last])];
    const joined: Stretch[] = [];
    for (const [at, from] of edges.entries()) {
      const to = edges[at + 1];
      if (to === undefined || !mayHideShot(this.evidence({ from, to }), this.maxGap)) continue;
      const before = joined.at(-1);
      if (before?.to === from) joined[joined.length - 1] = { from: before.from, to };
      else joined.push({ from, to });
    }
    return joined;
  }

  private evidence({ from, to }: Stretch): StretchEvidence {
    const { frames, packets } = this.announced;
    const [start, end] = [frames[from], frames[to]];
    const [lookBefore, lookAfter] = [this.looks.get(from), this.looks.get(to)];
    const until = end?.key ? end.packet : packets.length;
    const { num, den } = this.taking.source.video.timeBase;
    const inside = packets.slice((start?.packet ?? 0) + 1, until).map(({ bytes, pts }) => ({
      bytes,
      left: this.timeOf(to) - ((pts ?? 0) * num) / den,
    }));
    const keyBytes = [start, end].flatMap((frame) => (frame?.key ? (packets[frame.packet]?.bytes ?? 0) : []));
    return {
      seconds: this.timeOf(to) - this.timeOf(from),
      packets: inside,
      keyBytes: Math.min(...keyBytes),
      ends: lookBefore && lookAfter ? [lookBefore, lookAfter] : null,
    };
  }

  /** The positions worth taking inside the stretches; null if the decoder disagreed. */
  private async lookInside(stretches: readonly Stretch[]): Promise<readonly number[] | null> {
    if (stretches.length > mostSeeks) return null;
    const found: number[] = [];
    for (const { from, to } of stretches) {
      const window = {
        seek: this.seekTo(from),
        fromPts: this.ptsOf(from),
        untilPts: this.ptsOf(to),
        skip: "noref",
      } as const;
      const looked = await lookAtFrames(this.taking.source, window);
      this.taking.runs.push(looked.run);
      this.decoded += looked.frames.length;
      const seen = looked.frames.flatMap(({ pts, look }) => {
        const at = pts === null ? undefined : this.positions.get(pts);
        return at === undefined ? [] : [{ at, look, time: this.timeOf(at) }];
      });
      for (const { at, look } of seen) this.looks.set(at, look);
      if (seen[0]?.at !== from || seen.length < looked.frames.length) return null;
      found.push(...chooseFrames(seen, this.maxGap).flatMap((choice) => seen[choice]?.at ?? []));
    }
    return found;
  }

  /** Takes frames that are not key frames, with one seek for all that follow the same key frame. */
  private async takeOthers(wanted: readonly number[]): Promise<boolean> {
    const groups = new Map<number, number[]>();
    for (const at of wanted) groups.set(this.keyBefore(at), [...(groups.get(this.keyBefore(at)) ?? []), at]);
    if (groups.size > mostSeeks) return false;
    for (const group of groups.values()) if (!(await this.takeRun(group))) return false;
    return true;
  }

  /** Takes frames that follow one key frame. Decodes frames that no other frame needs only if they are requested. */
  private async takeRun(positions: readonly number[]): Promise<boolean> {
    if (await this.takeExactly(positions, this.windowOver(positions, "noref"))) return true;
    return this.takeExactly(positions, this.windowOver(positions, "none"));
  }

  private windowOver(positions: readonly number[], skip: DecodingWindow["skip"]): DecodingWindow {
    const untilPts = this.ptsOf(positions.at(-1) ?? 0) + 1;
    return { seek: this.seekTo(positions[0] ?? 0), fromPts: null, untilPts, skip };
  }

  /** Takes the frames at these positions. False, leaving nothing behind, unless the decoder returned exactly these. */
  private async takeExactly(positions: readonly number[], window: DecodingWindow): Promise<boolean> {
    this.planned += positions.length;
    const { frames, decoded, run } = await takeFrames({
      source: this.taking.source,
      pictures: this.taking.pictures,
      window,
      pts: positions.map((at) => this.ptsOf(at)),
      folder: this.taking.outDir,
      name: `run-${this.runCount++}`,
      onFrame: () => this.taking.onProgress(++this.done, this.planned),
      counts: true,
    });
    this.taking.runs.push(run);
    this.decoded += decoded;
    const asPlanned =
      frames.length === positions.length && positions.every((at, n) => frames[n]?.pts === this.ptsOf(at));
    if (!asPlanned) {
      discardFrames(frames);
      return false;
    }
    for (const [n, at] of positions.entries()) this.remember(at, frames[n]);
    return true;
  }

  private remember(at: number, frame: TakenFrame | undefined): void {
    if (!frame) return;
    this.taken.set(at, frame);
    this.looks.set(at, frame.lookAsDecoded);
  }

  private numbered(): readonly NumberedFrame[] {
    return [...this.taken.entries()]
      .sort(([a], [b]) => a - b)
      .map(([number, taken]) => ({ number, fixed: number === 0 || number === this.last, taken }));
  }

  /**
   * The time in seconds to seek to, so that decoding begins at or before this position's key frame; null for the start.
   */
  private seekTo(at: number): string | null {
    const { start, seeksLate } = this.announced;
    const time = seeksLate ? this.timeOf(this.keyBefore(at)) - lateSeekMargin : this.timeOf(at);
    const seconds = time - start;
    return seconds > 0 && this.keyBefore(at) > 0 ? seconds.toFixed(6) : null;
  }

  private keyBefore(at: number): number {
    let key = at;
    while (key > 0 && !this.announced.frames[key]?.key) key--;
    return key;
  }

  private secondsOf({ from, to }: Stretch): number {
    return this.timeOf(to) - this.timeOf(from);
  }

  private timeOf(at: number): number {
    return this.announced.frames[at]?.time ?? 0;
  }

  private ptsOf(at: number): number {
    return this.announced.frames[at]?.pts ?? 0;
  }
}

const lateSeekMargin = 0.5;

/** Splits the work between two simultaneous runs, because decoding key frames hardly uses a second core. */
function inHalves(positions: readonly number[]): readonly (readonly number[])[] {
  const half = positions.length >= worthSplitting ? Math.ceil(positions.length / 2) : positions.length;
  return [positions.slice(0, half), positions.slice(half)].filter((part) => part.length > 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
