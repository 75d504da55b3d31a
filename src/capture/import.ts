import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { CaptureId } from "../audit/digest.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { buildElements } from "../core/capture/elements.js";
import { type Failure, failureOf } from "../core/capture/failure-codes.js";
import type { Claim, SourceFacts } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { idInName } from "../core/lists/download-archive.js";
import { HoldfastError } from "../core/words/error.js";
import type { LocalPlace } from "../core/words/local-paths.js";
import { wellFormed } from "../core/words/printable.js";
import type { HeadReport } from "../seal/checkpoint.js";
import { sniffFile, trackExtension } from "../tools/media/kind.js";
import type { AnnexFacts } from "../vault/annex.js";
import { captureById, filesByDigest } from "../vault/index/captures.js";
import { isVault } from "../vault/layout.js";
import { beginAttempt } from "../vault/recovery.js";
import { originalsProblem } from "../vault/stored-originals.js";
import type { World } from "../world.js";
import { afterDamage, type CaptureResult, damageOf, resultOf } from "./capture-result.js";
import { deriveAndLog } from "./derive.js";
import { concernsAll, logFailure, resultAfterError } from "./failed-capture.js";
import type { Evidence } from "./gather-evidence.js";
import { type FolderContents, mediaIn } from "./import-folder.js";
import {
  extensionAlone,
  filePlaces,
  foundNames,
  type NameInRecord,
  namesToCut,
  wholeName,
} from "./import-names.js";
import {
  changedWhileRead,
  copyInBlocks,
  importFailure,
  refuseFile,
  takeImported,
} from "./import-sidecars.js";
import { localPlaces } from "./local-places.js";
import { closeResources, collectorFacts, openResources, type Resources } from "./resources.js";
import { digestOf, type HashedFile, hashFile, preserve, type RecordFacts } from "./store-capture.js";

export interface ImportRequest {
  readonly vault: string;
  /** Absolute paths of media files, or of folders that contain them. */
  readonly files: readonly string[];
  /** Where a person says the files came from: recorded as an assertion, never as fetched. */
  readonly sourceUrl: string | null;
  /** Who handed the files over; goes into the private annex only. */
  readonly receivedFrom: string | null;
  readonly again: boolean;
  readonly deep: boolean;
  /** Puts the files' names, which may identify a source, into the record. The private annex always has them. */
  readonly keepName: boolean;
}

interface Job {
  readonly request: ImportRequest;
  readonly resources: Resources;
  readonly world: World;
  /** The videos that a yt-dlp archive in the folder lists, by id. */
  readonly listed: FolderContents["listed"];
  readonly nameInRecord: NameInRecord;
}

/**
 * Captures files already on disk: copies each one, never moves or changes it, and marks it as imported. After a failure
 * the next file is still imported. `onNote` receives notes about a folder, after its files.
 */
export async function importFiles(
  request: ImportRequest,
  world: World,
  onResult: (result: CaptureResult) => void,
  onHead: (head: HeadReport) => void = () => undefined,
  onNote: (note: string) => void = () => undefined,
): Promise<readonly CaptureResult[]> {
  if (!isVault(request.vault)) refuseNothingToTake(request.files);
  const resources = await openResources({ vault: request.vault, capturing: true, fetching: null }, world);
  const results: CaptureResult[] = [];
  const nameInRecord = request.keepName ? wholeName : extensionAlone;
  try {
    for (const { files, listed, notes } of request.files.map(expand)) {
      for (const file of files) {
        world.signal.throwIfAborted();
        const result = await importFile({ request, resources, world, listed, nameInRecord }, file);
        results.push(result);
        onResult(result);
      }
      notes.forEach(onNote);
    }
  } finally {
    onHead(await closeResources(resources, world));
  }
  return results;
}

/** Expands one given path. A folder without media becomes a failed import, as a missing file does. */
function expand(path: string): FolderContents {
  const itself = { files: [path], listed: new Map(), notes: [] };
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return itself;
  const contents = mediaIn(path);
  return contents.files.length === 0 ? { ...itself, notes: contents.notes } : contents;
}

