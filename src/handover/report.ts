import { join } from "node:path";
import { sha256 } from "../audit/digest.js";
import type { Finding } from "../audit/finding.js";
import { contentFiles } from "../audit/inventory.js";
import { type LoggedFile, type LoggedVersion, loggedVersion } from "../audit/log-captures.js";
import type { RestsOn } from "../audit/log-facts.js";
import { statedValues } from "../core/capture/annotation.js";
import { headContentPaths } from "../core/capture/new-inventory.js";
import type { DerivationRecord } from "../core/capture/record.js";
import type { PageRecord } from "../core/page/page-record.js";
import { pageInForce, pagesTaken, viewOf } from "../core/page/page-taken.js";
import {
  type AnnexDetails,
  type FailedAttempt,
  outcomeOf,
  type ReportedCheck,
  type ReportedFile,
  type ReportFacts,
  type ReportPictures,
} from "../core/report/facts.js";
import { HoldfastError } from "../core/words/error.js";
import { readAnnex } from "../vault/annex.js";
import { readQuietly } from "../vault/digest-file.js";
import { type CaptureRowRecord, oneCaptureByPart } from "../vault/index/captures.js";
import { indexCheck } from "../vault/index/check.js";
import { custodyOf, type HashedEntry } from "../vault/index/custody.js";
import { schemaProblems } from "../vault/json-schemas.js";
import { pageRecordsOf, readObject, type StoredObject } from "../vault/objects.js";
import type { VaultReader } from "../vault/open-database.js";
import { readVault } from "../vault/reader.js";
import { readSettings } from "../vault/settings.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { VerifyReport } from "../verify/reports.js";
import { verifyVault } from "../verify/vault.js";
import type { World } from "../world.js";
import { readSeals, sealedBy } from "./report-seals.js";

export interface ReportRequest {
  readonly vault: string;
  /** Any part of a capture's id that no other id contains. */
  readonly id: string;
  /** Whether to include the collector and the place from the private annex; only on a person's explicit request. */
  readonly withAnnex: boolean;
}

export interface Report {
  readonly facts: ReportFacts;
  readonly pictures: ReportPictures;
}

/** A larger picture is left out of the document, in bytes. */
const largestPicture = 4 * 1024 * 1024;

/**
 * Gathers everything that the technical report of one capture states, and checks the capture. Only reads. Throws
 * `not-found`, `no-vault`, and `not-as-recorded` if the object or the log is unreadable. Anything readable that is not as
 * recorded is stated in the facts.
 */
export async function reportCapture(request: ReportRequest, world: World): Promise<Report> {
  const { vault, id } = request;
  const audit = await verifyVault({ vault, ids: [id], quick: false, index: indexCheck }, world);
  const checkedAt = world.now().toISOString();
  const read = readVault(request.vault, (reader) => readFacts(reader, request, audit.rests_on));
  const check = describeCheck(audit, read.facts, { made_at: checkedAt, tool: world.tool });
  const made = { made_at: world.now().toISOString(), tool: world.tool };
  return { facts: { ...read.facts, ...made, check }, pictures: read.pictures };
}

type StoredFacts = Omit<ReportFacts, "made_at" | "tool" | "check">;

function readFacts(
  reader: VaultReader,
  { id, withAnnex }: ReportRequest,
  restsOn: RestsOn,
): { readonly facts: StoredFacts; readonly pictures: ReportPictures } {
  const { layout, database } = reader;
  const row = oneCaptureByPart(database, id);
  refuseWithdrawn(database, row.id, "reporting on");
  const history = custodyOf(database, row.id, withAnnex);
  const object = row.object === null ? null : readObject(join(layout.root, row.object));
  const versions = history.flatMap(({ entry }) => loggedVersion(entry) ?? []);
  const records = object ? pageRecordsOf(object) : [];
  const files = object ? reportedFiles(object, records, versions) : [];
  const pages = pagesTaken(
    history.map(({ entry }) => entry),
    records,
  );
  const seals = readSeals(reader, history, restsOn);
  const facts: StoredFacts = {
    capture: row.id,
    vault_id: readSettings(layout.settings).settings.vault_id,
    outcome: object ? outcomeOf(object.record, object.derivation) : "failed",
    object: row.object,
    record: object?.record ?? null,
    derivation: object?.derivation ?? null,
    failed: object ? null : failedAttempt(row, history),
    collector: collector(reader, row, history, withAnnex),
    pages,
    files,
    hash_lists: versions.map(({ version, inventorySha512, entry }) => ({
      version,
      path: `${row.object}/${version}/inventory.json`,
      sha512: inventorySha512,
      entry,
    })),
    custody: history.map((hashed) => custodyEvent(hashed, seals.sizes)),
    checkpoints: seals.checkpoints,
    existed_not_later_than: seals.earliest,
    pending: seals.pending,
  };
  const sheet = files.find(({ kind }) => kind === "contact_sheet");
  const page = pageInForce(pages);
  const pictures = {
    contactSheet: object && sheet ? pictureOf(object, sheet) : null,
    page: object && page ? pictureOf(object, viewOf(page)) : null,
  };
  return { facts, pictures };
}

