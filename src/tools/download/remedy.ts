import type { Failure } from "../../core/capture/failure-codes.js";
import { judgeTransfer } from "../../core/capture/transfer.js";
import type { FetchRequest, Remedy } from "./fetch-types.js";
import type { JudgedTrack } from "./fetched-tracks.js";
import type { FetchFacts } from "./finished-fetch.js";

/** A failed attempt, as far as it is judged. */
export interface FailedAttempt {
  readonly failure: Failure;
  readonly errors: readonly string[];
  readonly tracks: readonly JudgedTrack[];
  /** Why a continued transfer is not shown to be one file. */
  readonly splices: readonly string[];
  /** Whether the preview picture took the clip's place. */
  readonly displaced: boolean;
}

/** What may bring, at once, the clip that an attempt did not bring; null if nothing is known to. */
export function remedyOf(request: FetchRequest, facts: FetchFacts, failed: FailedAttempt): Remedy | null {
  if (failed.displaced) return "without-extras";
  if (failed.splices.length > 0) return "fresh-start";
  if (request.subtitles !== null && failedForSubtitles(facts, failed)) return "without-subtitles";
  if (hasExtras(request) && failedForExtras(request, facts, failed)) return "without-extras";
  if (!request.impersonate && failed.errors.some(isAntiBot)) return "impersonate";
  const lookedUp = facts.received.infoJson !== null;
  return lookedUp && failed.errors.some((line) => expired.test(line)) ? "fresh-look-up" : null;
}

/** yt-dlp's own sentence where a site let in nobody but browsers, and it could look like one. */
const antiBot = /^Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with /;

/** Whether an error line says that a request like that of a browser may be answered. */
export function isAntiBot(line: string): boolean {
  return antiBot.test(line);
}

/** The page was read and then its media refused: such addresses are good for minutes. */
const expired = /^unable to download video data: HTTP Error (?:403|410)\b/;

/** yt-dlp skips the clip if a subtitle is refused, and reports a failure after the clip if a subtitle breaks off. */
function failedForSubtitles({ run, received }: FetchFacts, { errors, tracks }: FailedAttempt): boolean {
  if (run.endedBy !== "exited") return false;
  if (errors.some((line) => /^Unable to download video subtitles for /.test(line))) return true;
  if (tracks.length === 0) return false;
  const media = {
    tracks: tracks.map((one) => one.transfer),
    exitCode: 0,
    endedBy: "exited" as const,
    errors: false,
    unended: false,
  };
  return !received.leftovers && judgeTransfer(media).verdict === "whole";
}

function hasExtras({ subtitles, comments, thumbnail }: FetchRequest): boolean {
  return subtitles !== null || comments || thumbnail;
}

/**
 * Whether the clip never had its turn because of what is fetched before it: comments before the look-up is over,
 * subtitles and the preview picture after it. A server can make each of them endless.
 */
function failedForExtras(
  { comments }: FetchRequest,
  { run, received, log }: FetchFacts,
  { errors }: FailedAttempt,
): boolean {
  if (received.media.length > 0) return false;
  if (run.endedBy !== "watchdog") return errors.some((line) => unsafeName.test(line));
  return comments || log.remarks.some((line) => beginsExtra.test(line));
}

/** yt-dlp's remarks before it asks for a preview picture or a subtitle. */
const beginsExtra = /^\[info\] (?:Downloading video thumbnail |Writing video subtitles to: )/;

/** yt-dlp refuses to write a preview picture whose address ends in something else. */
const unsafeName = /^(?:The extracted extension|Unsafe (?:file )?extension)|unusual and will be skipped/i;
