import { auditAnnexes } from "./annex.js";
import { type BagInfo, bagTexts, type PackagedFile } from "./bag.js";
import { cratePath } from "./crate.js";
import { isCaptureId } from "./digest.js";
import { errorAt, type Finding, unreadNote } from "./finding.js";
import { grouped } from "./grouped.js";
import {
  type LoggedCapture,
  type LoggedFile,
  type LoggedVersion,
  statementOf,
  type VersionEvent,
} from "./log-captures.js";
import type { MeasuredFile } from "./object.js";
import type { PackagedEntries } from "./package-entries.js";
import { fixedTextNames, pagePath } from "./sender-texts.js";

/** The files of a package and what its entries say, for `auditPackageFiles`. */
export interface FoundPackage {
  readonly files: ReadonlyMap<string, PackagedFile>;
  readonly entries: PackagedEntries;
  readonly info: BagInfo;
  /** Path → each annex.json as a text. */
  readonly annexes: ReadonlyMap<string, string>;
}

/** A file of a capture as the entries of the package state it. */
export interface ExpectedFile extends LoggedFile {
  readonly entry: number;
}

/**
 * Path in the package → what the entries state about it (FORMAT.md §17): the files of v1, those of the newest
 * derivation and those of every page. More than one statement if an id was used twice: the file is compared with each. Annexes are not
 * included.
 */
export function expectedFiles(
  captures: Iterable<LoggedCapture>,
): ReadonlyMap<string, readonly ExpectedFile[]> {
  const files = [...captures].flatMap(({ id, versions }) =>
    packagedVersions(versions).flatMap((version) =>
      version.files.map((file) => ({ ...file, entry: version.entry, place: `data/${id}/${file.path}` })),
    ),
  );
  return grouped(files, ({ place }) => place);
}

/**
 * The versions whose files a package holds: v1, as often as it is stated, the newest derivation and every page. A
 * publication copy is handed out by itself.
 */
export function packagedVersions(versions: readonly LoggedVersion[]): readonly LoggedVersion[] {
  const inOrder = [...versions].sort((a, b) => a.entry - b.entry);
  const evidence = inOrder.filter(({ event, version }) => event === "capture" && version === "v1");
  const of = (wanted: VersionEvent) => inOrder.filter(({ event }) => event === wanted);
  return [...evidence, ...of("derive").slice(-1), ...of("page")];
}

/**
 * Compares captures, their files and annexes with the entries of the package (FORMAT.md §17, §18.4). `sizes` are those of
 * the checkpoints in it.
 */
export function auditPackageFiles(found: FoundPackage, sizes: ReadonlySet<number>): readonly Finding[] {
  const { entries, files } = found;
  const folders = captureFolders(files.keys());
  const here = [...entries.captures.values()].filter(({ id }) => folders.has(id));
  const expected = expectedFiles(here);
  const disclosed = annexFiles(files);
  return [
    ...foreignEntries(found, sizes),
    ...missingCaptures(found, folders),
    ...expectedFindings(files, expected),
    ...recordDigests(files, here),
    ...unloggedFiles(files.keys(), expected, entries.captures),
    ...here.flatMap((capture) => annexFindings(found, capture, disclosed.get(capture.id) ?? new Map())),
  ];
}

/** The captures that have a file under `data/`. */
function captureFolders(paths: Iterable<string>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const path of paths) {
    const [data, id = "", ...rest] = path.split("/");
    if (data === "data" && rest.length > 0 && isCaptureId(id)) ids.add(id);
  }
  return ids;
}

function foreignEntries({ entries, info }: FoundPackage, sizes: ReadonlySet<number>): readonly Finding[] {
  const chosen = new Set(info.captures);
  const others = [...entries.captureOf].filter(([, id]) => !chosen.has(id)).map(([seq]) => seq);
  const tokens = entries.facts.tokens.filter(({ checkpoint }) => !sizes.has(checkpoint));
  return [...entries.foreign, ...others, ...tokens.map(({ seq }) => seq)].map((seq) =>
    errorAt("entry-foreign", `entry:${seq}`, "it is about nothing that this package holds"),
  );
}

/** Entries, files and `bag-info.txt` must be about the same captures. */
function missingCaptures(found: FoundPackage, folders: ReadonlySet<string>): readonly Finding[] {
  const logged = new Set([...found.entries.captures.values()].filter(isAboutFiles).map(({ id }) => id));
  const all = new Set([...logged, ...folders, ...found.info.captures].filter(isCaptureId));
  return [...all].flatMap((id) => {
    const [entries, files] = [logged.has(id), folders.has(id)];
    if (entries && files) return [];
    const neither = "bag-info.txt names this capture, but neither its entries nor its files are here";
    const [here, gone] = entries ? ["entries", "files"] : ["files", "entries"];
    const message = entries || files ? `its ${here} are here, but its ${gone} are not` : neither;
    return [errorAt("capture-missing", `data/${id}`, message)];
  });
}

