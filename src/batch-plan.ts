import type { CaptureRequest } from "./capture/archive.js";
import { keyOf, type ListBytes } from "./batch/list.js";
import { readAnnotation } from "./core/capture/annotation.js";
import { otherCells, readSourceList } from "./core/lists/source-list.js";
import { parseSourceUrl } from "./core/capture/source-url.js";
import { capturedBefore } from "./vault/index/captures.js";
import { readVault } from "./vault/reader.js";
import { isVault } from "./vault/vault.js";

/** What would happen to one row. */
export interface PlannedRow {
  readonly row: number;
  readonly url: string;
  readonly plan: "capture" | "already-captured" | "duplicate" | "refused" | "no-address";
  /** The capture that is there already. */
  readonly capture: string | null;
  /** The row with the same address. */
  readonly same_as: number | null;
  readonly reason: string | null;
  /** What is wrong with its other cells. */
  readonly problems: readonly string[];
}

export interface BatchPlan {
  readonly rows: readonly PlannedRow[];
  readonly notes: readonly string[];
}

/** Says what `runBatch` would do with a list. Writes nothing and asks nobody; a playlist counts as one row. */
export function planBatch(
  vault: string,
  source: ListBytes,
  request: Pick<CaptureRequest, "allowPrivate" | "again">,
): BatchPlan {
  const list = readSourceList(source.bytes, source);
  const plan = (captureOf: (key: string) => string | null): readonly PlannedRow[] => {
    const seen = new Map<string, number>();
    return list.rows.map((row) => {
      const { problems } = readAnnotation(otherCells(list, row));
      const base = { row: row.number, url: row.url, capture: null, same_as: null, reason: null, problems };
      if (row.url === "") return { ...base, plan: "no-address" };
      const judged = parseSourceUrl(row.url, request);
      if ("failure" in judged) return { ...base, plan: "refused", reason: judged.failure.reason };
      const key = keyOf(row.url, null) ?? row.url;
      const same_as = seen.get(key) ?? null;
      if (same_as !== null) return { ...base, plan: "duplicate", same_as };
      seen.set(key, row.number);
      const capture = request.again ? null : captureOf(key);
      return { ...base, plan: capture === null ? "capture" : "already-captured", capture };
    });
  };
  const rows = isVault(vault)
    ? readVault(vault, ({ database }) => plan((key) => capturedBefore(database, key)?.id ?? null))
    : plan(() => null);
  return { rows, notes: list.notes };
}
