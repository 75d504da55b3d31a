import { join } from "node:path";
import { parseForeignJson } from "../audit/canonical-json.js";
import { sha256 } from "../audit/digest.js";
import { FormatError } from "../core/format-error.js";
import type { AnnexFacts } from "./annex.js";
import { readQuietly } from "./digest-file.js";
import { schemaProblems } from "./json-schemas.js";
import type { VaultLayout } from "./layout.js";

/** `annex.json` as it is stored; the raw files beside it are listed in it and not read. */
export type StoredAnnex = Omit<AnnexFacts, "rawFiles"> & {
  readonly egress: { readonly address: string | null; readonly how: string };
};

/**
 * The private annex of a capture with the SHA-256 of its bytes; null where this vault has none that can be read. Whether
 * it is the one that was logged is for the caller to compare.
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
