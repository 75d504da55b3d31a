import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../audit/digest.js";
import { errorAt, type Finding, noteAt } from "../../audit/finding.js";
import type { FindingCode } from "../../audit/finding-codes.js";
import { isForeignName } from "../../audit/foreign-name.js";
import type { LogAudit } from "../../audit/log.js";
import type { LoggedCapture } from "../../audit/log-captures.js";
import { isLockFile } from "../database-files.js";
import { isRefusal, largestText, readQuietly } from "../digest-file.js";
import { storageRootFiles, type VaultLayout } from "../layout.js";

/** What lies in a vault, with paths relative to it. What is inside `staging` is unfinished work and is not examined. */
export interface VaultFiles {
  readonly objects: readonly FoundPath[];
  readonly annexes: readonly FoundPath[];
  readonly elsewhere: readonly FoundPath[];
}

export function vaultFiles(layout: VaultLayout): VaultFiles {
  const all = below(layout.root, "") ?? [];
  const isObject = (path: string) => /^objects\/[0-9a-f]{2}\//.test(path);
  return {
    objects: all.filter(({ path }) => isObject(path)),
    annexes: all.filter(({ path }) => path.startsWith("private/")),
    elsewhere: all.filter(({ path }) => !isObject(path) && !path.startsWith("private/")),
  };
}

/** README.txt, holdfast.json, the files that make `objects/` an OCFL storage root, and the folders of a vault. */
export function ownFileFindings(layout: VaultLayout, log: LogAudit | null): readonly Finding[] {
  const findings: Finding[] = [...folderFindings(layout), ...lockFindings(layout)];
  const compare = (where: string, expected: string, message: string) => {
    const found = digestOf(join(layout.root, where));
    if (found === "unreadable") findings.push(unreadable(where, "it was not"));
    else if (found !== expected) findings.push(errorAt("own-file-changed", where, message));
  };
  for (const [name, text] of Object.entries(storageRootFiles)) {
    compare(`objects/${name}`, sha256(text), "missing or changed");
  }
  const notAsLogged = "missing, or its SHA-256 is not the one the log states";
  if (log) compare("holdfast.json", log.settingsSha256 ?? "", notAsLogged);
  if (log) compare("README.txt", log.readmeSha256 ?? "", notAsLogged);
  return findings;
}

/** Whether the private annexes are there at all; a vault may be handed on without them. */
export function hasAnnexes(layout: VaultLayout): boolean {
  return lstatSync(layout.private, { throwIfNoEntry: false }) !== undefined;
}

function folderFindings(layout: VaultLayout): readonly Finding[] {
  const missing = (["objects", "log", "staging"] as const)
    .filter((name) => !lstatSync(layout[name], { throwIfNoEntry: false })?.isDirectory())
    .map((where): Finding => {
      // Sync clients keep no empty folder, and nothing in this one is evidence.
      const severity = where === "staging" ? "note" : "error";
      return { code: "folder-missing", severity, where, message: "missing, or not a folder" };
    });
  if (hasAnnexes(layout)) return missing;
  const message = "the private annexes of this vault are not here: none of them was checked";
  return [...missing, noteAt("private-absent", "private", message)];
}

function lockFindings(layout: VaultLayout): readonly Finding[] {
  // Of a folder that only its owner may enter, nothing is known; nothing in it is evidence.
  if (!isThere(layout.writerLock) || isLockFile(layout.writerLock)) return [];
  const message = "not the empty file that holdfast locks: it cannot show whether somebody is writing here";
  return [noteAt("lock-not-ours", "staging/writer.lock", message)];
}

/** What lies in the folder of a vault, by name. */
const topFiles = ["README.txt", "holdfast.json", "vault.db", "vault.db-wal", "vault.db-shm"];
const topFolders = ["objects", "log", "private", "staging"];

/**
 * Files and folders that neither the log nor the layout knows, and what the system does not let us read. `strayInLog`
 * are those in `log/` without a name of FORMAT.md §14.
 */
export function strayFindings(
  found: VaultFiles,
  captures: ReadonlyMap<string, LoggedCapture>,
  strayInLog: ReadonlySet<string>,
): readonly Finding[] {
  const own = new Set([...topFiles, ...Object.keys(storageRootFiles).map((name) => `objects/${name}`)]);
  const inFolders = [...found.objects, ...found.annexes];
  const elsewhere = found.elsewhere.filter(
    ({ path, kind }) =>
      !(kind === "file" && (own.has(path) || (/^log\/[^/]+$/.test(path) && !strayInLog.has(path)))) &&
      !(kind === "empty-folder" && isLayoutFolder(path)),
  );
  return [
    ...inFolders
      .filter(({ path, kind }) => kind !== "file" || !isKnown(path, captures))
      .map((item) => stray(item, isKnown(item.path, captures))),
    ...elsewhere.map((item) => stray(item, own.has(item.path))),
  ];
}

/** Whether the log knows the object or annex in which a path lies. */
function isKnown(path: string, captures: ReadonlyMap<string, LoggedCapture>): boolean {
  const parts = path.split("/");
  const id = (parts[0] === "objects" ? parts[2] : parts[1]) ?? "";
  const capture = captures.get(id);
  const folder = folderOf(path);
  return capture !== undefined && (folder === `private/${id}/` || folder === `${capture.object}/`);
}

