import type { RenditionClaim } from "../core/capture/record.js";
import type { Soundness } from "../core/capture/soundness.js";
import type { CaptureQuery, CaptureRowRecord } from "../vault/index/captures.js";

/** One row of `list`: the index's row without internal columns. */
export type CaptureRow = Omit<
  CaptureRowRecord,
  "object" | "version" | "annex_sha256" | "rendition" | "decode"
> & {
  /** Whether it is the best that the platform offered; null where the record does not say. */
  readonly rendition: RenditionClaim | null;
  /** What the strict decode found; null before the first derivation. */
  readonly decode: Soundness | null;
  /** The name of an imported file from its private annex; null for a fetched file, or without that annex. */
  readonly file_name: string | null;
  /** Whether an outside time-stamp covers its entry; `none` if none does and no authority is configured. */
  readonly anchor: "stamped" | "pending" | "none";
  /** The earliest time by which, according to a time-stamp, the entry existed; null if there is none. */
  readonly stamped_at: string | null;
};

/** The filters of `list`. */
export type ListFilter = CaptureQuery;
