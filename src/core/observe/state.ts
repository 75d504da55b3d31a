import type { Judgement, Verdict } from "./verdict.js";

/** What an observation says of a post, as opposed to what it says of the connection or of itself. */
export type State = "online" | "reported-gone" | "restricted";

/** One observation of a capture, as it is kept. */
export interface Observed extends Pick<Judgement, "verdict" | "structured"> {
  readonly at: string;
}

const stateOfVerdict: Readonly<Partial<Record<Verdict, State>>> = {
  online: "online",
  changed: "online",
  "reported-gone": "reported-gone",
  restricted: "restricted",
};

/** The state that a verdict states; null for one that says nothing of the post, which leaves the state as it was. */
function stateOf(verdict: Verdict): State | null {
  return stateOfVerdict[verdict] ?? null;
}

/** How far apart two answers must be: most faults of a platform are over by then. */
const confirmingMs = 86_400_000;

/**
 * Whether `newest` is confirmed: it reports the post gone by a structured answer, and so did one at least 24 hours before,
 * with nothing between them that says otherwise. `earlier` in the order in which they were made. Every `reported-gone` has
 * had a control that passed.
 */
export function isConfirmed(newest: Observed, earlier: readonly Observed[]): boolean {
  if (!isStructuredAbsence(newest)) return false;
  const last = earlier.findLastIndex(({ verdict }) => !["reported-gone", null].includes(stateOf(verdict)));
  return earlier
    .slice(last + 1)
    .some((one) => isStructuredAbsence(one) && Date.parse(newest.at) - Date.parse(one.at) >= confirmingMs);
}

function isStructuredAbsence({ verdict, structured }: Observed): boolean {
  return verdict === "reported-gone" && structured;
}

/** A change of state of one capture, which gets an entry of its own. */
export interface StateChange {
  /** Null where no observation said anything of the post before. */
  readonly from: State | null;
  readonly to: State;
  readonly confirmed: boolean;
}

/**
 * What the newest observation changes: the state, what the post says of itself (`changed`), or that its being gone is
 * confirmed now. A first observation that finds the post there changes nothing. Null for no change.
 */
export function stateChange(newest: Observed, earlier: readonly Observed[]): StateChange | null {
  const to = stateOf(newest.verdict);
  if (to === null) return null;
  const index = earlier.findLastIndex(({ verdict }) => stateOf(verdict) !== null);
  const before = earlier[index];
  const from = before === undefined ? null : stateOf(before.verdict);
  const confirmed = isConfirmed(newest, earlier);
  const wasConfirmed = before !== undefined && isConfirmed(before, earlier.slice(0, index));
  const isNews = (from ?? "online") !== to || newest.verdict === "changed" || (confirmed && !wasConfirmed);
  return isNews ? { from, to, confirmed } : null;
}