function unreadable(where: string, what: string): Finding {
  const message = `the system refuses to read it: ${what} checked`;
  return noteAt("unreadable", where, message);
}

function stray({ path, kind }: FoundPath, known: boolean): Finding {
  if (kind === "unreadable") return unreadable(path, "nothing in it was");
  const severity = kind === "foreign" ? "note" : "error";
  return { code: "stray", severity, where: path, message: strayMessage(kind, known) };
}

function strayMessage(kind: FoundPath["kind"], known: boolean): string {
  if (kind === "foreign") return "holdfast did not put it here; no file of a vault has this name";
  if (kind === "bad-name") return "its name is not UTF-8: it cannot be checked, and no entry names it";
  if (!known) return "no entry of the log names this, and it does not belong in a vault";
  return kind === "other" ? "not a regular file" : "an empty folder that does not belong there";
}

/** Originals that could be changed by accident: somebody may write to them, or they have a second name elsewhere. */
export function looseOriginals(files: readonly FoundPath[]): readonly Finding[] {
  return files
    .filter(
      ({ path, kind }) => kind === "file" && /^objects\/[^/]+\/[^/]+\/v\d+\/content\/original\//.test(path),
    )
    .flatMap(({ path: where, writable, links }) => {
      const note = (code: FindingCode, message: string): Finding[] => [noteAt(code, where, message)];
      return [
        ...(writable ? note("not-read-only", "this original is writable") : []),
        ...(links > 1 ? note("hard-linked", `it has ${links} names on this disk`) : []),
      ];
    });
}

function isLayoutFolder(path: string): boolean {
  return topFolders.includes(path) || /^objects\/[0-9a-f]{2}$/.test(path);
}

/** `objects/ab/<id>/…` → `objects/ab/<id>/`, `private/<id>/…` → `private/<id>/`. */
export function folderOf(path: string): string {
  const parts = path.split("/");
  return `${parts.slice(0, parts[0] === "objects" ? 3 : 2).join("/")}/`;
}

/** The bytes of a small file, read without a trace; null if it is missing, too large or no regular file. */
export function readBytes(path: string): Uint8Array | null {
  try {
    return readQuietly(path);
  } catch {
    return null;
  }
}

/** Texts that had to be read as a whole and are too large for that. */
export function oversizedTexts(texts: readonly FoundPath[]): readonly Finding[] {
  return texts
    .filter(({ bytes }) => bytes > largestText)
    .map(({ path, bytes }) =>
      errorAt("too-large", path, `it was not read as a text: ${bytes} bytes are too many for this file`),
    );
}

/** Null for what is missing or not a regular file. */
function digestOf(path: string): string | "unreadable" | null {
  try {
    return sha256(readQuietly(path));
  } catch (error) {
    return isRefusal(error) ? "unreadable" : null;
  }
}

/** Something found on disk below a folder, by its path relative to that folder with `/` between the parts. */
export interface FoundPath {
  readonly path: string;
  /**
   * `bad-name`: its name is not UTF-8, so it can be reported but not opened. `unreadable`: the system refuses. `foreign`:
   * a file, or a folder with all that is in it, that no vault has by this name.
   */
  readonly kind: "file" | "empty-folder" | "other" | "bad-name" | "unreadable" | "foreign";
  readonly bytes: number;
  /** Some user may write to it. */
  readonly writable: boolean;
  /** How many names the file has. */
  readonly links: number;
}

/**
 * What lies in one folder and below it, links not followed, sorted; null if the folder is gone. `staging` and what is
 * foreign is listed and not entered, what cannot be read is listed as such, and what vanishes meanwhile counts as absent.
 * Never throws.
 */
function below(root: string, prefix: string): readonly FoundPath[] | null {
  let names: readonly Buffer[];
  try {
    names = readdirSync(join(root, prefix), { encoding: "buffer" });
  } catch (error) {
    return isGone(error) ? null : [found(prefix, "unreadable")];
  }
  return [...names]
    .sort(Buffer.compare)
    .flatMap((raw) => inspect(root, prefix === "" ? "" : `${prefix}/`, raw));
}

function inspect(root: string, prefix: string, raw: Buffer): readonly FoundPath[] {
  const name = raw.toString("utf8");
  const path = `${prefix}${name}`;
  if (!Buffer.from(name).equals(raw)) return [found(path, "bad-name")];
  const isTop = prefix === "";
  if (isTop ? !topFiles.includes(name) && !topFolders.includes(name) : isForeignName(name)) {
    return [found(path, "foreign")];
  }
  try {
    const state = lstatSync(join(root, path));
    if (!state.isDirectory()) {
      const { size: bytes, nlink: links, mode } = state;
      return [
        { path, kind: state.isFile() ? "file" : "other", bytes, writable: (mode & 0o222) !== 0, links },
      ];
    }
  } catch (error) {
    return isGone(error) ? [] : [found(path, "unreadable")];
  }
  if (path === "staging") return [found(path, "empty-folder")];
  const inside = below(root, path);
  return inside?.length === 0 ? [found(path, "empty-folder")] : (inside ?? []);
}

function found(path: string, kind: FoundPath["kind"]): FoundPath {
  return { path, kind, bytes: 0, writable: false, links: 1 };
}

/** False also where the system does not say. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
