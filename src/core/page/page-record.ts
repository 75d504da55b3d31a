import type { CaptureId } from "../../audit/digest.js";
import type { Claim, ClockCheck, FileRole, Redaction, RunRecord, Software } from "../capture/record.js";
import type { PageVisit } from "./visit.js";

export type PageFileKind = Exclude<Extract<FileRole, `page_${string}`>, "page_record">;

export interface PageFile {
  readonly kind: PageFileKind;
  /** Logical path, below `page/<version>/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
  /** False where secrets were cut; the raw bytes are beside the annex. */
  readonly as_received: boolean;
}

/** What the record says as the visit said it, addresses cut as in every record. */
type AsVisited = Pick<
  PageVisit,
  | "redirects"
  | "wall"
  | "grounds"
  | "viewport"
  | "page_height"
  | "tiles"
  | "cut"
  | "coverage"
  | "listed"
  | "unanswered"
  | "stops"
  | "held_back"
  | "browser"
  | "user_agent"
  | "own_sandbox"
>;

/** `page/<version>/page.json`: a page as a browser showed it, and how. FORMAT.md §6.2. */
export interface PageRecord extends AsVisited {
  readonly v: 1;
  readonly capture: CaptureId;
  readonly version: string;
  readonly started_at: string;
  /** When the first picture was taken, before anything was touched. */
  readonly viewed_at: string;
  readonly ended_at: string;
  readonly requested_url: string;
  readonly final_url: string;
  /** Of the answer that brought the page; null if it came without one. */
  readonly http_status: number | null;
  readonly title: Claim<string> | null;
  readonly status: "captured" | "wall";
  readonly files: readonly PageFile[];
  readonly redactions: readonly Redaction[];
  readonly runs: readonly RunRecord[];
  readonly software: readonly Software[];
  readonly clock: ClockCheck;
}