/** Throws `usage` where nothing could be taken at all: no vault is made for that. */
function refuseNothingToTake(paths: readonly string[]): void {
  const refusals = paths.flatMap((path) => expand(path).files).map(refuseFile);
  const [first] = refusals;
  if (first == null || refusals.includes(null)) return;
  const { reason, hint } = first;
  throw new HoldfastError("usage", `importing ${paths[0]}: ${reason}; no vault was made for it`, hint);
}

/** A system or format error becomes this file's failed capture, because the next file may still succeed. */
async function importFile(job: Job, typed: string): Promise<CaptureResult> {
  const { resources, world } = job;
  const capture = buildCaptureId(world.now(), world.random(5));
  const subject = wellFormed(basename(typed));
  try {
    return await importOne(job, typed, capture);
  } catch (error) {
    if (concernsAll(error)) throw error;
    const failure = world.signal.aborted
      ? failureOf("interrupted")
      : importFailure(error, [...placesOf(job, typed), ...localPlaces(resources, world)]);
    const log = (why: Failure) => fail(job, capture, subject, why);
    return resultAfterError(resources, { capture, subject }, failure, log);
  }
}

async function importOne(job: Job, typed: string, capture: CaptureId): Promise<CaptureResult> {
  const { resources, world, request } = job;
  const subject = wellFormed(basename(typed));

  // 1. check the file (links are followed) and look for an earlier capture of the same bytes
  const refusal = refuseFile(typed);
  if (refusal) return fail(job, capture, subject, refusal);
  const file = realpathSync(typed);
  const before = await digestOf(file, world.signal);
  const { known, damage } = request.again ? nothingKnown : await findKnown(job, before.sha256);
  if (known !== null) return alreadyImported(job, known, subject);

  // 2. copy into a fresh staging folder   3. hash the copy and compare it with the file
  const started = { at: world.now(), ms: world.monotonic() };
  const staging = beginAttempt(resources.vault, capture, `import of ${job.nameInRecord(subject)}`);
  const media = await takeMedia(file, join(staging, "media"), world);
  if (media.digest.sha512 !== before.sha512) return fail(job, capture, subject, changedWhileRead);

  // 4. build the record   5. commit OCFL v1 and append the `capture` entry
  const places = localPlaces(resources, world);
  const { nameInRecord } = job;
  const secrets = namesToCut(file, nameInRecord);
  const area = { folder: staging, secrets, now: world.now, signal: world.signal, places, nameInRecord };
  const listed = job.listed.get(idInName(file) ?? "") ?? null;
  const evidence = await takeImported(file, media, listed, area);
  const facts = importFacts(job, capture, started, evidence);
  const annex = importAnnex(job, capture, file, evidence);
  preserve(resources.vault, staging, facts, evidence.files.map(namedBy(nameInRecord)), annex);

  // 6. derive   7. commit OCFL v2 and append the `derive` entry
  await deriveAndLog(resources, world, capture, request.deep);
  return afterDamage(resultOf(resources.vault, capture, subject), damage);
}

async function takeMedia(file: string, copy: string, world: World): Promise<HashedFile> {
  await copyInBlocks(file, copy, world.signal);
  const name = `track-1.${trackExtension(sniffFile(copy), extname(file).slice(1).toLowerCase())}`;
  const as = {
    logicalPath: `original/${name}`,
    role: "media_track",
    receivedAs: wellFormed(basename(file)),
    asReceived: true,
  } as const;
  return hashFile(copy, as, world.now, world.signal);
}

/** The path as typed and as resolved: an error text may name either. */
function placesOf({ nameInRecord }: Job, typed: string): readonly LocalPlace[] {
  const found = existsSync(typed) ? realpathSync(typed) : typed;
  return [...new Set([typed, found])].flatMap((file) => filePlaces(file, nameInRecord));
}

function namedBy(nameInRecord: NameInRecord): (file: HashedFile) => HashedFile {
  return (file) => ({
    ...file,
    receivedAs: file.receivedAs === null ? null : nameInRecord(file.receivedAs),
  });
}

interface Known {
  readonly known: CaptureId | null;
  readonly damage: string | null;
}

const nothingKnown: Known = { known: null, damage: null };

