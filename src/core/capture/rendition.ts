import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { wellFormed } from "../words/printable.js";
import type { Rendition, RenditionClaim, RenditionGrade, RenditionReason } from "./record.js";
import { redactUrl } from "./redact.js";

/** What a downloader's run shows of its choice. Everything in it is text that a page can have influenced. */
export interface RenditionFacts {
  /** All of the downloader's stderr, debug lines included. */
  readonly stderr: string;
  /** Its own remarks on stdout. */
  readonly remarks: readonly string[];
  /** Its raw info.json; null if there is none. */
  readonly info: Json;
  /** The user's format selection; null if the best was asked for. */
  readonly format: string | null;
  /** What may stand in no record. */
  readonly secrets: readonly string[];
}

/**
 * Each sentence by which yt-dlp says that it went without formats, and what that means. Skips of the clients that it asks
 * by default are debug lines, so they are written with `--verbose` alone.
 */
const sentences: readonly (readonly [RegExp, RenditionReason])[] = [
  [/\bNo supported JavaScript runtime could be found\b/, "no-js-runtime"],
  [/\bn challenge solving failed: Some formats may be missing\b/, "n-challenge-failed"],
  [/\bSignature solving failed: Some formats may be missing\b/, "signature-failed"],
  [/ client https formats have been skipped as they are missing a URL\b/i, "server-abr-only"],
  [/ formats require a GVS PO Token which was not provided\b/, "po-token-missing"],
  [/\bUnable to fetch (?:GVS|Player) PO Token for \S+ client: /, "po-token-missing"],
  [
    /\bimpersonation(?: for this download)?, but (?:no impersonate target is|none of these impersonate targets are) available\b/,
    "impersonation-missing",
  ],
  [/\bThis video is age-restricted\b.*; some formats may be missing\b/, "login-limited"],
  [/ account cookies are no longer valid\b/, "login-limited"],
  [/\bInstagram API is not granting access\b/, "login-limited"],
  [
    /^(?!.*\bsubtitles? (?:is|are) )(?!.*\bcomments? ).*\. Use --cookies(?:,|-from-browser| for the authentication)/i,
    "login-limited",
  ],
  [/ formats have been skipped as they are DRM protected\b/, "drm-protected"],
  [/\bSkipping player responses from \S+ clients\b/, "lookup-failed"],
  [
    /\b(?:Failed|Unable) to (?:download|obtain) (?:m3u8|MPD|ISM|VOD|f4m|SMIL|API|JSON|XML)\b/,
    "lookup-failed",
  ],
];

/** Of these alone it is unknown whether the platform held anything back. */
const doubts: readonly RenditionReason[] = ["lookup-failed"];

/** The first line that `--verbose` writes: without it the debug lines are not there, or no longer. */
const debugBegins = /^\[debug\] Command-line config: /;

/** Between the words that are kept of a talkative run, and the first of a run's words when the choice is over. */
const leftOut = /^\[holdfast left out \d+ bytes\]$/m;
const choiceIsOver = /^\[debug\] Invoking \S+ downloader on /m;

/** Whether nothing that was said before a download began is missing. */
function isWhole(stderr: string): boolean {
  const [before = ""] = stderr.split(leftOut, 1);
  return debugBegins.test(stderr) && (before === stderr || choiceIsOver.test(before));
}

/**
 * Judges whether a download took the best that the platform offered to this connection. `best` needs all of these: the
 * debug lines are there from the first on, no sentence in them says that formats were skipped or refused, and the formats
 * that were taken are those that a selection of the best takes from the whole table.
 */
export function judgeRendition(facts: RenditionFacts): Rendition {
  const { stderr, info, format, secrets } = facts;
  const table = readFormats(info);
  const taken = takenIds(info);
  const best = table === null ? null : bestIds(table.filter(isWithinReach));
  const isBest = taken !== null && best !== null && isSame(taken, best);
  const further = [
    ...(isJsonObject(info) && info._has_drm === true ? (["drm-protected"] as const) : []),
    ...(table !== null && !isSame(bestIds(table), best ?? []) ? (["protocol-unsupported"] as const) : []),
    ...(format !== null && !isBest ? (["user-choice"] as const) : []),
  ];
  const reasons = [...new Set([...refusals(facts), ...further])];
  const isSeen = isWhole(stderr) && isBest;
  return {
    grade: gradeOf(reasons, isSeen),
    reasons,
    formats: (taken ?? []).map((id) => redactUrl(wellFormed(id), secrets).slice(0, 200)),
  };
}

function gradeOf(reasons: readonly RenditionReason[], isBest: boolean): RenditionGrade {
  if (reasons.some((reason) => !doubts.includes(reason))) return "reduced";
  return isBest && reasons.length === 0 ? "best" : "unknown";
}

/** The reasons that the downloader itself states, in the order of the table. */
export function refusals({ stderr, remarks }: Pick<RenditionFacts, "stderr" | "remarks">): RenditionReason[] {
  const said = [
    ...stderr.split("\n").filter((line) => /^(?:WARNING:|\[debug\]) /.test(line)),
    ...remarks,
  ].map((line) => line.slice(0, 2000).replace(/^(?:WARNING: |\[debug\] )?(?:\[[\w:.+-]+\] )?/, ""));
  return sentences.flatMap(([pattern, reason]) => (said.some((line) => pattern.test(line)) ? [reason] : []));
}

