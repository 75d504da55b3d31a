import { existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { sha512 } from "../audit/digest.js";
import { type Entry, parseEntry } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { contentFiles, parseInventory } from "../audit/inventory.js";
import { loggedVersion, objectPath } from "../audit/log-captures.js";
import {
  annexPlaceOf,
  conclude,
  intentDigest,
  moveAnnex,
  moveObject,
  moveVersion,
  replaceRootInventory,
  stagedAnnex,
  stagedObject,
  stagedVersion,
  stagingOf,
} from "./commit.js";
import { digestFile } from "./digest-file.js";
import { noMemory } from "./entry-memory.js";
import type { Intent } from "./journal.js";
import { entriesOf } from "./log.js";
import { logEntry, type Vault } from "./vault.js";

/**
 * Carries one journalled commit to its end or gives it up. A row that this machine did not journal is carried out too,
 * since another machine may have been killed here, but its entry is not remembered as this machine's own: nobody signs
 * it before a person has accepted it (FORMAT.md §14.1). No row ever causes anything to be deleted that an entry names.
 */
export function finishCommit(vault: Vault, intent: Intent): Entry {
  const isOwn = vault.memory.hasJournalled(intentDigest(intent));
  const logged = loggedAlready(vault, intent);
  if (logged !== null) return abandon(vault, intent, logged);
  const problem = goOn(vault, intent) ?? concluded(isOwn ? vault : { ...vault, memory: noMemory }, intent);
  if (problem === null) {
    const detail = `the ${intent.event} was complete and is now logged`;
    return logEntry(vault, "recovery", { what: "commit-finished", capture: intent.capture, detail });
  }
  // An annex that was already moved belongs to a version that never came to be; the log does not know it.
  const annex = intent.version === "v1" || intent.event === "page" ? annexPlaceOf(vault, intent) : null;
  if (isOwn && annex !== null) rmSync(annex, { recursive: true, force: true });
  return abandon(vault, intent, problem);
}

/** Why the log leaves no room for this commit; null if it does. */
function loggedAlready({ database }: Vault, { capture, event, version }: Intent): string | null {
  const known = entriesOf(database, capture).flatMap((row) => readEntry(row.line));
  const first = known.find((one) => one.event === "capture" || one.event === "capture-failed");
  if (event === "capture" || event === "capture-failed") {
    return first === undefined ? null : `entry ${first.seq} states this capture already`;
  }
  if (first?.event !== "capture") return "the log does not know this capture";
  if (known.some((one) => one.event === "withdraw")) return "this capture was withdrawn";
  const versions = known.flatMap((one) => loggedVersion(one) ?? []);
  const next = `v${Math.max(0, ...versions.map((one) => Number(one.version.slice(1)))) + 1}`;
  return version === next ? null : `the next version of this capture is ${next}`;
}

function readEntry(line: string): readonly Entry[] {
  try {
    return [parseEntry(line)];
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

/** Logs it. Returns null, or why that is not possible: what a row states may contradict itself. */
function concluded(vault: Vault, intent: Intent): string | null {
  try {
    conclude(vault, intent);
    return null;
  } catch (error) {
    const contradicts = error instanceof FormatError || /^SQLITE_CONSTRAINT/.test(codeOf(error));
    if (!contradicts) throw error;
    return "what the journal says cannot be logged";
  }
}

/** Carries the renames of a journalled commit to their end. Returns null, or why that is not possible. */
function goOn(vault: Vault, intent: Intent): string | null {
  const odd = oddPlace(vault, intent);
  if (odd !== null) return `${odd} is not a folder of its own`;
  try {
    return moveAll(vault, intent);
  } catch (error) {
    // What lies there has a shape that no commit gives it. Any other error is the disk's.
    if (!/^(ENOENT|ENOTDIR|EISDIR|ENOTEMPTY|EEXIST|ELOOP|EINVAL|EXDEV)$/.test(codeOf(error))) throw error;
    return `what lies in its place is of another shape (${codeOf(error)})`;
  }
}

function moveAll(vault: Vault, intent: Intent): string | null {
  const { capture, version } = intent;
  const annex = stagedAnnex(vault, capture);
  const kept = annexPlaceOf(vault, intent);
  if (kept !== null && existsSync(annex) === existsSync(kept)) {
    return existsSync(kept) ? "there is an annex in its place already" : "its annex is not there";
  }
  if (version !== "" && !versionInPlace(vault, intent)) {
    const object = join(vault.layout.root, objectPath(capture));
    const place = version === "v1" ? object : join(object, version);
    if (existsSync(place)) return "another version is in its place already";
    const staged =
      version === "v1" ? join(stagedObject(vault, capture), "v1") : stagedVersion(vault, capture);
    const problem = stagedProblem(staged, intent);
    if (problem !== null) return problem;
    if (version === "v1") moveObject(vault, capture);
    else moveVersion(vault, intent);
  }
  if (version !== "" && version !== "v1") replaceRootInventory(vault, intent);
  if (kept !== null && existsSync(annex)) moveAnnex(vault, intent);
  return null;
}

/**
 * The first part of the path to what is moved, or to where it is moved, that is not a folder: a link leads elsewhere.
 */
function oddPlace(vault: Vault, intent: Intent): string | null {
  const { capture } = intent;
  const staging = stagingOf(vault, capture);
  const object = join(vault.layout.root, objectPath(capture));
  const ways = [
    staging,
    join(staging, "commit"),
    stagedObject(vault, capture),
    stagedVersion(vault, capture),
    stagedAnnex(vault, capture),
    dirname(object),
    object,
    join(vault.layout.private, capture),
    annexPlaceOf(vault, intent) ?? object,
  ];
  const odd = ways.find((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false);
  return odd === undefined ? null : relative(vault.layout.root, odd);
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
    if (!isFile(path) || digestFile(path).sha512 !== file.sha512)
      return `staged file ${file.path} is not as hashed`;
  }
  return null;
}

function hasInventory(folder: string, digest: string): boolean {
  const path = join(folder, "inventory.json");
  return isFile(path) && sha512(readFileSync(path)) === digest;
}

/** Not a link, and not anything that never ends when it is read. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function abandon(vault: Vault, intent: Intent, why: string): Entry {
  const entry = logEntry(
    vault,
    "recovery",
    { what: "commit-abandoned", capture: intent.capture, detail: why },
    (database) => {
      database.prepare("DELETE FROM intent WHERE capture = ?").run(intent.capture);
    },
  );
  vault.memory.journalEnded(intentDigest(intent));
  return entry;
}
