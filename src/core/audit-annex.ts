import type { MeasuredFile } from "./audit-object.js";
import { isJsonObject, parseCanonical } from "./canonical-json.js";
import { sha256 } from "./digest.js";
import type { Finding } from "./finding.js";

/** A private annex as found. Paths are relative to its folder; `text` is annex.json where it exists. */
export interface FoundAnnex {
  /** Relative to the vault. */
  readonly folder: string;
  readonly text: string | null;
  readonly files: ReadonlyMap<string, MeasuredFile>;
}

/**
 * Compares a private annex with the hash the log holds, and its raw files with the digests the annex holds
 * (FORMAT.md §9). An annex that is not there at all is a note: a vault may be handed on without it.
 */
export function auditAnnex(
  expectedSha256: string,
  found: FoundAnnex | null,
  folder: string,
): readonly Finding[] {
  if (found === null || (found.text === null && found.files.size === 0)) {
    return [
      { code: "annex-absent", severity: "note", where: folder, message: "the private annex is not here" },
    ];
  }
  const error = (code: string, path: string, message: string): Finding => ({
    code,
    severity: "error",
    where: `${found.folder}/${path}`,
    message,
  });
  if (found.text === null)
    return [error("annex-missing", "annex.json", "raw files are here but the annex is not")];
  if (sha256(found.text) !== expectedSha256) {
    return [error("annex-changed", "annex.json", "its SHA-256 is not the one the log states")];
  }
  const stated = statedFiles(found.text);
  const findings: Finding[] = [];
  for (const [path, file] of stated) {
    const now = found.files.get(path);
    if (now === undefined)
      findings.push(error("annex-file-missing", path, "the annex names this file and it is not there"));
    else if ("problem" in now)
      findings.push(error("annex-file-unreadable", path, `it cannot be read: ${now.problem}`));
    else if (now.sha256 !== file.sha256 || now.bytes !== file.bytes) {
      findings.push(error("annex-file-changed", path, "its size or SHA-256 is not the one the annex states"));
    }
  }
  for (const path of found.files.keys()) {
    if (path !== "annex.json" && !stated.has(path))
      findings.push(error("annex-file-extra", path, "the annex does not name this file"));
  }
  return findings;
}

function statedFiles(text: string): ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }> {
  const annex = parseCanonical(text);
  const files = new Map<string, { bytes: number; sha256: string }>();
  if (!isJsonObject(annex) || !Array.isArray(annex.files)) return files;
  for (const file of annex.files) {
    if (!isJsonObject(file) || typeof file.path !== "string") continue;
    if (typeof file.bytes === "number" && typeof file.sha256 === "string") {
      files.set(file.path, { bytes: file.bytes, sha256: file.sha256 });
    }
  }
  return files;
}
