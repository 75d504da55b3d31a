import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, type JsonObject, parseForeignJson } from "../core/canonical-json.js";
import { isCaptureId } from "../core/capture-id.js";
import { sha512 } from "../core/digest.js";
import { type Entry, genesisPrev } from "../core/entry.js";
import { HoldfastError } from "../core/error.js";
import { contentFiles, parseInventory } from "../core/inventory.js";
import { wellFormed } from "../core/well-formed.js";
import {
  conclude,
  type Intent,
  moveAnnex,
  moveObject,
  moveVersion,
  replaceRootInventory,
  stagedAnnex,
  stagedObject,
  stagedVersion,
} from "./commit.js";
import { digestFile } from "./digest-file.js";
import { schemaProblems } from "./json-schemas.js";
import { objectPath, scratchFolder } from "./layout.js";
import { logEntry, type Vault } from "./vault.js";

/** What a new attempt writes first into its staging folder, so that a later process can say what was interrupted. */
const attemptFile = "attempt.json";

/**
 * Finishes or abandons what a killed process left behind, and says so in the log. Called by every writer before it
 * does anything else; the writer lock proves that nobody is still at work. Returns the `recovery` entries.
 */
export function finishInterrupted(vault: Vault): readonly Entry[] {
  const entries = readIntents(vault).map((intent) => finishCommit(vault, intent));
  return [...entries, ...sweepStaging(vault)];
}

/**
 * The commits that have begun. Every row is checked before a path is made of it: the database may have been in other
 * hands. Throws `not-as-recorded` for a row that no commit of ours could have written.
 */
export function readIntents(vault: Pick<Vault, "database">): readonly Intent[] {
  return vault.database
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
  const event = intentEvents.find((known) => known === row.event);
  const body = parseBody(row.body);
  const fits =
    isCaptureId(row.capture) &&
    event !== undefined &&
    versionPatterns[event].test(row.version) &&
    body !== null &&
    bodyFits(row, body) &&
    schemaProblems("entry", { ...probe, event, body }).length === 0;
  if (fits)
    return {
      capture: row.capture,
      version: row.version,
      inventory_sha512: row.inventory_sha512,
      event,
      body,
    };
  throw new HoldfastError(
    "not-as-recorded",
    "reading the journal of unfinished commits in vault.db: it holds a row that no commit made",
    "nothing was changed; run 'holdfast verify', and compare with a copy of this vault",
  );
}

const intentEvents = ["capture", "derive", "redact", "capture-failed"] as const;

const versionPatterns: Readonly<Record<(typeof intentEvents)[number], RegExp>> = {
  capture: /^v1$/,
  derive: /^v([2-9]|[1-9]\d+)$/,
  redact: /^v([2-9]|[1-9]\d+)$/,
  "capture-failed": /^$/,
};

/** Any place in the log: only event and body of a journalled entry are known before it is written. */
const probe = {
  v: 1,
  seq: 1,
  prev: genesisPrev,
  at: "2026-01-01T00:00:00.000Z",
  actor: "journal",
  tool: "journal",
};

function bodyFits(row: IntentRow, body: JsonObject): boolean {
  if (body.capture !== row.capture) return false;
  if (row.version === "") return true;
  return (
    body.object === objectPath(row.capture) &&
    body.version === row.version &&
    body.inventory_sha512 === row.inventory_sha512
  );
}

function finishCommit(vault: Vault, intent: Intent): Entry {
  const unfinished = goOn(vault, intent);
  if (unfinished === null) {
    conclude(vault, intent);
    return recovery(
      vault,
      "commit-finished",
      intent.capture,
      `the ${intent.event} was complete and is now logged`,
    );
  }
  return abandon(vault, intent, unfinished);
}

