import { sha256 } from "../audit/digest.js";
import type { Entry } from "../audit/entry.js";
import {
  type AnnotationValues,
  annotationBody,
  annotationKey,
  fromCommandLine,
  fromRow,
  readAnnotation,
} from "../core/capture/annotation.js";
import { annotatedRows, type CaptureName } from "../core/capture/annotation-list.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { foundColumns } from "../core/lists/result-table.js";
import { isRewritten, isSameText } from "../core/lists/rewritten-cell.js";
import { inCell, type ListReading } from "../core/lists/source-list.js";
import type { DateOrder } from "../core/lists/typed-date.js";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";
import { closeAfterWriting, type HeadReport, type SealOptions } from "../seal/checkpoint.js";
import { openForWriting } from "../seal/open-vault.js";
import { readListTable } from "../tools/sheets/read-list.js";
import { annotationsOf } from "../vault/index/annotations.js";
import { captureById, capturesByDigest, capturesByKey, oneCaptureByPart } from "../vault/index/captures.js";
import { captureKey } from "../vault/index/rows.js";
import { refuseMissingVault } from "../vault/reader.js";
import { inTurn, shareVault } from "../vault/turn.js";
import { logEntry, type Vault } from "../vault/vault.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { World } from "../world.js";

/** What to note about one capture, or about the captures that a row of a list names. */
export interface AnnotationOrder {
  /** Number of the row; null for values typed on the command line. */
  readonly row: number | null;
  /** Null if a row names no capture. */
  readonly name: CaptureName | null;
  readonly pairs: readonly Pair[];
  readonly dateOrder: DateOrder | null;
  /** The words by which a problem with a cell names its place. */
  readonly place: (problem: string) => string;
  /** Where the values come from, for the entry: `fromCommandLine` or `fromRow`. */
  readonly from: string;
}

type Pair = readonly [name: string, text: string | null];

export interface AnnotateRequest {
  readonly vault: string;
  readonly orders: readonly AnnotationOrder[];
  readonly seal: SealOptions;
}

/** The result for one capture, or for a row that names none; one line with `--json`. */
export interface AnnotationResult {
  readonly row: number | null;
  /** `unchanged`: every value was already in force. `refused`: the row names no capture, and nothing of it was written. */
  readonly status: "annotated" | "unchanged" | "refused";
  readonly capture: string | null;
  /** The entry that states the values. */
  readonly entry: number | null;
  /** Why the row was refused, or which cells were kept as text only, one sentence per problem. */
  readonly problems: readonly string[];
  /** Cells that say what was noted before as a spreadsheet writes it: nothing was changed for them. One sentence each. */
  readonly rewritten: readonly string[];
}

/** The order typed on the command line; a null text withdraws a value. Throws `usage` if any pair is not valid. */
export function typedOrder(id: string, pairs: readonly Pair[], dateOrder: DateOrder | null): AnnotationOrder {
  const reading = readAnnotation(pairs, dateOrder);
  const [problem] = reading.problems;
  const hint =
    "nothing was written; give a name and a text, for example: holdfast annotate ID 'place=Almaty'";
  if (problem !== undefined) throw new HoldfastError("usage", `annotating ${id}: ${problem}`, hint);
  if (Object.keys(reading.values).length === 0) {
    throw new HoldfastError("usage", `annotating ${id}: no value was given`, hint);
  }
  const name = { by: "id", text: id } as const;
  return { row: null, name, pairs, dateOrder, place: (words) => words, from: fromCommandLine };
}

/** What a list says of captures. */
interface ListedOrders {
  readonly orders: readonly AnnotationOrder[];
  /** What a person should know about how the list was read. */
  readonly notes: readonly string[];
}

/** The rows of a table with a column that names captures. Throws `usage` for a list without such a column. */
export function listedOrders(
  bytes: Uint8Array,
  as: Pick<ListReading, "name" | "sheet">,
  dateOrder: DateOrder | null,
): ListedOrders {
  const table = readListTable(bytes, as);
  const digest = sha256(bytes);
  const orders = annotatedRows(table, [foundColumns]).map(({ number, name, pairs }) => {
    const place = (problem: string) => inCell({ kind: "csv", columns: table.columns }, number, problem);
    return { row: number, name, pairs, dateOrder, place, from: fromRow(digest, number) };
  });
  return { orders, notes: table.notes };
}

