import { exactText } from "./bytes.js";
import { sha256, sha512 } from "./digest.js";
import { errorAt, type Finding, faultsOf, noteAt, unreadNote } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";
import {
  contentFiles,
  encodeSidecar,
  type Inventory,
  type InventoryFile,
  parseInventory,
} from "./inventory.js";
import type { LoggedCapture, LoggedVersion } from "./log-captures.js";

/** A file as found: its current digests, or why it could not be read. `sha512` is null in a quick check. */
export type MeasuredFile =
  | { readonly bytes: number; readonly sha256: string; readonly sha512: string | null }
  | { readonly problem: string };

/** An object's folder as found. Paths are relative to that folder. */
export interface FoundObject {
  /** Relative to the vault. */
  readonly folder: string;
  readonly files: ReadonlyMap<string, MeasuredFile>;
  /** The bytes of the declaration, the inventories and their sidecars, as far as they exist. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
}

const declaration = { name: "0=ocfl_object_1.1", text: "ocfl_object_1.1\n" } as const;

/**
 * Compares an object with what the log says about it (FORMAT.md §7): declaration, root and version inventories with
 * their sidecars, every content file's size and digests, nothing missing, nothing extra. `pending` is the version of a
 * commit that the journal says has begun: what it explains is a note.
 */
export function auditObject(
  capture: LoggedCapture,
  found: FoundObject,
  pending: LoggedVersion | null,
): readonly Finding[] {
  const report = new ObjectReport(found, pending !== null);
  const head = capture.versions.at(-1) ?? pending;
  if (!head) return [];
  if (!holds(found.texts.get(declaration.name), declaration.text)) {
    const message = "the OCFL declaration is missing or changed (OCFL E003, E006)";
    report.error("object-declaration", declaration.name, message);
  }
  auditRootInventory(report, found, head, pending);
  const versions = pending ? [...capture.versions, pending] : capture.versions;
  for (const version of versions) auditVersionInventory(report, found, version, version === pending);
  const inventory = newestInventory(found, versions);
  if (inventory && inventory.id !== capture.id) {
    report.error("inventory-id", "inventory.json", `the inventory belongs to ${inventory.id}`);
  }
  const listed = new Map((inventory ? contentFiles(inventory) : []).map((file) => [file.path, file]));
  for (const version of versions) {
    // The folder of a pending version may not have been moved into place yet.
    const arrived = version !== pending || found.texts.has(`${version.version}/inventory.json`);
    if (arrived) auditVersionFiles(report, found, version, inventory && listed);
  }
  auditExtraFiles(report, found, versions);
  return report.findings;
}

class ObjectReport {
  readonly findings: Finding[] = [];
  private readonly found: FoundObject;
  private readonly explained: boolean;

  constructor(found: FoundObject, explained: boolean) {
    this.found = found;
    this.explained = explained;
  }

  error(code: FindingCode, path: string, message: string): void {
    const now = this.found.files.get(path);
    if (now !== undefined && "problem" in now) this.unreadable(path, now.problem);
    else this.findings.push(errorAt(code, `${this.found.folder}/${path}`, message));
  }

  unreadable(path: string, problem: string): void {
    this.findings.push(unreadNote("file-unreadable", `${this.found.folder}/${path}`, problem));
  }

  /** A difference that a commit in progress makes: an error unless the journal explains it. */
  unsettled(code: FindingCode, path: string, message: string): void {
    const words = `${message}; the journal explains it: a commit was interrupted, and the next writer finishes it`;
    if (this.explained) this.findings.push(noteAt(code, `${this.found.folder}/${path}`, words));
    else this.error(code, path, message);
  }

