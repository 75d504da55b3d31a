import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { type DateOrder, readTypedDate } from "../lists/typed-date.js";
import { wellFormed } from "../words/printable.js";
import { knownKey, valueProblem } from "./annotation-forms.js";
import { withFewMarks } from "./folded-text.js";

/** What one `annotate` entry says (FORMAT.md §4.7), by key in ascending order; null withdraws an earlier value. */
export type AnnotationValues = Readonly<Record<string, string | null>>;

/** The result of reading keys and values that a person typed or that a row of a list holds. */
export interface AnnotationReading {
  /** The values that an entry may state. */
  readonly values: AnnotationValues;
  /** One sentence for each pair that is not in `values`: the key as given, then the reason. */
  readonly problems: readonly string[];
  /** The texts of those pairs, unchecked, under keys that say so, for a caller that must lose nothing from a list. */
  readonly unchecked: AnnotationValues;
}

/** Bounds of FORMAT.md §4.7: the key in code points, a value in UTF-16 code units, all together in bytes of UTF-8. */
export const annotationBounds = { key: 100, keys: 200, value: 65_536, all: 524_288 } as const;

/** The key of the one value that is a date. */
const dateKey = "incident_date";

/**
 * The key that a header or a typed name stands for. At most 30 marks in a row are kept, then NFC and lower case apply.
 * Each run of characters other than letters, digits, `_`, `-` and `.` of any script becomes one `_`, with none at
 * either end. The table of aliases comes last. Empty if nothing is left, `number` for a bare `№` or `#`.
 */
export function annotationKey(name: string): string {
  const plain = keyForm(name);
  // The header of a column that counts its rows: `№`, `#`.
  if (plain === "" && /[№#]/.test(name)) return "number";
  return knownKey(plain);
}

function keyForm(name: string): string {
  return (
    withFewMarks(name)
      .normalize("NFC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_.-]+/gu, "_")
      // The lookbehind keeps the pattern from being retried at every position of a long run.
      .replace(/^_+|(?<!_)_+$/g, "")
  );
}

/**
 * Reads pairs of a name and a text as typed. A blank text says nothing and is skipped; null withdraws a value. Known
 * keys require a form (`schemas/annotation.schema.json`); texts under other keys are not judged. Texts are kept as
 * typed, without the blanks around them; a date in another form (`readTypedDate`, with `order`) becomes an ISO date.
 */
export function readAnnotation(
  pairs: readonly (readonly [name: string, text: string | null])[],
  order: DateOrder | null = null,
): AnnotationReading {
  const values = new Map<string, string | null>();
  const unchecked = new Map<string, string>();
  const problems: string[] = [];
  let bytes = 0;
  for (const [name, text] of pairs) {
    if (text !== null && text.trim() === "") continue;
    const typed = text === null ? null : wellFormed(text).trim();
    const key = annotationKey(name);
    const date = key === dateKey && typed !== null ? readTypedDate(typed, order) : null;
    const value = date !== null && "iso" in date ? date.iso : key === "case" ? oneLine(typed) : typed;
    const size = Buffer.byteLength(key) + Buffer.byteLength(value ?? "");
    const problem =
      (date !== null && "problem" in date ? date.problem : pairProblem(key, value)) ??
      againProblem(values, key, value);
    const tooMuch = sizeProblem(value, bytes + size, values.size + unchecked.size);
    if (problem === null && tooMuch === null) values.set(key, value);
    else problems.push(`${name === "" ? "a column without a name" : name}: ${tooMuch ?? problem}`);
    if (tooMuch === null) bytes += size;
    if (problem !== null && tooMuch === null && typed !== null) setAside(unchecked, key, typed);
    if (problem !== null || tooMuch !== null || date === null || !("iso" in date) || !date.timeLeft) continue;
    problems.push(`${name}: ${typed} has a time without its zone: the day alone was taken`);
    setAside(unchecked, key, typed ?? "");
  }
  return { values: inOrder(values), problems, unchecked: inOrder(unchecked) };
}

/** A case is one name however its blanks were typed. */
function oneLine(text: string | null): string | null {
  return text === null ? null : text.replaceAll(/\s+/g, " ");
}

function pairProblem(key: string, value: string | null): string | null {
  if (key === "") return "a name needs a letter or digit";
  if ([...key].length > annotationBounds.key)
    return `a name may have at most ${annotationBounds.key} characters`;
  return value === null ? null : valueProblem(key, value);
}

function againProblem(
  values: ReadonlyMap<string, string | null>,
  key: string,
  value: string | null,
): string | null {
  const isOther = values.has(key) && values.get(key) !== value;
  return isOther ? `${key} already has another value` : null;
}

function sizeProblem(value: string | null, bytes: number, keys: number): string | null {
  if ((value ?? "").length > annotationBounds.value) {
    return `a value may have at most ${annotationBounds.value} characters`;
  }
  if (bytes > annotationBounds.all)
    return `all values together may have at most ${annotationBounds.all} bytes`;
  return keys >= annotationBounds.keys ? `an entry may have at most ${annotationBounds.keys} values` : null;
}

/**
 * Stores a text under `unchecked.<key>`. A text without a usable key, or the second one for a key, goes on a line of
 * its own.
 */
function setAside(unchecked: Map<string, string>, key: string, value: string): void {
  const named = `unchecked.${key}`;
  const place = key === "" || [...named].length > annotationBounds.key ? "unchecked" : named;
  const before = unchecked.get(place);
  const all = before === undefined ? value : `${before}\n${value}`;
  if (all.length <= annotationBounds.value) unchecked.set(place, all);
}

function inOrder(values: ReadonlyMap<string, string | null>): AnnotationValues {
  return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The body of an `annotate` entry: FORMAT.md §4.7. `from` is one of `fromCommandLine` and `fromRow`. */
export function annotationBody(capture: string, values: AnnotationValues, from: string): JsonObject {
  const pairs = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    capture,
    values: pairs.map(([key, value]) => ({ key, value })),
    basis: "person_assertion",
    from,
  };
}

export const fromCommandLine = "command line";

/** Names the source of a row: the list by the SHA-256 of its bytes, never by its name or place. */
export function fromRow(listSha256: string, row: number): string {
  return `list ${listSha256}, row ${row}`;
}

/** The pairs that the body of an entry states, in their order. Anything not of that form is skipped. */
export function statedValues(body: JsonObject): readonly (readonly [key: string, value: string | null])[] {
  return listOf(body.values).flatMap((pair) => {
    if (!isJsonObject(pair)) return [];
    const { key, value } = pair;
    const isPair = typeof key === "string" && (typeof value === "string" || value === null);
    return isPair ? [[key, value] as const] : [];
  });
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