/**
 * Writes what people assert about captures, one `annotate` entry per capture, and seals the log. A row that names no
 * capture is refused. A cell whose text does not have the form of its column is named and kept as text under `unchecked`; a
 * cell that a spreadsheet has rewritten changes nothing. Throws `not-found` for an id
 * typed on the command line, `no-vault`, `vault-busy`.
 */
export async function annotateCaptures(
  request: AnnotateRequest,
  world: World,
  onResult: (result: AnnotationResult) => void,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<readonly AnnotationResult[]> {
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world);
  const results: AnnotationResult[] = [];
  try {
    shareVault(vault, "annotate", world);
    for (const order of request.orders) {
      world.signal.throwIfAborted();
      for (const result of await inTurn(vault, () => carryOut(vault, order))) {
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
  const { row } = order;
  const named = namedCaptures(vault, order);
  if ("problem" in named) {
    const problems = [named.problem];
    return [{ row, status: "refused", capture: null, entry: null, problems, rewritten: [] }];
  }
  return named.captures.map((capture) => note(vault, capture, order));
}

function note(vault: Vault, capture: string, order: AnnotationOrder): AnnotationResult {
  const { row, pairs, dateOrder, place, from } = order;
  const { news, rewritten } =
    row === null ? { news: pairs, rewritten: [] } : unchanged(vault, capture, pairs);
  const { values, unchecked, problems } = readAnnotation(news, dateOrder);
  const entry = logAnnotation(vault, capture, { ...values, ...unchecked }, from);
  return {
    row,
    status: entry === null ? "unchanged" : "annotated",
    capture,
    entry: entry?.seq ?? null,
    problems: problems.map(place),
    rewritten: rewritten.map(place),
  };
}

/** Sets aside the cells whose value is in force, in the form that a spreadsheet may have given it. */
function unchanged(
  { database }: Vault,
  capture: string,
  pairs: readonly Pair[],
): { readonly news: readonly Pair[]; readonly rewritten: readonly string[] } {
  const known = new Map(annotationsOf(database, capture).map(({ key, value }) => [key, value]));
  const rewritten: string[] = [];
  const news = pairs.filter(([name, text]) => {
    const value = known.get(annotationKey(name));
    if (value === undefined || text === null || !isRewritten(value, text)) return true;
    if (!isSameText(value, text)) {
      const [was, is] = [printable(value, 60), printable(text.trim(), 60)];
      rewritten.push(`${name}: ${is} is how a spreadsheet writes ${was}, which stays`);
    }
    return false;
  });
  return { news, rewritten };
}

/** The captures that a row names, at least one. An id from the command line that names none throws. */
function namedCaptures(
  { database }: Vault,
  { row, name }: AnnotationOrder,
): { readonly captures: readonly string[] } | { readonly problem: string } {
  if (name === null) return { problem: "the row names no capture" };
  if (name.by === "id") {
    // Matching a partial id means searching every id, which is slow for a long list of complete ids.
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
  // Nothing is fetched, so private addresses are allowed.
  const source = parseSourceUrl(name.text, { allowPrivate: true });
  if ("failure" in source) return { problem: source.failure.reason };
  const captures = capturesByKey(database, captureKey(redactTypedUrl(source.url.href), null));
  return captures.length > 0 ? { captures } : { problem: `no capture of ${name.text} exists` };
}

/**
 * Writes what a person asserts about a capture as one `annotate` entry (FORMAT.md §4.7). The entry holds only those
 * `values` (from `readAnnotation`) that are not in force already; if none is left, no entry is written and the answer is
 * null. `also` runs in the same transaction either way. Throws `not-found` for an unknown id.
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
  refuseWithdrawn(vault.database, capture, "annotating");
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
