import { existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { CaptureId } from "../audit/digest.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { buildElements } from "../core/capture/elements.js";
import { type Failure, failureOf } from "../core/capture/failure-codes.js";
import type { LeftOutFile } from "../core/capture/left-out-files.js";
import type { Claim, SourceFacts } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { isUnsound } from "../core/capture/soundness.js";
import { idInName } from "../core/lists/download-archive.js";
import type { LocalPlace } from "../core/words/local-paths.js";
import { nameOfBytes } from "../core/words/path-bytes.js";
import { wellFormed } from "../core/words/printable.js";
import type { HeadReport } from "../seal/checkpoint.js";
import { configFolder } from "../seal/config-folder.js";
import { lookAt, noReader, type Seen } from "../tools/media/footage.js";
import { isMediaExtension, sniffFile, trackExtension } from "../tools/media/kind.js";
import type { AnnexFacts } from "../vault/annex.js";
import { syncedAside } from "../vault/durable.js";
import { captureById, filesByDigest } from "../vault/index/captures.js";
import { isVault } from "../vault/layout.js";
import { beginAttempt } from "../vault/recovery.js";
import { originalsProblem } from "../vault/stored-originals.js";
import { inTurn } from "../vault/turn.js";
import type { World } from "../world.js";
import { afterDamage, type CaptureResult, damageOf, resultOf } from "./capture-result.js";
import { deriveAndLog } from "./derive.js";
import { digestOfFound, digestsOf, saysAsMuch, tellWithdrawn } from "./earlier-import.js";
import { concernsAll, logFailure, resultAfterError } from "./failed-capture.js";
import { bytesOf, type FoundPath, resolvedPath, shownPath, splitPath } from "./found-path.js";
import type { Evidence } from "./gather-evidence.js";
import type { FolderContents, Look } from "./import-folder.js";
import {
  extensionAlone,
  filePlaces,
  foundNames,
  type NameInRecord,
  namesToCut,
  placeBytes,
  wholeName,
} from "./import-names.js";
import { expand, givenPaths, refuseNothingToTake } from "./import-paths.js";
import {
  changedWhileRead,
  copyInBlocks,
  type FileToImport,
  importFailure,
  refuseFile,
  takeImported,
} from "./import-sidecars.js";
import { localPlaces } from "./local-places.js";
import { closeResources, collectorFacts, openResources, type Resources } from "./resources.js";
import { type HashedFile, hashFile, type RecordFacts, stageCapture, storeCapture } from "./store-capture.js";

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
  readonly look: Look;
}

/** What an import tells as it goes on. */
export interface ImportEvents {
  readonly onResult: (result: CaptureResult) => void;
  readonly onHead?: (head: HeadReport) => void;
  /** Something of a folder that was not taken, after the files of it. */
  readonly onLeftOut?: (file: LeftOutFile) => void;
  /** A note about a folder, after its files. */
  readonly onNote?: (note: string) => void;
}

export interface ImportReport {
  readonly results: readonly CaptureResult[];
  /** How many files and folders were seen and not taken. */
  readonly leftOut: number;
}

/**
 * Captures files already on disk: copies each one, never moves or changes it, and marks it as imported. After a failure
 * the next file is still imported.
 */
export async function importFiles(
  request: ImportRequest,
  world: World,
  events: ImportEvents,
): Promise<ImportReport> {
  const own = { vault: request.vault, config: configFolder(world.env) };
  if (!isVault(request.vault)) await refuseNothingToTake(request.files, own, world.signal);
  const needs = { vault: request.vault, command: "import", capturing: true, fetching: null } as const;
  const resources = await openResources(needs, world);
  const results: CaptureResult[] = [];
  let leftOut = 0;
  const nameInRecord = request.keepName ? wholeName : extensionAlone;
  const look = lookWith(resources, world);
  try {
    const given = givenPaths(request.files);
    for (const typed of given) {
      const contents = await expand(typed, own, look);
      const job = { request, resources, world, listed: contents.listed, nameInRecord, look };
      for (const file of contents.files) {
        world.signal.throwIfAborted();
        const result = await importFile(job, file);
        results.push(result);
        events.onResult(result);
      }
      leftOut += contents.leftOut.length;
      const at = given.length > 1 ? `${shownPath(contents.folder)}/` : "";
      for (const { name, why } of contents.leftOut) events.onLeftOut?.({ name: `${at}${name}`, why });
      for (const note of contents.notes) events.onNote?.(note);
    }
  } finally {
    const head = await closeResources(resources, world);
    events.onHead?.(head);
  }
  return { results, leftOut };
}

function lookWith(resources: Resources, world: World): Look {
  const scratch = join(resources.scratch, "looks");
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const { signal } = world;
  return (file, extension) => lookAt({ ffprobe: resources.ffprobe.path, file, extension, scratch, signal });
}

