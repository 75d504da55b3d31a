import { join } from "node:path";
import type { CaptureRecord, DerivationRecord } from "../core/capture/record.js";
import { readRendition } from "../core/capture/rendition.js";
import { readSoundness } from "../core/capture/soundness.js";
import { webUrl } from "../core/capture/source-url.js";
import type { PublicationRecord } from "../core/media/publication.js";
import { type PageTaken, pagesTaken } from "../core/page/page-taken.js";
import { anchorOf, configured, readAnchors, type StoredAnchors } from "../vault/index/anchors.js";
import { type AnnotationEvent, annotationHistory } from "../vault/index/annotations.js";
import { type PendingAnchor, pendingAnchors } from "../vault/index/authorities.js";
import { type CaptureRowRecord, oneCaptureByPart, queryCaptures } from "../vault/index/captures.js";
import { custodyOf } from "../vault/index/custody.js";
import { anyCapture, findCaptures } from "../vault/index/find-rows.js";
import { entriesNamed, localName } from "../vault/index/local-names.js";
import { recordReader } from "../vault/index/record-reader.js";
import { captureKey } from "../vault/index/rows.js";
import { earliestTokens, newestProven } from "../vault/index/tokens.js";
import type { VaultLayout } from "../vault/layout.js";
import { entriesOf } from "../vault/log.js";
import { newestCheckpoint } from "../vault/log-lookup.js";
import { pageRecordsOf, publicationsOf, readObject } from "../vault/objects.js";
import type { VaultReader } from "../vault/open-database.js";
import { readVault } from "../vault/reader.js";
import type { CaptureRow, ListFilter } from "./captures.js";

export interface ShownCapture {
  readonly id: string;
  readonly row: CaptureRow;
  /** Path relative to the vault; null for a failed attempt. */
  readonly objectPath: string | null;
  readonly record: CaptureRecord | null;
  readonly derivation: DerivationRecord | null;
  /** Its publication copies, oldest first. */
  readonly publications: readonly PublicationRecord[];
  /** The pages around it and the attempts at them, oldest first. */
  readonly pages: readonly PageTaken[];
  /** The log entries about this capture, each with its exact line. */
  readonly entries: readonly {
    readonly seq: number;
    readonly at: string;
    readonly event: string;
    readonly line: string;
  }[];
  /** All annotations, in log order. A later value of a key replaces the earlier one. */
  readonly annotations: readonly AnnotationEvent[];
  /** The outside time-stamps over its entry, according to the index; only `verify` checks them. */
  readonly anchor: ShownAnchor;
  /** The entries about packages that hold it, in log order. */
  readonly packages: readonly { readonly entry: number; readonly at: string }[];
  /** What else came of its address, in whatever spelling, newest first; empty for an import. */
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly id: string;
  readonly at: string;
  readonly status: CaptureRow["status"];
  readonly reason: string | null;
}

export interface ShownAnchor {
  readonly status: CaptureRow["anchor"];
  /** What each token states. Only a check shows whether it leads to a trusted root. */
  readonly tokens: readonly {
    readonly authority: string;
    readonly gen_time: string;
    /** Size of the time-stamped checkpoint. */
    readonly checkpoint: number;
  }[];
  /** If there is none: the authorities that have not time-stamped the newest checkpoint, and why. */
  readonly pending: readonly PendingAnchor[];
}

