import type { CaptureRow, ListFilter } from "./outcome.js";
import { anchorOf, readAnchors, type StoredAnchors } from "./vault/anchors.js";
import { type CaptureRowRecord, queryCaptures } from "./vault/captures.js";
import { readVault } from "./vault/reader.js";

/** The captures of a vault that match the filter, failed attempts included. Reads only. */
export function listCaptures(vault: string, filter: ListFilter): readonly CaptureRow[] {
  return readVault(vault, (reader) => {
    const anchors = readAnchors(reader);
    return queryCaptures(reader.database, filter).map((row) => toRow(row, anchors));
  });
}

/** A row of the index as commands report it: without the columns only the vault itself needs. */
export function toRow(row: CaptureRowRecord, anchors: StoredAnchors): CaptureRow {
  const { object: _object, version: _version, annex_sha256: _annex, ...reported } = row;
  return { ...reported, ...anchorOf(anchors, row.entry) };
}
