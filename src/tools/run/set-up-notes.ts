import { readFileSync } from "node:fs";
import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "../../audit/canonical-json.js";

/** A JSON file that set-up wrote. One that is missing or makes no sense says nothing, and is an empty object. */
export function readNote(path: string): JsonObject {
  try {
    return objectOf(parseForeignJson(readFileSync(path, "utf8")));
  } catch {
    return {};
  }
}

/** `value` where it is an object, else an empty one. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** `value` where it is a string, else null. */
export function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
