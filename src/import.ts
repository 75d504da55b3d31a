import { copyFileSync, existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { resultOf } from "./capture-result.js";
import { buildCaptureId, type CaptureId } from "./core/capture-id.js";
import { buildElements } from "./core/elements.js";
import type { Failure } from "./core/failure.js";
import type { Claim, SourceFacts } from "./core/record.js";
import { wellFormed } from "./core/well-formed.js";
import { deriveAndLog } from "./derive.js";
import { type Desk, type Evidence, joinEvidence, takeInfoJson } from "./evidence.js";
import { logFailure, resultAfterFault, storageFailure } from "./failed-capture.js";
import type { CaptureResult, World } from "./outcome.js";
import { type HashedFile, hashFile, preserve, type RecordFacts } from "./preserve.js";
import { sniffFile, trackExtension } from "./tools/media-kind.js";
import type { AnnexFacts } from "./vault/annex.js";
import { filesByDigest } from "./vault/captures.js";
import { digestFile } from "./vault/digest-file.js";
import { beginAttempt } from "./vault/recovery.js";
import { closeWorkshop, collectorFacts, openWorkshop, type Workshop } from "./workshop.js";

export interface ImportRequest {
  readonly vault: string;
  /** Absolute paths of files, or of folders whose media files are meant. */
  readonly files: readonly string[];
  /** Where somebody says the files came from; recorded as that person's word, never as fetched. */
  readonly sourceUrl: string | null;
  /** Who handed the files over; private annex only. */
  readonly receivedFrom: string | null;
  readonly again: boolean;
  readonly deep: boolean;
}

interface Job {
  readonly request: ImportRequest;
  readonly workshop: Workshop;
  readonly world: World;
}

/** Files that belong to a media file by their name, as yt-dlp writes them. */
const sidecarRoles: Readonly<Record<string, HashedFile["role"]>> = {
  ".jpg": "thumbnail",
  ".jpeg": "thumbnail",
  ".png": "thumbnail",
  ".webp": "thumbnail",
  ".vtt": "subtitle",
  ".srt": "subtitle",
};

/**
 * Captures files already on disk: each is copied, never moved or changed, and marked as imported. One file's failure
 * never keeps the next from being imported.
 */
export async function importFiles(
  request: ImportRequest,
  world: World,
  onResult: (result: CaptureResult) => void,
): Promise<readonly CaptureResult[]> {
  const workshop = await openWorkshop({ vault: request.vault, fetching: null }, world);
  const results: CaptureResult[] = [];
  try {
    for (const file of request.files.flatMap(expandFolder)) {
      world.signal.throwIfAborted();
      const result = await importTarget({ request, workshop, world }, file);
      results.push(result);
      onResult(result);
    }
  } finally {
    await closeWorkshop(workshop);
  }
  return results;
}

/** A folder stands for the media files in it, in order of name; sidecars come along with their media file. */
function expandFolder(path: string): readonly string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .map((name) => join(path, name))
    .filter((file) => lstatSync(file).isFile() && !["text", "unknown"].includes(sniffFile(file)))
    .filter((file) => sidecarRoles[extname(file).toLowerCase()] === undefined);
}

async function importTarget(job: Job, file: string): Promise<CaptureResult> {
  const capture = buildCaptureId(job.world.now(), job.world.random(5));
  try {
    return await importOne(job, file, capture);
  } catch (error) {
    const failure = storageFailure(error);
    if (failure === null) throw error;
    return resultAfterFault(job.workshop, capture, basename(file), failure);
  }
}

async function importOne(job: Job, file: string, capture: CaptureId): Promise<CaptureResult> {
  const { workshop, world, request } = job;
  const subject = wellFormed(basename(file));

  // 1. check the file and look for an earlier capture of the same bytes
  const refusal = refuseFile(file);
  if (refusal) return fail(job, capture, subject, refusal);
  const before = digestFile(file);
  const known = filesByDigest(workshop.vault.database, before.sha256).find(({ path }) =>
    path.startsWith("original/"),
  );
  if (known && !request.again) return alreadyImported(job, known.capture, subject);

  // 2. copy into a staging folder of its own   3. hash the copy and compare it with the file
  const startedAt = world.now();
  const staging = beginAttempt(workshop.vault, capture, `import of ${subject}`);
  const copy = join(staging, "media");
  copyFileSync(file, copy);
  const name = `track-1.${trackExtension(sniffFile(file), extname(file).slice(1).toLowerCase())}`;
  const media = hashFile(
    copy,
    { logicalPath: `original/${name}`, role: "media_track", receivedAs: subject, asReceived: true },
    world.now,
  );
  if (media.digest.sha512 !== before.sha512) return fail(job, capture, subject, changedWhileCopied);

  // 4. build the record   5. commit OCFL v1 and append the `capture` entry
  const evidence = takeSidecars(file, media, { folder: staging, secrets: [], now: world.now });
  const facts = importFacts(job, capture, startedAt, evidence);
  preserve(workshop.vault, staging, facts, evidence.files, importAnnex(job, capture, file, evidence.raw));

  // 6. derive   7. commit OCFL v2 and append the `derive` entry
  await deriveAndLog(workshop, world, capture, request.deep);
  return resultOf(workshop.vault, capture, subject);
}

