import type { EventName } from "../../../audit/entry.js";
import type { Finding } from "../../../audit/finding.js";
import type {
  Basis,
  CaptureRecord,
  DecodeCheck,
  DerivationStep,
  ElementName,
  ElementStatus,
  RenditionGrade,
  RenditionReason,
  Wholeness,
} from "../../capture/record.js";
import type { PageTaken } from "../../page/page-taken.js";
import type { CheckWord, ReportOutcome } from "../facts.js";
import type { StatementTexts } from "./statements.js";

/** Headings and labels of the report. */
export type ReportLabel =
  | "title"
  | "subtitle"
  | "about"
  | "quoted"
  | "cut"
  | "contents"
  | "none"
  | "yes"
  | "no"
  | "unknown"
  | "private"
  | "summary"
  | "capture"
  | "vault"
  | "made"
  | "method"
  | "status"
  | "object"
  | "sheet"
  | "noSheet"
  | "pages"
  | "pagesNote"
  | "pageView"
  | "noPageView"
  | "pageSeen"
  | "pageAnswers"
  | "inAnnex"
  | "annexDigest"
  | "annexAsLogged"
  | "annexDiffers"
  | "collector"
  | "investigation"
  | "notRecorded"
  | "pseudonym"
  | "person"
  | "host"
  | "system"
  | "zone"
  | "address"
  | "receivedFrom"
  | "proxy"
  | "start"
  | "end"
  | "elapsed"
  | "milliseconds"
  | "clock"
  | "clockSource"
  | "clockSynchronised"
  | "clockCheckedAt"
  | "clockAgainst.log"
  | "clockAgainst.program"
  | "clockAgainst.site"
  | "target"
  | "requested"
  | "redirects"
  | "final"
  | "claimedAddress"
  | "neverFetched"
  | "partOf"
  | "numberInList"
  | "targetAddresses"
  | "connections"
  | "refused"
  | "bytesIn"
  | "bytesOut"
  | "exchanges"
  | "request"
  | "answer"
  | "failure"
  | "failureCode"
  | "reason"
  | "attempts"
  | "elements"
  | "elementsNote"
  | "item"
  | "paths"
  | "claims"
  | "claimsNote"
  | "claim"
  | "value"
  | "whose"
  | "readFrom"
  | "files"
  | "filesNote"
  | "writtenFiles"
  | "file"
  | "bytes"
  | "digests"
  | "kind"
  | "hashedAt"
  | "receivedAs"
  | "notAsReceived"
  | "alterations"
  | "alterationsNone"
  | "redactions"
  | "redactionsNote"
  | "wholeness"
  | "wholenessNote"
  | "rendition"
  | "renditionNote"
  | "renditionOlder"
  | "renditionFormats"
  | "transfer"
  | "together"
  | "decoded"
  | "notDerived"
  | "unjudged"
  | "warnings"
  | "package"
  | "packageNote"
  | "hashList"
  | "hashOfList"
  | "version"
  | "statedIn"
  | "services"
  | "timeService"
  | "ipService"
  | "whoisService"
  | "notUsed"
  | "software"
  | "program"
  | "digest"
  | "digestOfContent"
  | "digestTells"
  | "runs"
  | "runsNote"
  | "arguments"
  | "removed"
  | "ended"
  | "sandbox"
  | "forked"
  | "derivatives"
  | "derivativesNote"
  | "derivedFrom"
  | "steps"
  | "picture"
  | "rotation"
  | "length"
  | "maxGap"
  | "streamHashes"
  | "keyframes"
  | "frame"
  | "derivedFiles"
  | "custody"
  | "custodyNote"
  | "entry"
  | "time"
  | "event"
  | "lineHash"
  | "coveredBy"
  | "checkpoints"
  | "checkpointsNone"
  | "checkpointSize"
  | "root"
  | "key"
  | "keyNone"
  | "witnesses"
  | "outsideTime"
  | "outsideTimeNote"
  | "existed"
  | "statesTime"
  | "by"
  | "accuracy"
  | "difference"
  | "outsideTimeNone"
  | "pending"
  | "nextAt"
  | "checks"
  | "checksNote"
  | "checkedBy"
  | "checkedCounts"
  | "entries"
  | "asRecorded"
  | "notAsRecorded"
  | "findings"
  | "otherFindings"
  | "restsOn"
  | "restsOnNote"
  | "inForce"
  | "signer"
  | "rootCertificate"
  | "rootUntrusted"
  | "limits"
  | "limitsNote"
  | "exitCode"
  | "httpStatus"
  | "ptsTime"
  | "frameDigest"
  | "languageNote";

/** What the files of a capture are: roles of originals, kinds of derivatives, and the record itself. */
export const fileKinds = [
  "media_track",
  "media_segment",
  "segment_map",
  "info_json",
  "html_source",
  "manifest",
  "thumbnail",
  "subtitle",
  "comments",
  "sidecar",
  "page_view",
  "page_tile",
  "page_mhtml",
  "page_dom",
  "page_warc",
  "page_record",
  "record",
  "ffprobe",
  "exiftool",
  "content_credentials",
  "stream_hashes",
  "keyframe",
  "contact_sheet",
  "playable",
  "derivation",
] as const;

export type FileKind = (typeof fileKinds)[number];

/** Names of what a source claims about a clip. */
export type ClaimLabel =
  | "title"
  | "uploader"
  | "uploader_id"
  | "uploader_url"
  | "channel"
  | "channel_id"
  | "posted_at"
  | "upload_date"
  | "duration"
  | "canonical_url"
  | "platform_item_id"
  | "extractor"
  | "location"
  | "language"
  | "live_status"
  | "availability"
  | "view_count"
  | "like_count"
  | "comment_count"
  | "tags"
  | "description";

export type TextKey =
  | keyof StatementTexts
  | ReportLabel
  | `claim.${ClaimLabel}`
  | `outcome.${ReportOutcome}`
  | `method.${CaptureRecord["method"]}`
  | `element.${ElementName}`
  | `status.${ElementStatus}`
  | `basis.${Basis}`
  | `verdict.${Wholeness}`
  | `rendition.${RenditionGrade}`
  | `rendition.${RenditionReason}`
  | `decode.${DecodeCheck["verdict"]}`
  | `step.${DerivationStep["step"]}`
  | `event.${EventName}`
  | `check.${CheckWord}`
  | `page.${PageTaken["status"]}`
  | `file.${FileKind}`
  | `severity.${Finding["severity"]}`
  | `question.${"hashes" | "chain" | "signature" | "tokens"}`;

/** Every text of a report in one language. None holds a number, a date or a name: those come from the facts. */
export type ReportTexts = Readonly<Record<TextKey, string>>;

export const reportLanguages = ["en", "ru", "kk"] as const;

export type ReportLanguage = (typeof reportLanguages)[number];

/** A text and the language it is really in: a Kazakh report has Russian texts where no certain term is known. */
export interface Wording {
  readonly text: string;
  readonly language: ReportLanguage;
}
