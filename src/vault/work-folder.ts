import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type CaptureId, isCaptureId } from "../audit/digest.js";
import { isHeld, workFolders, workLock } from "./database-files.js";
import type { VaultLayout } from "./layout.js";
import { tryLock } from "./writer-lock.js";

/** The folder of one command that shares a vault: what it stages between its turns, and nobody else touches. */
export interface WorkFolder {
  /** Absolute. */
  readonly path: string;
  /** Marks work as this command's, by a name of letters, digits and hyphens. */
  claim(name: string): void;
  /** Removes the folder, but for attempts that are still in it: the next writer says of those that they were given up. */
  close(): void;
}

/**
 * Makes the folder `staging/work-<command>-<6 letters or digits>` and locks it for as long as this process lives. The caller
 * holds the writer lock, so that nobody takes the folder for one of a killed command before it is locked.
 */
export function openWorkFolder({ staging }: VaultLayout, command: string): WorkFolder {
  const path = mkdtempSync(join(staging, `work-${command}-`));
  const lock = tryLock(join(path, workLock));
  if (lock === null) throw new Error("another process has locked a folder that was just made");
  return {
    path,
    claim: (name) => writeFileSync(join(path, `${claimed}${name}`), ""),
    close: () => {
      lock.release();
      removeFinished(path);
    },
  };
}

/** What a full or read-only disk keeps of it, the next writer removes. */
function removeFinished(path: string): void {
  try {
    for (const name of namesIn(path))
      if (!isCaptureId(name)) rmSync(join(path, name), { recursive: true, force: true });
    if (namesIn(path).length === 0) rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

/** How the names of files begin that mark work. */
const claimed = "claim-";

/** A folder of a command that shares, or shared, the vault. */
interface FoundFolder {
  readonly path: string;
  /** Whether its command lives. */
  readonly lives: boolean;
  /** The attempts in it, by capture id. */
  readonly attempts: readonly CaptureId[];
  /** The work that its command has marked as its own. */
  readonly claims: readonly string[];
}

/** The folders of all commands that share the vault, this one's too, and of those that were killed. Links are none. */
export function foundWorkFolders({ staging }: VaultLayout): readonly FoundFolder[] {
  return workFolders(staging)
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
    .map((path) => {
      const names = namesIn(path);
      const claims = names.flatMap((name) => (name.startsWith(claimed) ? [name.slice(claimed.length)] : []));
      return { path, lives: isHeld(join(path, workLock)), attempts: names.filter(isCaptureId), claims };
    });
}

/** A folder of another process can go at any time. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Who else shares the vault, for a person who waits: each command with the minute at which it began. */
export function othersAtWork(layout: VaultLayout, own: string | null): readonly string[] {
  return foundWorkFolders(layout).flatMap(({ path, lives }) => {
    const command = /^work-([a-z]+)-/.exec(basename(path))?.[1];
    const lock = lstatSync(join(path, workLock), { throwIfNoEntry: false });
    if (!lives || path === own || command === undefined || lock === undefined) return [];
    const since = lock.birthtime.getTime() > 0 ? lock.birthtime : lock.mtime;
    return [`holdfast ${command} (since ${since.toISOString().slice(0, 16).replace("T", " ")} UTC)`];
  });
}
