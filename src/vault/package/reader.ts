import { statedFiles } from "../../audit/annex.js";
import { bagTexts, type PackagedFile } from "../../audit/bag.js";
import { exactText } from "../../audit/bytes.js";
import { checkpointName } from "../../audit/checkpoint.js";
import { cratePath } from "../../audit/crate.js";
import { errorAt, type Finding, FormatError } from "../../audit/finding.js";
import { largestProof, type ProvenCheckpoint } from "../../audit/inclusion.js";
import type { FoundCheckpoint, FoundFile, FoundToken } from "../../audit/log-facts.js";
import { annexOf, type ExpectedFile, expectedFiles, isOwnFile } from "../../audit/package.js";
import { EntryReading, type PackagedEntries } from "../../audit/package-entries.js";
import { proofFileOf } from "../../audit/package-paths.js";
import { pagePath } from "../../audit/sender-texts.js";
import { breather } from "../breather.js";
import { firstSchemaProblem, statementFindings } from "../json-schemas.js";
import { linesOf, measurePackage, readBlocks, readWhole, unread } from "./bytes.js";
import type { PackageIndex, PackageIndexFile, PackageLimits } from "./scan.js";

/** One checkpoint of a package with everything that lies beside it. */
export type PackagedCheckpoint = FoundCheckpoint & ProvenCheckpoint;

/** Everything in a package that is kept in memory: its texts, and the size and digests of all other files. */
export interface PackageContent {
  readonly findings: readonly Finding[];
  readonly files: ReadonlyMap<string, PackagedFile>;
  /** bagit.txt, bag-info.txt and the manifests. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
  readonly entries: PackagedEntries;
  /** Whether all of `proof/entries.jsonl` was read. */
  readonly hasAllEntries: boolean;
  /** In ascending order of size. */
  readonly checkpoints: readonly PackagedCheckpoint[];
  /** The page and the RO-Crate, by path. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  /** Path → each annex.json as a text. */
  readonly annexes: ReadonlyMap<string, string>;
  /** Files whose digests were taken, and their bytes together. */
  readonly read: { readonly files: number; readonly bytes: number };
}

export interface ReadOptions {
  readonly quick: boolean;
  readonly limits: PackageLimits;
  readonly signal: AbortSignal;
  readonly onProgress: (files: number, total: number) => void;
}

export const entriesPath = "proof/entries.jsonl";

/**
 * Reads a package made by anybody and judges nothing but its texts. A file is read through only if its size is the one
 * that an entry or annex states, or at most that of a text. Throws only on an abort.
 */
export async function readPackage(index: PackageIndex, options: ReadOptions): Promise<PackageContent> {
  const reading = new PackageReading(index, options.limits);
  const breathe = breather(options.signal);
  const hasAllEntries = await reading.readEntries(breathe);
  await reading.readTexts(breathe);
  const entries = reading.lines.end(hasAllEntries);
  const files = await reading.measure(entries, options);
  const checkpoints = reading.checkpoints();
  const { findings, texts, annexes, pages, read } = reading;
  return { findings, files, texts, entries, hasAllEntries, checkpoints, annexes, pages, read };
}

/** The bytes of `bag-info.txt`; null if it is missing, too large or unreadable. */
export function readBagInfo({ files }: PackageIndex, limits: PackageLimits): Uint8Array | null {
  const file = files.find(({ path }) => path === "bag-info.txt");
  return file === undefined || file.bytes > limits.text ? null : readWhole(file);
}

class PackageReading {
  readonly findings: Finding[] = [];
  readonly texts = new Map<string, Uint8Array>();
  readonly pages = new Map<string, Uint8Array>();
  readonly annexes = new Map<string, string>();
  read = { files: 0, bytes: 0 };
  private readonly files: ReadonlyMap<string, PackageIndexFile>;
  private readonly limits: PackageLimits;
  readonly lines = new EntryReading((entry) => {
    const problems = firstSchemaProblem("entry", entry);
    return problems.map((problem) => errorAt("entry-schema", `entry:${entry.seq}`, problem));
  });
  private readonly proofs = new Map<number, CheckpointFiles>();
  /** What each annex states of its raw files, read once. */
  private readonly stated = new Map<string, ReturnType<typeof statedFiles>>();
  private kept = 0;

