import { readFileSync } from "node:fs";
import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "../../audit/canonical-json.js";

/** Reads a JSON file that set-up wrote. A missing or malformed file counts as an empty object. */
export function readNote(path: string): JsonObject {
  try {
    return objectOf(parseForeignJson(readFileSync(path, "utf8")));
  } catch {
    return {};
  }
}

/** `value` if it is an object, else an empty one. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** `value` if it is a string, else null. */
export function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
