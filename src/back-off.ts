import { retryAfterMs } from "./core/capture/retry-after.js";
import type { AuthorityState } from "./vault/index/authorities.js";

const minuteMs = 60_000;
const longestMs = 6 * 60 * minuteMs;
/** A server that says Retry-After is not believed further than this. */
const longestAskedMs = 7 * 24 * 60 * minuteMs;

/**
 * What to note after a failure: the next try comes after a minute, then twice as long each time, at most six hours, or
 * when the server says (`retryAfter`, RFC 9110 §10.2.3: seconds or a date) if that is later.
 */
export function stateAfterFailure(
  name: string,
  before: AuthorityState | undefined,
  failure: { readonly reason: string; readonly retryAfter: string | null },
  now: Date,
): AuthorityState {
  const failures = (before?.failures ?? 0) + 1;
  const ownMs = Math.min(longestMs, minuteMs * 2 ** Math.min(failures - 1, 20));
  const askedMs = Math.min(retryAfterMs(failure.retryAfter, now), longestAskedMs);
  const waitMs = Math.max(ownMs, askedMs);
  return {
    name,
    failures,
    tried_at: now.toISOString(),
    next_at: new Date(now.getTime() + waitMs).toISOString(),
    reason: failure.reason,
  };
}

export function stateAfterSuccess(name: string, now: Date): AuthorityState {
  return { name, failures: 0, tried_at: now.toISOString(), next_at: null, reason: null };
}

/** A time further ahead than any that is ever noted comes from a clock that was wrong then. */
export function isDue(state: AuthorityState | undefined, now: Date): boolean {
  if (!state?.next_at) return true;
  const leftMs = Date.parse(state.next_at) - now.getTime();
  return !(leftMs > 0 && leftMs <= longestAskedMs);
}
