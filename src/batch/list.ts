import { sha256 } from "../audit/digest.js";
import type { CaptureRequest } from "../capture/archive.js";
import type { CaptureSource } from "../capture/source.js";
import { readAnnotation } from "../core/capture/annotation.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { otherCells, readSourceList, type SourceList, type SourceRow } from "../core/lists/source-list.js";
import { HoldfastError } from "../core/words/error.js";
import {
  addRow,
  atOnce,
  type BatchRecord,
  type BatchRow,
  insertBatch,
  newestBatch,
  reopenBatch,
} from "../vault/index/batches.js";
import { capturedBefore } from "../vault/index/captures.js";
import { captureKey } from "../vault/index/rows.js";
import { isVault } from "../vault/layout.js";
import { readVault } from "../vault/reader.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";

/** A list before it is read. */
export interface ListBytes {
  readonly bytes: Uint8Array;
  /** File name without its folder; null for standard input. */
  readonly name: string | null;
  /** The column of the addresses, by name or number; null to find it. */
  readonly column: string | null;
}

/** What a result table needs of a list whose rows lie in the vault. */
export type ListFrame = Pick<SourceList, "kind" | "delimiter" | "columns" | "urlColumn">;

export interface StoredBatch {
  readonly record: BatchRecord;
  readonly list: ListFrame;
  /** What is asked of every capture. */
  readonly request: CaptureRequest;
  /** True when rows of it were worked on before. */
  readonly goesOn: boolean;
  /** What a person should know about how the list was read. */
  readonly notes: readonly string[];
}

interface LoadRequest extends CaptureRequest {
  readonly list: ListBytes | null;
  readonly resume: boolean;
  readonly cookies: string | null;
}

/**
 * Puts a list and its rows into the vault, or finds the batch that is to go on: the newest that is not finished, of the
 * same bytes where a list is named; with `resume` also a finished one, whose rows that failed for what can pass are tried
 * again. Throws `usage` for a list that cannot be read, for nothing to go on with, and
 * where a batch that began behind a proxy or with cookies is to go on without.
 */
export function loadBatch(vault: Vault, request: LoadRequest, world: World): StoredBatch {
  const found = findBatch(vault, request);
  if (found) return reopened(vault, found, request);
  if (request.list === null) {
    throw new HoldfastError(
      "usage",
      "going on with a batch: there is none in this vault",
      "name the list: holdfast batch LIST",
    );
  }
  return stored(vault, request.list, request, world);
}

function findBatch(vault: Vault, request: LoadRequest): BatchRecord | undefined {
  const { database } = vault;
  const listSha256 = request.list === null ? null : sha256(request.list.bytes);
  const unfinished = newestBatch(database, { listSha256, unfinished: true });
  if (unfinished || !request.resume) return unfinished;
  return newestBatch(database, { listSha256, unfinished: false });
}

function reopened(vault: Vault, record: BatchRecord, request: LoadRequest): StoredBatch {
  const asked = parseStored(record.request);
  for (const [name, was, is] of [
    ["--proxy", asked.proxied, request.proxy !== null],
    ["--cookies", asked.cookies, request.cookies !== null],
  ] as const) {
    if (!was || is) continue;
    throw new HoldfastError(
      "usage",
      `going on with batch ${record.id}: it began with ${name}, which is kept in no vault`,
      `give ${name} again, or the rest of the list would be fetched in another way`,
    );
  }
  atOnce(vault, () => reopenBatch(vault.database, record.id, request.resume));
  return {
    record,
    list: parseFrame(record.list),
    request: askedNow(asked.capture, request),
    goesOn: true,
    notes: [],
  };
}

/** What was asked for at first, where nothing else is asked for now. */
function askedNow(before: CaptureRequest, now: CaptureRequest): CaptureRequest {
  return {
    format: now.format ?? before.format,
    proxy: now.proxy,
    subs: now.subs || before.subs,
    comments: now.comments || before.comments,
    again: now.again || before.again,
    limit: now.limit ?? before.limit,
    since: now.since ?? before.since,
    maxBytes: now.maxBytes ?? before.maxBytes,
    maxMs: now.maxMs ?? before.maxMs,
    allowPrivate: now.allowPrivate,
    deep: now.deep || before.deep,
  };
}

