import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../core/canonical-json.js";
import { sha512 } from "../core/digest.js";
import type { Entry, EventName } from "../core/entry.js";
import { isCaptureId } from "../core/capture-id.js";
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
import { objectPath } from "./layout.js";
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

export function readIntents(vault: Pick<Vault, "database">): readonly Intent[] {
  return vault.database
    .prepare<
      [],
      { capture: string; version: string; inventory_sha512: string; event: EventName; body: string }
    >("SELECT capture, version, inventory_sha512, event, body FROM intent ORDER BY started_at, capture")
    .all()
    .map((row) => ({ ...row, body: parseBody(row.body) }));
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

/** Removes the unfinished work of dead processes: bytes that were never hashed, committed or logged. */
function sweepStaging(vault: Vault): Entry[] {
  return readdirSync(vault.layout.staging, { withFileTypes: true })
    .filter((item) => item.isDirectory())
    .flatMap((item) => {
      const folder = join(vault.layout.staging, item.name);
      const attempt = readAttempt(folder);
      rmSync(folder, { recursive: true, force: true });
      // Only folders named by a capture id held an attempt; the rest is scratch space of tools.
      return isCaptureId(item.name)
        ? [recovery(vault, "staging-removed", attempt.capture, attempt.detail)]
        : [];
    });
}

function readAttempt(folder: string): { readonly capture: string | null; readonly detail: string } {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, attemptFile), "utf8"));
    if (typeof value === "object" && value !== null && "capture" in value && "what" in value) {
      return {
        capture: typeof value.capture === "string" ? value.capture : null,
        detail: `interrupted before anything was committed: ${String(value.what)}`,
      };
    }
  } catch {
    // Killed before the file was complete.
  }
  return { capture: null, detail: "interrupted before anything was committed" };
}

function recovery(vault: Vault, what: string, capture: string | null, detail: string): Entry {
  return logEntry(vault, "recovery", { what, capture, detail });
}

function parseBody(text: string): Readonly<Record<string, Json>> {
  return JSON.parse(text);
}

/** Makes the staging folder of a new attempt and notes what it is for. */
export function beginAttempt(vault: Vault, capture: string, what: string): string {
  const folder = join(vault.layout.staging, capture);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, attemptFile), `${JSON.stringify({ capture, what: wellFormed(what) })}\n`);
  return folder;
}
