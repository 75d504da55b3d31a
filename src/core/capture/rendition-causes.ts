import type { RenditionClaim, RenditionReason } from "./record.js";

/** What a fetch has that an earlier one may have lacked. */
export interface FetchMeans {
  /** A JavaScript runtime that the downloader accepts. */
  readonly runtime: boolean;
  /** What lets the downloader's requests look like those of a browser. */
  readonly impersonation: boolean;
  readonly cookies: boolean;
}

/** The reasons that a means takes away, and the means. */
const curedBy: Readonly<Partial<Record<RenditionReason, keyof FetchMeans>>> = {
  "no-js-runtime": "runtime",
  "impersonation-missing": "impersonation",
  "login-limited": "cookies",
};

/** What a platform does to one connection and not to the next: worth one more attempt. */
const mayVary: readonly RenditionReason[] = [
  "n-challenge-failed",
  "signature-failed",
  "server-abr-only",
  "po-token-missing",
];

/**
 * Whether fetching a reduced clip again can bring more: a means that it lacked `then` is there `now`, or, where no means
 * would help, its address was fetched only once so far. What a person chose stays chosen.
 */
export function isWorthAnother(
  { grade, reasons }: RenditionClaim,
  then: Pick<FetchMeans, "cookies">,
  now: FetchMeans,
  fetched: number,
): boolean {
  if (grade !== "reduced" || reasons.includes("user-choice")) return false;
  const means = reasons.flatMap((reason) => curedBy[reason] ?? []);
  if (means.length === 0) return fetched === 1 && reasons.some((reason) => mayVary.includes(reason));
  return means.some((one) => now[one] && !(one === "cookies" && then.cookies));
}