/** Everything in the vault about one capture. `idPart` is any part of its id that no other id contains. Only reads. */
export function showCapture(vault: string, idPart: string): ShownCapture {
  return readVault(vault, (reader) => {
    const { layout, database } = reader;
    const row = oneCaptureByPart(database, idPart);
    const isWithdrawn = row.status === "withdrawn";
    const object = row.object === null || isWithdrawn ? null : readObject(join(layout.root, row.object));
    const history = custodyOf(database, row.id, false);
    const kept = isWithdrawn ? recordReader(layout).record(row.object ?? "") : null;
    return {
      id: row.id,
      row: toRow(row, readAnchors(reader), layout),
      objectPath: row.object,
      record: object?.record ?? kept,
      derivation: object?.derivation ?? null,
      publications: object ? publicationsOf(object) : [],
      pages: pagesTaken(
        history.map(({ entry }) => entry),
        object ? pageRecordsOf(object) : [],
      ),
      entries: entriesOf(database, row.id),
      annotations: annotationHistory(database, row.id),
      anchor: anchorsOf(reader, row.entry),
      packages: history
        .filter(({ entry }) => entry.event === "export")
        .map(({ entry }) => ({ entry: entry.seq, at: entry.at })),
      attempts: attemptsOf(database, row),
    };
  });
}

function attemptsOf(database: VaultReader["database"], { id, url }: CaptureRowRecord): readonly Attempt[] {
  if (url === null || webUrl(url) === null) return [];
  return findCaptures(database, { ...anyCapture, key: captureKey(url, null) })
    .filter((row) => row.id !== id)
    .map((row) => ({ id: row.id, at: row.at, status: row.status, reason: row.reason }));
}

function anchorsOf({ layout, database }: VaultReader, entry: number): ShownAnchor {
  const tokens = earliestTokens(database, entry).flatMap(({ authority, gen_time, checkpoint }) =>
    gen_time === null ? [] : [{ authority, gen_time, checkpoint }],
  );
  if (tokens.length > 0) return { status: "stamped", tokens, pending: [] };
  if (newestProven(database) >= entry) return { status: "stamped", tokens, pending: [] };
  const newest = newestCheckpoint(layout)?.size ?? 0;
  const pending = pendingAnchors(database, configured(layout), newest);
  return { status: pending.length === 0 ? "none" : "pending", tokens, pending };
}

/**
 * The captures of a vault that match the filter, including failed attempts; with `latest` only the newest of each address.
 * Only reads.
 */
export function listCaptures(vault: string, filter: ListFilter, latest = false): readonly CaptureRow[] {
  return readVault(vault, (reader) => {
    const anchors = readAnchors(reader);
    const named = filter.text === null ? [] : entriesNamed(reader.layout, reader.database, filter.text);
    const limit = latest ? null : filter.limit;
    const found = queryCaptures(reader.database, { ...filter, limit }, named);
    const rows = latest ? found.filter(isNewestIn(found)).slice(0, filter.limit ?? undefined) : found;
    return rows.map((row) => toRow(row, anchors, reader.layout));
  });
}

/** What came of no address stands for itself. */
function isNewestIn(rows: readonly CaptureRowRecord[]): (row: CaptureRowRecord) => boolean {
  const keyOf = ({ url }: CaptureRowRecord) =>
    url === null || webUrl(url) === null ? null : captureKey(url, null);
  const newest = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key !== null) newest.set(key, Math.max(row.entry, newest.get(key) ?? 0));
  }
  return (row) => {
    const key = keyOf(row);
    return key === null || newest.get(key) === row.entry;
  };
}

/** The authorities that have not time-stamped the newest checkpoint, and why; empty without a checkpoint. Only reads. */
export function pendingOf(vault: string): readonly PendingAnchor[] {
  return readVault(vault, ({ layout, database }) => {
    const newest = newestCheckpoint(layout);
    return newest === null ? [] : pendingAnchors(database, configured(layout), newest.size);
  });
}

/** Turns a row of the index into a row for commands, with details for this machine only. */
export function toRow(row: CaptureRowRecord, anchors: StoredAnchors, layout: VaultLayout): CaptureRow {
  const { object: _object, version: _version, annex_sha256: _annex, rendition, decode, ...reported } = row;
  return {
    ...reported,
    rendition: readRendition(rendition),
    decode: readSoundness(decode),
    file_name: localName(layout, row),
    ...anchorOf(anchors, row.entry),
  };
}
