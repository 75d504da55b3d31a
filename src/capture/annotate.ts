import { sha256 } from "../audit/digest.js";
import type { Entry } from "../audit/entry.js";
import {
  type AnnotationReading,
  type AnnotationValues,
  annotationBody,
  fromCommandLine,
  fromRow,
  readAnnotation,
} from "../core/capture/annotation.js";
import { annotatedRows, type CaptureName } from "../core/capture/annotation-list.js";
import { parseSourceUrl, urlKey } from "../core/capture/source-url.js";
import { foundColumns } from "../core/lists/result-table.js";
import { readTable } from "../core/lists/table.js";
import { decodeList } from "../core/lists/text.js";
import { HoldfastError } from "../core/words/error.js";
import { closeAfterWriting, type HeadReport, type SealOptions } from "../seal/checkpoint.js";
import { openForWriting } from "../seal/open-vault.js";
import { annotationsOf } from "../vault/index/annotations.js";
import { captureById, capturesByDigest, capturesByKey, oneCaptureByPart } from "../vault/index/captures.js";
import { refuseMissingVault } from "../vault/reader.js";
import { logEntry, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";

/** What is to be noted about one capture, or about those that a row of a list names. */
export interface AnnotationOrder {
  /** Number of the row; null for what was typed. */
  readonly row: number | null;
  /** Null where a row names no capture. */
  readonly name: CaptureName | null;
  readonly reading: AnnotationReading;
  /** What the entry says of where the values come from: `fromCommandLine` or `fromRow`. */
  readonly from: string;
}

export interface AnnotateRequest {
  readonly vault: string;
  readonly orders: readonly AnnotationOrder[];
  readonly seal: SealOptions;
}

/** What came of one capture, or of a row that names none; one line with `--json`. */
export interface AnnotationResult {
  readonly row: number | null;
  /** `unchanged`: all of it was in force already. `refused`: nothing of the row was written. */
  readonly status: "annotated" | "unchanged" | "refused";
  readonly capture: string | null;
  /** The entry that states it. */
  readonly entry: number | null;
  /** Why it was refused, one sentence each. */
  readonly problems: readonly string[];
}

/** What somebody typed. Throws `usage` where a pair cannot be stated: then nothing is. A text of null takes back. */
export function typedOrder(
  id: string,
  pairs: readonly (readonly [string, string | null])[],
): AnnotationOrder {
  const reading = readAnnotation(pairs);
  const [problem] = reading.problems;
  const hint = "nothing was written; a name and a text, as in: holdfast annotate ID 'place=Almaty'";
  if (problem !== undefined) throw new HoldfastError("usage", `annotating ${id}: ${problem}`, hint);
  if (Object.keys(reading.values).length === 0) {
    throw new HoldfastError("usage", `annotating ${id}: there is nothing to note`, hint);
  }
  return { row: null, name: { by: "id", text: id }, reading, from: fromCommandLine };
}

/** The rows of a list in delimited text, of which a column names captures. Throws `usage` for a list that has none. */
export function listedOrders(bytes: Uint8Array): readonly AnnotationOrder[] {
  const table = readTable(decodeList(bytes).text, null);
  const digest = sha256(bytes);
  return annotatedRows(table, [foundColumns]).map(({ number, name, pairs }) => {
    return { row: number, name, reading: readAnnotation(pairs), from: fromRow(digest, number) };
  });
}

/**
 * Writes what people assert about captures, one `annotate` entry for each capture, and seals the log. A row that names no
 * capture, or has a value that cannot be stated, is refused as a whole and never keeps the next from being written.
 * Throws `not-found` for what was typed, `no-vault`, `vault-busy`.
 */
export async function annotateCaptures(
  request: AnnotateRequest,
  world: World,
  onResult: (result: AnnotationResult) => void,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<readonly AnnotationResult[]> {
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world, () => undefined);
  const results: AnnotationResult[] = [];
  try {
    for (const order of request.orders) {
      world.signal.throwIfAborted();
      for (const result of carryOut(vault, order)) {
        results.push(result);
        onResult(result);
      }
    }
  } finally {
    onHead(await closeAfterWriting(vault, world, request.seal));
  }
  return results;
}

function carryOut(vault: Vault, order: AnnotationOrder): readonly AnnotationResult[] {
  const { row, reading, from } = order;
  const refused = (problems: readonly string[]): readonly AnnotationResult[] => {
    return [{ row, status: "refused", capture: null, entry: null, problems }];
  };
  if (reading.problems.length > 0) return refused(reading.problems);
  const named = namedCaptures(vault, order);
  if ("problem" in named) return refused([named.problem]);
  return named.captures.map((capture) => {
    const entry = logAnnotation(vault, capture, reading.values, from);
    const status = entry === null ? "unchanged" : "annotated";
    return { row, status, capture, entry: entry?.seq ?? null, problems: [] };
  });
}

/** The captures that a row is about, at least one; what was typed is thrown back instead. */
function namedCaptures(
  { database }: Vault,
  { row, name }: AnnotationOrder,
): { readonly captures: readonly string[] } | { readonly problem: string } {
  if (name === null) return { problem: "it names no capture" };
  if (name.by === "id") {
    // A part is looked for in every id; a list of whole ids can be long.
    if (captureById(database, name.text) !== undefined) return { captures: [name.text] };
    try {
      return { captures: [oneCaptureByPart(database, name.text).id] };
    } catch (error) {
      if (row === null || !(error instanceof HoldfastError)) throw error;
      return { problem: error.message };
    }
  }
  if (name.by === "sha256") {
    const captures = capturesByDigest(database, name.text);
    return captures.length > 0
      ? { captures }
      : { problem: `no capture has a file with SHA-256 ${name.text}` };
  }
  // Nothing is fetched here, so a private address is an address like any other.
  const source = parseSourceUrl(name.text, { allowPrivate: true });
  if ("failure" in source) return { problem: source.failure.reason };
  const captures = capturesByKey(database, urlKey(source.url));
  return captures.length > 0 ? { captures } : { problem: `no capture was made of ${name.text}` };
}

/**
 * Writes what a person asserts about a capture as one `annotate` entry (FORMAT.md §4.7): of `values`, made by
 * `readAnnotation`, those that are not in force exactly so already. Null where that leaves nothing: then no entry is
 * written. `also` runs in the same transaction, with an entry or without. Throws `not-found` for an id nobody has.
 */
export function logAnnotation(
  vault: Vault,
  capture: string,
  values: AnnotationValues,
  from: string,
  also: (database: Vault["database"]) => void = () => undefined,
): Entry | null {
  if (captureById(vault.database, capture) === undefined) {
    throw new HoldfastError("not-found", `no capture has the id ${capture}`, "see 'holdfast list'");
  }
  const news = notInForce(vault, capture, values);
  if (Object.keys(news).length > 0) {
    return logEntry(vault, "annotate", annotationBody(capture, news, from), also);
  }
  vault.database.transaction(() => also(vault.database)).immediate();
  return null;
}

function notInForce({ database }: Vault, capture: string, values: AnnotationValues): AnnotationValues {
  const known = new Map(annotationsOf(database, capture).map(({ key, value }) => [key, value]));
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => (known.get(key) ?? null) !== value),
  );
}
