/** The closed list of reasons why a source could not be captured. */
export type FailureCode =
  | "not-a-url"
  | "unsupported-scheme"
  | "private-address"
  | "not-found"
  | "gone"
  | "not-on-web"
  | "forbidden"
  | "login-required"
  | "geo-blocked"
  | "ip-blocked"
  | "bot-check"
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
  | "js-runtime-missing"
  | "impersonation-missing"
  | "ffmpeg-needed"
  | "old-downloader"
  | "downloader-missing"
  | "downloader-failed"
  | "browser-missing"
  | "browser-failed"
  | "interrupted";

/** Why a capture failed, as data for the log, the reader and the queue. Contains no text that a server wrote, but for the place of a login page. */
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
  "not-on-web": [
    "the public page of this post does not show its video",
    "get the file with the platform's own app, then: holdfast import FILE",
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
  "ip-blocked": [
    "the site refuses the address of this connection",
    "try another connection with --proxy, then run the same command",
    "retry",
  ],
  "bot-check": [
    "the site asks for proof that a person is watching",
    "wait at least an hour, or try another connection with --proxy, or --cookies FILE of a logged-in browser",
    "retry",
  ],
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
  "format-unavailable": [
    "the site does not offer the format asked for",
    "choose one that holdfast formats URL lists, or leave out --format",
    "final",
  ],
  "cut-short": ["the transfer broke off before the end", "run the same command again", "retry"],
  stalled: ["the transfer came nearly to a halt", "run the same command later", "retry"],
  "timed-out": ["the download did not end in the time it may take", "run the same command later", "retry"],
  "disk-full": ["the disk is full", "free some space, then run the same command", "retry"],
  "js-runtime-missing": [
    "the site gives the video only to who runs its JavaScript, and yt-dlp could not",
    "run npm run setup to get a runtime, and holdfast doctor to see whether it works",
    "final",
  ],
  "impersonation-missing": [
    "the site answers only what looks like a browser, and yt-dlp could not",
    "run npm run setup to get curl_cffi, and holdfast doctor to see whether it works",
    "final",
  ],
  "ffmpeg-needed": [
    "yt-dlp needs ffmpeg to fetch this stream, and holdfast lets it start no program",
    "choose a stream that needs none: holdfast formats URL, then --format",
    "final",
  ],
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
  "browser-missing": [
    "no browser could be started",
    "install Chromium with the system's package manager",
    "final",
  ],
  "browser-failed": [
    "the browser ended before it showed the page",
    "run the same command again; holdfast doctor shows whether the browser works here",
    "retry",
  ],
  interrupted: ["interrupted", "run the same command again", "retry"],
};
