/** The closed list of reasons why a source could not be captured. */
export type FailureCode =
  | "not-a-url"
  | "unsupported-scheme"
  | "private-address"
  | "not-found"
  | "gone"
  | "forbidden"
  | "login-required"
  | "geo-blocked"
  | "rate-limited"
  | "server-error"
  | "network"
  | "tls"
  | "no-video"
  | "not-media"
  | "empty"
  | "too-large"
  | "drm"
  | "live-stream"
  | "format-unavailable"
  | "cut-short"
  | "stalled"
  | "timed-out"
  | "disk-full"
  | "old-downloader"
  | "downloader-missing"
  | "downloader-failed"
  | "interrupted";

/** Why a capture failed, as data for the log, the reader and the queue. Never contains text that a server wrote. */
export interface Failure {
  readonly code: FailureCode;
  /** One line, lower case, no full stop. */
  readonly reason: string;
  /** What to try next, one line. */
  readonly hint: string;
  /** Whether the same request may succeed later, so that a queue may try again. */
  readonly retry: boolean;
}

/** The failure with its standard words. */
export function failureOf(code: FailureCode): Failure {
  const [reason, hint, retry] = words[code];
  return { code, reason, hint, retry: retry === "retry" };
}

const words: Readonly<
  Record<FailureCode, readonly [reason: string, hint: string, retry: "retry" | "final"]>
> = {
  "not-a-url": ["this is not a web address", "give a whole address that begins with https://", "final"],
  "unsupported-scheme": [
    "only http and https addresses are captured",
    "copy the address of the page from a browser",
    "final",
  ],
  "private-address": [
    "the address leads into this machine or a private network",
    "give --allow-private if that is what you mean",
    "final",
  ],
  "not-found": [
    "the server says there is nothing at this address (404)",
    "check the address in a browser, the clip may have been taken down",
    "final",
  ],
  gone: [
    "the site says that the clip is not available any more",
    "look for another copy and archive that one",
    "final",
  ],
  forbidden: [
    "the server refuses access",
    "if a browser can play it, give --cookies FILE, or try --proxy",
    "final",
  ],
  "login-required": [
    "the site shows this only to people who are logged in",
    "export the cookies of a logged-in browser and give --cookies FILE",
    "final",
  ],
  "geo-blocked": ["the site does not show this in the country of this connection", "try --proxy", "final"],
  "rate-limited": ["the site asks to slow down (429)", "wait some minutes and run the same command", "retry"],
  "server-error": ["the server has a fault of its own", "run the same command later", "retry"],
  network: [
    "the connection failed",
    "check the address and the connection, then run the same command",
    "retry",
  ],
  tls: [
    "the encrypted connection could not be trusted",
    "check the clock of this machine with holdfast doctor, and the address in a browser",
    "final",
  ],
  "no-video": [
    "no video was found at this address",
    "copy the address of the post or the video itself",
    "final",
  ],
  "not-media": [
    "what arrived is a page or text, not a video",
    "open the address in a browser, it may ask for a login",
    "final",
  ],
  empty: ["the server sent no bytes", "run the same command later", "retry"],
  "too-large": [
    "the download is larger than the limit",
    "raise --max-bytes or choose a smaller --format",
    "final",
  ],
  drm: ["the video is protected by DRM", "look for an unprotected copy", "final"],
  "live-stream": [
    "this is a live stream that has not ended",
    "run the same command when the broadcast is over",
    "retry",
  ],
  "format-unavailable": ["the site does not offer the format asked for", "leave out --format", "final"],
  "cut-short": ["the transfer broke off before the end", "run the same command again", "retry"],
  stalled: ["the transfer came nearly to a halt", "run the same command later", "retry"],
  "timed-out": ["the download did not end in the time it may take", "run the same command later", "retry"],
  "disk-full": ["the disk is full", "free some space, then run the same command", "retry"],
  "old-downloader": [
    "this yt-dlp is too old to be trusted with hostile pages",
    "run npm run setup to get a newer one",
    "final",
  ],
  "downloader-missing": [
    "yt-dlp could not be started",
    "run holdfast doctor to see what is missing",
    "final",
  ],
  "downloader-failed": [
    "yt-dlp could not read this address",
    "a newer yt-dlp may know the site, run holdfast doctor",
    "retry",
  ],
  interrupted: ["interrupted", "run the same command again", "retry"],
};

