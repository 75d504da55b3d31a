import { mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeCanonical, type Json } from "../audit/canonical-json.js";
import type { Entry } from "../audit/entry.js";
import type { InventoryFile } from "../audit/inventory.js";
import { toJson } from "../core/capture/new-entry.js";
import type { CaptureRecord, FileRole, RecordFile } from "../core/capture/record.js";
import { type AnnexFacts, writeAnnex } from "../vault/annex.js";
import { measureFiles } from "../vault/check/measure.js";
import { commitFirst, type ReadyVersion, stageFirstVersion } from "../vault/commit.js";
import { digestFile, type FileDigest } from "../vault/digest-file.js";
import { makeReadOnly, weakerHere } from "../vault/disk-niceties.js";
import { type SyncedWork, syncedHere, writeUnsynced } from "../vault/durable.js";
import { schemaProblems } from "../vault/json-schemas.js";
import type { Vault } from "../vault/vault.js";

/** A file in staging that becomes evidence: its path, its role, and its digests as first taken. */
export interface HashedFile {
  readonly path: string;
  readonly logicalPath: string;
  readonly role: FileRole;
  readonly receivedAs: string | null;
  readonly asReceived: boolean;
  readonly digest: FileDigest;
  readonly hashedAt: string;
}

/** Everything in a record except its list of files. */
export type RecordFacts = Omit<CaptureRecord, "v" | "files" | "elements"> & {
  readonly elements: (files: readonly RecordFile[]) => CaptureRecord["elements"];
};

export interface Preserved {
  readonly record: CaptureRecord;
  readonly entry: Entry;
}

/** Files larger than this, in bytes, are read on a thread, so that the process can still react to an interrupt. */
const largeBytes = 64 * 1024 * 1024;

/**
 * Takes both digests of a file that no other program writes to any more, and makes it read-only. Throws if the file
 * cannot be read or changes meanwhile, and the reason of `signal` if that is aborted.
 */
export async function hashFile(
  path: string,
  as: Pick<HashedFile, "logicalPath" | "role" | "receivedAs" | "asReceived">,
  now: () => Date,
  signal: AbortSignal | null = null,
): Promise<HashedFile> {
  makeReadOnly(path);
  const digest = await digestOf(path, signal);
  return { path, ...as, digest, hashedAt: now().toISOString() };
}

/** Takes both digests of a file, of a large one on a thread. Throws as `hashFile` does. */
export async function digestOf(path: string, signal: AbortSignal | null): Promise<FileDigest> {
  if (statSync(path).size <= largeBytes) return digestFile(path);
  const [measured] = await measureFiles([path], false, () => undefined, signal);
  if (!measured || "problem" in measured || measured.sha512 === null)
    throw new Error(measured && "problem" in measured ? measured.problem : "it could not be read");
  return { bytes: measured.bytes, sha256: measured.sha256, sha512: measured.sha512 };
}

/** A capture that is complete in staging: its turn puts it into place and logs it. */
export interface ReadyCapture {
  readonly record: CaptureRecord;
  readonly version: ReadyVersion;
}

/**
 * Turns hashed files and facts into a version v1 that is ready: moves the files into its content, writes the record and
 * the annex, and has all of it synced. Needs no turn.
 */
export function* stageCapture(
  vault: Vault,
  staging: string,
  facts: RecordFacts,
  files: readonly HashedFile[],
  annex: AnnexFacts,
): SyncedWork<ReadyCapture> {
  const content = join(staging, "content");
  for (const file of files) moveInto(content, file);
  const record = buildRecord(facts, files.map(toRecordFile));
  const problems = schemaProblems("record", record);
  if (problems.length > 0) throw new Error(`the record would not be valid: ${problems.join("; ")}`);
  const recordFile = writeRecord(content, record);
  const annexDigest = writeAnnex(join(staging, "annex"), annex);
  const all = [...files.map(toInventoryFile), recordFile];
  const version = yield* stageFirstVersion(vault, {
    capture: record.capture,
    content,
    annex: join(staging, "annex"),
    files: all,
    note: {
      created: record.ended_at,
      message: record.method === "import" ? "imported as found" : "captured as received",
      user: vault.tool,
    },
    event: "capture",
    body: {
      capture: record.capture,
      method: record.method,
      status: record.status,
      url: record.requested_url,
      record_sha256: recordFile.sha256,
      annex_sha256: annexDigest,
      files: all.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    },
  });
  return { record, version };
}

/**
 * Commits a capture that is ready and appends the `capture` entry. Must be in turn. When this returns, the evidence is
 * safely stored, and nothing has yet tried to interpret it.
 */
export function storeCapture(vault: Vault, { record, version }: ReadyCapture): Preserved {
  return { record, entry: commitFirst(vault, version).entry };
}

/** Stages and stores a capture at one go, within a turn. */
export function preserve(
  vault: Vault,
  staging: string,
  facts: RecordFacts,
  files: readonly HashedFile[],
  annex: AnnexFacts,
): Preserved {
  return storeCapture(vault, syncedHere(stageCapture(vault, staging, facts, files, annex)));
}

function moveInto(content: string, file: HashedFile): void {
  const place = join(content, file.logicalPath);
  mkdirSync(dirname(place), { recursive: true });
  renameSync(file.path, place);
}

function buildRecord(facts: RecordFacts, files: readonly RecordFile[]): CaptureRecord {
  const warnings = [...facts.warnings, ...weakerHere()];
  return { v: 1, ...facts, files, elements: facts.elements(files), warnings };
}

function toRecordFile(file: HashedFile): RecordFile {
  return {
    role: file.role,
    path: file.logicalPath,
    bytes: file.digest.bytes,
    sha256: file.digest.sha256,
    sha512: file.digest.sha512,
    hashed_at: file.hashedAt,
    received_as: file.receivedAs,
    as_received: file.asReceived,
  };
}

type CommittedFile = InventoryFile & { readonly bytes: number };

function toInventoryFile(file: HashedFile): CommittedFile {
  return { path: file.logicalPath, ...file.digest };
}

function writeRecord(content: string, record: CaptureRecord): CommittedFile {
  const json: Json = toJson(record);
  const path = join(content, "record.json");
  mkdirSync(content, { recursive: true });
  writeUnsynced(path, encodeCanonical(json));
  return { path: "record.json", ...digestFile(path) };
}
