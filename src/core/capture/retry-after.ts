/** The three forms of a date in HTTP (RFC 9110 §5.6.7); the last names no time zone and means UTC. */
const dates =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** Some thousand years: a number of seconds may have any length. */
const longestMs = 1e14;

/**
 * How long a server asks to wait, in milliseconds from `now`: `text` is the value of Retry-After (RFC 9110 §10.2.3), whole
 * seconds or a date. 0 where there is none, or none that can be read. The server controls it: the caller sets the bound.
 */
export function retryAfterMs(text: string | null, now: Date): number {
  if (text === null) return 0;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs);
  // What is no date of HTTP may still be one for a lenient parser, decades from now.
  if (!dates.test(text)) return 0;
  const at = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? 0 : Math.max(at - now.getTime(), 0);
}
