import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { extname, join } from "node:path";
import { sha256 } from "../audit/digest.js";
import { readRendition, renditionCell } from "../core/capture/rendition.js";
import { failedLines, type ResultRow, resultLines, resultRows } from "../core/lists/result-table.js";
import { workbookBytes } from "../tools/sheets/write-workbook.js";
import { syncDescriptor } from "../vault/disk-niceties.js";
import { type ReportedRow, reportRows } from "../vault/index/batches.js";
import type { Vault } from "../vault/vault.js";
import { type ListBytes, readCells, type StoredBatch } from "./list.js";

/** The paths of a batch's tables. */
export interface WrittenResults {
  readonly results: string;
  /** Null if no row failed. */
  readonly failed: string | null;
}

/**
 * Writes the tables of a batch into `folder`: `results.csv` with a row for every address, and `failed.csv`, a list of the rows that
 * failed, are incomplete or were not reached; and `results.xlsx`, the first as a workbook of texts. Replaces each table of an earlier run of the batch in one step.
 */
export function writeResults(
  database: Vault["database"],
  batch: StoredBatch,
  folder: string,
): WrittenResults {
  mkdirSync(folder, { recursive: true });
  const { id } = batch.record;
  const results = join(folder, "results.csv");
  writeLines(results, resultLines(batch.list, reported(reportRows(database, id))));
  const rows = workbookBytes(resultRows(batch.list, reported(reportRows(database, id))));
  writeInOneStep(join(folder, "results.xlsx"), rows);
  const failed = join(folder, "failed.csv");
  let count = 0;
  const lines = failedLines(
    batch.list,
    failedRows(reportRows(database, id), () => count++),
  );
  writeLines(failed, lines);
  if (count > 0) return { results, failed };
  rmSync(failed);
  return { results, failed: null };
}

/** Keeps a list that was fetched beside its results, under a name with the beginning of the SHA-256 that the log has. */
export function keepList({ bytes, name }: ListBytes, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const end = extname(name ?? "");
  writeInOneStep(join(folder, `list-${sha256(bytes).slice(0, 8)}${end}`), [bytes]);
}

function* reported(rows: Iterable<ReportedRow>): Generator<ResultRow> {
  for (const row of rows) {
    yield {
      row: sourceRow(row),
      status: row.status ?? "waiting",
      capture: row.capture,
      sha256: row.sha256,
      title: row.title,
      claimedDate: row.claimed_date,
      reason: row.reason,
      rendition: renditionCell(readRendition(row.rendition)),
      decode: row.decode,
      seconds: row.ms === null ? null : row.ms / 1000,
    };
  }
}

function* failedRows(rows: Iterable<ReportedRow>, onRow: () => void) {
  for (const row of rows) {
    if (
      row.status !== null &&
      row.status !== "failed" &&
      row.status !== "refused" &&
      row.status !== "incomplete"
    )
      continue;
    onRow();
    yield sourceRow(row);
  }
}

function sourceRow(row: ReportedRow) {
  return { number: row.row ?? 0, part: 1, url: row.url, readAs: null, cells: readCells(row) };
}

function writeLines(path: string, lines: Iterable<string>): void {
  writeInOneStep(path, blocksOf(lines));
}

function* blocksOf(lines: Iterable<string>): Generator<Uint8Array> {
  let block = "";
  for (const line of lines) {
    block += line;
    if (block.length < 65_536) continue;
    yield Buffer.from(block);
    block = "";
  }
  yield Buffer.from(block);
}

/** Replaces a table in one step: a reader, or a kill, finds either the old table or the new one. */
function writeInOneStep(path: string, blocks: Iterable<Uint8Array>): void {
  const unfinished = `${path}.unfinished`;
  const file = openSync(unfinished, "w", 0o600);
  try {
    for (const block of blocks) writeSync(file, block);
    syncDescriptor(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}
