import { isJsonObject, parseCanonical } from "./canonical-json.js";
import { errorAt, type Finding, noteAt, readOrNull, unreadNote } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";
import type { LoggedCapture, LoggedVersion } from "./log-captures.js";
import type { MeasuredFile } from "./object.js";

/** A private annex as found. Paths are relative to its folder; `text` is annex.json where it exists and can be read. */
interface FoundAnnex {
  /** Relative to the vault. */
  readonly folder: string;
  readonly text: string | null;
  readonly files: ReadonlyMap<string, MeasuredFile>;
}

/** The folder with all annexes of a capture as found: that of its first version, and in it one for each page (FORMAT.md §9). */
export interface FoundAnnexes {
  readonly folder: string;
  /** The text of an `annex.json` by its path; null where it is missing or cannot be read. */
  readonly textOf: (path: string) => string | null;
  readonly files: ReadonlyMap<string, MeasuredFile>;
}

/**
 * Compares all annexes of a capture with what the log says of them. `pending` is the version of a commit that has begun,
 * whose annex may be here already.
 */
export function auditAnnexes(
  { annexes, versions }: Pick<LoggedCapture, "annexes" | "versions">,
  { folder, textOf, files }: FoundAnnexes,
  pending: LoggedVersion | null,
): readonly Finding[] {
  const all = pending === null ? versions : [...versions, pending];
  const withOwn = new Set(all.filter((one) => one.annexSha256 !== null).map(({ version }) => version));
  const inside = (part: string | null) => {
    const chosen = new Map<string, MeasuredFile>();
    for (const [path, file] of files) {
      const first = path.slice(0, Math.max(0, path.indexOf("/")));
      const owner = withOwn.has(first) ? first : null;
      if (owner === part) chosen.set(part === null ? path : path.slice(part.length + 1), file);
    }
    return chosen;
  };
  const first = { folder, text: textOf("annex.json"), files: inside(null) };
  return [
    ...annexes.flatMap((sha256) => auditAnnex(sha256, first, folder)),
    ...versions.flatMap(({ annexSha256, version }) => {
      if (annexSha256 === null) return [];
      const place = `${folder}/${version}`;
      const own = { folder: place, text: textOf(`${version}/annex.json`), files: inside(version) };
      return auditAnnex(annexSha256, own, place);
    }),
  ];
}

/**
 * Compares a private annex with the hash the log holds, and its raw files with the digests the annex holds
 * (FORMAT.md §9). An annex that is not there at all is a note: a vault may be handed on without it.
 */
function auditAnnex(expectedSha256: string, found: FoundAnnex, folder: string): readonly Finding[] {
  if (found.text === null && found.files.size === 0) {
    return [noteAt("annex-absent", folder, "the private annex is not here")];
  }
  const error = (code: FindingCode, path: string, message: string) =>
    errorAt(code, `${found.folder}/${path}`, message);
  const unread = (code: FindingCode, path: string, problem: string) =>
    unreadNote(code, `${found.folder}/${path}`, problem);
  const annex = found.files.get("annex.json");
  if (annex === undefined)
    return [error("annex-missing", "annex.json", "raw files are here but the annex is not")];
  if ("problem" in annex) return [unread("annex-unreadable", "annex.json", annex.problem)];
  if (annex.sha256 !== expectedSha256) {
    return [error("annex-changed", "annex.json", "its SHA-256 is not the one the log states")];
  }
  const stated = found.text === null ? null : statedFiles(found.text);
  if (stated === null) {
    const message = "it is as logged but not canonical JSON: it cannot show which raw files belong to it";
    return [error("annex-not-canonical", "annex.json", message)];
  }
  const findings: Finding[] = [];
  for (const [path, file] of stated) {
    const now = found.files.get(path);
    if (now === undefined)
      findings.push(error("annex-file-missing", path, "the annex names this file, but it is missing"));
    else if ("problem" in now) findings.push(unread("annex-file-unreadable", path, now.problem));
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

/** The raw files an annex names; null when it is not in canonical form. */
export function statedFiles(
  text: string,
): ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }> | null {
  const annex = readOrNull(() => parseCanonical(text));
  if (annex === null) return null;
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
