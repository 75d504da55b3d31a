/** What one line of a log says about times. */
export interface StatedTime {
  readonly seq: number;
  /** RFC 3339 with milliseconds, as all times of a log. */
  readonly at: string;
  /** For a `token` entry: the checkpoint it covers and the time that its authority states; null for any other entry. */
  readonly stamp: { readonly checkpoint: number; readonly genTime: string } | null;
}

/**
 * When lines of a log can have been written, by everything the log says. A clock can be wrong by days, and no entry was
 * written later than one after it, or later than a time-stamp over a checkpoint that covers it.
 */
export interface LogTimes {
  /** The earliest time stated for entry `seq` or anything after it; null if there is none. */
  readonly earliestFrom: (seq: number) => string | null;
  /** The latest `at` of the entries from `first` to `last`, both included; null if none is known. */
  readonly latestBetween: (first: number, last: number) => string | null;
}

/** Reads each line once. Lines may come in any order and with gaps. */
export function logTimes(lines: Iterable<StatedTime>): LogTimes {
  const stated: { readonly seq: number; readonly at: string }[] = [];
  const bounds: { readonly seq: number; readonly time: string }[] = [];
  for (const { seq, at, stamp } of lines) {
    stated.push({ seq, at });
    bounds.push({ seq, time: at });
    if (stamp !== null) bounds.push({ seq: stamp.checkpoint, time: stamp.genTime });
  }
  stated.sort((a, b) => a.seq - b.seq);
  bounds.sort((a, b) => a.seq - b.seq);
  const earliest = bounds.map(({ time }) => time);
  for (let place = earliest.length - 2; place >= 0; place -= 1) {
    const [here = "", behind = ""] = earliest.slice(place, place + 2);
    // Times of one form, in UTC, are in order as texts.
    if (behind < here) earliest[place] = behind;
  }
  return {
    earliestFrom: (seq) => earliest[firstFrom(bounds, seq)] ?? null,
    latestBetween: (first, last) => {
      let latest: string | null = null;
      for (let place = firstFrom(stated, first); place < stated.length; place += 1) {
        const line = stated[place];
        if (line === undefined || line.seq > last) break;
        if (latest === null || line.at > latest) latest = line.at;
      }
      return latest;
    },
  };
}

/** Place of the first line whose number is not below this one. */
function firstFrom(lines: readonly { readonly seq: number }[], seq: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
