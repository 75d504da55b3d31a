import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isCaptureId } from "../audit/digest.js";
import type { Entry } from "../audit/entry.js";
import { wellFormed } from "../core/words/printable.js";
import { readIntents } from "./journal.js";
import { scratchFolder } from "./layout.js";
import { finishCommit } from "./unfinished-commit.js";
import { logEntry, type Vault } from "./vault.js";
import { withdrawnFolder } from "./withdrawals.js";

/** What a new attempt writes first into its staging folder, so that a later process can say what was interrupted. */
const attemptFile = "attempt.json";

/**
 * Finishes or gives up what a killed process left behind, and says so in the log. Every writer calls this before
 * anything else; the writer lock proves that nobody is still at work. Returns the `recovery` entries.
 */
export function finishInterrupted(vault: Vault): readonly Entry[] {
  const entries = readIntents(vault).map((intent) => finishCommit(vault, intent));
  return [...entries, ...sweepStaging(vault)];
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
    if (item.name === scratchFolder || item.name === withdrawnFolder)
      rmSync(folder, { recursive: true, force: true });
    if (!isCaptureId(item.name)) return [];
    const body = { what: "staging-removed", capture: item.name, detail: readAttempt(folder) };
    const entry = logEntry(vault, "recovery", body);
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

/** Makes the staging folder of a new attempt and notes what it is for. */
export function beginAttempt(vault: Vault, capture: string, what: string): string {
  const folder = join(vault.layout.staging, capture);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, attemptFile), `${JSON.stringify({ capture, what: wellFormed(what) })}\n`);
  return folder;
}
