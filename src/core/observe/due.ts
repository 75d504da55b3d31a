const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How long after the capture, or after a change, a post is looked at again. */
const stepsMs: readonly number[] = [hourMs, 6 * hourMs, dayMs, 3 * dayMs, 7 * dayMs];
const afterwardsMs = 30 * dayMs;

export interface DueFacts {
  /** When the post was captured or, if that is later, when its state changed last. */
  readonly since: Date;
  /** Of the newest observation, whatever it said; null for none. */
  readonly observed: Date | null;
}

/**
 * When a post is to be observed next: 1 hour, 6 hours, 1, 3 and 7 days after it was captured or changed, then every 30 days.
 * One observation stands for all times that passed before it.
 */
export function nextDue({ since, observed }: DueFacts): Date {
  const start = since.getTime();
  const last = observed === null ? start : Math.max(observed.getTime(), start);
  const step = stepsMs.map((ms) => start + ms).find((time) => time > last);
  return new Date(step ?? last + afterwardsMs);
}