/** A system or format error becomes this file's failed capture, because the next file may still succeed. */
async function importFile(job: Job, found: FileToImport): Promise<CaptureResult> {
  const { resources, world } = job;
  const capture = buildCaptureId(world.now(), world.random(5));
  const subject = nameOf(found);
  try {
    return await importOne(job, found, capture);
  } catch (error) {
    if (concernsAll(error)) throw error;
    const failure = world.signal.aborted
      ? failureOf("interrupted")
      : importFailure(error, [...placesOf(job, found), ...localPlaces(resources, world)]);
    const log = (why: Failure) => fail(job, capture, found, why);
    return await resultAfterError(resources, { capture, subject }, failure, log);
  }
}

function nameOf({ place }: FileToImport): string {
  return wellFormed(basename(shownPath(place)));
}

async function importOne(job: Job, found: FileToImport, capture: CaptureId): Promise<CaptureResult> {
  const { resources, world } = job;
  const subject = nameOf(found);
  const { file } = found;

  // 1. check the file (links are followed) and look for an earlier capture of the same bytes with the same words
  const refusal = refuseOwn(file, resources.vault.layout.root) ?? refuseFile(file);
  if (refusal) return fail(job, capture, found, refusal);
  const before = await digestOfFound(file, world.signal);
  const { vault } = resources;
  const countAlike = () => [...filesByDigest(vault.database, before.sha256)].length;
  const alike = countAlike();
  const { known, damage } = await findKnown(job, found, before.sha256);
  if (known !== null) return alreadyImported(job, known, subject);

  // 2. copy into a fresh staging folder   3. hash the copy and compare it with the file
  const started = { at: world.now(), ms: world.monotonic() };
  const staging = beginAttempt(vault, capture, `import of ${job.nameInRecord(subject)}`);
  const { media, doubt } = await takeMedia(job, found, join(staging, "media"));
  if (media.digest.sha512 !== before.sha512) return fail(job, capture, found, changedWhileRead);

  // 4. build the record   5. commit OCFL v1 and append the `capture` entry
  const places = localPlaces(resources, world);
  const { nameInRecord } = job;
  const secrets = [...new Set([found.place, file].flatMap((path) => namesToCut(path, nameInRecord)))];
  const area = { folder: staging, secrets, now: world.now, signal: world.signal, places, nameInRecord };
  const listed = job.listed.get(idInName(subject) ?? "") ?? null;
  const taken = await takeImported(found, media, listed, area);
  const evidence = { ...taken, warnings: [...warningsOf(found, doubt), ...taken.warnings] };
  const facts = importFacts(job, capture, started, evidence);
  const annex = importAnnex(job, capture, found, evidence);
  const files = evidence.files.map(namedBy(nameInRecord));
  const ready = await syncedAside(stageCapture(vault, staging, facts, files, annex));
  const store = () => storeCapture(vault, ready);
  // Another command may have imported the same bytes meanwhile.
  const isStored = await inTurn(vault, () => countAlike() === alike && store());
  const { known: since } = isStored ? { known: null } : await findKnown(job, found, before.sha256);
  if (since !== null) {
    rmSync(staging, { recursive: true, force: true });
    return alreadyImported(job, since, subject);
  }
  if (!isStored) await inTurn(vault, store);

  // 6. derive   7. commit OCFL v2 and append the `derive` entry
  await deriveAndLog(resources, world, capture, job.request.deep);
  const result = afterDamage(resultOf(resources.vault, capture, subject), damage);
  return withDoubt(result, damage === null ? doubt : null);
}

/** A result with what holdfast knows of the file's kind: more than that nothing in it could be read. */
function withDoubt(result: CaptureResult, doubt: string | null): CaptureResult {
  if (doubt === null) return result;
  if (!isUnsound(result.decode)) return { ...result, reason: doubt };
  const hint = "it is stored as it came; another program may open it";
  return { ...result, reason: `${result.decode}: ${doubt}`, hint };
}

function warningsOf({ place, file }: FileToImport, doubt: string | null): readonly string[] {
  const isLink = !bytesOf(place).equals(bytesOf(file)) && lstatSync(place).isSymbolicLink();
  return [...(isLink ? ["the file was reached through a link"] : []), ...(doubt === null ? [] : [doubt])];
}

/** What holdfast made of evidence must not become evidence: an original in the vault is logged already. */
function refuseOwn(file: FoundPath, root: string): Failure | null {
  const vault = existsSync(root) ? bytesOf(resolvedPath(root)).toString("latin1") : root;
  if (!`${bytesOf(file).toString("latin1")}/`.startsWith(`${vault}/`)) return null;
  return {
    code: "not-media",
    reason: "it lies in this vault, where everything is logged already",
    hint: "to see what the vault holds: holdfast list",
    retry: false,
  };
}