/** The files of the evidence, of the pages and of the newest derivation: sizes and SHA-256 from the log, the rest from the object. */
function reportedFiles(
  object: StoredObject,
  pages: readonly PageRecord[],
  versions: readonly LoggedVersion[],
): readonly ReportedFile[] {
  const derived = versions.filter(({ event }) => event === "derive").at(-1);
  const shown = versions.filter(
    (version) => version.event === "capture" || version.event === "page" || version === derived,
  );
  const sha512ByPath = new Map(contentFiles(object.inventory).map(({ path, sha512 }) => [path, sha512]));
  return shown.flatMap(({ version, entry, files }) =>
    files.map(({ path, bytes, sha256 }) => ({
      version,
      path,
      bytes,
      sha256,
      sha512: sha512ByPath.get(`${version}/content/${path}`) ?? null,
      ...fileNature(path, object, pages),
      entry,
    })),
  );
}

function fileNature(
  path: string,
  { record, derivation }: StoredObject,
  pages: readonly PageRecord[],
): Pick<ReportedFile, "kind" | "hashed_at" | "received_as" | "as_received"> {
  const received = record.files.find((file) => file.path === path);
  if (received) {
    const { role, hashed_at, received_as, as_received } = received;
    return { kind: role, hashed_at, received_as, as_received };
  }
  const ofPage = pages.flatMap((page) => page.files).find((file) => file.path === path);
  if (ofPage) {
    const { kind, as_received } = ofPage;
    return { kind, hashed_at: null, received_as: null, as_received };
  }
  const kind =
    path.endsWith("/page.json") && path.startsWith("page/") ? "page_record" : derivedKind(path, derivation);
  return { kind, hashed_at: null, received_as: null, as_received: false };
}

function derivedKind(path: string, derivation: DerivationRecord | null): string {
  return derivation?.files.find((file) => file.path === path)?.kind ?? "record";
}

function collector(
  { layout }: VaultReader,
  row: CaptureRowRecord,
  history: readonly HashedEntry[],
  withAnnex: boolean,
): ReportFacts["collector"] {
  const first = history.find(({ entry }) => entry.seq === row.entry)?.entry;
  const stated = first?.body.annex_sha256;
  const annexSha256 = typeof stated === "string" ? stated : null;
  const found = withAnnex ? readAnnex(layout, row.id) : null;
  if (withAnnex && found === null) {
    throw new HoldfastError(
      "not-found",
      `reading the private annex of ${row.id}: the annex is missing or unreadable`,
      "leave out --with-annex, or use a copy of the vault that includes 'private/'",
    );
  }
  const annex = found && annexDetails(found.annex, found.sha256 === annexSha256);
  return { actor: first?.actor ?? "", annex_sha256: annexSha256, annex };
}

function annexDetails(
  annex: NonNullable<ReturnType<typeof readAnnex>>["annex"],
  asLogged: boolean,
): AnnexDetails {
  return {
    as_logged: asLogged,
    collector: annex.collector,
    hostname: annex.hostname,
    os: annex.os,
    time_zone: annex.time_zone,
    received_from: annex.received_from,
    proxy: annex.proxy?.replace(/\/\/[^/]*@/, "//") ?? null,
    egress_address: annex.egress.address,
    egress_how: annex.egress.how,
    connections: annex.connections,
  };
}

/** The body of a `capture-failed` entry, as its schema has it. */
interface FailedBody {
  readonly method: string;
  readonly url: string | null;
  readonly failure: { readonly code: string; readonly reason: string };
  readonly attempts: number;
  readonly clock: FailedAttempt["clock"];
  readonly runs: FailedAttempt["runs"];
  readonly software: FailedAttempt["software"];
}