/** Carries the renames of a journalled commit to their end. Returns null, or why that is not possible. */
function goOn(vault: Vault, intent: Intent): string | null {
  if (intent.version !== "" && !versionInPlace(vault, intent)) {
    const staged =
      intent.version === "v1"
        ? join(stagedObject(vault, intent.capture), "v1")
        : stagedVersion(vault, intent.capture);
    const problem = stagedProblem(staged, intent);
    if (problem !== null) return problem;
    if (intent.version === "v1") moveObject(vault, intent.capture);
    else moveVersion(vault, intent);
  }
  if (intent.version !== "" && intent.version !== "v1") replaceRootInventory(vault, intent);
  if (existsSync(stagedAnnex(vault, intent.capture))) moveAnnex(vault, intent.capture);
  return null;
}

function versionInPlace(vault: Vault, intent: Intent): boolean {
  return hasInventory(
    join(vault.layout.root, objectPath(intent.capture), intent.version),
    intent.inventory_sha512,
  );
}

/** Why a staged version may not be committed as it is; its bytes are read again, since a crash came between. */
function stagedProblem(folder: string, intent: Intent): string | null {
  if (!hasInventory(folder, intent.inventory_sha512)) return "the staged version was not complete";
  const parsed = parseInventory(readFileSync(join(folder, "inventory.json"), "utf8"));
  if ("problems" in parsed) return parsed.problems.join("; ");
  const prefix = `${intent.version}/`;
  for (const file of contentFiles(parsed.inventory)) {
    if (!file.path.startsWith(prefix)) continue;
    const path = join(folder, file.path.slice(prefix.length));
    if (!existsSync(path) || digestFile(path).sha512 !== file.sha512)
      return `staged file ${file.path} is not as hashed`;
  }
  return null;
}

function hasInventory(folder: string, digest: string): boolean {
  const path = join(folder, "inventory.json");
  return existsSync(path) && sha512(readFileSync(path)) === digest;
}

function abandon(vault: Vault, intent: Intent, why: string): Entry {
  // An annex that was already moved belongs to a capture that never came to be; the log does not know it.
  if (intent.version === "v1")
    rmSync(join(vault.layout.private, intent.capture), { recursive: true, force: true });
  return logEntry(
    vault,
    "recovery",
    { what: "commit-abandoned", capture: intent.capture, detail: why },
    (database) => {
      database.prepare("DELETE FROM intent WHERE capture = ?").run(intent.capture);
    },
  );
}

/**
 * Removes the unfinished work of dead processes: bytes that were never hashed, committed or logged. Only folders that
 * holdfast itself makes are touched. The entry comes first: a removal that is logged twice is better than one that is not.
 */
function sweepStaging(vault: Vault): Entry[] {
  const folders = readdirSync(vault.layout.staging, { withFileTypes: true }).filter((item) =>
    item.isDirectory(),
  );
  return folders.flatMap((item) => {
    const folder = join(vault.layout.staging, item.name);
    if (item.name === scratchFolder) rmSync(folder, { recursive: true, force: true });
    if (!isCaptureId(item.name)) return [];
    const entry = recovery(vault, "staging-removed", item.name, readAttempt(folder));
    rmSync(folder, { recursive: true, force: true });
    return [entry];
  });
}

function readAttempt(folder: string): string {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, attemptFile), "utf8"));
    if (typeof value === "object" && value !== null && "what" in value) {
      return wellFormed(`interrupted before anything was committed: ${String(value.what).slice(0, 2000)}`);
    }
  } catch {
    // Killed before the file was complete.
  }
  return "interrupted before anything was committed";
}

function recovery(vault: Vault, what: string, capture: string | null, detail: string): Entry {
  return logEntry(vault, "recovery", { what, capture, detail });
}

function parseBody(text: string): JsonObject | null {
  try {
    const value = parseForeignJson(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Makes the staging folder of a new attempt and notes what it is for. */
export function beginAttempt(vault: Vault, capture: string, what: string): string {
  const folder = join(vault.layout.staging, capture);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, attemptFile), `${JSON.stringify({ capture, what: wellFormed(what) })}\n`);
  return folder;
}
