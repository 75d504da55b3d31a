import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "../audit/finding.js";
import {
  encodeRememberedHead,
  encodeWrittenLine,
  parseRememberedHead,
  parseWrittenLines,
  type RememberedHead,
  readWritten,
  stillToRemember,
  type WrittenEntries,
  type WrittenLine,
} from "../core/capture/remembered-log.js";
import { HoldfastError } from "../core/words/error.js";
import { syncDescriptor, syncFolder } from "../vault/disk-niceties.js";
import { makeFolder, placeFile } from "../vault/durable.js";
import type { World } from "../world.js";
import { keyFolder } from "./key-store.js";

/**
 * The files of FORMAT.md §14.1, beside the keys of one vault. The process caches nothing between calls: after a kill only
 * the disk counts.
 */
export interface SignerMemory {
  /** Null if nothing is signed yet, or this machine does not know of it. */
  readonly head: RememberedHead | null;
  readonly written: WrittenEntries;
  /** Neither a head nor an entry is remembered: the vault or the machine is new. */
  readonly isBlank: boolean;
}

const headName = "head.json";
const writtenName = "written";
const settingsName = "settings.json";

/** Throws `io` for a file that exists but cannot be read or is malformed: guessing could sign anything. */
export function readMemory(env: World["env"], vaultId: string): SignerMemory {
  const folder = keyFolder(env, vaultId);
  const headText = readOrNull(join(folder, headName));
  const writtenText = readOrNull(join(folder, writtenName));
  return {
    head: headText === null ? null : headOf(join(folder, headName), headText),
    written: readWritten(parseWrittenLines(writtenText ?? "")),
    isBlank: headText === null && writtenText === null,
  };
}

/** The text of `holdfast.json` as logged when this machine last wrote to the vault; null if not known. */
export function readKnownSettings(env: World["env"], vaultId: string): string | null {
  return readOrNull(join(keyFolder(env, vaultId), settingsName));
}

export function rememberSettings(env: World["env"], vaultId: string, text: string): void {
  place(env, vaultId, settingsName, text);
}

/** Appends one line. With `synced`, the line is on disk when this returns. */
export function rememberLine(
  env: World["env"],
  vaultId: string,
  line: WrittenLine,
  { synced }: { readonly synced: boolean },
): void {
  const folder = keyFolder(env, vaultId);
  remembering(folder, () => {
    makeFolder(folder, 0o700);
    const path = join(folder, writtenName);
    const isNew = !existsSync(path);
    const descriptor = openSync(path, "a", 0o600);
    try {
      const bytes = Buffer.from(encodeWrittenLine(line));
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      if (synced) syncDescriptor(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (isNew) syncFolder(folder);
  });
}

/**
 * Remembers what was just signed and drops the lines of the entries it covers: the root stands for them. Called before
 * the signature leaves this process.
 */
export function rememberHead(env: World["env"], vaultId: string, head: RememberedHead): void {
  place(env, vaultId, headName, encodeRememberedHead(head));
  rewriteWritten(env, vaultId, (lines) => stillToRemember(lines, head.size));
}

/**
 * Marks the committed entries after `size` as lost, because a rebuild did not find their lines. Returns their numbers.
 */
export function rememberLost(env: World["env"], vaultId: string, size: number): readonly number[] {
  rewriteWritten(env, vaultId, (lines) =>
    lines
      .filter(({ is, seq }) => is !== "begun" || seq <= size)
      .map((line) => (line.is === "done" && line.seq > size ? { ...line, is: "lost" } : line)),
  );
  return readMemory(env, vaultId).written.lost.filter((seq) => seq > size);
}

/** Restarts the memory at an entry that a person asked for: the log is no longer compared with anything older. */
export function beginAnew(env: World["env"], vaultId: string, seq: number, hash: string): void {
  const folder = keyFolder(env, vaultId);
  const lines = (["begun", "done"] as const).map((is) => encodeWrittenLine({ is, seq, hash }));
  // A kill in between leaves the old head beside the new entry: the log is refused until a person repeats the command.
  place(env, vaultId, writtenName, lines.join(""));
  remembering(folder, () => {
    rmSync(join(folder, headName), { force: true });
    syncFolder(folder);
  });
}

function rewriteWritten(
  env: World["env"],
  vaultId: string,
  becomes: (lines: readonly WrittenLine[]) => readonly WrittenLine[],
): void {
  const text = readOrNull(join(keyFolder(env, vaultId), writtenName));
  if (text === null) return;
  const lines = becomes(parseWrittenLines(text));
  place(env, vaultId, writtenName, lines.map(encodeWrittenLine).join(""));
}

function headOf(path: string, text: string): RememberedHead {
  try {
    return parseRememberedHead(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new HoldfastError(
      "io",
      `reading ${path}, the memory of what this machine signed: ${error.message}`,
      "restore it from a copy, or move it away: the next command then starts from the newest checkpoint your key signed",
      error,
    );
  }
}

function place(env: World["env"], vaultId: string, name: string, text: string): void {
  const folder = keyFolder(env, vaultId);
  remembering(folder, () => {
    makeFolder(folder, 0o700);
    placeFile(join(folder, name), text, 0o600);
  });
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw notRemembered("reading", path, error);
  }
}

/** Reports the disk's own error and the folder: an entry that cannot be remembered must not be written. */
function remembering(folder: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof HoldfastError || codeOf(error) === null) throw error;
    throw notRemembered("writing to", folder, error);
  }
}

function notRemembered(doing: string, path: string, error: unknown): HoldfastError {
  const words = error instanceof Error ? error.message : "unknown";
  return new HoldfastError(
    "io",
    `${doing} ${path}, where this machine remembers what it wrote: ${words}`,
    "make it readable and writable, free some disk space, then run the same command again",
    error,
  );
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
