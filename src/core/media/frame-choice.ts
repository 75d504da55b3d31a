import { colourDifference, type Look, nearIdentical } from "./dhash.js";
import { usualGap } from "./keyframe-plan.js";
import { isCut, jump, neighbours, shortestShot } from "./shots.js";

/** One frame of a decode, in presentation order. */
export interface CountedFrame {
  /** Its number, counted from 0. */
  readonly number: number;
  /** Its presentation time in seconds. */
  readonly time: number;
  readonly look: Look;
}

/** A decoder hands out the picture of the first frame of each half second, besides the first and last frame. */
export const picturesPerSecond = 2;

// Blends and compression of a cut have mostly settled after this many seconds.
const settle = 0.1;
const strongChange = 24;
const closestSpacing = 0.45;
// Between two and one and a half seconds: frames do not fall exactly on half seconds.
const calmSpacing = 1.75;
// The next picture may be half a second and a frame away.
const longestWait = usualGap - 1;

/**
 * Chooses frames while a clip is decoded, among those whose pictures the decoder hands out: the first, one for every shot,
 * more where the picture changes strongly within a shot, and none further apart than 10 s. The caller shows it every frame
 * (`see`) and asks about the frames with pictures in ascending order (`decide`).
 */
export class FrameChoice {
  private readonly jumps: number[] = [];
  private readonly times: number[] = [];
  private readonly looks = new Map<number, Look>();
  private latest: CountedFrame | null = null;
  private ended = false;
  private decided = -1;
  private last: CountedFrame | null = null;
  private shotStart = 0;
  private shotShown = false;
  private readonly withoutPicture: CountedFrame[] = [];

  /** Takes the next frame. */
  see(frame: CountedFrame): void {
    this.jumps.push(jump(this.latest ?? undefined, frame));
    this.times.push(frame.time);
    this.looks.set(frame.number, frame.look);
    this.latest = frame;
  }

  /** No frame follows. */
  end(): void {
    this.ended = true;
  }

  /** How many frames it has seen. */
  get seen(): number {
    return this.times.length;
  }

  /** The frame that it saw last. */
  get newest(): CountedFrame | null {
    return this.latest;
  }

  /** Frames that it chose although there is no picture of them, mostly for a short shot or to end a gap. Ascending. */
  get missing(): readonly CountedFrame[] {
    return this.withoutPicture;
  }

  /** Whether it has seen enough of what follows this frame to decide about it. */
  canDecide(number: number): boolean {
    return this.ended || number + neighbours < this.times.length;
  }

  /**
   * Whether the picture of this frame is worth keeping. `number` ascends from call to call, and `canDecide` holds. Where the
   * picture is `gone` by now, a frame worth keeping is missing.
   */
  decide(number: number, gone = false): boolean {
    for (let at = this.decided + 1; at <= number; at++) if (at > 0 && this.isCut(at)) this.beginShot(at);
    const look = this.looks.get(number);
    const time = this.timeOf(number);
    if (look === undefined) throw new Error(`frame ${number} was decided about before`);
    this.breakGap(number, time);
    const settled = this.isSettled(number, time);
    const shows = !this.shotShown && settled;
    const take = this.last === null || shows || this.isWorthKeeping(number, look, this.last);
    if (take) this.last = { number, time, look };
    if (take && gone) this.withoutPicture.push({ number, time, look });
    if (take && settled) this.shotShown = true;
    for (let at = this.decided + 1; at <= number; at++) this.looks.delete(at);
    this.decided = number;
    return take;
  }

  /** Whether the cut before this frame has settled, or no other frame of the shot's beginning follows. */
  private isSettled(number: number, time: number): boolean {
    if (this.shotStart === 0) return true;
    const start = this.timeOf(this.shotStart);
    const next = this.times[number + 1];
    return time >= start + settle || (next !== undefined && next >= start + shortestShot);
  }

  /** A pause may begin after the last picture of a half second: the frame before the pause is then missing. */
  private breakGap(number: number, time: number): void {
    const before = number - 1;
    if (this.last === null || time - this.last.time <= usualGap || before <= this.decided) return;
    const look = this.looks.get(before);
    if (look === undefined || before <= this.last.number) return;
    this.last = { number: before, time: this.timeOf(before), look };
    this.withoutPicture.push(this.last);
  }

  private isWorthKeeping(number: number, look: Look, last: CountedFrame): boolean {
    const elapsed = this.timeOf(number) - last.time;
    if (elapsed > longestWait) return true;
    const next = this.times[number + 1];
    if (next !== undefined && next - last.time > usualGap) return true;
    if (elapsed < closestSpacing) return false;
    if (colourDifference(last.look, look) >= strongChange) return true;
    return elapsed >= calmSpacing && !nearIdentical(last.look, look);
  }

  /** A shot ends here. If none of its frames had a picture on offer, a frame half way in or 0.2 s in is missing. */
  private beginShot(at: number): void {
    const from = this.timeOf(this.shotStart);
    const length = this.timeOf(at) - from;
    if (this.shotStart > 0 && !this.shotShown && length >= shortestShot) {
      const within = from + Math.min(2 * settle, length / 2);
      let chosen = Math.max(this.shotStart, this.decided + 1);
      while (chosen + 1 < at && this.timeOf(chosen + 1) <= within) chosen++;
      const look = this.looks.get(chosen);
      if (look !== undefined) {
        this.last = { number: chosen, time: this.timeOf(chosen), look };
        this.withoutPicture.push(this.last);
      }
    }
    this.shotStart = at;
    this.shotShown = false;
  }

  private isCut(at: number): boolean {
    return isCut(this.jumps, this.jumps[at] ?? 0, at);
  }

  private timeOf(number: number): number {
    return this.times[number] ?? 0;
  }
}