/** Whether an entry states files or an annex for it; a derivation that failed or a recovery states neither. */
function isAboutFiles({ annexes, versions }: LoggedCapture): boolean {
  return annexes.length > 0 || versions.length > 0;
}

function expectedFindings(
  files: ReadonlyMap<string, PackagedFile>,
  expected: ReadonlyMap<string, readonly ExpectedFile[]>,
): readonly Finding[] {
  const statements = [...expected].flatMap(([path, all]) => all.map((stated) => ({ ...stated, path })));
  return statements.flatMap(({ path, bytes, sha256, entry }) => {
    const now = files.get(path);
    if (now === undefined)
      return [errorAt("file-missing", path, `entry ${entry} names this file, but it is missing`)];
    if (now.problem !== null) return [unreadNote("file-unreadable", path, now.problem)];
    if (now.bytes !== bytes) {
      return [errorAt("file-changed", path, `its size is ${now.bytes}, but entry ${entry} states ${bytes}`)];
    }
    return now.sha256 === sha256 ? [] : [otherDigest(path, entry)];
  });
}

function otherDigest(path: string, entry: number): Finding {
  return errorAt("file-changed", path, `its SHA-256 is not the one entry ${entry} states`);
}

/** The digests that entries state besides the lists of files. */
function recordDigests(
  files: ReadonlyMap<string, PackagedFile>,
  captures: readonly LoggedCapture[],
): readonly Finding[] {
  return captures.flatMap(({ id, versions }) => {
    return packagedVersions(versions).flatMap((version) => {
      const path = `data/${id}/${statementOf(version).path}`;
      const digest = files.get(path)?.sha256 ?? version.recordSha256;
      return digest === version.recordSha256 ? [] : [otherDigest(path, version.entry)];
    });
  });
}

/** Files that are the word of the package's maker and have no entry. */
const ownFiles = new Set([...bagTexts, ...fixedTextNames, pagePath, cratePath]);

/** Whether a file is one of those that §17 names, entries or not. Files under `proof/` are judged elsewhere. */
export function isOwnFile(path: string): boolean {
  return ownFiles.has(path);
}

function unloggedFiles(
  paths: Iterable<string>,
  expected: ReadonlyMap<string, unknown>,
  captures: ReadonlyMap<string, LoggedCapture>,
): readonly Finding[] {
  return [...paths]
    .filter((path) => !path.startsWith("proof/") && !isOwnFile(path) && !expected.has(path))
    .filter((path) => !captures.get(annexOf(path) ?? "")?.annexes.length)
    .map((path) =>
      path.startsWith("data/")
        ? errorAt("file-unlogged", path, "no entry of the package names it")
        : errorAt("stray", path, "a package holds no file of this name in this place"),
    );
}

/** The capture in whose annex a file lies. */
export function annexOf(path: string): string | null {
  const [data, id, annex, ...rest] = path.split("/");
  return data === "data" && id !== undefined && annex === "annex" && rest.length > 0 ? id : null;
}

/** Capture id → the files of its annex by their paths in it. */
function annexFiles(
  files: ReadonlyMap<string, PackagedFile>,
): ReadonlyMap<string, ReadonlyMap<string, MeasuredFile>> {
  const annexes = new Map<string, Map<string, MeasuredFile>>();
  for (const [path, file] of files) {
    const id = annexOf(path);
    if (id === null) continue;
    const inside = annexes.get(id) ?? new Map<string, MeasuredFile>();
    annexes.set(id, inside.set(path.slice(`data/${id}/annex/`.length), measured(file)));
  }
  return annexes;
}

function annexFindings(
  { annexes, info }: FoundPackage,
  capture: LoggedCapture,
  inside: ReadonlyMap<string, MeasuredFile>,
): readonly Finding[] {
  const folder = `data/${capture.id}/annex`;
  if (capture.annexes.length === 0 || (inside.size === 0 && info.profile !== "with-annex")) return [];
  const disclosed: readonly Finding[] =
    inside.size > 0 && info.profile === "redacted"
      ? [errorAt("bag-malformed", "bag-info.txt", "it says redacted, but the package holds an annex")]
      : [];
  const textOf = (path: string) => annexes.get(`${folder}/${path}`) ?? null;
  return [...disclosed, ...auditAnnexes(capture, { folder, textOf, files: inside }, null)];
}

function measured({ bytes, sha256, sha512, problem }: PackagedFile): MeasuredFile {
  // A file that was not read is not as its annex states it; an empty digest is nobody's digest.
  return problem === null ? { bytes, sha256: sha256 ?? "", sha512 } : { problem };
}