function failedAttempt(row: CaptureRowRecord, history: readonly HashedEntry[]): FailedAttempt {
  const entry = history.find((hashed) => hashed.entry.event === "capture-failed")?.entry;
  const body: unknown = entry?.body;
  if (!entry || !isFailedBody(entry, body)) {
    throw new HoldfastError(
      "not-as-recorded",
      `reading the log about ${row.id}: entry ${row.entry} does not say how the attempt failed`,
      "run 'holdfast verify' to list everything that is not as recorded",
    );
  }
  const { method, url, failure, attempts, clock, runs, software } = body;
  return { at: entry.at, method, url, ...failure, attempts, clock, runs, software };
}

function isFailedBody(entry: HashedEntry["entry"], body: unknown): body is FailedBody {
  return body === entry.body && schemaProblems("entry", entry).length === 0;
}

function custodyEvent(
  { entry, hash }: HashedEntry,
  sizes: readonly number[],
): ReportFacts["custody"][number] {
  const { seq, at, event, actor, tool } = entry;
  return { seq, at, event, actor, tool, hash, checkpoint: sealedBy(seq, sizes), detail: detailOf(entry) };
}

/** Details of an event for a reader. Never reveals other captures. */
function detailOf({ event, body }: HashedEntry["entry"]): string | null {
  const failure = body.failure;
  if (event === "export") return `${body.form}, annex: ${body.annex}, recipients: ${body.recipients}`;
  if (event === "fixity-check") return `ok: ${body.ok}, findings: ${body.findings}`;
  if (event === "capture") return String(body.status);
  if (event === "derive") return `${body.version}: ${body.completeness}`;
  if (event === "redact") return publicationDetail(body);
  if (event === "page") return `${body.version}: ${body.wall === null ? body.status : `${body.wall} wall`}`;
  if (event === "wayback") return `${body.status}: ${body.archived_url ?? body.reason ?? body.job}`;
  if (event === "derive-failed") return String(body.reason);
  if (event === "annotate") return annotationDetail(body);
  if (event === "recovery") return `${body.what}: ${body.detail}`;
  const isObject = typeof failure === "object" && failure !== null && !Array.isArray(failure);
  return isObject && "reason" in failure ? String(failure.reason) : null;
}

/** Each copy with its digest, so that anyone who finds a copy can compare it. */
function publicationDetail(body: HashedEntry["entry"]["body"]): string {
  const files = loggedVersion({ seq: 0, event: "redact", body })?.files ?? [];
  return files.map(({ path, sha256: digest }) => `${path}: SHA-256 ${digest}`).join("\n");
}

function annotationDetail(body: HashedEntry["entry"]["body"]): string {
  return statedValues(body)
    .map(([key, value]) => (value === null ? `${key}: withdrawn` : `${key}: ${value}`))
    .join("\n");
}

/** A stored picture, if it is small enough and matches the log. */
function pictureOf(object: StoredObject, stated: LoggedFile | null): string | null {
  const path = stated === null ? undefined : headContentPaths(object.inventory).get(stated.path);
  if (path === undefined || (stated?.bytes ?? 0) > largestPicture) return null;
  try {
    const bytes = readQuietly(join(object.folder, path));
    return sha256(bytes) === stated?.sha256 ? bytes.toString("base64") : null;
  } catch (error) {
    // The check reports a missing file.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

function describeCheck(
  audit: VerifyReport,
  { capture, checkpoints }: StoredFacts,
  made: Pick<ReportedCheck, "made_at" | "tool">,
): ReportedCheck {
  const findings = audit.findings.filter((finding) => concerns(finding, capture));
  const { ok, hashes, chain, signature, tokens, checked, rests_on } = audit;
  const shown = new Set(checkpoints.map(({ size }) => size));
  return {
    ...made,
    ok,
    hashes,
    chain,
    signature,
    tokens,
    rests_on: {
      keys: rests_on.keys,
      authorities: rests_on.authorities.filter(({ checkpoint }) => shown.has(checkpoint)),
      witnesses: rests_on.witnesses.filter(({ checkpoint }) => shown.has(checkpoint)),
    },
    checked: { entries: checked.entries ?? 0, files: checked.files ?? 0, bytes: checked.bytes ?? 0 },
    findings: findings.map(({ code, severity, where, message }) => ({ code, severity, where, message })),
    other_findings: audit.findings.length - findings.length,
  };
}

/** Whether a finding names no other capture: naming one could reveal a source that this report is not about. */
function concerns({ where, message }: Finding, capture: string): boolean {
  const named = `${where} ${message}`.match(/\d{8}-[0-9A-Z]{8}/g) ?? [];
  return named.every((id) => id === capture);
}
