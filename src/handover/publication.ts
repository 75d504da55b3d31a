import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { encodeCanonical } from "../audit/canonical-json.js";
import { publicationFolder } from "../audit/inventory.js";
import { commitHasBegun, storageFailure } from "../capture/failed-capture.js";
import { closeResources, openResources, type Resources } from "../capture/resources.js";
import { nextVersion } from "../core/capture/new-inventory.js";
import type { Fill } from "../core/media/fill.js";
import type { PublicationFile, PublicationRecord } from "../core/media/publication.js";
import { HoldfastError } from "../core/words/error.js";
import type { HeadReport } from "../seal/checkpoint.js";
import { describeRun } from "../tools/run/run-description.js";
import {
  commitNext,
  discardAttempt,
  discardCommit,
  type ReadyVersion,
  stageNextVersion,
} from "../vault/commit.js";
import { digestFile } from "../vault/digest-file.js";
import { makeReadOnly } from "../vault/disk-niceties.js";
import { type SyncedWork, syncedAside, writeUnsynced } from "../vault/durable.js";
import { oneCaptureByPart } from "../vault/index/captures.js";
import { schemaProblems } from "../vault/json-schemas.js";
import { readObject, type StoredObject } from "../vault/objects.js";
import { refuseMissingVault } from "../vault/reader.js";
import { beginVersion, inTurn } from "../vault/turn.js";
import type { Vault } from "../vault/vault.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { World } from "../world.js";
import { type MadeCopy, makePublicationCopy } from "./publication-copy.js";
import { publicationDestination, writeOut } from "./publication-destination.js";

export interface RedactRequest {
  readonly vault: string;
  /** Any part of a capture's id that no other id contains. */
  readonly id: string;
  readonly fills: readonly Fill[];
  readonly keepSound: boolean;
  /** Logical path of the original to copy, if the capture has several videos. */
  readonly original: string | null;
  /** A new file outside the vault that also receives the copy; null for none. */
  readonly to: string | null;
}

/** A stored and logged publication copy; one line with `--json`: schema `redactResult`. */
export interface RedactResult {
  readonly id: string;
  /** Path of the copy, relative to the vault. */
  readonly file: string;
  /** Absolute path of the file written outside the vault. */
  readonly to: string | null;
  readonly bytes: number;
  readonly sha256: string;
  /**
   * When the clip's clock begins, in decimal seconds: times on keyframes follow this clock, times of regions begin at
   * 0.
   */
  readonly clip_start: string | null;
  readonly publication: PublicationRecord;
  /** Number of the log entry that states the copy. */
  readonly entry: number;
}

/**
 * Makes a copy of a capture's video for publication (FORMAT.md §6.1): with regions filled, without metadata, and without
 * sound unless requested. Checks the copy before storing it beside its original as a new version. Throws `usage` for
 * regions that would not hide what was meant, `not-found`, `not-as-recorded` if an original does not match the log, and
 * `io` if the copy could not be made, failed a check or could not be stored. Nothing is stored then.
 */
