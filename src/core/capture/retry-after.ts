/** The three forms of a date in HTTP (RFC 9110 §5.6.7); the last names no time zone and means UTC. */
const dates =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** About three thousand years: a number of seconds may have any length. */
const longestMs = 1e14;

/**
 * How long a server asks a client to wait, in milliseconds from `now`. `text` is the value of Retry-After (RFC 9110
 * §10.2.3): whole seconds or a date. 0 if it is missing or unreadable. The server controls it, so the caller sets the
 * bound.
 */
export function retryAfterMs(text: string | null, now: Date): number {
  if (text === null) return 0;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs);
  // A lenient parser may read text that is not an HTTP date as a date decades away.
  if (!dates.test(text)) return 0;
  const at = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? 0 : Math.max(at - now.getTime(), 0);
}
