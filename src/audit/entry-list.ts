import { isJsonObject, type Json } from "./canonical-json.js";
import type { Entry } from "./entry.js";

/** What an `export-begun` entry states: every log entry about the captures of a package (FORMAT.md §17). */
export interface EntryList {
  readonly entry: number;
  /** Name and version of the program that wrote it. */
  readonly tool: string;
  /** Whether `annotate` entries are listed. */
  readonly annotations: boolean;
  readonly captures: readonly ListedCapture[];
}

export interface ListedCapture {
  readonly capture: string;
  readonly entries: readonly number[];
}

/** The most bytes that the line of an `export-begun` entry may have without its LF: a shell script reads it too. */
export const longestListLine = 4_000_000;

/**
 * Reads the list; null for any other event, and for a body that does not follow its schema, which a schema check
 * reports.
 */
export function entryListOf({
  seq,
  event,
  tool,
  body,
}: Pick<Entry, "seq" | "event" | "tool" | "body">): EntryList | null {
  if (event !== "export-begun" || typeof body.annotations !== "boolean") return null;
  if (!Array.isArray(body.captures)) return null;
  const captures = body.captures.map(listedCapture);
  if (!captures.every((capture) => capture !== null)) return null;
  return { entry: seq, tool, annotations: body.annotations, captures };
}

function listedCapture(value: Json): ListedCapture | null {
  if (!isJsonObject(value) || typeof value.capture !== "string" || !Array.isArray(value.entries)) return null;
  const entries = value.entries.filter((seq) => typeof seq === "number");
  return entries.length === value.entries.length ? { capture: value.capture, entries } : null;
}

/** Why a list does not have the one form that FORMAT.md §17 allows; null if it has. `lineBytes` is without the LF. */
export function listProblem({ entry, captures }: EntryList, lineBytes: number): string | null {
  if (lineBytes > longestListLine) return `its line has ${lineBytes} bytes, more than any list may have`;
  if (!isAscending(captures.map(({ capture }) => capture))) return "its captures are not in ascending order";
  const isWrong = ({ entries }: ListedCapture) =>
    entries.length === 0 || !isAscending(entries) || (entries.at(-1) ?? 0) >= entry;
  return captures.some(isWrong) ? "it lists entries that are not in ascending order, or not before it" : null;
}

function isAscending<Value extends string | number>(values: readonly Value[]): boolean {
  return values.every((value, at) => at === 0 || (values[at - 1] ?? value) < value);
}

/** The entries that name each capture, gathered in the order of the log, for comparing a list with them. */
export class EntriesByCapture {
  private readonly byId = new Map<string, { readonly seq: number; readonly isNote: boolean }[]>();

  add({ seq, event, body }: Pick<Entry, "seq" | "event" | "body">): void {
    const id = body.capture;
    if (typeof id !== "string") return;
    const known = this.byId.get(id) ?? [];
    known.push({ seq, isNote: event === "annotate" });
    this.byId.set(id, known);
  }

  /**
   * The first capture for which a list states something else than the entries gathered so far; null if there is none.
   */
  firstDiffering({ captures, annotations }: EntryList): string | null {
    const differing = captures.find(({ capture, entries }) => {
      const own = this.of(capture, annotations);
      return own.length !== entries.length || own.some((seq, at) => seq !== entries[at]);
    });
    return differing?.capture ?? null;
  }

  /** What a list must state of this capture. */
  of(capture: string, withAnnotations: boolean): readonly number[] {
    const entries = (this.byId.get(capture) ?? []).filter(({ isNote }) => withAnnotations || !isNote);
    return entries.map(({ seq }) => seq);
  }
}
