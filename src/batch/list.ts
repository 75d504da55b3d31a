import { join } from "node:path";
import { sha256 } from "../audit/digest.js";
import type { CaptureRequest } from "../capture/archive.js";
import type { CaptureSource } from "../capture/source.js";
import { readAnnotation } from "../core/capture/annotation.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { readRendition } from "../core/capture/rendition.js";
import { type FetchMeans, isWorthAnother } from "../core/capture/rendition-causes.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { defaultLanguages, isLanguage } from "../core/capture/subtitle-languages.js";
import {
  inCell,
  otherCells,
  type SourceList,
  type SourceRow,
  whyNoAddress,
} from "../core/lists/source-list.js";
import { type DateOrder, dateOrders } from "../core/lists/typed-date.js";
import { HoldfastError } from "../core/words/error.js";
import { readList } from "../tools/sheets/read-list.js";
import {
  addRow,
  atOnce,
  type BatchRecord,
  type BatchRow,
  insertBatch,
  newestBatch,
  reducedCaptures,
  reopenBatch,
  reopenRows,
} from "../vault/index/batches.js";
import { captureById, capturedBefore } from "../vault/index/captures.js";
import { captureKey } from "../vault/index/rows.js";
import { isVault } from "../vault/layout.js";
import { readObject } from "../vault/objects.js";
import { readVault } from "../vault/reader.js";
import { claimWork } from "../vault/turn.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";

/** A list before it is parsed. */
export interface ListBytes {
  readonly bytes: Uint8Array;
  /** The file's name without its folder; null for standard input. */
  readonly name: string | null;
  /** True if the bytes came from the web and are nowhere else: they are kept beside the results. */
  readonly isFetched?: boolean;
  /** The column with the addresses, by name or number; null to find it automatically. */
  readonly column: string | null;
  /** The sheet of a workbook, by name or number; null for the first that is not hidden. */
  readonly sheet: string | null;
  /** The order of day, month and year in dates that two orders fit; null to name such dates. */
  readonly dateOrder: DateOrder | null;
}

/** What a result table needs to know about the list, apart from its rows. */
export type ListFrame = Pick<SourceList, "kind" | "delimiter" | "sheet" | "columns" | "urlColumn"> &
  Pick<ListBytes, "dateOrder">;

export interface StoredBatch {
  readonly record: BatchRecord;
  readonly list: ListFrame;
  /** The options that apply to every capture. */
  readonly request: CaptureRequest;
  /** Whether an earlier command has already worked on this batch. */
  readonly goesOn: boolean;
  /** Notes for the user on how the list was read. */
  readonly notes: readonly string[];
}

interface LoadRequest extends CaptureRequest {
  readonly list: ListBytes | null;
  readonly resume: boolean;
  readonly cookies: string | null;
}

/**
 * Stores a list and its rows in the vault, or finds the batch to continue: the newest unfinished one, with the same bytes
 * if a list is given. With `resume` a finished batch qualifies too, and its rows with temporary failures are tried again;
 * so are those with a reduced clip whose cause is gone (`isWorthAnother`). Throws `usage` for an unreadable list, if there is no batch to continue, and if a batch that began with a proxy or
 * cookies would continue without them.
 */
export function loadBatch(vault: Vault, request: LoadRequest, means: FetchMeans, world: World): StoredBatch {
  const found = findBatch(vault, request);
  if (found && !claimWork(vault, found.id)) throw workedElsewhere(found);
  if (found) return reopened(vault, found, request, means);
  if (request.list === null) {
    throw new HoldfastError(
      "usage",
      "continuing a batch: this vault has none",
      "start one with a list: holdfast batch LIST",
    );
  }
  return stored(vault, request.list, request, world);
}

function workedElsewhere({ id, name }: BatchRecord): HoldfastError {
  return new HoldfastError(
    "vault-busy",
    `continuing batch ${id} of ${name}: another holdfast process is at it`,
    "wait until it is done; other lists and addresses can be captured meanwhile",
  );
}

function findBatch(vault: Vault, request: LoadRequest): BatchRecord | undefined {
  const { database } = vault;
  const { list } = request;
  const listSha256 = list === null ? null : sha256(list.bytes);
  // Each sheet of a workbook is a list of its own.
  const sheet = list === null ? null : readList(list.bytes, list).sheet;
  const unfinished = newestBatch(database, { listSha256, sheet, unfinished: true });
  if (unfinished || !request.resume) return unfinished;
  return newestBatch(database, { listSha256, sheet, unfinished: false });
}

function reopened(vault: Vault, record: BatchRecord, request: LoadRequest, means: FetchMeans): StoredBatch {
  const asked = parseStored(record.request);
  const frame = parseFrame(record.list);
  for (const [name, was, is] of [
    ["--proxy", asked.proxied, request.proxy !== null],
    ["--cookies", asked.cookies, request.cookies !== null],
  ] as const) {
    if (!was || is) continue;
    throw new HoldfastError(
      "usage",
      `continuing batch ${record.id}: it began with ${name}, and the vault does not store that value`,
      `give ${name} again, so that the rest of the list is fetched in the same way`,
    );
  }
  const worth = request.resume ? worthAnother(vault, record.id, means) : [];
  atOnce(vault, () => {
    reopenBatch(vault.database, record.id, request.resume);
    reopenRows(vault.database, record.id, worth);
  });
  return {
    record,
    list: { ...frame, dateOrder: request.list?.dateOrder ?? frame.dateOrder },
    request: askedNow(asked.capture, request),
    goesOn: true,
    notes: [],
  };
}

