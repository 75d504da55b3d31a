import type { CaptureRow, ListFilter } from "./outcome.js";
import { anchorOf, configured, readAnchors, type StoredAnchors } from "./vault/index/anchors.js";
import { type PendingAnchor, pendingAnchors } from "./vault/index/authorities.js";
import { type CaptureRowRecord, queryCaptures } from "./vault/index/captures.js";
import type { VaultLayout } from "./vault/layout.js";
import { entriesNamed, localName } from "./vault/index/local-names.js";
import { newestCheckpoint } from "./vault/log-folder.js";
import { readVault } from "./vault/reader.js";

/** The captures of a vault that match the filter, failed attempts included. Reads only. */
export function listCaptures(vault: string, filter: ListFilter): readonly CaptureRow[] {
  return readVault(vault, (reader) => {
    const anchors = readAnchors(reader);
    const named = filter.text === null ? [] : entriesNamed(reader.layout, reader.database, filter.text);
    return queryCaptures(reader.database, filter, named).map((row) => toRow(row, anchors, reader.layout));
  });
}

/** Who has not time-stamped the newest checkpoint, and why; empty where there is no checkpoint yet. Reads only. */
export function pendingOf(vault: string): readonly PendingAnchor[] {
  return readVault(vault, ({ layout, database }) => {
    const newest = newestCheckpoint(layout);
    return newest === null ? [] : pendingAnchors(database, configured(layout), newest.size);
  });
}

/** A row of the index as commands report it, with what only this machine is told. */
export function toRow(row: CaptureRowRecord, anchors: StoredAnchors, layout: VaultLayout): CaptureRow {
  const { object: _object, version: _version, annex_sha256: _annex, ...reported } = row;
  return { ...reported, file_name: localName(layout, row), ...anchorOf(anchors, row.entry) };
}
