import type { FailureCode } from "../capture/failure-codes.js";
import { hostsOfSite } from "../capture/sites.js";
import type { Signal, SignalCode } from "./signal.js";

/** How the downloader's look-up of one post ended, which fetches nothing. */
export interface LookUp {
  /** Why it described no video at this address, with what the guard and the last redirect showed; null where it did. */
  readonly failure: FailureCode | null;
  /** Its error lines, without `ERROR:` and without the extractor's name in brackets. */
  readonly errors: readonly string[];
  /** Whether an answer on the way bore a Retry-After. */
  readonly askedToWait: boolean;
}

/**
 * What a look-up tells about the post at `host`. A sentence is taken for the platform's structured answer only where it is
 * known to be made of one: by the table of this site, and never because it sounds like a removal.
 */
export function readLookUp({ failure, errors, askedToWait }: LookUp, host: string): readonly Signal[] {
  if (failure === null) return [{ by: "look-up", code: "found" }];
  if (askedToWait) return [{ by: "look-up", code: failure === "rate-limited" ? "rate" : "retry-after" }];
  if (errors.some((line) => choice.test(line))) return [{ by: "look-up", code: "not-understood" }];
  const known = meanings[failure];
  if (failure === "login-required") return [{ by: "look-up", code: restriction(errors) }];
  if (failure === "network") return [{ by: "look-up", code: networkFault(errors) }];
  if (known !== undefined) return [{ by: "look-up", code: known }];
  const stated = statement(errors, host);
  if (stated !== null) return [{ by: "look-up", code: stated }];
  const hint: readonly Signal[] = saysRemoval.includes(failure) ? [{ by: "words", code: "removed" }] : [];
  return [{ by: "look-up", code: "not-understood" }, ...hint];
}

/** A sentence that leaves the reader to choose among reasons states none of them. */
const choice = /rate-limit reached or login required/i;

const saysRemoval: readonly FailureCode[] = ["gone", "not-found"];

/** What a failure of a look-up means for the post, where that needs no further reading. Any other says nothing of it. */
const meanings: Readonly<Partial<Record<FailureCode, SignalCode>>> = {
  "private-address": "private-address",
  forbidden: "refused",
  "impersonation-missing": "refused",
  "geo-blocked": "country",
  "ip-blocked": "address-refused",
  "bot-check": "bot-check",
  "rate-limited": "rate",
  "server-error": "site-fault",
  tls: "tls",
  "timed-out": "time-out",
  stalled: "time-out",
  // What is encrypted, live, too large or offered in other formats is there.
  drm: "found",
  "live-stream": "found",
  "format-unavailable": "found",
  "too-large": "found",
};

const privateWords =
  /\bprivate\b|\bprotected\b|granted access|follow this account|приватн|друз|подписчик|does not have permission|do not have permission/i;
const ageWords = /\bage\b|\bNSFW\b|\badult|some audiences|inappropriate|mature|для взрослых|18\+|возраст/i;

function restriction(errors: readonly string[]): SignalCode {
  if (errors.some((line) => ageWords.test(line))) return "age";
  return errors.some((line) => privateWords.test(line)) ? "private" : "login";
}

const nameWords =
  /getaddrinfo|name resolution|Name or service not known|Failed to resolve|Could not resolve|curl: \(6\)|Temporary failure in name/i;

function networkFault(errors: readonly string[]): SignalCode {
  if (errors.some((line) => nameWords.test(line))) return "name";
  return errors.some((line) => /timed? ?out|curl: \(28\)/i.test(line)) ? "time-out" : "connection";
}

type Statement = readonly [pattern: RegExp, code: "removed" | "unavailable"];

/**
 * What an extractor says where the platform's own answer states it in a field and not in a sentence, by the first host of
 * the site. `removed`: the field has no other meaning. `unavailable`: the platform gives it for other reasons too.
 */
const statements: Readonly<Record<string, readonly Statement[]>> = {
  "youtube.com": [
    [/^\S+: (?:Video unavailable\. )?This video has been removed\b/, "removed"],
    [/^\S+: (?:Video unavailable\. )?This video is no longer available (?:because|due)\b/, "removed"],
    [/^\S+: This live stream recording is not available\.?$/, "unavailable"],
    [
      /^\S+: (?:Video unavailable|This video is unavailable|This video isn.t available any ?more)\.?$/,
      "unavailable",
    ],
  ],
  // The number 10204 is given to addresses that the site has shut out as well.
  "tiktok.com": [[/^\S+: Video not available, status code 102\d\d\b/, "unavailable"]],
  "x.com": [
    [/^\S+: (?:Requested tweet is unavailable\. )?(?:Suspended|Deleted|BounceDeleted)\.?$/, "removed"],
    [/^\S+: (?:Broadcast no longer exists|No status found with that ID\.?)$/, "removed"],
    [
      /^\S+: Twitter API says: This (?:Post|Tweet) (?:was deleted by|is from a suspended account)\b/,
      "removed",
    ],
    [/^\S+: Twitter API says: This (?:Post|Tweet) is from an account that no longer exists\b/, "removed"],
    [
      /^\S+: (?:Twitter Space ended and replay is disabled|Requested tweet is unavailable)\.?$/,
      "unavailable",
    ],
  ],
  "vk.com": [
    [/^\S+: Video \S+ has been removed from public access due to rightholder complaint\.$/, "removed"],
    [
      /^\S+: Video \S+ is no longer available, because (?:it has been deleted|its author has been blocked)\.$/,
      "removed",
    ],
    [/^\S+: (?:Video \S+ does not exist\.|Видео(?:запись)? недоступн[оа]\.?)$/, "unavailable"],
  ],
  "ok.ru": [
    [
      /^\S+: (?:Видео (?:заблокировано|удалено)|The video (?:has been )?(?:blocked|deleted|removed))\.?$/,
      "unavailable",
    ],
  ],
  "vimeo.com": [[/^\S+: Unable to download \w+ JSON: HTTP Error 404\b/, "unavailable"]],
};

/** The bug report that an extractor asks for is no part of what the platform said. */
const bugReport = /[;.,]? *please report this issue on {1,2}https:.*$/i;

function statement(errors: readonly string[], host: string): "removed" | "unavailable" | null {
  const table = statements[hostsOfSite(host)[0] ?? ""] ?? [];
  const said = errors.map((line) => line.replace(bugReport, ""));
  const found = said.map((line) => table.find(([pattern]) => pattern.test(line))?.[1] ?? null);
  // An error that is none of the table puts the others in doubt.
  if (found.length === 0 || found.includes(null)) return null;
  return found.includes("unavailable") ? "unavailable" : "removed";
}