/** The copy under its name in the object, and what a person should know if the file is not plainly video or sound. */
async function takeMedia(
  { world, look }: Job,
  { place, file }: FileToImport,
  copy: string,
): Promise<{ readonly media: HashedFile; readonly doubt: string | null }> {
  await copyInBlocks(file, copy, world.signal);
  const name = wellFormed(basename(shownPath(place)));
  const extension = extname(name).slice(1).toLowerCase();
  const seen = await look(copy, extension);
  const kind = seen.is === "footage" ? seen.kind : sniffFile(copy);
  // Of a closed list: what its name calls footage must not pass for something that never was any.
  const isNamed = seen.is === "claimed" && isMediaExtension(extension);
  const ending = isNamed ? extension : trackExtension(kind, extension);
  const as = {
    logicalPath: `original/track-1.${ending}`,
    role: "media_track",
    receivedAs: name,
    asReceived: true,
  } as const;
  return { media: await hashFile(copy, as, world.now, world.signal), doubt: doubtAbout(seen) };
}

function doubtAbout(seen: Seen): string | null {
  switch (seen.is) {
    case "footage":
      return noReader(seen.kind);
    case "picture":
      return "this is a picture, not a video; it is kept as it is";
    case "claimed":
    case "text":
    case "other":
      return `this is ${seen.what}; it is kept as it is`;
  }
}

/** The paths as found and as resolved: an error text may name either. */
function placesOf({ nameInRecord }: Job, { place, file }: FileToImport): readonly LocalPlace[] {
  return [place, file].flatMap((path) => filePlaces(path, nameInRecord));
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

/**
 * Looks for an earlier capture of the same bytes whose stored originals still match their digests, and with which
 * everything came that this import says of them. The same bytes from another source are a capture of their own.
 */
async function findKnown(job: Job, found: FileToImport, sha256: string): Promise<Known> {
  const { vault } = job.resources;
  let damage: string | null = null;
  if (job.request.again) return { known: null, damage };
  const said = {
    ...job.request,
    beside: await digestsOf(
      found.companions.map(({ file }) => file),
      job.world.signal,
    ),
  };
  for (const { capture, path } of filesByDigest(vault.database, sha256)) {
    const asMuch = path.startsWith("original/") && saysAsMuch(vault, capture, said);
    if (asMuch === false) continue;
    const problem = await originalsProblem(vault, capture, true, job.world.signal);
    if (problem === null && asMuch) return { known: capture, damage: null };
    if (problem !== null) damage = damageOf(capture, problem);
  }
  tellWithdrawn(vault, sha256, job.world);
  return { known: null, damage };
}

async function alreadyImported(job: Job, capture: CaptureId, subject: string): Promise<CaptureResult> {
  const { resources, world, request } = job;
  const row = captureById(resources.vault.database, capture);
  if (row?.derivation !== "done") await deriveAndLog(resources, world, capture, request.deep);
  return resultOf(resources.vault, capture, subject, "already-captured");
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

/** The bytes of every path and name in the annex that is no UTF-8, by its placeholder. */
function bytesOfPlaces(
  { place, file, companions }: FileToImport,
  names: Readonly<Record<string, string>>,
): Pick<AnnexFacts, "place_bytes"> {
  const odd = [place, ...companions.map((one) => one.place)]
    .filter((path) => typeof path !== "string")
    .map((path) => splitPath(path).name);
  const named = Object.entries(names).flatMap(([mark, name]) => {
    const bytes = odd.find((one) => wellFormed(nameOfBytes(one)) === name);
    return bytes === undefined ? [] : [[mark, bytes.toString("hex")] as const];
  });
  const paths = {
    "<imported file>": place,
    ...(bytesOf(place).equals(bytesOf(file)) ? {} : { "<link target>": file }),
  };
  const place_bytes = { ...placeBytes(paths), ...Object.fromEntries(named) };
  return Object.keys(place_bytes).length === 0 ? {} : { place_bytes };
}

function importAnnex(
  job: Job,
  capture: CaptureId,
  found: FileToImport,
  evidence: Pick<Evidence, "files" | "raw">,
): AnnexFacts {
  const { place, file } = found;
  const isLink = !bytesOf(place).equals(bytesOf(file));
  const names = foundNames(evidence);
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
      "<imported file>": wellFormed(shownPath(place)),
      ...(isLink ? { "<link target>": wellFormed(shownPath(file)) } : {}),
      ...names,
      ...(sourceUrl !== null && redactTypedUrl(sourceUrl) !== sourceUrl
        ? { "<source url>": wellFormed(sourceUrl) }
        : {}),
    },
    ...bytesOfPlaces(found, names),
    connections: [],
    rawFiles: evidence.raw,
  };
}

function fail(job: Job, capture: CaptureId, found: FileToImport, failure: Failure) {
  const subject = nameOf(found);
  const annex = importAnnex(job, capture, found, { files: [], raw: [] });
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
