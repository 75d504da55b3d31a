import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeCanonical } from "../audit/canonical-json.js";
import type { CaptureId } from "../audit/digest.js";
import { judgeCompleteness } from "../core/capture/completeness.js";
import { nextVersion } from "../core/capture/new-inventory.js";
import type { DerivationRecord, DerivedFile, Software } from "../core/capture/record.js";
import { HoldfastError } from "../core/words/error.js";
import { withoutPaths } from "../core/words/local-paths.js";
import type { HeadReport } from "../seal/checkpoint.js";
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
import { type CaptureRowRecord, captureById, oneCaptureByPart, underived } from "../vault/index/captures.js";
import { schemaProblems } from "../vault/json-schemas.js";
import { readObject, type StoredObject } from "../vault/objects.js";
import { beginVersion, inTurn, LogChanged } from "../vault/turn.js";
import { logEntry, type Vault } from "../vault/vault.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { World } from "../world.js";
import { type CaptureResult, failedResult, resultOf } from "./capture-result.js";
import { runDerivation } from "./derivation-steps.js";
import { commitHasBegun, concernsAll, storageFailure, unforeseenFailure } from "./failed-capture.js";
import { localPlaces } from "./local-places.js";
import { closeResources, openResources, type Resources } from "./resources.js";
import { noDigest } from "./stated-software.js";
import { digestOf } from "./store-capture.js";

/**
 * Derives the named captures again or, if none is named, finishes every pending or failed derivation. Throws `not-found`
 * for an id that is unknown or not unique.
 */