  constructor({ files }: PackageIndex, limits: PackageLimits) {
    // Of two files under one name the first counts; the second is a finding.
    const first = new Map<string, PackageIndexFile>();
    for (const file of files) if (!first.has(file.path)) first.set(file.path, file);
    this.files = first;
    this.limits = limits;
  }

  /** False if there is more of it than is read. */
  async readEntries(breathe: () => Promise<void>): Promise<boolean> {
    const file = this.files.get(entriesPath);
    if (file === undefined) return true;
    if (file.bytes > this.limits.entries) return this.tooLarge(file);
    let count = 0;
    try {
      for (const line of linesOf(readBlocks(file), this.limits.line)) {
        count += 1;
        await breathe();
        // Each entry has a proof, which is a file.
        if (line === null || count > this.limits.files) return this.tooLarge(file);
        this.lines.take(line);
      }
      return true;
    } catch (problem) {
      if (problem instanceof FormatError) return false;
      throw problem;
    }
  }

  async readTexts(breathe: () => Promise<void>): Promise<void> {
    for (const file of this.files.values()) {
      await breathe();
      if (bagTexts.includes(file.path)) this.keep(file, (bytes) => this.texts.set(file.path, bytes));
      else if (file.path === pagePath || file.path === cratePath)
        this.keep(file, (bytes) => this.pages.set(file.path, bytes));
      else if (file.path.startsWith("proof/")) this.readProof(file);
      else if (annexOf(file.path) !== null) this.readAnnex(file);
      else this.readRecord(file);
    }
  }

  private readProof(file: PackageIndexFile): void {
    const { path } = file;
    if (path === entriesPath || path === "proof/allowed_signers") return;
    const place = proofFileOf(path);
    if (place === null) {
      this.findings.push(errorAt("proof-stray", path, "a package holds no file of this name in this place"));
      return;
    }
    const { size } = place;
    const beside = this.proofs.get(size) ?? emptyCheckpoint(size);
    this.proofs.set(size, beside);
    if (place.kind === "chain") return;
    if (place.kind === "inclusion" && file.bytes > largestProof) {
      beside.proofs.set(place.seq, new Uint8Array());
      return;
    }
    this.keep(file, (bytes) => {
      const found = { path, bytes };
      if (place.kind === "inclusion") beside.proofs.set(place.seq, bytes);
      else if (place.kind === "checkpoint") beside.body = bytes;
      else if (place.kind === "signature") beside.signature = found;
      else if (place.kind === "signed") beside.signed = found;
      else if (place.kind === "witness") beside.witnesses.push(found);
      else if ("authority" in place) {
        beside.tokens.push({ ...found, authority: place.authority, kind: place.kind });
      }
    });
  }

  private readAnnex(file: PackageIndexFile): void {
    if (!file.path.endsWith("/annex.json")) return;
    this.keep(file, (bytes) => {
      const text = exactText(bytes);
      if (text !== null) this.annexes.set(file.path, text);
    });
  }

  /** record.json, derivation.json and page.json: canonical form and schema. Nothing of them is kept. */
  private readRecord(file: PackageIndexFile): void {
    const name = /^data\/[^/]+\/(record\.json|derived\/derivation\.json|page\/[^/]+\/page\.json)$/.exec(
      file.path,
    )?.[1];
    if (name === undefined) return;
    const schema = name === "record.json" ? "record" : name.startsWith("page/") ? "page" : "derivation";
    if (file.bytes > this.limits.text) {
      this.tooLarge(file);
      return;
    }
    const bytes = readWhole(file);
    if (bytes === null) return;
    this.findings.push(...statementFindings(schema, file.path, bytes, firstSchemaProblem));
  }

