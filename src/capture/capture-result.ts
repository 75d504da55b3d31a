import { join } from "node:path";
import type { Failure } from "../core/capture/failure-codes.js";
import { readLeftOut } from "../core/capture/left-out.js";
import { headContentPaths } from "../core/capture/new-inventory.js";
import type { CaptureRecord, RenditionClaim } from "../core/capture/record.js";
import { readRendition } from "../core/capture/rendition.js";
import { readSoundness, type Soundness, soundnessReason } from "../core/capture/soundness.js";
import { type CaptureRowRecord, captureById } from "../vault/index/captures.js";
import { readObject } from "../vault/objects.js";
import type { Vault } from "../vault/vault.js";

/** The result line of a stored capture, read back from the vault. */
export function resultOf(
  vault: Pick<Vault, "database" | "layout">,
  id: string,
  url: string,
  status?: CaptureResult["status"],
): CaptureResult {
  const row = captureById(vault.database, id);
  if (!row) throw new Error(`capture ${id} is not in the index`);
  const isHere = row.object !== null && row.status !== "withdrawn";
  const object = row.object === null || !isHere ? null : readObject(join(vault.layout.root, row.object));
  return {
    ...resultBase(url, row),
    status: status ?? (row.status === "withdrawn" ? "failed" : row.status),
    reason:
      row.reason ?? (object?.derivation ? soundnessReason(object.derivation, object.record.method) : null),
    files: object
      ? resultFiles(object.record.files, object.derivation?.files ?? [], headContentPaths(object.inventory))
      : [],
    keyframes: object?.derivation?.keyframes.length ?? 0,
    left_out: readLeftOut(object?.record.warnings ?? []),
    hint:
      row.status === "incomplete"
        ? "holdfast kept what arrived; asked for again, it is fetched once more"
        : null,
  };
}

/** The result line of a failed attempt, logged or not. */
export function failedResult(
  url: string,
  failure: Pick<Failure, "reason" | "hint">,
  id: string | null,
  entry: number | null,
): CaptureResult {
  return {
    url,
    status: "failed",
    derivation: null,
    id,
    title: null,
    object: null,
    files: [],
    keyframes: 0,
    entry,
    reason: failure.reason,
    hint: failure.hint,
    uploader: null,
    claimed_date: null,
    duration: null,
    method: null,
    rendition: null,
    decode: null,
    left_out: null,
  };
}

/** Why an earlier capture could not be reused; one line. */
export function damageOf(capture: string, problem: string): string {
  return `the earlier capture ${capture} is not as recorded (${problem}), so holdfast captured this again`;
}

/** Adds to a result what was wrong with the earlier capture; a null `damage` changes nothing. */
export function afterDamage(result: CaptureResult, damage: string | null): CaptureResult {
  if (damage === null) return result;
  return {
    ...result,
    reason: damage,
    hint: "run 'holdfast verify' to list everything that is not as recorded",
  };
}

function resultBase(url: string, row: CaptureRowRecord) {
  return {
    url,
    derivation: row.derivation,
    id: row.id,
    title: row.title,
    object: row.object,
    entry: row.entry,
    reason: row.reason,
    uploader: row.uploader,
    claimed_date: row.claimed_date,
    duration: row.duration,
    method: row.method,
    rendition: readRendition(row.rendition),
    decode: readSoundness(row.decode),
  };
}

function resultFiles(
  evidence: readonly {
    readonly role: string;
    readonly path: string;
    readonly bytes: number;
    readonly sha256: string;
  }[],
  derived: readonly {
    readonly kind: string;
    readonly path: string;
    readonly bytes: number;
    readonly sha256: string;
  }[],
  present: ReadonlyMap<string, string>,
): readonly ResultFile[] {
  return [
    ...evidence.map(({ role, path, bytes, sha256 }) => ({ role, path, bytes, sha256 })),
    ...derived
      .filter((file) => present.has(file.path))
      .map(({ kind, path, bytes, sha256 }) => ({ role: kind, path, bytes, sha256 })),
  ];
}

/** One line of `archive`, `import` or `batch` with `--json`: schema `cli-output.schema.json#/$defs/captureResult`. */
export interface CaptureResult {
  /** The URL as typed, or the file's name for an import. */
  readonly url: string;
  readonly status: "captured" | "already-captured" | "incomplete" | "failed";
  readonly derivation: "done" | "pending" | "failed" | null;
  readonly id: string | null;
  readonly title: string | null;
  /** Path relative to the vault; null if nothing was stored. */
  readonly object: string | null;
  readonly files: readonly ResultFile[];
  readonly keyframes: number;
  /** Number of the log entry that states this result. */
  readonly entry: number | null;
  /** One line; null if all went well. */
  readonly reason: string | null;
  readonly hint: string | null;
  readonly uploader: string | null;
  readonly claimed_date: string | null;
  readonly duration: string | null;
  /** How it came, now or before: fetched or imported; null where nothing is stored. */
  readonly method: CaptureRecord["method"] | null;
  /** Whether it is the best that the platform offered; null for an import, and where the record does not say. */
  readonly rendition: RenditionClaim | null;
  /** What the strict decode found of the originals; null before the first derivation. */
  readonly decode: Soundness | null;
  /** What of the post is no video and was not fetched, as a sentence; null if nothing is known to be. */
  readonly left_out: string | null;
}

export interface ResultFile {
  readonly role: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}
