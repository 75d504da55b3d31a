import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogAudit, LoggedCapture } from "../core/audit-log.js";
import { sha256 } from "../core/digest.js";
import type { Finding } from "../core/finding.js";
import { readQuietly } from "./digest-file.js";
import { storageRootFiles, type VaultLayout } from "./layout.js";
import { type FoundPath, walk } from "./walk.js";

/** What lies in a vault, paths relative to it. */
export interface VaultListing {
  readonly objects: readonly FoundPath[];
  readonly annexes: readonly FoundPath[];
  readonly elsewhere: readonly FoundPath[];
}

export function listVault(layout: VaultLayout): VaultListing {
  const all = walk(layout.root);
  const isObject = (path: string) => /^objects\/[0-9a-f]{2}\//.test(path);
  return {
    objects: all.filter(({ path }) => isObject(path)),
    annexes: all.filter(({ path }) => path.startsWith("private/")),
    elsewhere: all.filter(({ path }) => !isObject(path) && !path.startsWith("private/")),
  };
}

/** README.txt, holdfast.json and the files that make `objects/` an OCFL storage root. */
export function ownFileFindings(layout: VaultLayout, log: LogAudit | null): readonly Finding[] {
  const findings: Finding[] = [];
  const changed = (where: string, message: string) =>
    findings.push({ code: "own-file-changed", severity: "error", where, message });
  for (const [name, text] of Object.entries(storageRootFiles)) {
    if (readText(join(layout.objects, name)) !== text) changed(`objects/${name}`, "missing or changed");
  }
  const settings = readText(layout.settings);
  const readme = readText(layout.readme);
  if (log && (settings === null || sha256(settings) !== log.settingsSha256)) {
    changed("holdfast.json", "missing, or its SHA-256 is not the one the log states");
  }
  if (log && (readme === null || sha256(readme) !== log.readmeSha256)) {
    changed("README.txt", "missing, or its SHA-256 is not the one the log states");
  }
  return findings;
}

const databaseFiles = new Set(["vault.db", "vault.db-wal", "vault.db-shm"]);

/** Files and folders that neither the log nor the layout knows. */
export function strayFindings(
  found: VaultListing,
  captures: ReadonlyMap<string, LoggedCapture>,
): readonly Finding[] {
  const folders = [...captures.values()].flatMap(({ id, object }) => [
    `private/${id}/`,
    ...(object === null ? [] : [`${object}/`]),
  ]);
  const known = new Set(folders);
  const own = new Set([
    "README.txt",
    "holdfast.json",
    ...Object.keys(storageRootFiles).map((name) => `objects/${name}`),
  ]);
  const stray = [...found.objects, ...found.annexes].filter(({ path }) => !known.has(folderOf(path)));
  const odd = [...found.objects, ...found.annexes].filter(
    ({ path, kind }) => kind !== "file" && known.has(folderOf(path)),
  );
  const elsewhere = found.elsewhere.filter(
    ({ path, kind }) =>
      !own.has(path) &&
      !databaseFiles.has(path) &&
      !path.startsWith("staging/") &&
      !(kind === "empty-folder" && isLayoutFolder(path)),
  );
  return [
    ...stray.map(({ path }) => extra(path, "no entry of the log knows this")),
    ...odd.map(({ path, kind }) =>
      extra(path, kind === "other" ? "not a regular file" : "an empty folder that does not belong there"),
    ),
    ...elsewhere.map(({ path }) => extra(path, "does not belong into a vault")),
  ];
}

function extra(where: string, message: string): Finding {
  return { code: "stray", severity: "error", where, message };
}

function isLayoutFolder(path: string): boolean {
  return ["objects", "log", "private", "staging"].includes(path) || /^objects\/[0-9a-f]{2}$/.test(path);
}

/** `objects/ab/<id>/…` → `objects/ab/<id>/`, `private/<id>/…` → `private/<id>/`. */
export function folderOf(path: string): string {
  const parts = path.split("/");
  return `${parts.slice(0, parts[0] === "objects" ? 3 : 2).join("/")}/`;
}

/** The text of a file, read without a trace; null where it is missing or no regular file. */
export function readText(path: string): string | null {
  if (!existsSync(path)) return null;
  try {
    return readQuietly(path).toString("utf8");
  } catch {
    return null;
  }
}
