/** Why the WARC has no body, or only a part of one, for a response. */
export type BodilessReason =
  /** A redirect; the browser keeps no body of it. */
  | "redirect"
  /** By its status or method the response has no body. */
  | "no-content"
  /** The channel that a page opens to talk to its site. */
  | "web-socket"
  /** The body had not ended when the visit did: a stream, a long clip. */
  | "unfinished"
  /** The page or the browser gave it up. */
  | "cancelled"
  /** The connection broke. */
  | "broken"
  /** The browser no longer had it. */
  | "not-kept"
  /** It would have taken more room than the visit may have. */
  | "too-large"
  /** A script of the page answered in place of the site. */
  | "service-worker";

/** A response whose body the WARC does not hold. */
export interface ListedResponse {
  readonly url: string;
  readonly status: number;
  readonly reason: BodilessReason;
}

/**
 * How much of what sites answered was kept. `responses` is the sum of the two others. Of a response that has no body by
 * nature nothing is missing: it counts as one with its body, though the list names it.
 */
export interface Coverage {
  readonly responses: number;
  readonly with_body: number;
  /** Without a body that it should have; each is in the list, with its reason. */
  readonly listed: number;
}

/** Whether a response of this kind has no body that could have been kept. */
export function hasNoneByNature(reason: BodilessReason): boolean {
  return reason === "redirect" || reason === "no-content" || reason === "web-socket";
}

export function coverageOf(withBody: number, listed: readonly ListedResponse[]): Coverage {
  const lost = listed.filter(({ reason }) => !hasNoneByNature(reason)).length;
  const responses = withBody + listed.length;
  return { responses, with_body: responses - lost, listed: lost };
}

/** The reason why a response has no body by nature, from its method and status; null if it should have one. */
export function bodilessByNature(method: string, status: number): BodilessReason | null {
  if (status >= 300 && status < 400 && status !== 304) return "redirect";
  const without = method === "HEAD" || method === "OPTIONS" || status < 200;
  return without || status === 204 || status === 205 || status === 304 ? "no-content" : null;
}