export async function redactCapture(
  request: RedactRequest,
  world: World,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<RedactResult> {
  // 1. check the target outside the vault, before anything is opened
  const to = request.to === null ? null : publicationDestination(request.to, request.vault);
  refuseMissingVault(request.vault);
  const needs = { vault: request.vault, command: "redact", capturing: false, fetching: null } as const;
  const resources = await openResources(needs, world);
  try {
    const object = objectOf(resources, request.id);
    // 2. make and check the copy, then store and log it
    const result = await makeAndStore(resources, world, object, request);
    // 3. write it to the target
    if (to !== null) await handOut(join(resources.vault.layout.root, result.file), to, result);
    return { ...result, to };
  } finally {
    onHead(await closeResources(resources, world));
  }
}

function objectOf({ vault }: Resources, idPart: string): StoredObject {
  const row = oneCaptureByPart(vault.database, idPart);
  refuseWithdrawn(vault.database, row.id, "redacting");
  if (row.object !== null) return readObject(join(vault.layout.root, row.object));
  throw new HoldfastError(
    "usage",
    `redacting ${row.id}: this attempt failed, and holdfast kept nothing of it`,
    `to see what is known about it: holdfast report ${row.id}`,
  );
}

async function makeAndStore(
  resources: Resources,
  world: World,
  { folder, record: { capture } }: StoredObject,
  request: RedactRequest,
): Promise<Omit<RedactResult, "to">> {
  const { vault } = resources;
  const what = `a publication copy of ${capture}`;
  const { staging } = await beginVersion(vault, capture, what, world.signal);
  try {
    // Another command may have added a version since the object was chosen.
    return await makeIn(staging, resources, world, readObject(folder), request);
  } catch (error) {
    // If the journal names the commit, the next writer finishes it and needs these files.
    if (!commitHasBegun(resources, capture)) {
      const full = isFull(vault.layout.staging);
      discardAttempt(vault, capture);
      if (full && !world.signal.aborted) throw diskFull(capture, error);
      // Where even that fails, the next writer removes it.
      await inTurn(vault, () => discardCommit(vault, capture)).catch(() => undefined);
    }
    throw notStored(capture, error);
  }
}

async function makeIn(
  staging: string,
  resources: Resources,
  world: World,
  object: StoredObject,
  request: RedactRequest,
): Promise<Omit<RedactResult, "to">> {
  const { vault } = resources;
  const { capture } = object.record;
  const startedAt = world.now().toISOString();
  const version = nextVersion(object.inventory.head);
  const folder = publicationFolder(version);
  const content = join(staging, "content");
  const places = { out: join(content, folder, "copy.mp4"), scratch: join(staging, "scratch") };
  for (const path of [join(content, folder), places.scratch])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  const made = await makePublicationCopy(resources, world, object, { ...request, ...places });
  world.signal.throwIfAborted();
  const file = storeReady(content, "publication_copy", `${folder}/copy.mp4`);
  const facts = {
    v: 1,
    capture,
    version,
    started_at: startedAt,
    ended_at: world.now().toISOString(),
  } as const;
  const record: PublicationRecord = {
    ...facts,
    ...made.facts,
    files: [file],
    runs: describeRuns(made, object, content, places.scratch),
    software: resources.software,
  };
  const ready = await syncedAside(stageCopy(vault, object, record, content));
  const { entry } = await inTurn(vault, () => commitNext(vault, ready));
  const stored = `${entry.body.object}/${version}/content/${file.path}`;
  const { bytes, sha256 } = file;
  const shown = { id: capture, file: stored, bytes, sha256, clip_start: made.clipStart };
  return { ...shown, publication: record, entry: entry.seq };
}

function stageCopy(
  vault: Vault,
  object: StoredObject,
  record: PublicationRecord,
  content: string,
): SyncedWork<ReadyVersion> {
  const problems = schemaProblems("publication", record);
  if (problems.length > 0)
    throw new Error(`the publication record would not be valid: ${problems.join("; ")}`);
  const path = `${publicationFolder(record.version)}/publication.json`;
  writeUnsynced(join(content, path), encodeCanonical(record));
  const statement = { path, ...digestFile(join(content, path)) };
  const files = [...record.files, statement];
  return stageNextVersion(vault, object.inventory, {
    capture: record.capture,
    content,
    files,
    replaced: null,
    note: { created: record.ended_at, message: "publication copy", user: vault.tool },
    event: "redact",
    body: {
      capture: record.capture,
      record_sha256: statement.sha256,
      derived_from: record.derived_from.map(({ path: from, sha256 }) => ({ path: from, sha256 })),
      files: files.map(({ path: of, bytes, sha256 }) => ({ path: of, bytes, sha256 })),
    },
  });
}

function storeReady(content: string, kind: PublicationFile["kind"], path: string): PublicationFile {
  const file = join(content, path);
  makeReadOnly(file);
  return { kind, path, ...digestFile(file) };
}

function describeRuns(
  { runs }: MadeCopy,
  object: StoredObject,
  content: string,
  scratch: string,
): PublicationRecord["runs"] {
  const places: (readonly [string, string])[] = [
    [object.folder, "<object>"],
    [content, "<content>"],
    [scratch, "<scratch>"],
  ];
  return runs.map(({ program, argv, result }) => describeRun(program, argv, result, places));
}

/** Asks the disk itself whether it is full, because the words of a failed program cannot be trusted. */
function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < 4 * 1024 * 1024;
}

function diskFull(capture: string, error: unknown): HoldfastError {
  return new HoldfastError(
    "io",
    `making a publication copy of ${capture}: the disk is full`,
    "nothing was stored; free some space, then run the same command again",
    error,
  );
}

/** Describes a disk error; returns any other error unchanged. */
function notStored(capture: string, error: unknown): unknown {
  const failure = storageFailure(error);
  if (failure === null) return error;
  const what = `making a publication copy of ${capture}: ${failure.reason}`;
  return new HoldfastError(
    "io",
    what,
    "free some space or check the disk, then run the same command again",
    error,
  );
}

/** Writes the copy to the target. It is already stored and logged, even if this fails. */
async function handOut(
  stored: string,
  to: string,
  { id, file }: Pick<RedactResult, "id" | "file">,
): Promise<void> {
  try {
    await writeOut(stored, to);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = error instanceof HoldfastError ? error.message : `writing ${to}: ${error.message}`;
    throw new HoldfastError(
      error instanceof HoldfastError ? error.code : "io",
      `${why}; the copy of ${id} is stored in the vault`,
      `copy it from there: ${file}`,
      error,
    );
  }
}
