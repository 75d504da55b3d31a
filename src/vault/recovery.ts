import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type CaptureId, isCaptureId } from "../audit/digest.js";
import type { Entry } from "../audit/entry.js";
import { wellFormed } from "../core/words/printable.js";
import { attemptOf, stagingOf } from "./commit.js";
import { readIntents } from "./journal.js";
import { scratchFolder } from "./layout.js";
import { finishCommit } from "./unfinished-commit.js";
import { logEntry, type Vault } from "./vault.js";
import { withdrawnFolder } from "./withdrawals.js";
import { foundWorkFolders } from "./work-folder.js";

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
 * holdfast itself makes are touched, and not those of commands that live and share the vault. What lies in `staging` itself
 * belongs to whoever's turn it is.
 */
function sweepStaging(vault: Vault): Entry[] {
  const { staging } = vault.layout;
  const dead = foundWorkFolders(vault.layout).filter(({ lives }) => !lives);
  const entries = [
    ...sweepTurn(vault, new Set()),
    ...dead.flatMap(({ path, attempts }) => attempts.map((name) => sweepAttempt(vault, join(path, name)))),
  ];
  const parts = [scratchFolder, withdrawnFolder].map((name) => join(staging, name));
  for (const folder of [...parts, ...dead.map(({ path }) => path)])
    rmSync(folder, { recursive: true, force: true });
  return entries;
}

/** The same for what a kill within a turn left in `staging` itself, but for these captures. */
export function sweepTurn(vault: Vault, except: ReadonlySet<string>): Entry[] {
  return attemptsInTurn(vault.layout)
    .filter((capture) => !except.has(capture))
    .map((capture) => sweepAttempt(vault, stagingOf(vault, capture)));
}

/** The captures of which something lies in `staging` itself. */
export function attemptsInTurn({ staging }: Vault["layout"]): readonly CaptureId[] {
  const folders = readdirSync(staging, { withFileTypes: true }).filter((item) => item.isDirectory());
  return folders.map(({ name }) => name).filter(isCaptureId);
}

/** The entry comes first: a removal that is logged twice is better than one that is not. */
function sweepAttempt(vault: Vault, folder: string): Entry {
  const body = { what: "staging-removed", capture: basename(folder), detail: readAttempt(folder) };
  const entry = logEntry(vault, "recovery", body);
  rmSync(folder, { recursive: true, force: true });
  return entry;
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

/** Makes the staging folder of a new attempt and notes what it is for. Of an id that is new, no turn is needed for it. */
export function beginAttempt(vault: Vault, capture: CaptureId, what: string): string {
  const folder = attemptOf(vault, capture);
  const unfinished = stagingOf(vault, capture);
  if (existsSync(unfinished)) throw new Error(`a commit of ${capture} that has begun is in the way`);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, attemptFile), `${JSON.stringify({ capture, what: wellFormed(what) })}\n`);
  return folder;
}