/** The formats on offer, worst first, as the downloader sorted them; null where there is no metadata. */
export function readFormats(info: Json): readonly JsonObject[] | null {
  if (!isJsonObject(info)) return null;
  const listed: readonly Json[] = Array.isArray(info.formats) ? info.formats : [info];
  return listed.filter(isJsonObject).filter((format) => typeof format.format_id === "string");
}

/** The ids of the formats that the downloader took; null if it does not say. */
export function takenIds(info: Json): readonly string[] | null {
  if (!isJsonObject(info)) return null;
  const several: readonly Json[] = Array.isArray(info.requested_formats) ? info.requested_formats : [];
  const ids = (several.length > 0 ? several : [info])
    .filter(isJsonObject)
    .flatMap(({ format_id: id }) => (typeof id === "string" ? [id] : []));
  return ids.length === 0 ? null : ids;
}

/** What `bv*+ba/b` takes of a table in which the best comes last. */
function bestIds(table: readonly JsonObject[]): readonly string[] {
  const media = table.filter((format) => hasVideo(format) || hasAudio(format));
  const picture = media.findLast(hasVideo);
  const sound = media.findLast((format) => hasAudio(format) && !hasVideo(format));
  if (picture && sound) return idsOf(hasAudio(picture) ? [picture] : [picture, sound]);
  const both = media.findLast((format) => hasVideo(format) && hasAudio(format));
  const isUniform = media.every((format) => !hasVideo(format)) || media.every((format) => !hasAudio(format));
  return idsOf([both ?? (isUniform ? media.at(-1) : undefined)]);
}

/** A codec that the site does not name counts as one that is there. */
const hasVideo = ({ vcodec }: JsonObject) => vcodec !== "none";
const hasAudio = ({ acodec }: JsonObject) => acodec !== "none";

function idsOf(formats: readonly (JsonObject | undefined)[]): readonly string[] {
  return formats.flatMap((format) => (typeof format?.format_id === "string" ? [format.format_id] : []));
}

/** Whether the downloader fetches a format itself and through the guard (see `withinReach` of yt-dlp-args.ts). */
function isWithinReach({ protocol }: JsonObject): boolean {
  return typeof protocol !== "string" || !/^(?:rtmp|rtsp|mms)/.test(protocol);
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id) => others.includes(id));
}

/** As the index holds it: the grade, then the reasons, divided by blanks. */
export function renditionText({ grade, reasons }: RenditionClaim): string {
  return [grade, ...reasons].join(" ");
}

/** Reads `renditionText`; null for anything else. */
export function readRendition(text: string | null): RenditionClaim | null {
  const [first, ...rest] = text?.split(" ") ?? [];
  const grade = grades.find((known) => known === first);
  if (grade === undefined) return null;
  return { grade, reasons: reasonNames.filter((known) => rest.includes(known)) };
}

const grades: readonly RenditionGrade[] = ["best", "reduced", "unknown"];

/** What each reason means, one line without a full stop. */
export const renditionWords: Readonly<Record<RenditionReason, string>> = {
  "no-js-runtime": "yt-dlp had no JavaScript runtime, and the platform gives some formats only to one",
  "n-challenge-failed": "yt-dlp could not solve a challenge of the platform's player",
  "signature-failed": "yt-dlp could not work out a signature of the platform's player",
  "server-abr-only": "the platform gave some formats only by its own streaming protocol (SABR)",
  "po-token-missing": "the platform gives some formats only to who shows a token of its own player",
  "impersonation-missing":
    "the platform expects requests like those of a browser, and yt-dlp could not make them",
  "login-limited": "the platform gives more to who is logged in",
  "drm-protected": "some formats are protected by DRM",
  "protocol-unsupported": "better formats come by a protocol that holdfast does not use (RTMP, RTSP or MMS)",
  "lookup-failed": "a part of the look-up failed, so there may be formats that nobody saw",
  "user-choice": "--format chose another than the best",
};

const reasonNames = Object.keys(renditionWords).filter(
  (name): name is RenditionReason => name in renditionWords,
);

/** For a cell of a table: the grade and the codes of its reasons. */
export function renditionCell(rendition: RenditionClaim | null): string {
  if (rendition === null) return "";
  const { grade, reasons } = rendition;
  return reasons.length === 0 ? grade : `${grade}: ${reasons.join(", ")}`;
}

/** What a command says of a clip that is not the best; null where there is nothing to say. */
export function renditionSentence(rendition: RenditionClaim | null): string | null {
  if (rendition === null || rendition.grade === "best") return null;
  const why = rendition.reasons.map((reason) => renditionWords[reason]).join("; ");
  if (rendition.grade === "reduced") return `reduced: ${why}`;
  return why === ""
    ? "unknown: nothing shows whether it is the best that the platform offers"
    : `unknown: ${why}`;
}
