import { isJsonObject, type Json, type JsonObject, textOf } from "./canonical-json.js";
import { type CaptureId, isCaptureId, sha256 } from "./digest.js";
import type { Entry } from "./entry.js";
import { errorAt, type Finding } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";
import { pageFolder, publicationFolder } from "./inventory.js";

export interface LoggedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The events that bring a version of an object. */
export type VersionEvent = "capture" | "derive" | "redact" | "page";

/** A version of an object as the log states it. */
export interface LoggedVersion {
  readonly entry: number;
  /** The time that the entry states; empty for a commit that has no entry yet. */
  readonly at: string;
  readonly event: VersionEvent;
  readonly version: string;
  readonly inventorySha512: string;
  /** Digest of what `statementOf` names. */
  readonly recordSha256: string;
  /** Digest of the annex that a version other than the first has of its own; null for one that has none. */
  readonly annexSha256: string | null;
  readonly files: readonly LoggedFile[];
}

/** That a capture was taken out of the vault, as a `withdraw` entry states it (FORMAT.md §7.1). */
export interface Withdrawal {
  readonly entry: number;
  readonly at: string;
  /** A person's words. */
  readonly reason: string;
  readonly record: "kept" | "removed";
}

/** A capture as the log states it. */
export interface LoggedCapture {
  readonly id: string;
  /** The first entry that states it; that of its first version where none does. */
  readonly entry: number;
  /** What was fetched; null for an import, and if nothing states it. */
  readonly url: string | null;
  /** Relative to the vault; null if only a failed attempt is stated. */
  readonly object: string | null;
  /** One, or one for each entry if the id was used again. */
  readonly annexes: readonly string[];
  /** In the order of the log. If a version is stated again, both statements are compared with what is stored. */
  readonly versions: readonly LoggedVersion[];
  /** Null if it is not withdrawn; the first entry counts. */
  readonly withdrawal: Withdrawal | null;
}

/**
 * What the entries of a log or package say about captures, taken in their order: the one reading of ids that are used
 * twice and of versions out of their order (FORMAT.md §4.4).
 */
export class CaptureReading {
  private readonly captures = new Map<string, CaptureSoFar>();

  /** What is wrong with this entry in view of those before it. */
  add(entry: Entry): readonly Finding[] {
    const { seq, event, body } = entry;
    const id = textOf(body.capture);
    const version = loggedVersion(entry);
    const isStatement = event === "capture" || event === "capture-failed";
    if (id !== null && event === "withdraw") return withdraw(entry, this.captures.get(id));
    if (id === null || !(isStatement || version)) return [];
    const capture = this.captures.get(id) ?? new CaptureSoFar(id, seq);
    this.captures.set(id, capture);
    if (isStatement) return capture.state(entry, version);
    return version ? capture.addVersion(version) : [];
  }

  /** Every capture that some entry states, or states a version of, by id. */
  named(): ReadonlyMap<string, LoggedCapture> {
    return this.captures;
  }

  /**
   * The captures that a `capture` or `capture-failed` entry states. An object that no such entry states belongs to
   * nobody.
   */
  stated(): ReadonlyMap<string, LoggedCapture> {
    return new Map([...this.captures].filter(([, { isStated }]) => isStated));
  }
}

class CaptureSoFar implements LoggedCapture {
  readonly id: string;
  entry: number;
  object: string | null = null;
  url: string | null = null;
  readonly versions: LoggedVersion[] = [];
  withdrawal: Withdrawal | null = null;
  isStated = false;
  private isCaptured = false;
  readonly annexes: string[] = [];
  private readonly annexSet = new Set<string>();
  /** Version → the first entry that states it. */
  private readonly statedIn = new Map<string, number>();

  constructor(id: string, entry: number) {
    this.id = id;
    this.entry = entry;
  }

  /** Takes a `capture` or `capture-failed` entry. */
  state({ seq, event, body }: Entry, version: LoggedVersion | null): readonly Finding[] {
    const annex = textOf(body.annex_sha256);
    if (annex !== null && !this.annexSet.has(annex)) {
      this.annexSet.add(annex);
      this.annexes.push(annex);
    }
    this.object ??= textOf(body.object);
    this.url ??= textOf(body.url);
    if (version) this.keep(version);
    this.isCaptured ||= event === "capture";
    if (this.isStated)
      return [fault("id-repeated", seq, `entry ${this.entry} already states a capture with this id`)];
    this.isStated = true;
    this.entry = seq;
    return [];
  }

