import { join } from "node:path";
import type { CaptureRecord, DerivationRecord } from "../core/capture/record.js";
import type { PublicationRecord } from "../core/media/publication.js";
import { anchorOf, configured, readAnchors, type StoredAnchors } from "../vault/index/anchors.js";
import { type AnnotationEvent, annotationHistory } from "../vault/index/annotations.js";
import { type PendingAnchor, pendingAnchors } from "../vault/index/authorities.js";
import { type CaptureRowRecord, oneCaptureByPart, queryCaptures } from "../vault/index/captures.js";
import { entriesNamed, localName } from "../vault/index/local-names.js";
import { earliestTokens } from "../vault/index/tokens.js";
import type { VaultLayout } from "../vault/layout.js";
import { entriesOf } from "../vault/log.js";
import { newestCheckpoint } from "../vault/log-lookup.js";
import { publicationsOf, readObject } from "../vault/objects.js";
import type { VaultReader } from "../vault/open-database.js";
import { readVault } from "../vault/reader.js";
import type { CaptureRow, ListFilter } from "./captures.js";

export interface ShownCapture {
  readonly id: string;
  readonly row: CaptureRow;
  /** Relative to the vault; null for a failed attempt. */
  readonly objectPath: string | null;
  readonly record: CaptureRecord | null;
  readonly derivation: DerivationRecord | null;
  /** Its copies for publication, oldest first. */
  readonly publications: readonly PublicationRecord[];
  /** The entries of the log about this capture, each with its exact line. */
  readonly entries: readonly {
    readonly seq: number;
    readonly at: string;
    readonly event: string;
    readonly line: string;
  }[];
  /** Everything that people noted about it, in the order of the log: each later value of a key takes the place of the earlier. */
  readonly annotations: readonly AnnotationEvent[];
  /** What outside time-stamps say of its entry, by the index; `verify` checks them. */
  readonly anchor: ShownAnchor;
}

export interface ShownAnchor {
  readonly status: CaptureRow["anchor"];
  /** What each states; a check says whether it leads to a trusted root. */
  readonly tokens: readonly {
    readonly authority: string;
    readonly gen_time: string;
    /** Size of the checkpoint that was time-stamped. */
    readonly checkpoint: number;
  }[];
  /** While there is none: who has not answered for the newest checkpoint, and why. */
  readonly pending: readonly PendingAnchor[];
}

/** Everything the vault holds about one capture. `idPart` is any part of its id that no other id has. Reads only. */
export function showCapture(vault: string, idPart: string): ShownCapture {
  return readVault(vault, (reader) => {
    const { layout, database } = reader;
    const row = oneCaptureByPart(database, idPart);
    const object = row.object === null ? null : readObject(join(layout.root, row.object));
    return {
      id: row.id,
      row: toRow(row, readAnchors(reader), layout),
      objectPath: row.object,
      record: object?.record ?? null,
      derivation: object?.derivation ?? null,
      publications: object ? publicationsOf(object) : [],
      entries: entriesOf(database, row.id),
      annotations: annotationHistory(database, row.id),
      anchor: anchorsOf(reader, row.entry),
    };
  });
}

function anchorsOf({ layout, database }: VaultReader, entry: number): ShownAnchor {
  const tokens = earliestTokens(database, entry).flatMap(({ authority, gen_time, checkpoint }) =>
    gen_time === null ? [] : [{ authority, gen_time, checkpoint }],
  );
  if (tokens.length > 0) return { status: "stamped", tokens, pending: [] };
  const newest = newestCheckpoint(layout)?.size ?? 0;
  const pending = pendingAnchors(database, configured(layout), newest);
  return { status: pending.length === 0 ? "none" : "pending", tokens, pending };
}

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
