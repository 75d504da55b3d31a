import type { CaptureRow, ListFilter } from "./outcome.js";
import { type CaptureRowRecord, queryCaptures } from "./vault/captures.js";
import { readVault } from "./vault/reader.js";

/** The captures of a vault that match the filter, failed attempts included. Reads only. */
export function listCaptures(vault: string, filter: ListFilter): readonly CaptureRow[] {
  return readVault(vault, ({ database }) => queryCaptures(database, filter).map(toRow));
}

/** A row of the index as commands report it: without the columns only the vault itself needs. */
export function toRow(row: CaptureRowRecord): CaptureRow {
  const { object: _object, version: _version, annex_sha256: _annex, ...reported } = row;
  return reported;
}
