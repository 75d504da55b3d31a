/** Sentences and blanks of the draft declaration. */
export type DraftLabel =
  | "title"
  | "notice"
  | "strikeOut"
  | "exhibit"
  | "iName"
  | "iRole"
  | "declare"
  | "training"
  | "basis"
  | "watched"
  | "watchedYes"
  | "watchedNo"
  | "rest"
  | "fetched"
  | "imported"
  | "times"
  | "machine"
  | "clock"
  | "clockOffset"
  | "software"
  | "arguments"
  | "process"
  | "stepFetch"
  | "stepImport"
  | "stepHash"
  | "stepStore"
  | "stepLog"
  | "stepCheckpoint"
  | "stepTime"
  | "files"
  | "alterations"
  | "wholeness"
  | "log"
  | "time"
  | "noTime"
  | "check"
  | "compared"
  | "comparedFile"
  | "comparedTool"
  | "comparedDate"
  | "equal"
  | "notEqual"
  | "limits"
  | "perjury"
  | "date"
  | "place"
  | "signature"
  | "printedName"
  | "endNotice";

/** What no report claims (EVIDENCE §11). */
export const limitNames = [
  "footage",
  "event",
  "platform",
  "time",
  "complete",
  "tamper",
  "operator",
  "original",
  "similar",
  "claimed",
  "credentials",
  "court",
  "law",
  "person",
  "safety",
  "algorithms",
] as const;

export type LimitName = (typeof limitNames)[number];

/** What a person would say, and what nobody says, in one language. */
export type StatementTexts = Readonly<Record<`draft.${DraftLabel}` | `limit.${LimitName}`, string>>;
