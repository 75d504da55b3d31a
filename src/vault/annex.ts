import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { encodeCanonical, isJsonObject, parseForeignJson } from "../audit/canonical-json.js";
import { type CaptureId, sha256 } from "../audit/digest.js";
import { FormatError } from "../audit/finding.js";
import { digestFile, readQuietly } from "./digest-file.js";
import { makeReadOnly } from "./disk-niceties.js";
import { writeUnsynced } from "./durable.js";
import { schemaProblems } from "./json-schemas.js";
import type { VaultLayout } from "./layout.js";

/** One connection that the egress guard let through or refused. */
export interface AnnexConnection {
  readonly at: string;
  readonly host: string;
  readonly port: number;
  readonly address: string | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly refused: string | null;
}

/**
 * Who and where: kept under `private/`, never exported by default. The log holds only its hash; the salt keeps
 * anybody from guessing the names behind that hash. Schema `annex.schema.json`, FORMAT.md §9.
 */
export interface AnnexFacts {
  readonly capture: CaptureId;
  /** 16 random bytes as hex. */
  readonly salt: string;
  readonly collector: string | null;
  readonly hostname: string | null;
  readonly os: string;
  readonly time_zone: string;
  readonly received_from: string | null;
  readonly proxy: string | null;
  readonly cookies_sha256: string | null;
  /** What each placeholder in the record's argument lists stood for. */
  readonly places: Readonly<Record<string, string>>;
  /** The bytes in hex of each place that is no UTF-8; absent where all are. */
  readonly place_bytes?: Readonly<Record<string, string>>;
  readonly connections: readonly AnnexConnection[];
  /** Raw files that go beside the annex: absolute staging path → fixed name. */
  readonly rawFiles: readonly { readonly path: string; readonly name: string }[];
}

/** Writes `annex.json` and the raw files into a new folder, which the commit syncs; the SHA-256 that the entry states. */
export function writeAnnex(folder: string, facts: AnnexFacts): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = facts.rawFiles.map(({ path, name }) => {
    const place = join(folder, name);
    renameSync(path, place);
    makeReadOnly(place);
    const { bytes, sha256: digest } = digestFile(place);
    return { path: name, bytes, sha256: digest };
  });
  const { rawFiles: _, ...stated } = facts;
  const text = encodeCanonical({
    v: 1,
    ...stated,
    egress: { address: null, how: "not asked: no request is sent to anybody but the source" },
    files,
  });
  writeUnsynced(join(folder, "annex.json"), text, 0o400);
  return sha256(text);
}

/** What a placeholder stood for, according to a capture's annex; null if the annex or the placeholder is missing. */
export function annexPlace(layout: VaultLayout, capture: CaptureId, placeholder: string): string | null {
  try {
    const annex = parseForeignJson(readFileSync(join(layout.private, capture, "annex.json"), "utf8"));
    const places = isJsonObject(annex) ? annex.places : null;
    const value = isJsonObject(places ?? null)
      ? Object.entries(places ?? {}).find(([name]) => name === placeholder)
      : null;
    return typeof value?.[1] === "string" ? value[1] : null;
  } catch {
    return null;
  }
}

/** `annex.json` as it is stored; the raw files beside it are listed in it and not read. */
type StoredAnnex = Omit<AnnexFacts, "rawFiles"> & {
  readonly egress: { readonly address: string | null; readonly how: string };
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
};

/**
 * The private annex of a capture with the SHA-256 of its bytes; null if this vault has none that can be read. The
 * caller must compare it with the one that was logged.
 */
export function readAnnex(
  layout: VaultLayout,
  capture: string,
): { readonly annex: StoredAnnex; readonly sha256: string } | null {
  try {
    const bytes = readQuietly(join(layout.private, capture, "annex.json"));
    const annex: unknown = parseForeignJson(bytes.toString("utf8"));
    return isAnnex(annex) ? { annex, sha256: sha256(bytes) } : null;
  } catch (error) {
    if (error instanceof FormatError || (error instanceof Error && "code" in error)) return null;
    throw error;
  }
}

function isAnnex(value: unknown): value is StoredAnnex {
  return schemaProblems("annex", value).length === 0;
}