function stored(vault: Vault, source: ListBytes, request: LoadRequest, world: World): StoredBatch {
  const list = readSourceList(source.bytes, source);
  const { kind, delimiter, columns, urlColumn } = list;
  const frame: ListFrame = { kind, delimiter, columns, urlColumn };
  const record: BatchRecord = {
    id: buildCaptureId(world.now(), world.random(5)),
    list_sha256: sha256(source.bytes),
    name: source.name,
    list: JSON.stringify(frame),
    request: encodeStored(request),
    started_at: world.now().toISOString(),
    ended_at: null,
  };
  const { database } = vault;
  atOnce(vault, () => {
    insertBatch(database, record);
    for (const [index, row] of list.rows.entries()) addRow(database, record.id, listRow(row, index + 1));
  });
  return { record, list: frame, request, goesOn: false, notes: list.notes };
}

function listRow({ number, part, url, cells }: SourceRow, n: number): BatchRow {
  return {
    n,
    row: number,
    part,
    parent: null,
    url,
    url_key: keyOf(url, null),
    item: null,
    list_url: null,
    list_title: null,
    list_index: null,
    cells: JSON.stringify(cells),
  };
}

/** The row of one video of a list that `row` named: it has that row's cells, with its own address. */
export function entryRow(batch: StoredBatch, row: BatchRow, source: CaptureSource, n: number): BatchRow {
  const { url, item, parent } = source;
  return {
    n,
    row: row.row,
    part: row.part,
    parent: row.n,
    url,
    url_key: keyOf(url, parent),
    item,
    list_url: parent?.url ?? null,
    list_title: parent?.title ?? null,
    list_index: parent?.index ?? null,
    cells: JSON.stringify(readCells(row).with(batch.list.urlColumn, url)),
  };
}

/** The cells of a row in the order of the list's columns. */
export function readCells({ cells }: Pick<BatchRow, "cells">): readonly string[] {
  const value: unknown = JSON.parse(cells);
  return Array.isArray(value) ? value.map(String) : [];
}

/** Equal for two rows that are one capture; null for what is no address and fails by itself. */
function keyOf(url: string, parent: CaptureSource["parent"]): string | null {
  const source = parseSourceUrl(url, { allowPrivate: true });
  return "failure" in source ? null : captureKey(source.url.href, parent);
}

interface StoredRequest {
  readonly capture: CaptureRequest;
  readonly proxied: boolean;
  readonly cookies: boolean;
}

/** Proxy and cookies may hold passwords: only that there were some is kept. */
function encodeStored(request: LoadRequest): string {
  const { format, subs, comments, again, limit, since, maxBytes, maxMs, deep } = request;
  const proxied = request.proxy !== null;
  const cookies = request.cookies !== null;
  return JSON.stringify({
    format,
    subs,
    comments,
    again,
    limit,
    since,
    maxBytes,
    maxMs,
    deep,
    proxied,
    cookies,
  });
}

/** A row of the database may have been in other hands: what is no such request counts as not asked for. */
function parseStored(text: string): StoredRequest {
  const value: unknown = JSON.parse(text);
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const flag = (name: string) => fields.get(name) === true;
  const word = (name: string) => textOrNull(fields.get(name));
  const count = (name: string) => numberOrNull(fields.get(name));
  return {
    capture: {
      format: word("format"),
      proxy: null,
      subs: flag("subs"),
      comments: flag("comments"),
      again: flag("again"),
      limit: count("limit"),
      since: word("since"),
      maxBytes: count("maxBytes"),
      maxMs: count("maxMs"),
      allowPrivate: false,
      deep: flag("deep"),
    },
    proxied: flag("proxied"),
    cookies: flag("cookies"),
  };
}

function parseFrame(text: string): ListFrame {
  const value: unknown = JSON.parse(text);
  const fields = new Map<string, unknown>(
    typeof value === "object" && value !== null ? Object.entries(value) : [],
  );
  const columns = fields.get("columns");
  return {
    kind: (["csv", "tsv", "txt", "jsonl"] as const).find((kind) => kind === fields.get("kind")) ?? "csv",
    delimiter: ([",", ";", "\t", "|"] as const).find((one) => one === fields.get("delimiter")) ?? null,
    columns: Array.isArray(columns) ? columns.map(String) : [],
    urlColumn: numberOrNull(fields.get("urlColumn")) ?? 0,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

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
