import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CaptureResult } from "../capture/capture-result.js";
import { printable } from "../core/words/printable.js";
import type { StoredPlaces } from "./result-summary.js";
import type { Session } from "./session.js";
import { inShell } from "./typed-again.js";

/** Printable paths of the files that a result left in the vault. */
export function storedPlaces(
  { vault, vaultBy }: Pick<Session, "vault" | "vaultBy">,
  result: CaptureResult,
): StoredPlaces {
  const vaultOption = vaultBy === "option" ? ` --vault ${inShell(vault)}` : "";
  if (result.object === null) return { vaultOption, folder: null, contactSheet: null };
  const folder = join(vault, result.object);
  const sheetFile = result.files.find(({ role }) => role === "contact_sheet");
  const sheet = sheetFile === undefined ? null : newestCopy(folder, sheetFile.path);
  return { vaultOption, folder: printable(folder), contactSheet: sheet === null ? null : printable(sheet) };
}

/** The newest stored version of a logical path; for display only. */
function newestCopy(folder: string, logicalPath: string): string | null {
  const versions = readVersions(folder).sort((a, b) => b - a);
  const copies = versions.map((version) => join(folder, `v${version}`, "content", logicalPath));
  return copies.find((copy) => existsSync(copy)) ?? null;
}

function readVersions(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^v[1-9][0-9]*$/.test(name))
    .map((name) => Number(name.slice(1)));
}