/** How the downloader's run ended, as `run()` and the watchdog reported it. */
export interface FailureFacts {
  readonly endedBy: "exited" | "not-started" | "wall-time" | "output-limit" | "aborted" | "watchdog";
  readonly exitCode: number | null;
  /** What the watchdog saw, if it ended the run. */
  readonly watchdog: "too-large" | "stalled" | "timed-out" | null;
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
      return facts.watchdog ?? "timed-out";
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

function errorCode(facts: FailureFacts): FailureCode | null {
  for (const [pattern, code] of transferErrors) {
    if (facts.errors.some((line) => pattern.test(line))) return code;
  }
  const status = facts.errors.map((line) => httpError.exec(line)?.[1]).find((found) => found !== undefined);
  if (status !== undefined) return statusCode(Number(status), facts.errors);
  for (const [pattern, code] of siteErrors) {
    if (facts.errors.some((line) => pattern.test(line))) return code;
  }
  return facts.lastStatus !== null && facts.lastStatus >= 400 ? statusCode(facts.lastStatus, []) : null;
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

// yt-dlp adds this advice itself where an extractor knows that the site wants a login.
const loginHint =
  /\. Use --cookies(,|-from-browser| for the authentication)| --cookies-from-browser or --cookies for /;

const transferErrors: readonly (readonly [RegExp, FailureCode])[] = [
  // The server offers no safe TLS: nothing has been sent yet, and nothing will be.
  [/^Got error: \[SSL: \w*(?:PROTOCOL|HANDSHAKE_FAILURE|WRONG_VERSION|CIPHERS?)\w*\]/, "tls"],
  [/No space left on device/, "disk-full"],
  [/unable to write data: .*(File too large|Errno 27)/, "too-large"],
  [/fragment \d+ not found, unable to continue$|Giving up after \d+ fragment retries$/, "cut-short"],
  // While the body was arriving: too few bytes, a reset, a time-out.
  [/^Got error: (?!HTTP Error )/, "cut-short"],
  [/Did not get any data blocks|The downloaded file is empty$/, "empty"],
];

const siteErrors: readonly (readonly [RegExp, FailureCode])[] = [
  [/^Unsupported URL: /, "no-video"],
  [/Tunnel connection failed: 403\b/, "private-address"],
  [/CERTIFICATE_VERIFY_FAILED|certificate verify failed|\[SSL\b|SSL: |TLS/, "tls"],
  [/\bDRM\b/, "drm"],
  [/geo.?restrict|\bnot\b.{0,60}\bavailable (in|from) your (country|location|region)/i, "geo-blocked"],
  [loginHint, "login-required"],
  [
    /login required|log ?in to|sign in|registered users|private (video|account|group)|members.only/i,
    "login-required",
  ],
  [/Requested format is not available/, "format-unavailable"],
  [/live event will begin|premieres in|has not started|stream is offline|not currently live/i, "live-stream"],
  [/No video formats found|no (video|media|downloadable)\b|not a video|no playable/i, "no-video"],
  [/is not a valid URL/, "not-a-url"],
  [
    /resolve|getaddrinfo|name resolution|refused|reset by peer|timed out|closed connection|unreachable|Tunnel connection failed|proxy|Connection (aborted|broken)|RemoteDisconnected|EOF occurred/i,
    "network",
  ],
  [/unavailable|removed|deleted|does ?n.t exist|terminated|no longer/i, "gone"],
];

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
        .replace(/^\[[\w:+-]+\] /, ""),
    );
}
