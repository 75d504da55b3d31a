import { type Failure, type FailureCode, failureOf } from "./failure-codes.js";
import { type FailureRule, loginHint, siteErrors } from "./failure-sentences.js";

/** How the downloader's run ended, as `run()` and the watchdog reported it. */
export interface FailureFacts {
  readonly endedBy: "exited" | "not-started" | "wall-time" | "output-limit" | "aborted" | "watchdog";
  readonly exitCode: number | null;
  /** What the watchdog saw, if it ended the run. */
  readonly watchdog: "too-large" | "stalled" | "timed-out" | "broken-off" | null;
  /** The downloader's error lines without their `ERROR:`. They quote ids, titles and reason phrases: hostile text. */
  readonly errors: readonly string[];
  /** The downloader's own remarks on stdout, one per line: hostile text too. */
  readonly remarks: readonly string[];
  /** The status of the last exchange, null if none is known. */
  readonly lastStatus: number | null;
}

/**
 * Names the failure of a run that left nothing usable. How the run ended decides first, then HTTP statuses, then the
 * downloader's own sentences. A status comes before any sentence because the server wrote the reason phrase that
 * follows it.
 */
export function classifyFailure(facts: FailureFacts): Failure {
  return failureOf(endingCode(facts) ?? remarkCode(facts.remarks) ?? errorCode(facts) ?? "downloader-failed");
}

function endingCode(facts: FailureFacts): FailureCode | null {
  switch (facts.endedBy) {
    case "aborted":
      return "interrupted";
    case "not-started":
      return "downloader-missing";
    case "wall-time":
      return "timed-out";
    case "output-limit":
      return "downloader-failed";
    case "watchdog":
      // A transfer that broke off is named by what broke it off.
      return facts.watchdog === "broken-off" ? null : (facts.watchdog ?? "timed-out");
    case "exited":
      // A shell, setpriv and prlimit end with these statuses when a program cannot be started.
      return facts.exitCode === 126 || facts.exitCode === 127 ? "downloader-missing" : null;
  }
}

function remarkCode(remarks: readonly string[]): FailureCode | null {
  if (remarks.some((line) => /^\[download\] File is larger than max-filesize \(/.test(line)))
    return "too-large";
  if (remarks.some((line) => line.endsWith("does not pass filter (!is_live), skipping ..")))
    return "live-stream";
  return null;
}

function errorCode({ errors, lastStatus }: FailureFacts): FailureCode | null {
  const said = errors.map((line) => line.replace(bugReport, "").replace(advice, "").replace(quoteBegins, ""));
  const early = codeIn(challenges, said) ?? codeIn(transferErrors, said);
  if (early !== null) return early;
  const status = said.map((line) => httpError.exec(line)?.[1]).find((found) => found !== undefined);
  if (status !== undefined) return statusCode(Number(status), said);
  const ofSite = codeIn(siteErrors, said) ?? tikTokCode(said);
  if (ofSite === "not-found" && errors.every(isConfusion)) return "downloader-failed";
  if (ofSite !== null) return ofSite;
  return lastStatus !== null && lastStatus >= 400 ? statusCode(lastStatus, []) : null;
}

function codeIn(rules: readonly FailureRule[], lines: readonly string[]): FailureCode | null {
  return rules.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1] ?? null;
}

/**
 * Whether an error asks for a bug report and quotes nobody: the extractor did not find its way on a page, which says
 * nothing about the clip.
 */
function isConfusion(error: string): boolean {
  return bugReport.test(error) && !/\b(?:said|says|API): /.test(error);
}

function tikTokCode(lines: readonly string[]): FailureCode | null {
  const status = lines.map((line) => tikTokStatus.exec(line)?.[1]).find((found) => found !== undefined);
  return status === undefined ? null : (tikTokStatuses[status] ?? null);
}

const httpError = /HTTP Error (\d{3})\b/;

/** The failure code of an HTTP status of 400 or more; `errors` tells a login wall from a refusal. */
function statusCode(status: number, errors: readonly string[]): FailureCode {
  if (status === 404) return "not-found";
  if (status === 410) return "gone";
  if (status === 401 || status === 407) return "login-required";
  if (status === 403) return errors.some((line) => loginHint.test(line)) ? "login-required" : "forbidden";
  if (status === 429) return "rate-limited";
  if (status === 451) return "geo-blocked";
  // A status below 400 is an error when redirects go round in circles.
  if (status === 408 || status >= 500 || status < 400) return "server-error";
  return "forbidden";
}

/** What an extractor adds to any sentence: advice to report a bug, whose words are nobody's answer. */
const bugReport = /[;.,]? *please report this issue on {1,2}https:.*$/i;

/** What the downloader advises after any sentence that names a country: no proxy is at fault. */
const advice = / You might want to use a VPN or a proxy server \(with --proxy\) to workaround\.?/;

/** Put before whatever Facebook says, a removal or not: only what is quoted counts. */
const quoteBegins = /The video is not available, (?=Facebook said: )/;

/** What yt-dlp says of an answer with a status, in words that no reason phrase can imitate: they come before it. */
const challenges: readonly FailureRule[] = [
  [/^Got HTTP Error 403 caused by Cloudflare anti-bot challenge; see /, "impersonation-missing"],
  [/^Got HTTP Error 403 caused by Cloudflare anti-bot challenge; /, "bot-check"],
];

const unsafeTls =
  /^Got error: (?:\[SSL: \w*|Failed to perform, curl: \(35\) TLS connect error: .*)(?:PROTOCOL|HANDSHAKE_FAILURE|WRONG_VERSION|CIPHERS?)/;

/** Whether a transfer broke off because the server offers no safe TLS: nothing has been sent yet, and nothing will be. */
export function isUnsafeTls(error: string): boolean {
  return unsafeTls.test(error);
}

const transferErrors: readonly FailureRule[] = [
  [unsafeTls, "tls"],
  [/No space left on device/, "disk-full"],
  [/unable to write data: .*(File too large|Errno 27)/, "too-large"],
  [/fragment \d+ not found, unable to continue$|Giving up after \d+ fragment retries$/, "cut-short"],
  // While the body was arriving: too few bytes, a reset, a time-out.
  [/^Got error: (?!HTTP Error )/, "cut-short"],
  [/Did not get any data blocks|The downloaded file is empty$/, "empty"],
];

/** What TikTok's own numbers mean, where an extractor has no sentence for them. */
const tikTokStatus = /Video not available, status code (\d+)$/;
const tikTokStatuses: Readonly<Record<string, FailureCode>> = {
  "10202": "gone",
  "10204": "gone",
  "10216": "login-required",
  "10222": "login-required",
};

/** The `ERROR:` lines of the downloader's stderr, without that prefix, in order, at most 50. */
export function readErrorLines(stderr: string): string[] {
  return readMarkedLines(stderr, "ERROR:");
}

/** The `WARNING:` lines, read as `readErrorLines` reads its own. */
export function readWarningLines(stderr: string): string[] {
  return readMarkedLines(stderr, "WARNING:");
}

function readMarkedLines(stderr: string, mark: string): string[] {
  return stderr
    .split("\n")
    .filter((line) => line.startsWith(mark))
    .slice(0, 50)
    .map((line) =>
      line
        .slice(mark.length)
        .trim()
        .slice(0, 2000)
        .replace(/^\[[\w:.+-]+\] /, ""),
    );
}
