import type { CaptureQuery, CaptureRowRecord } from "../vault/index/captures.js";

/** One row of `list`: the index's row without the columns that only the vault itself needs. */
export type CaptureRow = Omit<CaptureRowRecord, "object" | "version" | "annex_sha256"> & {
  /** The name of an imported file by the private annex; null for a fetched one, and where that annex is not here. */
  readonly file_name: string | null;
  /** Whether an outside time-stamp covers its entry; `none` where none does and nobody is configured to be asked. */
  readonly anchor: "stamped" | "pending" | "none";
  /** The earliest time by which, after such a time-stamp, the entry existed; null where there is none. */
  readonly stamped_at: string | null;
};

/** What `list` may be asked. */
export type ListFilter = CaptureQuery;