async function alreadyImported(job: Job, capture: CaptureId, subject: string): Promise<CaptureResult> {
  const result = resultOf(job.workshop.vault, capture, subject, "already-captured");
  if (result.derivation === "done") return result;
  await deriveAndLog(job.workshop, job.world, capture, job.request.deep);
  return resultOf(job.workshop.vault, capture, subject, "already-captured");
}

/** The copy and everything that lies beside the file under the same name. */
function takeSidecars(file: string, media: HashedFile, desk: Desk): Evidence {
  const stem = basename(file, extname(file));
  const info = join(dirname(file), `${stem}.info.json`);
  let infoCopy = null;
  if (existsSync(info) && lstatSync(info).isFile()) {
    infoCopy = { path: join(desk.folder, "media.info.json"), bytes: statSync(info).size };
    copyFileSync(info, infoCopy.path);
  }
  const metadata = takeInfoJson(infoCopy, desk);
  const beside = readdirSync(dirname(file))
    .filter((name) => name.startsWith(`${stem}.`) && sidecarRoles[extname(name).toLowerCase()] !== undefined)
    .sort()
    .map((name, index) => takeSidecar(join(dirname(file), name), index + 1, desk));
  const source = importedClaims(metadata.source, media.receivedAs);
  return joinEvidence(source, [{ files: [media] }, metadata, { files: beside }]);
}

function takeSidecar(file: string, number: number, desk: Desk): HashedFile {
  const extension = extname(file).toLowerCase();
  const role = sidecarRoles[extension] ?? "sidecar";
  const copy = join(desk.folder, `sidecar-${number}`);
  copyFileSync(file, copy);
  const as = {
    logicalPath: `source/${role}-${number}${extension}`,
    role,
    receivedAs: wellFormed(basename(file)),
  };
  return hashFile(copy, { ...as, asReceived: true }, desk.now);
}

/** What a metadata file beside an imported file says is that file's claim: holdfast did not see the platform say it. */
function importedClaims(source: SourceFacts, fileName: string | null): SourceFacts {
  const entries = Object.entries(source).map(([key, claim]) => [
    key,
    claim === null ? null : { ...claim, basis: "file_claim", from: `${claim.from} beside the imported file` },
  ]);
  const claims: SourceFacts = { ...source, ...Object.fromEntries(entries) };
  if (claims.title !== null || fileName === null) return claims;
  return { ...claims, title: { value: fileName, basis: "file_claim", from: "name of the imported file" } };
}

function importFacts(job: Job, capture: CaptureId, startedAt: Date, evidence: Evidence): RecordFacts {
  const { workshop, world, request } = job;
  const endedAt = world.now();
  const claimed = claimedUrl(request, evidence.source);
  const bytes = evidence.files[0]?.digest.bytes ?? 0;
  return {
    capture,
    method: "import",
    status: "captured",
    started_at: startedAt.toISOString(),
    ended_at: endedAt.toISOString(),
    elapsed_ms: Math.max(0, endedAt.getTime() - startedAt.getTime()),
    clock: workshop.clock,
    requested_url: null,
    final_url: null,
    redirects: [],
    claimed_url: claimed,
    parent: null,
    source: evidence.source,
    requests: [],
    completeness: {
      verdict: "whole",
      grounds: [
        `all ${bytes} bytes of the file on disk were copied, file and copy have the same digests; how the file came there was not observed`,
      ],
    },
    elements: (files) =>
      buildElements({ method: "import", files, commentsAsked: false, urlClaimed: claimed !== null }),
    alterations: evidence.alterations,
    runs: [],
    software: workshop.software,
    redactions: evidence.redactions,
    warnings: evidence.warnings,
  };
}

function claimedUrl(request: ImportRequest, source: SourceFacts): Claim<string> | null {
  if (request.sourceUrl !== null) {
    return { value: wellFormed(request.sourceUrl), basis: "person_assertion", from: "--source-url" };
  }
  return source.canonical_url;
}

function importAnnex(job: Job, capture: CaptureId, file: string, raw: AnnexFacts["rawFiles"]): AnnexFacts {
  return {
    capture,
    salt: Buffer.from(job.world.random(16)).toString("hex"),
    ...collectorFacts(),
    received_from: job.request.receivedFrom,
    proxy: null,
    cookies_sha256: null,
    places: { "<vault>": job.workshop.vault.layout.root, "<imported file>": wellFormed(file) },
    connections: [],
    rawFiles: raw,
  };
}

function refuseFile(file: string): Failure | null {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found)
    return { code: "not-found", reason: "there is no such file", hint: "check the path", retry: false };
  if (!found.isFile())
    return { code: "not-media", reason: "it is not a regular file", hint: "name a file", retry: false };
  if (found.size === 0)
    return {
      code: "empty",
      reason: "the file is empty",
      hint: "copy it from its source again",
      retry: false,
    };
  return null;
}

const changedWhileCopied: Failure = {
  code: "cut-short",
  reason: "the file changed while it was copied",
  hint: "wait until nothing writes to it, then import it again",
  retry: true,
};

function fail(job: Job, capture: CaptureId, subject: string, failure: Failure): CaptureResult {
  const annex = importAnnex(job, capture, subject, []);
  // The log has no other place for the name of a file that was never taken in.
  const named = { ...failure, reason: `${subject}: ${failure.reason}` };
  return logFailure(job.workshop, {
    capture,
    method: "import",
    url: null,
    subject,
    failure: named,
    runs: [],
    annex,
  });
}
