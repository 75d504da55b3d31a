import type { Entry } from "../audit/entry.js";
import type { Finding } from "../audit/finding.js";

/**
 * Whether the entries of a log, in order, are dated in that order (FORMAT.md §18.1). They need not be: a clock is put
 * back, or a machine starts in the wrong year. Order is by `seq`, and nothing is refused; whoever reads the times is told.
 */
export class ClockSteps {
  private last: Pick<Entry, "seq" | "at"> | null = null;
  private first: { readonly entry: Pick<Entry, "seq" | "at">; readonly before: string } | null = null;
  private count = 0;

  add({ seq, at }: Pick<Entry, "seq" | "at">): void {
    const before = this.last?.at ?? at;
    if (at < before) {
      this.first ??= { entry: { seq, at }, before };
      this.count += 1;
    }
    this.last = { seq, at };
  }

  /** One note however often it happened, at the first entry that is dated before the one in front of it. */
  findings(): readonly Finding[] {
    if (this.first === null) return [];
    const { entry, before } = this.first;
    const others = this.count === 1 ? "" : `; so are ${this.count - 1} more further on`;
    const message = `it is dated ${entry.at}, before the entry in front of it (${before})${others}: the clock was put back, order is by number`;
    return [{ code: "clock-back", severity: "note", where: `entry:${entry.seq}`, message }];
  }
}
