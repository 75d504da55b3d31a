import { type Failure, type FailureCode, failureOf } from "./failure-codes.js";

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
  const said = errors.map((line) => line.replace(bugReport, ""));
  const early = codeIn(challenges, said) ?? codeIn(transferErrors, said);
  if (early !== null) return early;
  const status = said.map((line) => httpError.exec(line)?.[1]).find((found) => found !== undefined);
  if (status !== undefined) return statusCode(Number(status), said);
  const ofSite = codeIn(siteErrors, said) ?? tikTokCode(said);
  if (ofSite !== null) return ofSite;
  return lastStatus !== null && lastStatus >= 400 ? statusCode(lastStatus, []) : null;
}

function codeIn(
  rules: readonly (readonly [RegExp, FailureCode])[],
  lines: readonly string[],
): FailureCode | null {
  return rules.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1] ?? null;
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

// yt-dlp adds this advice itself where an extractor knows that the site wants a login.
const loginHint =
  /\. Use --cookies(,|-from-browser| for the authentication)| --cookies-from-browser or --cookies for /;

/** What yt-dlp says of an answer with a status, in words that no reason phrase can imitate: they come before it. */
const challenges: readonly (readonly [RegExp, FailureCode])[] = [
  [/^Got HTTP Error 403 caused by Cloudflare anti-bot challenge; see /, "impersonation-missing"],
  [/^Got HTTP Error 403 caused by Cloudflare anti-bot challenge; /, "bot-check"],
];

