/**
 * How long a server asks to wait, in milliseconds from `now`: `text` is the value of Retry-After (RFC 9110 §10.2.3), whole
 * seconds or a date. 0 where there is none, or none that can be read. The server controls it: the caller sets the bound.
 */
export function retryAfterMs(text: string | null, now: Date): number {
  if (text === null) return 0;
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? 0 : Math.max(ms, 0);
}
