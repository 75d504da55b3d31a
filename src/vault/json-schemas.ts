import { createRequire } from "node:module";
import { parseCanonicalBytes } from "../audit/canonical-json.js";
import { isUtcMillis } from "../audit/entry.js";
import { errorAt, type Finding, readOr } from "../audit/finding.js";

export type SchemaName = "record" | "derivation" | "publication" | "page" | "entry" | "config" | "annex";

type Wanted = "every-problem" | "the-first";

/** What bin/compile-schemas.js makes of a schema. */
interface Validator {
  (value: unknown): boolean;
  readonly errors?: readonly Problem[] | null;
}

interface Problem {
  readonly instancePath: string;
  readonly message?: string;
}

const validators = new Map<string, Validator>();
const require = createRequire(import.meta.url);

/** What is wrong with `value` by the published schema, one sentence each; empty when it is valid. */
export function schemaProblems(name: SchemaName, value: unknown): readonly string[] {
  const validator = validatorOf(name, "every-problem");
  return validator(value) ? [] : (validator.errors ?? []).map(sentence);
}

/**
 * The first thing that is wrong with `value` by the published schema, in the words of `schemaProblems`. For what
 * anybody may have made: a hostile text can have more faults than fit into memory.
 */
export function firstSchemaProblem(name: SchemaName, value: unknown): readonly string[] {
  const validator = validatorOf(name, "the-first");
  return validator(value) ? [] : [sentence(validator.errors?.[0])];
}

/**
 * What is wrong with the text of a record, in its form or by its published schema, whose problems `problemsOf` names:
 * `<name>-not-canonical` or `<name>-schema`.
 */
export function statementFindings(
  name: "record" | "derivation" | "publication" | "page",
  where: string,
  bytes: Uint8Array,
  problemsOf: typeof schemaProblems,
): readonly Finding[] {
  const read = () =>
    problemsOf(name, parseCanonicalBytes(bytes)).map((message) => errorAt(`${name}-schema`, where, message));
  return readOr(read, ({ message }) => [errorAt(`${name}-not-canonical`, where, message)]);
}

function sentence(error: Problem | undefined): string {
  return `${error?.instancePath || "/"} ${error?.message ?? "is not valid"}`;
}

/** The compiled schema, loaded when it is first used. Where the sources run, it comes from the build as well. */
function validatorOf(name: SchemaName, wanted: Wanted): Validator {
  const file = `../../dist/schemas/${name}.${wanted}.cjs`;
  const known = validators.get(file);
  if (known) return known;
  // The only format that the schemas name, in the one spelling that their pattern leaves (FORMAT.md §1).
  const validator: Validator = require(file)({ "date-time": isUtcMillis });
  validators.set(file, validator);
  return validator;
}