  addVersion(version: LoggedVersion): readonly Finding[] {
    const earlier = this.statedIn.get(version.version);
    this.keep(version);
    const unknown = "it brings a version of a capture that no entry before it states";
    return [
      ...(this.isCaptured ? [] : [fault("capture-unknown", version.entry, unknown)]),
      ...(earlier === undefined
        ? []
        : [fault("version-repeated", version.entry, `entry ${earlier} already states this version`)]),
    ];
  }

  private keep(version: LoggedVersion): void {
    this.versions.push(version);
    if (!this.statedIn.has(version.version)) this.statedIn.set(version.version, version.entry);
  }
}

/** Takes a `withdraw` entry. */
function withdraw({ seq, at, body }: Entry, capture: CaptureSoFar | undefined): readonly Finding[] {
  if (!capture?.isStated)
    return [fault("capture-unknown", seq, "it withdraws a capture that no entry before it states")];
  const { withdrawal } = capture;
  if (withdrawal !== null)
    return [fault("withdrawal-repeated", seq, `entry ${withdrawal.entry} already withdraws this capture`)];
  const record = body.record === "removed" ? "removed" : "kept";
  capture.withdrawal = { entry: seq, at, reason: textOf(body.reason) ?? "", record };
  return [];
}

function fault(code: FindingCode, seq: number, message: string): Finding {
  return errorAt(code, `entry:${seq}`, message);
}

/**
 * The object's folder relative to the vault, by OCFL extension 0003 with one tuple of two:
 * `20261123-ABCDEFGH` lies at `objects/<first two hex digits of its SHA-256>/20261123-ABCDEFGH`.
 */
export function objectPath(id: CaptureId): string {
  return `objects/${sha256(id).slice(0, 2)}/${id}`;
}

/**
 * Whether an entry names its object only by the path that follows from the capture's id, and versions only by number.
 */
export function isOwnPlace({ capture, object, version }: JsonObject): boolean {
  if (object === undefined && version === undefined) return true;
  const own = typeof capture === "string" && isCaptureId(capture) ? objectPath(capture) : null;
  return own !== null && object === own && typeof version === "string" && /^v[1-9]\d*$/.test(version);
}

/** That an entry names an object or version outside the place of its capture. */
export function placeFindings({ seq, body }: Pick<Entry, "seq" | "body">): readonly Finding[] {
  if (isOwnPlace(body)) return [];
  return [fault("log-object", seq, "it names an object or version outside the place of that capture")];
}

/** The version that an entry states; null for one that brings none. */
export function loggedVersion({
  seq,
  at = "",
  event,
  body,
}: Pick<Entry, "seq" | "event" | "body"> & Partial<Pick<Entry, "at">>): LoggedVersion | null {
  if (!isVersionEvent(event)) return null;
  const version = textOf(body.version);
  const inventorySha512 = textOf(body.inventory_sha512);
  const recordSha256 = textOf(body.record_sha256);
  if (version === null || inventorySha512 === null || recordSha256 === null) return null;
  const annexSha256 = event === "page" ? textOf(body.annex_sha256) : null;
  const files = filesOf(body.files);
  return { entry: seq, at, event, version, inventorySha512, recordSha256, annexSha256, files };
}

const versionEvents: readonly string[] = ["capture", "derive", "redact", "page"] satisfies VersionEvent[];

function isVersionEvent(event: string): event is VersionEvent {
  return versionEvents.includes(event);
}

/** Logical path and schema of the record that comes with a version: what was captured, derived, made for publication or seen. */
export function statementOf({ event, version }: Pick<LoggedVersion, "event" | "version">): {
  readonly path: string;
  readonly schema: "record" | "derivation" | "publication" | "page";
} {
  if (event === "capture") return { path: "record.json", schema: "record" };
  if (event === "derive") return { path: "derived/derivation.json", schema: "derivation" };
  if (event === "page") return { path: `${pageFolder(version)}/page.json`, schema: "page" };
  return { path: `${publicationFolder(version)}/publication.json`, schema: "publication" };
}

function filesOf(value: Json | undefined): readonly LoggedFile[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).map((file) => ({
    path: textOf(file.path) ?? "",
    bytes: typeof file.bytes === "number" ? file.bytes : -1,
    sha256: textOf(file.sha256) ?? "",
  }));
}
