import { X509Certificate } from "node:crypto";
import { signedBytes } from "../audit/signed-checkpoint.js";
import { checkTimeStamp } from "../audit/time-stamp.js";
import { configured } from "../vault/index/anchors.js";
import { stampedCheckpoints } from "../vault/index/tokens.js";
import { readCheckpoint } from "../vault/log-lookup.js";
import type { VaultReader } from "../vault/open-database.js";
import { rootsFor } from "../verify/trust.js";

/**
 * Until when the newest time-stamps hold, which cover all before them (FORMAT.md §15): of each, the first end of a
 * certificate in its chain; of them all the last. RFC 3339; null if none leads to a trusted root.
 */
export function stampedUntil({ layout, database }: Pick<VaultReader, "layout" | "database">): string | null {
  const newest = stampedCheckpoints(database).at(-1);
  if (newest === undefined) return null;
  const checkpoint = readCheckpoint(layout, newest.checkpoint);
  const signed = signedBytes(checkpoint);
  if (signed === null) return null;
  const { authorities = [] } = configured(layout);
  const ends = checkpoint.tokens.flatMap(({ kind, authority, bytes }) => {
    if (kind !== "rfc3161") return [];
    const own = authorities.find(({ name }) => name === authority)?.roots;
    const check = checkTimeStamp(bytes, signed, rootsFor(own));
    if (!("timeStamp" in check) || !check.timeStamp.root.trusted) return [];
    return [Math.min(...check.timeStamp.chain.map((der) => Date.parse(new X509Certificate(der).validTo)))];
  });
  return ends.length === 0 ? null : new Date(Math.max(...ends)).toISOString();
}
