import type Database from "better-sqlite3";
import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "../audit/canonical-json.js";
import { type CaptureId, isCaptureId } from "../audit/digest.js";
import { type EventName, genesisPrev } from "../audit/entry.js";
import { objectPath } from "../audit/log-captures.js";
import { HoldfastError } from "../core/words/error.js";
import { schemaProblems } from "./json-schemas.js";

/**
 * The commits that have begun. Every row is checked before a path is made from it: the database may have been in other
 * hands. Throws `not-as-recorded` for a row that no commit of holdfast could have written.
 */
export function readIntents({ database }: { readonly database: Database.Database }): readonly Intent[] {
  return database
    .prepare<[], IntentRow>(
      "SELECT capture, version, inventory_sha512, event, body FROM intent ORDER BY started_at, capture",
    )
    .all()
    .map(parseIntent);
}

interface IntentRow {
  readonly capture: string;
  readonly version: string;
  readonly inventory_sha512: string;
  readonly event: string;
  readonly body: string;
}

function parseIntent(row: IntentRow): Intent {
  const { capture, version, inventory_sha512 } = row;
  const [event, form] = versionForms.find(([known]) => known === row.event) ?? [];
  const body = parseBody(row.body);
  const fits =
    isCaptureId(capture) &&
    event !== undefined &&
    form?.test(version) &&
    body !== null &&
    bodyFits(row, body) &&
    schemaProblems("entry", { ...probe, event, body }).length === 0;
  if (fits) return { capture, version, inventory_sha512, event, body };
  throw new HoldfastError(
    "not-as-recorded",
    "reading the journal of unfinished commits in vault.db: it holds a row that no commit wrote",
    "nothing was changed; run 'holdfast verify', and compare with a copy of this vault",
  );
}

const versionForms: readonly (readonly [event: EventName, version: RegExp])[] = [
  ["capture", /^v1$/],
  ["derive", /^v([2-9]|[1-9]\d+)$/],
  ["redact", /^v([2-9]|[1-9]\d+)$/],
  ["page", /^v([2-9]|[1-9]\d+)$/],
  ["capture-failed", /^$/],
];

/** Any place in the log: only event and body of a journalled entry are known before it is written. */
const probe = { v: 1, seq: 1, prev: genesisPrev, at: "2026-01-01T00:00:00.000Z", actor: "j", tool: "j" };

function bodyFits(row: IntentRow, body: JsonObject): boolean {
  if (body.capture !== row.capture) return false;
  if (row.version === "") return true;
  return (
    body.object === objectPath(row.capture) &&
    body.version === row.version &&
    body.inventory_sha512 === row.inventory_sha512
  );
}

function parseBody(text: string): JsonObject | null {
  try {
    const value = parseForeignJson(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** What the journal says about a commit that has begun. */
export interface Intent {
  readonly capture: CaptureId;
  readonly version: string;
  readonly inventory_sha512: string;
  readonly event: EventName;
  readonly body: Readonly<Record<string, Json>>;
}
