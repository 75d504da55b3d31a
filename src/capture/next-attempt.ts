import type { FetchOutcome, FetchWays, Remedy } from "../tools/download/fetch-types.js";

/** How the next attempt differs from the failed one, and what the record says about it; null if nothing has to be said. */
export interface ChangedAttempt {
  readonly remedy: Remedy;
  readonly ways: FetchWays;
  readonly note: string | null;
}

/**
 * The attempt that follows a failed one at once, by other means. Each remedy is tried once for a clip: `tried` has
 * those that were. The clip matters more than what goes with it, and it may be gone tomorrow.
 */
export function changedAttempt(
  outcome: FetchOutcome,
  ways: FetchWays,
  tried: ReadonlySet<Remedy>,
): ChangedAttempt | null {
  if (outcome.kind !== "failed" || outcome.remedy === null || tried.has(outcome.remedy)) return null;
  const { remedy } = outcome;
  const { reason } = outcome.failure;
  switch (remedy) {
    case "fresh-start":
      return { remedy, ways: { ...ways, resume: false }, note: null };
    case "without-subtitles":
      return {
        remedy,
        ways: { ...ways, subtitles: null },
        note: subtitleNote(outcome.subtitles.length, reason),
      };
    case "without-extras": {
      const left = { ...ways, subtitles: null, comments: false, thumbnail: false };
      return {
        remedy,
        ways: left,
        note: `${extrasOf(ways)} were left out: with them the clip never had its turn`,
      };
    }
    case "impersonate":
      return { remedy, ways: { ...ways, impersonate: true }, note: null };
    case "fresh-look-up":
      // What the guard refused looks like the site's refusal, and no look-up changes it.
      return outcome.failure.code === "private-address" ? null : { remedy, ways, note: null };
  }
}

function subtitleNote(came: number, reason: string): string {
  return came === 0
    ? `the subtitles could not be downloaded: ${reason}`
    : `${came} of the subtitles came, the others could not be downloaded: ${reason}`;
}

function extrasOf({ subtitles, comments, thumbnail }: FetchWays): string {
  const named = [
    ...(comments ? ["the comments"] : []),
    ...(subtitles === null ? [] : ["the subtitles"]),
    ...(thumbnail ? ["the preview picture"] : []),
  ];
  return named.join(" and ");
}