export async function deriveCaptures(
  request: { readonly vault: string; readonly ids: readonly string[]; readonly deep: boolean },
  world: World,
  onResult: (result: CaptureResult) => void,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<readonly CaptureResult[]> {
  const needs = { vault: request.vault, command: "derive", capturing: false, fetching: null } as const;
  const resources = await openResources(needs, world);
  const results: CaptureResult[] = [];
  try {
    const { database } = resources.vault;
    const rows =
      request.ids.length === 0
        ? underived(database)
        : request.ids.map((part) => oneCaptureByPart(database, part));
    for (const { id } of rows) refuseWithdrawn(database, id, "deriving");
    for (const row of rows) {
      const result = await deriveRow(resources, world, row, request.deep);
      world.signal.throwIfAborted();
      results.push(result);
      onResult(result);
    }
  } finally {
    onHead(await closeResources(resources, world));
  }
  return results;
}

/** Reports a damaged object as this capture's result, so that the next capture is still derived. */
async function deriveRow(
  resources: Resources,
  world: World,
  row: CaptureRowRecord,
  deep: boolean,
): Promise<CaptureResult> {
  const name = row.url ?? row.id;
  try {
    await deriveAndLog(resources, world, row.id, deep);
    return resultOf(resources.vault, row.id, name);
  } catch (error) {
    if (concernsAll(error) || row.object === null) throw error;
    const places = localPlaces(resources, world);
    return failedResult(name, unforeseenFailure(error, "cut-short", "deriving", places), row.id, row.entry);
  }
}

/**
 * Makes the derivatives of a committed capture, commits them as its next version and appends a `derive` entry. A failure
 * never touches the evidence: it is logged as `derive-failed`, and the derivation can be repeated. An interrupt leaves
 * the derivation pending.
 */
export async function deriveAndLog(
  resources: Resources,
  world: World,
  id: CaptureId,
  deep: boolean,
): Promise<void> {
  const { vault } = resources;
  const row = captureById(vault.database, id);
  refuseWithdrawn(vault.database, id, "deriving");
  if (!row?.object)
    throw new HoldfastError(
      "not-found",
      `deriving ${id}: the capture has no files to derive from`,
      "see 'holdfast list'",
    );
  if (row.method === "page")
    throw new HoldfastError(
      "usage",
      `deriving ${id}: it is a page alone, and there is no clip to derive from`,
      `to see the page: holdfast show ${id}`,
    );
  const folder = join(vault.layout.root, row.object);
  // An object that is not as recorded is no failed derivation: the caller reports it.
  readObject(folder);
  try {
    const { staging, waited } = await beginVersion(vault, id, `the derivation of ${id}`, world.signal);
    if (waited && captureById(vault.database, id)?.derivation === "done") {
      rmSync(staging, { recursive: true, force: true });
      return;
    }
    await deriveObject(resources, world, readObject(folder), staging, deep);
  } catch (error) {
    // If the journal names the commit, the next writer finishes it and needs these files.
    if (commitHasBegun(resources, id) || error instanceof LogChanged) return;
    discardAttempt(vault, id);
    if (world.signal.aborted) return;
    await logDeriveFailure(resources, world, id, error);
  }
}

async function logDeriveFailure(
  resources: Resources,
  world: World,
  id: CaptureId,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message : "unknown";
  const body = { capture: id, reason: withoutPaths(reason, localPlaces(resources, world)), runs: [] };
  try {
    await inTurn(resources.vault, () => {
      discardCommit(resources.vault, id);
      logEntry(resources.vault, "derive-failed", body);
    });
  } catch (logError) {
    // Nothing can be logged on a full disk. The derivation correctly stays pending and can be repeated later.
    if (storageFailure(logError) === null) throw logError;
  }
}

async function deriveObject(
  resources: Resources,
  world: World,
  object: StoredObject,
  staging: string,
  deep: boolean,
): Promise<void> {
  const made = join(staging, "made");
  mkdirSync(join(made, "derived"), { recursive: true });
  const startedAt = world.now().toISOString();
  const scratch = join(staging, "scratch");
  const derived = await runDerivation({ resources, world, object, content: made, scratch, deep });
  world.signal.throwIfAborted();
  // Only files that a step reports are kept; what a failed step left unfinished stays in staging.
  const content = join(staging, "content");
  const files: DerivedFile[] = [];
  for (const { kind, path } of derived.files)
    files.push(await takeDerived(made, content, kind, path, world.signal));
  const { record } = object;
  const derivation: DerivationRecord = {
    v: 1,
    capture: record.capture,
    version: nextVersion(object.inventory.head),
    status: "done",
    started_at: startedAt,
    ended_at: world.now().toISOString(),
    ...derived.facts,
    completeness: judgeCompleteness(record.completeness, derived.facts.decode, record.method),
    files,
    software: [...resources.software, ...(await derivingSoftware(resources))],
  };
  const problems = schemaProblems("derivation", derivation);
  if (problems.length > 0) throw new Error(`the derivation would not be valid: ${problems.join("; ")}`);
  mkdirSync(join(content, "derived"), { recursive: true });
  writeUnsynced(join(content, "derived/derivation.json"), encodeCanonical(derivation));
  const { vault } = resources;
  const ready = await syncedAside(stageDerivation(vault, object, derivation, content));
  await inTurn(vault, () => commitNext(vault, ready));
}

/** The software that comes with holdfast and draws pictures or reads tags, besides the programs on this machine. */
async function derivingSoftware(resources: Resources): Promise<readonly Software[]> {
  // Without perl there is no ExifTool; its step has already reported that.
  const exiftool = await resources.exiftool.version().catch(() => null);
  const drawing = await resources.pictures.libraries();
  const libraries = Object.entries({ ...(exiftool === null ? {} : { exiftool }), ...drawing });
  return libraries.map(([name, version]) => ({ name, version, ...noDigest }));
}

function stageDerivation(
  vault: Vault,
  object: StoredObject,
  derivation: DerivationRecord,
  content: string,
): SyncedWork<ReadyVersion> {
  const path = "derived/derivation.json";
  const statement = { path, ...digestFile(join(content, path)) };
  const all = [...derivation.files, statement];
  return stageNextVersion(vault, object.inventory, {
    capture: derivation.capture,
    content,
    files: all,
    replaced: "derived/",
    note: { created: derivation.ended_at, message: "derived from the originals", user: vault.tool },
    event: "derive",
    body: {
      capture: derivation.capture,
      record_sha256: statement.sha256,
      completeness: derivation.completeness.verdict,
      files: all.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    },
  });
}

async function takeDerived(
  made: string,
  content: string,
  kind: DerivedFile["kind"],
  path: string,
  signal: AbortSignal,
): Promise<DerivedFile> {
  const place = join(content, path);
  mkdirSync(dirname(place), { recursive: true });
  renameSync(join(made, path), place);
  makeReadOnly(place);
  return { kind, path, ...(await digestOf(place, signal)) };
}
