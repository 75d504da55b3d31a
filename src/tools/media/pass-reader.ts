import { lstatSync, rmSync, unlinkSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { type Look, lookBytes, lookHeight, lookWidth } from "../../core/media/dhash.js";
import { type CountedFrame, FrameChoice } from "../../core/media/frame-choice.js";
import { maxKeyframes, withinLimit } from "../../core/media/keyframe-plan.js";
import type { VideoStream } from "./ffprobe.js";
import { largePicture, type PassClock, type PassFiles, pictureFiles, printedSize } from "./frame-pass.js";
import { type FrameLine, inPieces, readFrameLine } from "./frame-runs.js";
import { gapOver, type NumberedPicture } from "./frame-taking.js";
import { GrowingLines } from "./growing-file.js";
import type { MediaRun } from "./input.js";
import { discardFrames, keepDrawing } from "./picture-taking.js";
import type { Pictures } from "./pictures.js";

export interface PassReading {
  readonly video: VideoStream;
  readonly clock: PassClock;
  readonly files: PassFiles;
  readonly pictures: Pictures;
  /** Existing folder for the drawings. */
  readonly outDir: string;
  /** Called with the numbers of frames decoded and announced. */
  readonly onProgress: (done: number, total: number) => void;
}

/** What a pass saw of a clip. */
export interface PassFrames {
  /** How many frames the decoder showed. */
  readonly count: number;
  /** The numbers of the first and last of those that state a time. */
  readonly ends: readonly number[];
  /** The frames taken. Ascending. */
  readonly taken: readonly NumberedPicture[];
  /** Frames to take that the pass did not print, by number and time in units of the time base. */
  readonly missing: readonly { readonly number: number; readonly pts: number }[];
  /** The longest gap allowed between frames, in seconds. */
  readonly maxGap: number;
  /** Whether the limit on the number of keyframes removed more than near-identical ones. */
  readonly bitten: boolean;
  /** False if the parts of the output do not fit together. */
  readonly whole: boolean;
}

// Frames drawn at once, for two cores; fewer of large ones, which take 25 MB and more each.
const drawnAtOnce = (video: VideoStream) => (video.width * video.height > largePicture ? 1 : 3);
// Of a clip with few frames a second, each is printed, and several must follow before one can be decided about.
const mostUndecided = 16;
/** So many bytes of pictures wait to be decided about; those of larger ones are removed, and decoded again if chosen. */
const mostUndecidedBytes = 600_000_000;
/** So many drawings wait on the disk at most until the most different ones of them are chosen. */
const mostDrawn = 2 * maxKeyframes;

/** Reads the output of a pass while it runs, chooses among the pictures and draws those that it takes. */
export class PassReader {
  /** Takes what the run prints on stdout; resolves when more may follow. */
  readonly onStdout: (chunk: Buffer) => Promise<void>;
  private readonly reading: PassReading;
  private readonly choice = new FrameChoice();
  private readonly times: GrowingLines;
  private readonly offers: GrowingLines;
  private readonly looksWaiting: Look[] = [];
  private readonly linesWaiting: FrameLine[] = [];
  /** Of each picture, in their order. */
  private readonly pictureLines: FrameLine[] = [];
  /** Of each frame that states its time: this time, and its number. */
  private readonly pts: number[] = [];
  private readonly numbers: number[] = [];
  private count = 0;
  /** The first picture that was not decided about yet. */
  private undecided = 0;
  /** Pictures that were removed before they were decided about. */
  private readonly removed = new Set<number>();
  private searchedTo = 0;
  private whole = true;
  private drawn: NumberedPicture[] = [];
  private bitten = false;
  private readonly inHand = new Set<Promise<void>>();
  private readonly failures: unknown[] = [];

  constructor(reading: PassReading) {
    this.reading = reading;
    const { files } = reading;
    this.times = new GrowingLines(files.times);
    this.offers = new GrowingLines(files.offers);
    const { width, height } = printedSize(reading.video);
    const take = inPieces(width * height * 3, async (printed) => {
      this.looksWaiting.push(lookIn(printed, width));
    });
    this.onStdout = async (chunk) => {
      await take(chunk);
      this.readFiles();
      await this.decide(null);
      this.removeExcess();
      const { video, onProgress } = this.reading;
      onProgress(this.count, Math.max(this.count, video.announcedFrames ?? 0));
    };
  }

  /**
   * Call after the run has ended. Removes the files of the pass. Throws whatever prevented a drawing, and `ENOSPC` where the
   * run broke off because the disk was full.
   */
  async finish({ result }: MediaRun): Promise<PassFrames> {
    this.readFiles();
    for (const file of [this.times, this.offers]) file.close();
    const isDiskFull = result.endedBy === "exited" && result.exitCode !== 0 && this.hasShortPicture();
    this.choice.end();
    const last = this.choice.seen - 1;
    const isTaken = isDiskFull ? false : await this.decide(last);
    const isDecided = this.searchedTo > last;
    if (last >= 0 && !isDecided && !isDiskFull) this.choice.decide(last);
    await Promise.all(this.inHand);
    this.removeFiles();
    if (isDiskFull) throw diskFull();
    if (this.failures.length > 0) throw this.failures[0];
    const chosen = this.choice.missing;
    const lastMissing = isTaken || chosen.at(-1)?.number === last ? null : this.choice.newest;
    const missing = this.withinLimit([...chosen, ...(lastMissing === null ? [] : [lastMissing])]);
    const fits = this.looksWaiting.length + this.linesWaiting.length === 0;
    return {
      count: this.count,
      ends: [0, last].flatMap((at) => this.numbers[at] ?? []),
      taken: this.drawn.sort((a, b) => a.number - b.number),
      missing: missing.flatMap(({ number }) => this.frameAt(number) ?? []),
      maxGap: this.maxGap(),
      bitten: this.bitten,
      whole: this.whole && fits && this.numbers.length === this.count,
    };
  }

  /** ffmpeg writes a picture at one go, so that one which is too short was cut by the disk and by nothing in the clip. */
  private hasShortPicture(): boolean {
    const { files, video } = this.reading;
    for (let place = this.undecided; ; place += 1) {
      if (this.removed.has(place)) continue;
      const { rgb, decoded } = pictureFiles(files, place);
      const [bytes, bytesDecoded] = [sizeOf(rgb), sizeOf(decoded)];
      if (bytes === undefined && bytesDecoded === undefined) return false;
      if (bytes !== undefined && bytes < video.width * video.height * 3) return true;
      if (bytesDecoded !== undefined && bytesDecoded < (this.pictureLines[place]?.bytes ?? 0)) return true;
    }
  }

  private removeFiles(): void {
    const { files } = this.reading;
    for (const path of [files.times, files.offers]) rmSync(path, { force: true });
    for (let place = this.undecided; removePicture(files, place); place += 1);
  }

  /** Removes every drawing. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.inHand);
    discardFrames(this.drawn.map(({ taken }) => taken));
    this.drawn = [];
  }

  private readFiles(): void {
    this.linesWaiting.push(...this.times.read().flatMap((line) => readFrameLine(line) ?? []));
    this.pictureLines.push(...this.offers.read().flatMap((line) => readFrameLine(line) ?? []));
    const both = Math.min(this.looksWaiting.length, this.linesWaiting.length);
    const looks = this.looksWaiting.splice(0, both);
    for (const [at, line] of this.linesWaiting.splice(0, both).entries()) this.see(line, looks[at]);
  }

  private see({ pts }: FrameLine, look: Look | undefined): void {
    const number = this.count++;
    if (pts === null || look === undefined) return;
    const own = pts + this.reading.clock.offset;
    this.choice.see({ number: this.pts.length, time: this.secondsOf(own), look });
    this.pts.push(own);
    this.numbers.push(number);
  }

  /**
   * Decides about every picture about which it can. `last` is the place of the last frame, once it is known: its picture is
   * taken in any case. True if that happened.
   */
  private async decide(last: number | null): Promise<boolean> {
    let isLastTaken = false;
    for (;;) {
      const line = this.pictureLines[this.undecided];
      if (line === undefined) return isLastTaken;
      const at = this.find(line);
      const isLate = last !== null || this.pictureLines.length - this.undecided > mostUndecided;
      if (at === null ? !isLate : !this.choice.canDecide(at)) return isLastTaken;
      const place = this.undecided;
      const isGone = this.removed.has(place);
      if (last === null && at !== null && !isGone && !this.isWhole(place, line)) return isLastTaken;
      this.undecided += 1;
      this.whole &&= at !== null;
      if (at !== null) {
        this.searchedTo = at + 1;
        const isWanted = this.choice.decide(at, isGone) || at === last;
        isLastTaken ||= at === last && !isGone;
        if (isWanted && !isGone) await this.draw(place, at, line);
      }
      removePicture(this.reading.files, place);
    }
  }

  /** Of very large pictures, fewer than must follow one before it can be decided about may lie on the disk. */
  private removeExcess(): void {
    const line = this.pictureLines[this.undecided];
    if (line === undefined) return;
    const { files, video } = this.reading;
    const most = Math.max(1, Math.floor(mostUndecidedBytes / (video.width * video.height * 3 + line.bytes)));
    for (const [at, one] of this.pictureLines.slice(this.undecided + most).entries()) {
      const place = this.undecided + most + at;
      if (this.removed.has(place) || !this.isWhole(place, one)) continue;
      removePicture(files, place);
      this.removed.add(place);
    }
  }

  private isWhole(place: number, { bytes }: FrameLine): boolean {
    const { files, video } = this.reading;
    const { rgb, decoded } = pictureFiles(files, place);
    return sizeOf(rgb) === video.width * video.height * 3 && sizeOf(decoded) === bytes;
  }

  /** The place of the frame of this line; null if it was not seen yet. Pictures come in the order of the frames. */
  private find({ pts }: FrameLine): number | null {
    if (pts === null) return null;
    const at = this.pts.indexOf(pts + this.reading.clock.offset, this.searchedTo);
    return at === -1 ? null : at;
  }

  private async draw(place: number, at: number, line: FrameLine): Promise<void> {
    const frame = this.frameAt(at);
    if (frame === null || !this.isWhole(place, line)) {
      this.whole = false;
      return;
    }
    const { files, video, pictures, outDir } = this.reading;
    const file = join(outDir, `whole-${frame.number}.part`);
    const job = pictures
      .drawFrameFiles(pictureFiles(files, place), video)
      .then(async ({ decodedSha256, ...drawing }) => {
        const taken = { ...(await keepDrawing(drawing, file)), pts: frame.pts, frameSha256: decodedSha256 };
        this.drawn.push({ number: frame.number, taken });
      })
      // No caller may be waiting yet when this fails, so the failure is kept until one is.
      .catch((error: unknown) => void this.failures.push(error))
      .finally(() => this.inHand.delete(job));
    this.inHand.add(job);
    if (this.inHand.size >= drawnAtOnce(video)) await Promise.race(this.inHand);
    if (this.failures.length > 0) throw this.failures[0];
    if (this.drawn.length > mostDrawn) this.thinOut([]);
  }

  /** Those of the missing frames that stay, so that none is decoded again only to be thinned out. */
  private withinLimit(missing: readonly CountedFrame[]): readonly CountedFrame[] {
    const isWithin = missing.length === 0 || this.drawn.length + missing.length <= maxKeyframes;
    return isWithin ? missing : this.thinOut(missing);
  }

  /**
   * Keeps the most different of all drawings and missing frames of a clip that has more of them than it may have keyframes.
   * Returns the missing ones among them.
   */
  private thinOut(missing: readonly CountedFrame[]): readonly CountedFrame[] {
    const drawn = this.drawn.map((one) => ({
      time: this.secondsOf(one.taken.pts),
      look: one.taken.lookAsDecoded,
      one,
    }));
    const all = [...drawn, ...missing].sort((a, b) => a.time - b.time);
    const candidates = all.map(({ time, look }, at) => ({
      time,
      look,
      fixed: at === 0 || at === all.length - 1,
    }));
    const { kept, bitten } = withinLimit(candidates, this.maxGap(), maxKeyframes);
    const staying = new Set(kept.map((at) => all[at]));
    discardFrames(drawn.filter((frame) => !staying.has(frame)).map(({ one }) => one.taken));
    this.drawn = drawn.filter((frame) => staying.has(frame)).map(({ one }) => one);
    this.bitten ||= bitten;
    return missing.filter((frame) => staying.has(frame));
  }

  private frameAt(at: number): { readonly number: number; readonly pts: number } | null {
    const [number, pts] = [this.numbers[at], this.pts[at]];
    return number === undefined || pts === undefined ? null : { number, pts };
  }

  private maxGap(): number {
    return gapOver(this.secondsOf(this.pts[0] ?? 0), this.secondsOf(this.pts.at(-1) ?? 0));
  }

  private secondsOf(pts: number): number {
    const { num, den } = this.reading.video.timeBase;
    return (pts * num) / den;
  }
}

function diskFull(): Error {
  const words = "keeping the pictures of a clip while it is decoded: the disk is full";
  return Object.assign(new Error(words), { code: "ENOSPC", errno: -constants.errno.ENOSPC });
}

/** False if there was none. */
function removePicture(files: PassFiles, place: number): boolean {
  const { rgb, decoded } = pictureFiles(files, place);
  const removed = [rgb, decoded].filter((file) => sizeOf(file) !== undefined);
  for (const file of removed) unlinkSync(file);
  return removed.length > 0;
}

function sizeOf(file: string): number | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.size;
}

/** The look in the corner of a printed picture. */
function lookIn(printed: Uint8Array, width: number): Look {
  const look = new Uint8Array(lookBytes);
  for (let row = 0; row < lookHeight; row++) {
    const from = row * width * 3;
    look.set(printed.subarray(from, from + lookWidth * 3), row * lookWidth * 3);
  }
  return look;
}