const unsafeTls =
  /^Got error: (?:\[SSL: \w*|Failed to perform, curl: \(35\) TLS connect error: .*)(?:PROTOCOL|HANDSHAKE_FAILURE|WRONG_VERSION|CIPHERS?)/;

/** Whether a transfer broke off because the server offers no safe TLS: nothing has been sent yet, and nothing will be. */
export function isUnsafeTls(error: string): boolean {
  return unsafeTls.test(error);
}

const transferErrors: readonly (readonly [RegExp, FailureCode])[] = [
  [unsafeTls, "tls"],
  [/No space left on device/, "disk-full"],
  [/unable to write data: .*(File too large|Errno 27)/, "too-large"],
  [/fragment \d+ not found, unable to continue$|Giving up after \d+ fragment retries$/, "cut-short"],
  // While the body was arriving: too few bytes, a reset, a time-out.
  [/^Got error: (?!HTTP Error )/, "cut-short"],
  [/Did not get any data blocks|The downloaded file is empty$/, "empty"],
];

/**
 * What the sentences of extractors and sites mean, the surest first. What may pass comes before what is for good, and
 * `gone` last of all: only a plain statement of removal gives it.
 */
const siteErrors: readonly (readonly [RegExp, FailureCode])[] = [
  [/^Unsupported URL: /, "no-video"],
  [/Tunnel connection failed: 403\b|CONNECT tunnel failed, response 403\b/, "private-address"],
  [/CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSL certificate |\[SSL\b|SSL: |TLS/, "tls"],
  [
    /\bffmpeg\b.{0,40}(?:could not be found|not found|(?:is|are) not installed)|requires? ffmpeg/i,
    "ffmpeg-needed",
  ],
  [
    /JavaScript runtime|\bn challenge\b|\bchallenge solver\b|signature (?:solving|extraction)/i,
    "js-runtime-missing",
  ],
  [/captcha|not a (?:ro)?bot\b|security check|unusual (?:traffic|activity)/i, "bot-check"],
  [/\bchallenge\b.{0,40}(?:data|failed)|solve .{0,20}challenge/i, "bot-check"],
  [/\bIP(?: address)?\b.{0,60}\b(?:blocked|banned)\b|\b(?:blocked|banned)\b.{0,30}\bIP\b/i, "ip-blocked"],
  [
    /rate.?limit|too many requests|available, try again later|wait (?:a few|some) minutes|слишком много запросов/i,
    "rate-limited",
  ],
  [
    /Unexpected response from webpage request|universal data for rehydration|impersonat\w+ (?:target|dependenc)/i,
    "impersonation-missing",
  ],
  [/\bDRM\b/, "drm"],
  [/geo.?(?:restrict|block)|\b(?:in|from|for) your (?:country|location|region)\b/i, "geo-blocked"],
  [/ваш(?:ей|его|ем) (?:стран|регион)/i, "geo-blocked"],
  [loginHint, "login-required"],
  [
    /log(?:ged)?[ -]?in\b.{0,20}\b(?:to|for|from|required|details)\b|login required|sign(?:ed)?[ -]in|registered users/i,
    "login-required",
  ],
  [
    /private (?:video|account|group|post|profile)|(?:video|account|post|profile) is private/i,
    "login-required",
  ],
  [
    /members?.only|join this channel|(?:age|confirm your age).{0,20}(?:restrict|verif)|confirm your age|inappropriate|mature/i,
    "login-required",
  ],
  [
    /requires? (?:payment|purchase|authentication|a subscription)|\b(?:is )?paid\b|\bpremium\b|subscribers? only|subscribe to/i,
    "login-required",
  ],
  [
    /access (?:to .{1,80} )?(?:is |was )?(?:denied|restricted)|no access to|not authori[sz]ed|permission to (?:view|watch)|limits who can/i,
    "login-required",
  ],
  [
    /для взрослых|доступ\S* .{0,40}(?:ограничен|закрыт|запрещ)|нет доступа|только друзьям|войдите|авториз|приватн|подписчик|платн/i,
    "login-required",
  ],
  [
    /live event will begin|premieres? (?:in|will begin)|not (?:yet )?started|will begin (?:in|shortly)|will start (?:in|soon)/i,
    "live-stream",
  ],
  [/is offline|not currently live|not downloadable yet|ещ[её] не начал/i, "live-stream"],
  [
    /try again later|\bsession\b|temporar|time.?out error|something went wrong|an error occurred|временно/i,
    "downloader-failed",
  ],
  [
    /(?:has|have|was|were|been) (?:removed|deleted|taken down|terminated|suspended|banned|closed)|no longer (?:exists?|available)/i,
    "gone",
  ],
  [
    /(?:recording|replay) is (?:not available|disabled)|(?:live ?stream|broadcast) has ended|\. Suspended$|account .{0,40}blocked|suspended account|(?:author .{0,40}is|video has been) blocked/i,
    "gone",
  ],
  [/удал[её]н|заблокирован|изъят/i, "gone"],
  [/Requested format is not available/, "format-unavailable"],
  [
    /No video formats found|no (?:video|media|downloadable)|not a video|no playable|only images are available/i,
    "no-video",
  ],
  [/does(?: not|n.t) have (?:a \S+ tab|any videos)|has no videos/i, "no-video"],
  [/is not a valid URL/, "not-a-url"],
  [
    /resolve|getaddrinfo|name resolution|refused|reset by peer|timed out|closed connection|unreachable|Tunnel connection failed|proxy|Connection (?:aborted|broken)|RemoteDisconnected|EOF occurred|(?:Failed|Couldn.t) (?:to )?connect to|Empty reply|CONNECT tunnel failed|Operation too slow|Recv failure|stream \d+ was not closed cleanly/i,
    "network",
  ],
  [/\bnot (?:be )?found\b|does(?: not|n.t) exist|не найден|не существует/i, "not-found"],
  [
    /^(?:\S+: )?Video unavailable\.?$|(?:tweet|video) is (?:un|not )available|said: "This content isn.t available/i,
    "gone",
  ],
  [/^(?:\S+: )?(?:Видео(?:запись)?) недоступн[оа]\.?$/i, "gone"],
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
        .replace(/^\[[\w:+-]+\] /, ""),
    );
}
