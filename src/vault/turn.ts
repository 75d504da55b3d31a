import { lstatSync } from "node:fs";
import { type CaptureId, sha256 } from "../audit/digest.js";
import { HoldfastError } from "../core/words/error.js";
import { readIntents } from "./journal.js";
import { glanceAt, lastEntryAfter, lastRow } from "./log.js";
import { refuseOlderLog } from "./older-log.js";
import { attemptsInTurn, beginAttempt, sweepTurn } from "./recovery.js";
import { readSettings } from "./settings.js";
import { finishCommit } from "./unfinished-commit.js";
import { type Vault, waitingFor } from "./vault.js";
import { foundWorkFolders, openWorkFolder, othersAtWork, type WorkFolder } from "./work-folder.js";
import { takeWriterLock } from "./writer-lock.js";

/** How long a turn is still waited for after an interrupt: somebody may be about to end his. */
const lastWaitMs = 5000;

/**
 * Lets other commands write to the vault between this one's turns, from now to `closeVault`; whatever writes must then be
 * in `inTurn`. `command` names this one to a person who waits for it. Where SQLite cannot share its memory, no two programs can
 * have the database open, and the vault stays held throughout; so it does where there is no room for a folder.
 */
export function shareVault(
  vault: Vault,
  command: string,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (line: string) => void },
): void {
  const { database, layout, hold } = vault;
  if (hold.work !== null || database.pragma("locking_mode", { simple: true }) === "exclusive") return;
  const work = workFolderOrNull(layout, command);
  if (work === null) return;
  let isTold = false;
  const onWait = () => {
    if (!isTold) tell(waitingFor(othersAtWork(layout, work.path)));
    isTold = true;
  };
  const waitMs = () => (signal.aborted ? lastWaitMs : Number.POSITIVE_INFINITY);
  hold.file = fileOf(layout);
  noteEnd(vault);
  hold.share(work, () => takeWriterLock(layout.writerLock, waitMs, onWait));
}

function workFolderOrNull(layout: Vault["layout"], command: string): WorkFolder | null {
  try {
    return openWorkFolder(layout, command);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/**
 * Runs `work` while no other process writes to the vault. Parts of this process that are in a turn at the same time share it.
 * Between turns another process may have written: what this one keeps in mind of the log is compared with it first, and
 * what a kill left of another's turn is finished or removed. Never waits within a turn for what another process does. Throws `LogChanged`,
 * `vault-busy` if no turn came after an interrupt, and whatever `work` throws.
 */
export async function inTurn<Answer>(vault: Vault, work: () => Answer | Promise<Answer>): Promise<Answer> {
  await vault.hold.enter(() => lookAround(vault));
  try {
    return await work();
  } finally {
    vault.hold.leave(() => noteEnd(vault));
  }
}

/** The log is not the one that this command wrote to before: every further capture would meet that too. */
export class LogChanged extends HoldfastError {}

function lookAround(vault: Vault): void {
  const { database, layout, hold, memory } = vault;
  refuseReplaced(vault);
  if (changesOf(database) !== hold.seen.changes) {
    asChange(() => {
      refuseOlderLog(layout, database);
      memory.refuseOther(glanceAt(database));
    });
    readChangedSettings(vault);
  }
  for (const intent of readIntents(vault)) if (!hold.left.has(intent.capture)) finishCommit(vault, intent);
  sweepTurn(vault, hold.left);
}

function noteEnd({ database, layout, hold }: Vault): void {
  hold.seen = { seq: lastRow(database)?.seq ?? 0, changes: changesOf(database) };
  // A commit that failed in this process, on a full disk for instance, is for the next writer.
  const journalled = readIntents({ database }).map(({ capture }) => capture);
  hold.left = new Set([...journalled, ...attemptsInTurn(layout)]);
}

/** A number that changes whenever another connection has written to the database. */
function changesOf(database: Vault["database"]): unknown {
  return database.pragma("data_version", { simple: true });
}

/** Which file vault.db is. */
function fileOf({ database }: Vault["layout"]): string {
  const { dev, ino } = lstatSync(database, { bigint: true });
  return `${dev} ${ino}`;
}

function refuseReplaced({ layout, hold }: Vault): void {
  if (fileOf(layout) === hold.file) return;
  throw new LogChanged(
    "not-as-recorded",
    `writing to ${layout.root}: another vault.db lies there than the one that this command began with`,
    "nothing was written to it; run 'holdfast verify', then the same command again",
  );
}

function asChange(look: () => void): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new LogChanged(error.code, error.message, error.hint, error);
  }
}

/** The settings that another command has logged since this one's last turn. */
function readChangedSettings({ database, layout, hold, memory }: Vault): void {
  const changed = lastEntryAfter(database, hold.seen.seq, "settings-changed");
  const logged = changed?.body.settings_sha256;
  if (typeof logged !== "string") return;
  const { settings, text } = readSettings(layout.settings);
  if (sha256(text) !== logged) return;
  memory.settingsSeen(text, logged);
  memory.settingsLogged(text);
  hold.settings = settings;
}

/** How often a command looks whether another one is done with a capture. */
const claimRetryMs = 200;

/**
 * Begins an attempt at a further version of a capture, once no other command that lives is at one. `waited` says whether
 * there was another: what it made is in the vault now. Throws the signal's reason on an abort.
 */
export async function beginVersion(
  vault: Vault,
  capture: CaptureId,
  what: string,
  signal: AbortSignal,
): Promise<{ readonly staging: string; readonly waited: boolean }> {
  for (let waited = false; ; waited = true) {
    const staging = await inTurn(vault, () =>
      isTaken(vault, capture) ? null : beginAttempt(vault, capture, what),
    );
    if (staging !== null) return { staging, waited };
    await new Promise((resolve) => setTimeout(resolve, claimRetryMs));
    signal.throwIfAborted();
  }
}

function isTaken({ layout }: Vault, capture: CaptureId): boolean {
  return foundWorkFolders(layout).some(({ lives, attempts }) => lives && attempts.includes(capture));
}

/** Marks work, such as a list, as this command's. Must be in turn. Whether no other command that lives has it. */
export function claimWork({ layout, hold }: Vault, name: string): boolean {
  const isOthers = foundWorkFolders(layout).some(
    ({ path, lives, claims }) => lives && path !== hold.work?.path && claims.includes(name),
  );
  if (isOthers) return false;
  hold.work?.claim(name);
  return true;
}