  sidecar(path: string): void {
    this.error(
      "sidecar-changed",
      path,
      "the sidecar is missing or does not match the inventory (OCFL E058, E060)",
    );
  }
}

function auditRootInventory(
  report: ObjectReport,
  found: FoundObject,
  head: LoggedVersion,
  pending: LoggedVersion | null,
): void {
  const [path, beside] = ["inventory.json", "inventory.json.sha512"];
  const [text, sidecar] = [found.texts.get(path), found.texts.get(beside)];
  if (text === undefined) {
    report.error("inventory-missing", path, "the inventory is missing or cannot be read");
    return;
  }
  const digest = sha512(text);
  const known = [head.inventorySha512, pending?.inventorySha512 ?? head.inventorySha512];
  if (!known.includes(digest)) {
    report.error("inventory-changed", path, `its SHA-512 is not the one entry ${head.entry} states`);
  } else if (digest !== known[1]) {
    report.unsettled("inventory-behind", path, "the root inventory is one version behind");
  }
  if (!known.some((one) => holds(sidecar, encodeSidecar(one)))) report.sidecar(beside);
  else if (known.includes(digest) && !holds(sidecar, encodeSidecar(digest))) {
    report.unsettled("sidecar-behind", beside, "the sidecar does not match the inventory yet");
  }
}

function auditVersionInventory(
  report: ObjectReport,
  found: FoundObject,
  version: LoggedVersion,
  isPending: boolean,
): void {
  const path = `${version.version}/inventory.json`;
  const text = found.texts.get(path);
  if (text === undefined) {
    const message = `the inventory of ${version.version} is missing or cannot be read`;
    report[isPending ? "unsettled" : "error"]("version-missing", path, message);
    return;
  }
  if (sha512(text) !== version.inventorySha512) {
    report.error("inventory-changed", path, `its SHA-512 is not the one entry ${version.entry} states`);
  }
  const sidecar = found.texts.get(`${path}.sha512`);
  if (!holds(sidecar, encodeSidecar(version.inventorySha512))) report.sidecar(`${path}.sha512`);
}

/** Whether bytes are exactly those of a text: a decoded text could hide bytes that are not UTF-8. */
function holds(bytes: Uint8Array | undefined, text: string): boolean {
  return bytes !== undefined && sha256(bytes) === sha256(text);
}

function newestInventory(found: FoundObject, versions: readonly LoggedVersion[]): Inventory | null {
  const numberOf = ({ version }: LoggedVersion) => Number(version.slice(1));
  for (const version of [...versions].sort((a, b) => numberOf(b) - numberOf(a))) {
    const path = `${version.version}/inventory.json`;
    const measured = found.files.get(path);
    // An older inventory does not know what this version brings.
    if (measured !== undefined && "problem" in measured) return null;
    const bytes = found.texts.get(path);
    const text = bytes === undefined ? null : exactText(bytes);
    const parsed = text === null ? null : parseInventory(text);
    if (parsed && "inventory" in parsed) return parsed.inventory;
  }
  return null;
}

/** Compares each file that the entry names with the entry and, for its SHA-512, with the inventory. */
function auditVersionFiles(
  report: ObjectReport,
  found: FoundObject,
  version: LoggedVersion,
  listed: ReadonlyMap<string, InventoryFile> | null,
): void {
  for (const file of version.files) {
    const path = `${version.version}/content/${file.path}`;
    const now = found.files.get(path);
    if (now === undefined) {
      report.error("file-missing", path, `entry ${version.entry} names this file, but it is missing`);
      continue;
    }
    if ("problem" in now) {
      report.unreadable(path, now.problem);
      continue;
    }
    const inventoried = listed?.get(path);
    if (listed && !inventoried)
      report.error("file-not-inventoried", path, "the inventory does not name this file");
    const { sha256, sha512 } = inventoried ?? { sha256: file.sha256, sha512: now.sha512 };
    const wrong = faultsOf([
      [now.bytes, file.bytes, `its size is ${now.bytes}, not ${file.bytes}`],
      [now.sha256, file.sha256, `its SHA-256 is not the one entry ${version.entry} states`],
      [now.sha512 ?? sha512, sha512, "its SHA-512 is not the inventory's"],
      [sha256, file.sha256, "inventory and log state different SHA-256"],
    ]);
    if (wrong.length > 0) report.error("file-changed", path, wrong.join("; "));
  }
}

function auditExtraFiles(report: ObjectReport, found: FoundObject, versions: readonly LoggedVersion[]): void {
  const known = new Set<string>([declaration.name, "inventory.json", "inventory.json.sha512"]);
  for (const { version, files } of versions) {
    known.add(`${version}/inventory.json`).add(`${version}/inventory.json.sha512`);
    for (const file of files) known.add(`${version}/content/${file.path}`);
  }
  for (const path of found.files.keys()) {
    if (known.has(path)) continue;
    if (/^inventory\.json(\.sha512)?\.new$/.test(path)) {
      report.unsettled("inventory-unfinished", path, "a new inventory that was not put in place");
    } else report.error("file-extra", path, "no entry of the log names this file");
  }
}
