import { type TellingDigest, tellingDigests } from "../core/package/telling-digests.js";
import type { StoredObject } from "../vault/objects.js";

/** What digests in one capture's records can reveal about the machine that collected it. */
export interface ToldByDigests {
  readonly capture: string;
  /** Never empty. */
  readonly digests: readonly TellingDigest[];
}

/** Null if the records have no such digest; records of the current format have none. */
export function toldByDigests({ record, derivation }: StoredObject): ToldByDigests | null {
  const digests = tellingDigests(record, derivation);
  return digests.length === 0 ? null : { capture: record.capture, digests };
}