/** The reduced captures of finished rows that can become more than they are. */
function worthAnother(vault: Vault, batch: string, means: FetchMeans): readonly string[] {
  return reducedCaptures(vault.database, batch).flatMap(({ id, rendition, captures }) => {
    const claim = readRendition(rendition);
    if (claim === null) return [];
    const then = { cookies: hadCookies(vault, id) };
    return isWorthAnother(claim, then, means, captures) ? [id] : [];
  });
}

function hadCookies({ database, layout }: Vault, capture: string): boolean {
  const object = captureById(database, capture)?.object;
  if (!object) return false;
  const { record } = readObject(join(layout.root, object));
  return record.runs.some(({ argv }) => argv.some((argument) => argument.startsWith("--cookies=")));
}

/** The options given now, with the batch's first options as defaults. */
function askedNow(before: CaptureRequest, now: CaptureRequest): CaptureRequest {
  return {
    format: now.format ?? before.format,
    referer: now.referer ?? before.referer,
    proxy: now.proxy,
    subs: now.subs ?? before.subs,
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
  const list = readList(source.bytes, source);
  const { kind, delimiter, sheet, columns, urlColumn } = list;
  const { dateOrder } = source;
  const frame: ListFrame = { kind, delimiter, sheet, columns, urlColumn, dateOrder };
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
  claimWork(vault, record.id);
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

/** The row for one video of a playlist named by `row`: the cells of that row, with the video's own address. */
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

/** The cells of a row, in the order of the list's columns. */
export function readCells({ cells }: Pick<BatchRow, "cells">): readonly string[] {
  const value: unknown = JSON.parse(cells);
  return Array.isArray(value) ? value.map(String) : [];
}

/** Equal for two rows with the same capture; null for text that is not an address, which fails by itself. */
function keyOf(url: string, parent: CaptureSource["parent"]): string | null {
  const source = parseSourceUrl(url, { allowPrivate: true });
  return "failure" in source ? null : captureKey(source.url.href, parent);
}

interface StoredRequest {
  readonly capture: CaptureRequest;
  readonly proxied: boolean;
  readonly cookies: boolean;
}

/** Proxy and cookies may hold passwords, so only whether they were given is stored. */
function encodeStored(request: LoadRequest): string {
  const { format, referer, subs, comments, again, limit, since, maxBytes, maxMs, deep } = request;
  const proxied = request.proxy !== null;
  const cookies = request.cookies !== null;
  return JSON.stringify({
    format,
    referer,
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

/** Whoever can write to vault.db controls this text: a value of the wrong type counts as not given. */
function parseStored(text: string): StoredRequest {
  const value: unknown = JSON.parse(text);
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const flag = (name: string) => fields.get(name) === true;
  const word = (name: string) => textOrNull(fields.get(name));
  const count = (name: string) => numberOrNull(fields.get(name));
  return {
    capture: {
      format: word("format"),
      referer: word("referer"),
      proxy: null,
      subs: languagesOf(fields.get("subs")),
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
    kind:
      (["csv", "tsv", "xlsx", "txt", "jsonl"] as const).find((kind) => kind === fields.get("kind")) ?? "csv",
    delimiter: ([",", ";", "\t", "|"] as const).find((one) => one === fields.get("delimiter")) ?? null,
    sheet: textOrNull(fields.get("sheet")),
    dateOrder: dateOrders.find((one) => one === fields.get("dateOrder")) ?? null,
    columns: Array.isArray(columns) ? columns.map(String) : [],
    urlColumn: numberOrNull(fields.get("urlColumn")) ?? 0,
  };
}

/** Batches of earlier versions say only whether subtitles were asked for. */
function languagesOf(value: unknown): readonly string[] | null {
  if (value === true) return defaultLanguages;
  return Array.isArray(value) ? value.map(String).filter(isLanguage) : null;
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
  /** The existing capture of this address. */
  readonly capture: string | null;
  /** The earlier row with the same address. */
  readonly same_as: number | null;
  readonly reason: string | null;
  /** Problems in its other cells. */
  readonly problems: readonly string[];
}

export interface BatchPlan {
  readonly rows: readonly PlannedRow[];
  /** The column from which the addresses are taken, in words; null for a list without columns. */
  readonly column: string | null;
  readonly notes: readonly string[];
}

/** Reports what `runBatch` would do with a list. Writes nothing and makes no request; a playlist counts as one row. */
export function planBatch(
  vault: string,
  source: ListBytes,
  request: Pick<CaptureRequest, "allowPrivate" | "again">,
): BatchPlan {
  const list = readList(source.bytes, source);
  const plan = (captureOf: (key: string) => string | null): readonly PlannedRow[] => {
    const seen = new Map<string, number>();
    return list.rows.map((row) => {
      const problems = readAnnotation(otherCells(list, row), source.dateOrder).problems.map((problem) =>
        inCell(list, row.number, problem),
      );
      const base = { row: row.number, url: row.url, capture: null, same_as: null, reason: null, problems };
      if (row.url === "")
        return { ...base, plan: "no-address", reason: whyNoAddress(list, row.number, row.cells) };
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
  const { urlColumn, columns } = list;
  const column = list.kind === "txt" ? null : `column ${urlColumn + 1}, ${columns[urlColumn] ?? ""}`;
  return { rows, column, notes: list.notes };
}
