import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { isUtcMillis } from "../../src/audit/entry.js";
import { firstSchemaProblem, type SchemaName, schemaProblems } from "../../src/vault/json-schemas.js";
import { annex, config, derivation, importRecord, page, publication, record } from "../support/samples.js";
import { readVectors } from "../support/vectors.js";

const published = new URL("../../schemas/", import.meta.url);
const built = new URL("../../dist/schemas/", import.meta.url);
const files = readdirSync(published).filter((name) => name.endsWith(".schema.json"));
const schemas = new Map<string, unknown>(
  files.map((name) => [name, JSON.parse(readFileSync(new URL(name, published), "utf8"))]),
);

/** Of which the build makes no validator: no file of a vault has these forms. */
const notHeld = ["annotation", "cli-output"];
const held = files.map((name) => name.replace(".schema.json", "")).filter((name) => !notHeld.includes(name));

/** Ajv as it is, over the schemas as they are published: what the built validators are held to. */
function compiled(allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allErrors });
  // Everything that the standard lets by and FORMAT.md §1 does not is refused by a pattern of the schemas.
  ajv.addFormat("date-time", isUtcMillis);
  for (const schema of schemas.values()) ajv.addSchema(schema as object);
  return ajv;
}

const everyProblem = compiled(true);
const untilTheFirst = compiled(false);

function problemsBy(ajv: Ajv2020, name: SchemaName, value: unknown): readonly string[] {
  const validate = ajv.getSchema(`${name}.schema.json`);
  if (!validate) throw new Error(`no schema ${name}`);
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  return errors.map(({ instancePath, message, keyword }) => {
    // The one keyword that the build replaces. It says the same of the same lists, in words of its own.
    const words = keyword === "uniqueItems" ? "must not have one item twice" : message;
    return `${instancePath || "/"} ${words}`;
  });
}

interface EntryVector {
  readonly line: string;
}

/** The entries of the vectors: of each event one that is good, and every one that is bad and JSON all the same. */
function entriesOf(prefix: string): readonly unknown[] {
  return readVectors<EntryVector>("entries", prefix).flatMap(({ line }) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** Values of each form: those that are changed in every place, and those that are taken as they are. */
const samples: readonly (readonly [
  name: SchemaName,
  values: readonly unknown[],
  more: readonly unknown[],
])[] = [
  ["record", [record], [importRecord]],
  ["derivation", [derivation], []],
  ["publication", [publication], []],
  ["page", [page], []],
  ["config", [config], []],
  ["annex", [annex], []],
  ["entry", entriesOf("good-"), entriesOf("bad-")],
];

/** What stands in the place of each value in turn: each type, and texts whose code points are half as many as their units. */
const others: readonly unknown[] = [
  ...[null, true, -1, 1.5, 2 ** 53, "", "x", "2026-02-30T00:00:00.000Z"],
  ...["😀".repeat(101), "😀".repeat(1001), "\ud800".repeat(2001), [], [null], {}],
];

/** The value with one thing changed, in each of its places: without it, with another in its place, with one more, with one twice. */
function* changed(value: unknown): Generator<unknown> {
  yield* others;
  if (Array.isArray(value)) {
    yield [...value, ...value.slice(0, 1)];
    for (const [at, item] of value.entries()) {
      yield value.toSpliced(at, 1);
      for (const other of changed(item)) yield value.with(at, other);
    }
  } else if (typeof value === "object" && value !== null) {
    yield { ...value, other: 1 };
    for (const [key, member] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([one]) => one !== key));
      for (const other of changed(member)) yield { ...value, [key]: other };
    }
  }
}

describe("the validators that the build makes", () => {
  const made = readdirSync(built).sort();

  test("are one of every problem and one of the first for each schema of what a vault holds", () => {
    expect(made).toEqual(held.flatMap((name) => [`${name}.every-problem.cjs`, `${name}.the-first.cjs`]));
    expect(samples.map(([name]) => name).sort()).toEqual(held);
  });

  test.each(made)("%s is of the schema as it stands, without its words for people", (file) => {
    const isWords = (key: string, value: unknown) =>
      /^(?:title|description)$/.test(key) && typeof value === "string";
    const schema = schemas.get(`${file.split(".")[0]}.schema.json`);
    const rules = JSON.stringify(schema, (key, value) => (isWords(key, value) ? undefined : value));
    expect(readFileSync(new URL(file, built), "utf8")).toContain(` = ${rules};`);
  });

  test.each(made)("%s loads nothing, so that no code of Ajv runs when something is checked", (file) => {
    const text = readFileSync(new URL(file, built), "utf8");
    expect(text.match(/\b(?:require|import|eval|Function)\s*\(/g)).toBeNull();
  });

  test.each(samples)(
    "find in each %s what Ajv finds by the published schema, whatever is changed in it",
    (name, values, more) => {
      let wrong = 0;
      for (const value of [...more, ...values.flatMap((sample) => [sample, ...changed(sample)])]) {
        const every = problemsBy(everyProblem, name, value);
        const [first] = problemsBy(untilTheFirst, name, value);
        if (every.length > 0) wrong += 1;
        const found = schemaProblems(name, value);
        const isSame = found.join("\n") === every.join("\n") && firstSchemaProblem(name, value)[0] === first;
        // Only a difference is compared for the message: there are thousands of values.
        if (!isSame)
          expect({ value, found, first: firstSchemaProblem(name, value)[0] }).toEqual({
            value,
            found: every,
            first,
          });
      }
      expect(wrong).toBeGreaterThan(100);
    },
  );
});
