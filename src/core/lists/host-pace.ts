import { paceOfSite } from "../capture/sites.js";

/** How a batch treats one host. Times in milliseconds. */
export interface PaceRules {
  /** Downloads from one host at the same time. */
  readonly perHost: number;
  /** Between two starts on one host, varied by half either way; null for what its site needs. */
  readonly delayMs: number | null;
  /** The first back-off; each further one is four times as long. */
  readonly firstWaitMs: number;
}

/** The state of one host. `now` below is any clock that only goes up, in milliseconds. */
export interface HostPace {
  readonly open: number;
  /** No start before this: set after a start, and when the host has asked to be left alone. */
  readonly notBefore: number;
  /** Refusals and dead connections since the host last answered properly. */
  readonly strikes: number;
}

/** What a host's answer to one attempt means for its pace. */
export type HostSaid =
  | { readonly kind: "answered" }
  /** 429 or 503; `askedMs` is what Retry-After asks for, 0 if it asks for nothing. */
  | { readonly kind: "slow-down"; readonly askedMs: number }
  | { readonly kind: "unreachable" };

export const unknownHost: HostPace = { open: 0, notBefore: 0, strikes: 0 };

/** No host is granted a longer wait than this: the list would stand still for ever. */
const longestAskedMs = 24 * 3_600_000;
const longestSlowDownMs = 2 * 3_600_000;
/** A dead site with many rows in a list must not hold the list up for days. */
const longestUnreachableMs = 60_000;

/** Milliseconds until the host may be asked; Infinity while it has as many downloads as it may have. */
export function msUntilTurn(pace: HostPace, rules: PaceRules, now: number): number {
  return pace.open >= rules.perHost ? Number.POSITIVE_INFINITY : Math.max(0, pace.notBefore - now);
}

/** The delay where neither a person nor the site has a wish. */
const usualDelayMs = 2000;

/** After a start on `host`. `chance`, from 0 to 1, spreads the next start over the delays that are allowed. */
export function afterStart(
  pace: HostPace,
  { host, now, chance }: { readonly host: string; readonly now: number; readonly chance: number },
  { delayMs }: Pick<PaceRules, "delayMs">,
): HostPace {
  const [least, most] = (delayMs === null ? paceOfSite(host).betweenClipsMs : null) ?? [
    (delayMs ?? usualDelayMs) * 0.5,
    (delayMs ?? usualDelayMs) * 1.5,
  ];
  const delay = least + chance * (most - least);
  return { ...pace, open: pace.open + 1, notBefore: Math.max(pace.notBefore, now + delay) };
}

/** After an attempt. If a host asks for time, every row of the list leaves it alone, not only the row it told. */
export function afterAttempt(pace: HostPace, rules: PaceRules, now: number, said: HostSaid): HostPace {
  const open = Math.max(0, pace.open - 1);
  if (said.kind === "answered") return { ...pace, open, strikes: 0 };
  const ownMs = backOffMs(rules, pace.strikes + 1);
  const waitMs =
    said.kind === "unreachable"
      ? Math.min(ownMs, longestUnreachableMs)
      : said.askedMs > 0
        ? Math.min(said.askedMs, longestAskedMs)
        : Math.min(ownMs, longestSlowDownMs);
  return { open, notBefore: Math.max(pace.notBefore, now + waitMs), strikes: pace.strikes + 1 };
}

/** The wait after attempt number `attempt` (from 1): four times longer each time, at most two hours. */
export function backOffMs(rules: PaceRules, attempt: number): number {
  return Math.min(longestSlowDownMs, rules.firstWaitMs * 4 ** Math.min(attempt - 1, 12));
}
