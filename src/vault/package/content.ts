import { join } from "node:path";
import type Database from "better-sqlite3";
import { isJsonObject, parseForeignJson } from "../../audit/canonical-json.js";
import { type Entry, parseEntry } from "../../audit/entry.js";
import { FormatError } from "../../audit/finding.js";
import { contentFiles, type Inventory } from "../../audit/inventory.js";
import { type LoggedVersion, loggedVersion, objectPath } from "../../audit/log-captures.js";
import { packagedVersions } from "../../audit/package.js";
import { packagePathProblem } from "../../audit/package-paths.js";
import { HoldfastError } from "../../core/words/error.js";
import type { StatedFile } from "../checked-read.js";
import { readQuietly } from "../digest-file.js";
import { schemaProblems } from "../json-schemas.js";
import type { VaultLayout } from "../layout.js";
import { textOfLine } from "../log.js";
import { readObject, type StoredObject } from "../objects.js";

/** An entry with its exact line, without the LF. */
export interface ExactEntry {
  readonly entry: Entry;
  readonly line: string;
}

/** A stored file under its path in a package. */
export interface PackagedSource extends StatedFile {
  readonly path: string;
}

/** One chosen capture: what the log says about it and where its files lie. */
export interface ChosenCapture {
  readonly id: string;
  /** v1 and, where there is one, the newest derivation. */
  readonly versions: readonly LoggedVersion[];
  readonly object: StoredObject;
  /** The files of both. */
  readonly files: readonly PackagedSource[];
}

/**
 * Entry 1, every `key-rotated` entry and every entry of the chosen captures, in order (FORMAT.md §17); `annotate`
 * entries, which can name a source, only if they are asked for. Throws `not-as-recorded` for a line that is not an
 * entry.
 */
export function packagedEntries(
  database: Database.Database,
  captures: readonly string[],
  withAnnotations: boolean,
): readonly ExactEntry[] {
  const query = `SELECT CAST(line AS BLOB) FROM entry WHERE seq = 1 OR json_extract(line, '$.event') = 'key-rotated'
     OR json_extract(line, '$.body.capture') IN (SELECT value FROM json_each(?)) ORDER BY seq`;
  const lines = database.prepare<[string], Buffer>(query).pluck().all(JSON.stringify(captures));
  return readLines(lines).filter(({ entry }) => withAnnotations || entry.event !== "annotate");
}

/** These entries, in order. */
export function entriesAt(database: Database.Database, seqs: readonly number[]): readonly ExactEntry[] {
  const query =
    "SELECT CAST(line AS BLOB) FROM entry WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq";
  return readLines(database.prepare<[string], Buffer>(query).pluck().all(JSON.stringify(seqs)));
}

function readLines(lines: readonly Uint8Array[]): readonly ExactEntry[] {
  return lines.map((bytes) => {
    const line = textOfLine(bytes);
    try {
      return { entry: parseEntry(line), line };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw notAsRecorded("reading the log", `a line is not an entry: ${error.message} (log-${error.code})`);
    }
  });
}

/**
 * The files of a capture that a package holds, by the capture's own entries. Only the record, the derivation and the
 * inventory are read.
 */
export function chosenCapture(layout: VaultLayout, id: string, own: readonly ExactEntry[]): ChosenCapture {
  const object = readObject(join(layout.root, objectPath(id)));
  const all = own.flatMap(({ entry }) => loggedVersion(entry) ?? []);
  const versions = packagedVersions(all);
  const files = versions.flatMap((version) => filesOf(layout, id, version, object.inventory));
  return { id, versions, object, files };
}

