import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { wellFormed } from "../words/printable.js";
import { knownKey, valueProblem } from "./annotation-forms.js";
import { withFewMarks } from "./folded-text.js";

/** What one `annotate` entry says (FORMAT.md §4.7), by key in ascending order; null takes an earlier value back. */
export type AnnotationValues = Readonly<Record<string, string | null>>;

/** What came of reading keys and values that a person typed or a row of a list has. */
export interface AnnotationReading {
  /** What can be stated. */
  readonly values: AnnotationValues;
  /** One sentence for each pair that is not in `values`: the key as given, then why. */
  readonly problems: readonly string[];
  /** Texts of such pairs, unchecked, under keys that say so: for whoever reads a list and must lose nothing. */
  readonly unchecked: AnnotationValues;
}

/** Bounds of FORMAT.md §4.7: the key in code points, a value in UTF-16 code units, all together in bytes of UTF-8. */
export const annotationBounds = { key: 100, keys: 200, value: 65_536, all: 524_288 } as const;

/**
 * The key that a header or a typed name stands for: at most 30 marks in a row, NFC, lower case, every run of other characters than letters, digits,
 * `_`, `-` and `.` of any script one `_`, none at either end; then by the table of aliases. Empty where nothing is left.
 */
export function annotationKey(name: string): string {
  const plain = withFewMarks(name)
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_.-]+/gu, "_")
    // The look behind keeps a long run in the middle from being tried from each of its places.
    .replace(/^_+|(?<!_)_+$/g, "");
  return knownKey(plain);
}

/**
 * Reads pairs of a name and a text as typed. A text of blanks says nothing and is passed over; null takes back. Known keys
 * have forms (`schemas/annotation.schema.json`); the text is kept as typed but for blanks around it, any other key unjudged.
 */
export function readAnnotation(
  pairs: readonly (readonly [name: string, text: string | null])[],
): AnnotationReading {
  const values = new Map<string, string | null>();
  const unchecked = new Map<string, string>();
  const problems: string[] = [];
  let bytes = 0;
  for (const [name, text] of pairs) {
    if (text !== null && text.trim() === "") continue;
    const value = text === null ? null : wellFormed(text).trim();
    const key = annotationKey(name);
    const size = Buffer.byteLength(key) + Buffer.byteLength(value ?? "");
    const problem = pairProblem(key, value) ?? againProblem(values, key, value);
    const tooMuch = sizeProblem(value, bytes + size, values.size + unchecked.size);
    if (problem === null && tooMuch === null) values.set(key, value);
    else problems.push(`${name === "" ? "a column without a name" : name}: ${tooMuch ?? problem}`);
    if (tooMuch === null) bytes += size;
    if (problem !== null && tooMuch === null && value !== null) setAside(unchecked, key, value);
  }
  return { values: inOrder(values), problems, unchecked: inOrder(unchecked) };
}

function pairProblem(key: string, value: string | null): string | null {
  if (key === "") return "a name needs a letter or digit";
  if ([...key].length > annotationBounds.key) return `a name has at most ${annotationBounds.key} characters`;
  return value === null ? null : valueProblem(key, value);
}

function againProblem(
  values: ReadonlyMap<string, string | null>,
  key: string,
  value: string | null,
): string | null {
  const isOther = values.has(key) && values.get(key) !== value;
  return isOther ? `there is another value for ${key} already` : null;
}

function sizeProblem(value: string | null, bytes: number, keys: number): string | null {
  if ((value ?? "").length > annotationBounds.value) {
    return `a value has at most ${annotationBounds.value} characters`;
  }
  if (bytes > annotationBounds.all) return `all values together have at most ${annotationBounds.all} bytes`;
  return keys >= annotationBounds.keys ? `there are at most ${annotationBounds.keys} values` : null;
}

/** Under `unchecked.<key>`; what has no usable key, and what comes second, each on a line of its own. */
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

/** Where a row of a list came from: the list by the SHA-256 of its bytes, never by its name or place. */
export function fromRow(listSha256: string, row: number): string {
  return `list ${listSha256}, row ${row}`;
}

/** The pairs that the body of an entry states, in their order; what is not of that form is passed over. */
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