/** Looks for an earlier capture of the same bytes whose stored originals still match their digests. */
async function findKnown(job: Job, sha256: string): Promise<Known> {
  const { vault } = job.resources;
  let damage: string | null = null;
  for (const { capture, path } of filesByDigest(vault.database, sha256)) {
    if (!path.startsWith("original/")) continue;
    const problem = await originalsProblem(vault, capture, true, job.world.signal);
    if (problem === null) return { known: capture, damage: null };
    damage = damageOf(capture, problem);
  }
  return { known: null, damage };
}

async function alreadyImported(job: Job, capture: CaptureId, subject: string): Promise<CaptureResult> {
  const { resources, world, request } = job;
  const row = captureById(resources.vault.database, capture);
  if (row?.derivation !== "done") await deriveAndLog(resources, world, capture, request.deep);
  const result = resultOf(resources.vault, capture, subject, "already-captured");
  if (request.receivedFrom === null && request.sourceUrl === null) return result;
  const reason = "already in the vault; who gave it and where it came from were not recorded again";
  return { ...result, reason, hint: "use --again to record them in a new capture" };
}

function importFacts(
  job: Job,
  capture: CaptureId,
  started: { readonly at: Date; readonly ms: number },
  evidence: Evidence,
): RecordFacts {
  const { resources, world, request } = job;
  const endedAt = world.now();
  const claimed = claimedUrl(request, evidence.source);
  const bytes = evidence.files[0]?.digest.bytes ?? 0;
  return {
    capture,
    method: "import",
    status: "captured",
    started_at: started.at.toISOString(),
    ended_at: endedAt.toISOString(),
    elapsed_ms: Math.round(world.monotonic() - started.ms),
    clock: resources.clock,
    requested_url: null,
    final_url: null,
    redirects: [],
    claimed_url: claimed,
    parent: null,
    source: evidence.source,
    requests: [],
    rendition: null,
    completeness: {
      verdict: "whole",
      grounds: [
        `all ${bytes} bytes of the file on disk were copied; file and copy have the same digests; how the file came there was not observed`,
      ],
    },
    elements: (files) =>
      buildElements({
        method: "import",
        files,
        commentsAsked: false,
        commentsCame: evidence.comments,
        whole: true,
        urlClaimedBy: request.sourceUrl !== null ? "person" : claimed !== null ? "file" : null,
      }),
    alterations: evidence.alterations,
    runs: [],
    software: resources.software,
    redactions: evidence.redactions,
    warnings: evidence.warnings,
  };
}

function claimedUrl(request: ImportRequest, source: SourceFacts): Claim<string> | null {
  if (request.sourceUrl !== null) {
    return { value: redactTypedUrl(request.sourceUrl), basis: "person_assertion", from: "--source-url" };
  }
  return source.canonical_url;
}

function importAnnex(
  job: Job,
  capture: CaptureId,
  file: string,
  { files, raw }: Pick<Evidence, "files" | "raw">,
): AnnexFacts {
  const { sourceUrl } = job.request;
  return {
    capture,
    salt: Buffer.from(job.world.random(16)).toString("hex"),
    ...collectorFacts(),
    received_from: job.request.receivedFrom,
    proxy: null,
    cookies_sha256: null,
    places: {
      "<vault>": job.resources.vault.layout.root,
      "<imported file>": wellFormed(file),
      ...foundNames(files),
      ...(sourceUrl !== null && redactTypedUrl(sourceUrl) !== sourceUrl
        ? { "<source url>": wellFormed(sourceUrl) }
        : {}),
    },
    connections: [],
    rawFiles: raw,
  };
}

function fail(job: Job, capture: CaptureId, subject: string, failure: Failure): CaptureResult {
  const annex = importAnnex(job, capture, subject, { files: [], raw: [] });
  // A file that was not imported has no record, so only the reason can keep its name.
  const reason = job.request.keepName ? `${subject}: ${failure.reason}` : failure.reason;
  return logFailure(job.resources, {
    capture,
    method: "import",
    url: null,
    subject,
    failure: { ...failure, reason },
    runs: [],
    annex,
  });
}