function filesOf(
  layout: VaultLayout,
  id: string,
  { version, files }: LoggedVersion,
  inventory: Inventory,
): readonly PackagedSource[] {
  const digests = new Map(contentFiles(inventory).map(({ path, sha512 }) => [path, sha512]));
  return files.map(({ path, bytes, sha256 }) => {
    const content = `${version}/content/${path}`;
    const where = `${objectPath(id)}/${content}`;
    const packaged = `data/${id}/${path}`;
    if (!/^v\d+$/.test(version) || packagePathProblem(packaged) !== null) {
      throw notAsRecorded(
        `reading the log about ${id}`,
        "an entry names a file that no object has (log-object)",
      );
    }
    const sha512 = digests.get(content);
    if (sha512 === undefined) {
      throw notAsRecorded(`reading ${where}`, "the inventory does not name it (file-not-inventoried)");
    }
    return { path: packaged, from: join(layout.root, where), where, bytes, sha256, sha512 };
  });
}

/**
 * The files of a capture's private annexes (FORMAT.md §9), each `annex.json` before its raw files: that of the capture, and
 * those of its pages. Throws `not-found` if this vault does not have one, `not-as-recorded` if it is not the one that was
 * logged.
 */
export function annexFiles(
  layout: VaultLayout,
  id: string,
  own: readonly ExactEntry[],
): readonly PackagedSource[] {
  const pages = own.flatMap(({ entry }) => {
    const version = loggedVersion(entry);
    return version?.annexSha256 ? [[`/${version.version}`, version.annexSha256] as const] : [];
  });
  const first = statedAnnex(own);
  const all = [...(first === null ? [] : [["", first] as const]), ...pages];
  return all.flatMap(([part, sha256]) => filesOfAnnex(layout, id, part, sha256));
}

/** `part` is empty for the capture's own annex, `/v3` for that of the page that version v3 brought. */
function filesOfAnnex(
  layout: VaultLayout,
  id: string,
  part: string,
  annexSha256: string,
): readonly PackagedSource[] {
  const folder = `private/${id}${part}`;
  const text = readAnnexText(join(layout.root, folder, "annex.json"), id);
  const annex = parseAnnex(text);
  if (annex === null)
    throw notAsRecorded(`reading ${folder}/annex.json`, "it is not an annex (annex-changed)");
  const own = { path: "annex.json", bytes: text.length, sha256: annexSha256 };
  return [own, ...annex].map(({ path, bytes, sha256 }) => {
    const packaged = `data/${id}/annex${part}/${path}`;
    if (packagePathProblem(packaged) !== null) {
      throw notAsRecorded(
        `reading ${folder}/annex.json`,
        "it names a file that no annex has (annex-changed)",
      );
    }
    const where = `${folder}/${path}`;
    return { path: packaged, from: join(layout.root, where), where, bytes, sha256, sha512: null };
  });
}

function readAnnexText(path: string, id: string): Buffer {
  try {
    return readQuietly(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new HoldfastError(
      "not-found",
      `exporting ${id} with its private annex: the annex is not in this vault or cannot be read`,
      "leave out --with-annex, or use a copy of the vault that holds 'private/'",
      error,
    );
  }
}

interface AnnexFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The raw files that an annex names; null for a text that is not an annex. */
function parseAnnex(text: Buffer): readonly AnnexFile[] | null {
  try {
    const annex: unknown = parseForeignJson(text.toString("utf8"));
    if (!isAnnex(annex)) return null;
    return annex.files;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function isAnnex(value: unknown): value is { readonly files: readonly AnnexFile[] } {
  return schemaProblems("annex", value).length === 0 && typeof value === "object" && value !== null;
}

/** What the `capture` entry among a capture's own states of the annex; null if there is none. */
function statedAnnex(own: readonly ExactEntry[]): string | null {
  const first = own.find(({ entry }) => entry.event === "capture");
  const stated = first && isJsonObject(first.entry.body) ? first.entry.body.annex_sha256 : null;
  return typeof stated === "string" ? stated : null;
}

function notAsRecorded(what: string, why: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `${what}: ${why}`,
    "no package was made; run 'holdfast verify' to see everything that is not as recorded",
  );
}
