import { closeSync, fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { errorAt, type Finding } from "../../audit/finding.js";
import { openQuietly } from "../digest-file.js";
import type { LogSegment } from "../log-folder.js";

/** Compares segments with the lines of the log as they are read, so that neither is ever in memory as a whole. */
export class SegmentAudit {
  private readonly root: string;
  private readonly ordered: readonly LogSegment[];
  private readonly chain: readonly LogSegment[];
  /** Segments that overlap others, which should not happen. */
  private readonly overlapping: readonly LogSegment[];
  private readonly changed: Finding[] = [];
  private at = 0;
  private next = 0;
  private open: SegmentReader | null = null;

  constructor(root: string, segments: readonly LogSegment[]) {
    this.root = root;
    this.ordered = [...segments].sort((a, b) => a.first - b.first || a.last - b.last);
    ({ chain: this.chain, overlapping: this.overlapping } = apart(this.ordered));
  }

  /** Takes one more line of the log, without its LF, in order from line 1. */
  line(bytes: Uint8Array): void {
    this.at += 1;
    const segment = this.chain[this.next];
    if (this.open === null && segment?.first === this.at) {
      this.open = new SegmentReader(this.root, segment);
      this.next += 1;
    }
    this.open?.line(bytes);
    if (this.open?.segment.last === this.at) this.finish();
  }

  private finish(): void {
    if (this.open?.end() === false) this.changed.push(segmentChanged(this.open.segment));
    this.open = null;
  }

  /**
   * Everything that is wrong, once the log has ended. `newest` is the size of the newest checkpoint, or 0; `linesFrom`
   * reads the log again from a line.
   */
  findings(newest: number, linesFrom: (first: number) => Iterable<Uint8Array>): readonly Finding[] {
    this.finish();
    return [
      ...this.changed,
      ...this.chain.slice(this.next).map(segmentChanged),
      ...this.overlapping.flatMap((segment) => [
        overlap(segment),
        ...(isUnchanged(this.root, segment, linesFrom) ? [] : [segmentChanged(segment)]),
      ]),
      ...gap(this.ordered, newest),
    ];
  }

  close(): void {
    this.open?.end();
    this.open = null;
  }
}

function apart(ordered: readonly LogSegment[]) {
  const chain: LogSegment[] = [];
  const overlapping: LogSegment[] = [];
  let end = 0;
  for (const segment of ordered) {
    (segment.first > end ? chain : overlapping).push(segment);
    end = Math.max(end, segment.last);
  }
  return { chain, overlapping };
}

function isUnchanged(
  root: string,
  segment: LogSegment,
  linesFrom: (first: number) => Iterable<Uint8Array>,
): boolean {
  const reader = new SegmentReader(root, segment);
  let at = segment.first;
  for (const line of linesFrom(segment.first)) {
    reader.line(line);
    if (at === segment.last) break;
    at += 1;
  }
  return reader.end();
}

/** How many bytes of lines are gathered before they are compared. */
const batchLength = 256 * 1024;

const lineFeed = Uint8Array.of(0x0a);

/**
 * A segment's file beside the lines that it should hold. Throws nothing: a file that cannot be read does not hold them.
 */
class SegmentReader {
  readonly segment: LogSegment;
  private readonly descriptor: number | null;
  private same: boolean;
  private lines = 0;
  private batch: Uint8Array[] = [];
  private length = 0;

  constructor(root: string, segment: LogSegment) {
    this.segment = segment;
    this.descriptor = openRegular(join(root, segment.path));
    this.same = this.descriptor !== null;
  }

  line(bytes: Uint8Array): void {
    this.lines += 1;
    if (!this.same) return;
    this.batch.push(bytes, lineFeed);
    this.length += bytes.length + 1;
    if (this.length >= batchLength) this.flush();
  }

  /** Whether the file is exactly those lines. Closes it; must be called once. */
  end(): boolean {
    const { descriptor } = this;
    if (descriptor === null) return false;
    this.flush();
    const ends = this.read(Buffer.alloc(1)) === 0;
    closeSync(descriptor);
    return this.same && ends && this.lines === this.segment.last - this.segment.first + 1;
  }

  private flush(): void {
    if (this.batch.length === 0) return;
    const wanted = Buffer.concat(this.batch, this.length);
    const found = Buffer.allocUnsafe(wanted.length);
    this.same &&= this.read(found) === wanted.length && found.equals(wanted);
    this.batch = [];
    this.length = 0;
  }

  private read(into: Buffer): number {
    let filled = 0;
    try {
      while (this.descriptor !== null && filled < into.length) {
        const read = readSync(this.descriptor, into, filled, into.length - filled, null);
        if (read === 0) break;
        filled += read;
      }
    } catch {
      this.same = false;
    }
    return filled;
  }
}

function openRegular(path: string): number | null {
  try {
    const descriptor = openQuietly(path);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch {
    return null;
  }
  return null;
}

function segmentChanged({ path, first, last }: LogSegment): Finding {
  const message = `it does not hold lines ${first} to ${last} of the log`;
  return errorAt("segment-changed", path, message);
}

function overlap({ path }: LogSegment): Finding {
  const message = "it repeats lines of an earlier segment";
  return errorAt("segment-overlap", path, message);
}

/** The first line up to the newest checkpoint that lies in no segment. */
function gap(ordered: readonly LogSegment[], newest: number): readonly Finding[] {
  let covered = 0;
  for (const { first, last } of ordered) {
    if (first > covered + 1) break;
    covered = Math.max(covered, last);
  }
  if (covered >= newest) return [];
  const message = `a checkpoint covers line ${covered + 1}, but no segment holds it`;
  return [errorAt("segment-missing", "log", message)];
}
