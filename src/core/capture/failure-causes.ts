import { type Failure, type FailureCode, failureOf } from "./failure-codes.js";
import type { RenditionReason } from "./record.js";

/** What a run shows beside its errors. */
export interface FailureCauses {
  /** Why formats were skipped, by the downloader's own words. */
  readonly skipped: readonly RenditionReason[];
  /** Whether a person chose the format. */
  readonly formatChosen: boolean;
  /** Whether the site shows its public posts, without an account, to what looks like a browser alone. */
  readonly forBrowsers: boolean;
  /** Whether the downloader can make requests like those of a browser; null if it does not say. */
  readonly canImpersonate: boolean | null;
}

/** What looks like an empty page where every format was skipped. */
const nothingLeft: readonly FailureCode[] = ["no-video", "format-unavailable"];

/** What a site answers to who does not look like a browser. */
const shutOut: readonly FailureCode[] = [...nothingLeft, "forbidden"];

/** What a site says to who comes without an account and without a browser's look. */
const turnsAway: readonly FailureCode[] = ["login-required", "rate-limited"];

const codeOfReason: Readonly<Partial<Record<RenditionReason, FailureCode>>> = {
  "no-js-runtime": "js-runtime-missing",
  "n-challenge-failed": "js-runtime-missing",
  "signature-failed": "js-runtime-missing",
  "impersonation-missing": "impersonation-missing",
  "login-limited": "login-required",
  "drm-protected": "drm",
};

/**
 * The failure with what lies behind it. A selection that found nothing is the person's doing only if the person made it;
 * and what is there is not missing.
 */
export function withCause(
  failure: Failure,
  { skipped, formatChosen, forBrowsers, canImpersonate }: FailureCauses,
): Failure {
  const { code } = failure;
  // Without the imitation yt-dlp leaves out the one request that is answered, and says no word of it.
  if (turnsAway.includes(code) && forBrowsers && canImpersonate === false)
    return failureOf("impersonation-missing");
  if (code === "impersonation-missing" && canImpersonate === true) {
    return {
      ...failureOf("downloader-failed"),
      reason: "the site did not answer as it answers a browser, although yt-dlp looked like one",
      hint: "try another connection with --proxy, or --cookies FILE of a logged-in browser; a newer yt-dlp may know the site",
    };
  }
  if (shutOut.includes(code) && skipped.includes("impersonation-missing"))
    return failureOf("impersonation-missing");
  if (!nothingLeft.includes(code) || (code === "format-unavailable" && formatChosen)) return failure;
  const cause = skipped.map((reason) => codeOfReason[reason]).find((found) => found !== undefined);
  if (cause !== undefined) return failureOf(cause);
  if (code === "no-video" && skipped.length === 0) return failure;
  return {
    ...failureOf("downloader-failed"),
    reason: "the site offered no stream that yt-dlp can fetch by itself",
    hint: "run the same command later; a newer yt-dlp may know the site, run holdfast doctor",
  };
}

/** Whether the downloader's debug lines name a handler that imitates a browser; null if they do not name its handlers. */
export function canImpersonate(stderr: string): boolean | null {
  const handlers = /^\[debug\] Request Handlers: (.*)$/m.exec(stderr)?.[1];
  return handlers === undefined ? null : /\bcurl_?cffi\b/i.test(handlers);
}
