import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isUtcMillis } from "../core/entry.js";

export type SchemaName = "record" | "derivation" | "entry" | "config" | "annex";

const compiled = new Map<string, ValidateFunction>();

/** What is wrong with `value` by the published schema, one sentence each; empty when it is valid. */
export function schemaProblems(name: SchemaName, value: unknown): readonly string[] {
  const validate = validator(name);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath || "/"} ${error.message ?? "is not valid"}`,
  );
}

/**
 * The first thing that is wrong with `value` by the published schema; null when it is valid. For what anybody may have
 * made: a hostile text can have more faults than fit into memory.
 */
export function firstSchemaProblem(name: SchemaName, value: unknown): string | null {
  const validate = validator(name, false);
  if (validate(value)) return null;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath || "/"} ${error?.message ?? "is not valid"}`;
}

function validator(name: SchemaName, allErrors = true): ValidateFunction {
  const known = compiled.get(`${name} ${allErrors}`);
  if (known) return known;
  const ajv = new Ajv2020({ strict: true, allErrors });
  // The only format the schemas name, in the one spelling that their pattern leaves (FORMAT.md §1).
  ajv.addFormat("date-time", isUtcMillis);
  const url = (file: string) => new URL(`../../schemas/${file}.schema.json`, import.meta.url);
  if (name !== "record") ajv.addSchema(JSON.parse(readFileSync(url("record"), "utf8")));
  const validate = ajv.compile(JSON.parse(readFileSync(url(name), "utf8")));
  compiled.set(`${name} ${allErrors}`, validate);
  return validate;
}
