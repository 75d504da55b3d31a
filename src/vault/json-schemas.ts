import { readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject, type KeywordDefinition } from "ajv/dist/2020.js";
import { parseCanonicalBytes } from "../audit/canonical-json.js";
import { isUtcMillis } from "../audit/entry.js";
import { type Finding, FormatError } from "../audit/finding.js";
import type { FindingCode } from "../audit/finding-codes.js";

const names = ["record", "derivation", "publication", "entry", "config", "annex"] as const;

export type SchemaName = (typeof names)[number];

const compilers = new Map<"every problem" | "the first", Ajv2020>();

/** What is wrong with `value` by the published schema, one sentence each; empty when it is valid. */
export function schemaProblems(name: SchemaName, value: unknown): readonly string[] {
  const compiler = compilerFor("every problem");
  return compiler.validate(name, value) ? [] : (compiler.errors ?? []).map(sentence);
}

/**
 * The first thing that is wrong with `value` by the published schema, in the words of `schemaProblems`. For what
 * anybody may have made: a hostile text can have more faults than fit into memory.
 */
export function firstSchemaProblem(name: SchemaName, value: unknown): readonly string[] {
  const compiler = compilerFor("the first");
  return compiler.validate(name, value) ? [] : [sentence(compiler.errors?.[0])];
}

/**
 * What is wrong with the text of a record, in its form or by its published schema, whose problems `problemsOf` names:
 * `<name>-not-canonical` or `<name>-schema`.
 */
export function statementFindings(
  name: "record" | "derivation" | "publication",
  where: string,
  bytes: Uint8Array,
  problemsOf: typeof schemaProblems,
): readonly Finding[] {
  const finding = (code: FindingCode, message: string): Finding => {
    return { code, severity: "error", where, message };
  };
  try {
    const problems = problemsOf(name, parseCanonicalBytes(bytes));
    return problems.map((message) => finding(`${name}-schema`, message));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return [finding(`${name}-not-canonical`, error.message)];
  }
}

function sentence(error: ErrorObject | undefined): string {
  return `${error?.instancePath || "/"} ${error?.message ?? "is not valid"}`;
}

/**
 * Replaces Ajv's own keyword, which compares each item with every other: 40,000 ids in a hostile entry took it half a
 * minute.
 */
const uniqueItems: KeywordDefinition = {
  keyword: "uniqueItems",
  type: "array",
  schemaType: "boolean",
  validate: (isAsked: boolean, items: readonly unknown[]) =>
    !isAsked || new Set(items.map((item) => JSON.stringify(item))).size === items.length,
  error: { message: "must not have one item twice" },
};

/** Compiles each schema when it is first used. The tests check that the schemas themselves are valid. */
function compilerFor(wanted: "every problem" | "the first"): Ajv2020 {
  const known = compilers.get(wanted);
  if (known) return known;
  const allErrors = wanted === "every problem";
  const compiler = new Ajv2020({
    strict: true,
    allErrors,
    validateSchema: false,
    code: { optimize: false },
  });
  // The only format the schemas name, in the one spelling that their pattern leaves (FORMAT.md §1).
  compiler.addFormat("date-time", isUtcMillis);
  compiler.removeKeyword("uniqueItems");
  compiler.addKeyword(uniqueItems);
  for (const name of names) {
    const file = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
    compiler.addSchema(JSON.parse(readFileSync(file, "utf8")), name);
  }
  compilers.set(wanted, compiler);
  return compiler;
}