  /** Reads a text that stays in memory, within the bounds of one and of all of them. */
  private keep(file: PackageIndexFile, use: (bytes: Buffer) => unknown): void {
    if (file.bytes > this.limits.text || this.kept + file.bytes > this.limits.kept) {
      this.tooLarge(file);
      return;
    }
    const bytes = readWhole(file);
    if (bytes === null) return;
    this.kept += bytes.length;
    use(bytes);
  }

  private tooLarge({ path, bytes }: PackageIndexFile): false {
    const message = `it was not read as a text: ${bytes} bytes are too many for this file`;
    this.findings.push(errorAt("too-large", path, message));
    return false;
  }

  async measure(
    entries: PackagedEntries,
    { quick, signal, onProgress }: ReadOptions,
  ): Promise<ReadonlyMap<string, PackagedFile>> {
    const expected = expectedFiles(entries.captures.values());
    const files = new Map<string, PackagedFile>();
    const wanted: PackageIndexFile[] = [];
    for (const file of this.files.values()) {
      if (this.isWanted(file, expected)) wanted.push(file);
      else files.set(file.path, unread(file.bytes, null));
    }
    wanted.sort((a, b) => b.bytes - a.bytes);
    const onDone = (done: number) => onProgress(done, wanted.length);
    const measured = await measurePackage(wanted, quick, onDone, signal);
    for (const [at, file] of wanted.entries()) {
      files.set(file.path, measured[at] ?? unread(file.bytes, "not measured"));
    }
    const bytes = wanted.reduce((sum, file) => sum + file.bytes, 0);
    this.read = { files: wanted.length, bytes };
    return files;
  }

  /**
   * A large file whose size no entry or annex states is wrong by that alone; reading it would let its maker decide how
   * long the check takes.
   */
  private isWanted(file: PackageIndexFile, expected: ReadonlyMap<string, readonly ExpectedFile[]>): boolean {
    const { path, bytes } = file;
    const stated = expected.get(path)?.map((one) => one.bytes) ?? [this.statedInAnnex(path)];
    if (stated.includes(bytes)) return true;
    if (path === entriesPath) return bytes <= this.limits.entries;
    if (bytes <= this.limits.text) return true;
    // A file that is read as a text has been named already, and one that no entry names is a finding as it is.
    if (isOwnFile(path) || proofFileOf(path)?.kind === "chain" || path === "proof/allowed_signers") {
      if (!this.findings.some(({ where }) => where === path)) this.tooLarge(file);
    }
    return false;
  }

  private statedInAnnex(path: string): number | null {
    if (annexOf(path) === null || path.endsWith("/annex.json")) return null;
    const folder = path.slice(0, path.lastIndexOf("/"));
    const text = this.annexes.get(`${folder}/annex.json`);
    if (text === undefined) return null;
    if (!this.stated.has(folder)) this.stated.set(folder, statedFiles(text));
    return this.stated.get(folder)?.get(path.slice(folder.length + 1))?.bytes ?? null;
  }

  checkpoints(): readonly PackagedCheckpoint[] {
    return [...this.proofs.values()].sort((a, b) => a.size - b.size);
  }
}

interface CheckpointFiles extends PackagedCheckpoint {
  body: Uint8Array | null;
  signature: FoundFile | null;
  signed: FoundFile | null;
  readonly tokens: FoundToken[];
  readonly witnesses: FoundFile[];
  readonly proofs: Map<number, Uint8Array>;
}

function emptyCheckpoint(size: number): CheckpointFiles {
  const path = `proof/${checkpointName(size)}/checkpoint`;
  const nothing = { body: null, signature: null, signed: null };
  return { size, path, ...nothing, tokens: [], witnesses: [], proofs: new Map() };
}
