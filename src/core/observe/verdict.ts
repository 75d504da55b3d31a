import { type Channel, rankOf, type Saying, type Signal, sayingOf } from "./signal.js";

/**
 * What an observation came to. `reported-gone` is what a platform reported to this connection at this time, and never that
 * anybody removed anything. `unknown` is the verdict wherever no other is earned.
 */
export type Verdict =
  | "online"
  | "changed"
  | "reported-gone"
  | "restricted"
  | "blocked"
  | "unreachable"
  | "unknown";

/** What the control had to say: a post of the same site, asked in the same run by the same way. */
export type Control = "passed" | "failed" | "none";

/** One ground of a verdict. */
export type Ground =
  | Signal
  | {
      readonly by: "control";
      readonly code: Control;
      /** Those that passed by the channels of the grounds beside it; none where none did. */
      readonly captures: readonly string[];
    };

/** By each channel the capture that was there by it in this run. */
export type Passed = ReadonlyMap<Channel, string>;

export interface Judgement {
  readonly verdict: Verdict;
  /** What the verdict rests on, the surest first; for `unknown` all that was learnt. */
  readonly basis: readonly Ground[];
  /** Whether it rests on the platform's structured answer. */
  readonly structured: boolean;
}

/** What is known before any control is. `gone` is no verdict: a control decides what becomes of it. */
export type Finding = Exclude<Verdict, "changed" | "reported-gone"> | "gone";

/** The verdict by one post's own signals, `gone` where they would make it `reported-gone` if a control passes. */
export function findingOf(signals: readonly Signal[]): Finding {
  const said = (channel: Channel) => sayingsBy(signals, channel);
  const itself = [...said("look-up"), ...said("address")];
  const isStated = said("look-up").includes("absent");
  if (said("look-up").includes("present")) return "online";
  if (signals.some((signal) => sayingOf(signal) === "blocked")) return "blocked";
  // Sites send strangers to a login page whether a post is there or not; what the platform states comes first.
  if (itself.includes("restricted") && !isStated) return "restricted";
  // A line that drops half of what is asked cannot show that the other half is true.
  if (itself.includes("unreachable")) return "unreachable";
  const isGone = decisive(signals).length > 0 && !isRefused(signals);
  const isPresent = signals.some((signal) => sayingOf(signal) === "present");
  if (isPresent) return isGone || said("look-up").includes("doubtful") ? "unknown" : "online";
  return isGone ? "gone" : "unknown";
}

/**
 * Whether the site turned the downloader away or had a fault just then: a 404 that it gives another asker in the same minute
 * may be one more way to refuse.
 */
function isRefused(signals: readonly Signal[]): boolean {
  return signals.some(({ by, code }) => by === "look-up" && (code === "refused" || code === "site-fault"));
}

/**
 * The verdict. `passed` has the controls that passed, null where the site has none: absence counts only by a channel that
 * showed, in the same run, that it can tell presence.
 */
export function judge(signals: readonly Signal[], passed: Passed | null): Judgement {
  const finding = findingOf(signals);
  if (finding !== "gone") return { verdict: finding, basis: groundsOf(finding, signals), structured: false };
  const tried = signals.filter(({ by }) => rankOf(by) === 4 || passed?.has(by));
  const grounds = decisive(tried);
  if (grounds.length === 0) {
    const control: Ground = { by: "control", code: passed === null ? "none" : "failed", captures: [] };
    return { verdict: "unknown", basis: [...byRank(signals), control], structured: false };
  }
  const captures = [...new Set(grounds.flatMap(({ by }) => passed?.get(by) ?? []))];
  return {
    verdict: "reported-gone",
    basis: [...byRank(grounds), { by: "control", code: "passed", captures }],
    structured: grounds.some(({ by }) => rankOf(by) === 1),
  };
}

/**
 * The signals that together show that the platform reports a post gone; none where they do not suffice. A plain structured
 * statement does, and so does 404 or 410 at the post's own address, or Telegram's own form of the post. Doubtful words of a
 * platform need one channel beside them, and second channels need each other.
 */
function decisive(signals: readonly Signal[]): readonly Signal[] {
  const absent = signals.filter((signal) => sayingOf(signal) === "absent");
  const doubtful = signals.filter((signal) => sayingOf(signal) === "doubtful");
  const alone: readonly Channel[] = ["look-up", "address", "embed"];
  const suffices = absent.some(({ by }) => alone.includes(by)) || absent.length + doubtful.length > 1;
  return suffices ? [...doubtful, ...absent] : [];
}

const sayingsOf: Readonly<Record<Exclude<Finding, "gone" | "unknown">, Saying>> = {
  online: "present",
  restricted: "restricted",
  blocked: "blocked",
  unreachable: "unreachable",
};

function groundsOf(finding: Exclude<Finding, "gone">, signals: readonly Signal[]): readonly Signal[] {
  if (finding === "unknown") return byRank(signals);
  return byRank(signals.filter((signal) => sayingOf(signal) === sayingsOf[finding]));
}

function sayingsBy(signals: readonly Signal[], channel: Channel): readonly Saying[] {
  return signals.filter(({ by }) => by === channel).map(sayingOf);
}

function byRank(signals: readonly Signal[]): readonly Signal[] {
  return [...signals].sort((one, other) => rankOf(one.by) - rankOf(other.by));
}
