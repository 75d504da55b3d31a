import { encodeCanonical } from "../audit/canonical-json.js";
import { EntriesByCapture, longestListLine } from "../audit/entry-list.js";
import { HoldfastError } from "../core/words/error.js";
import { type SealOptions, sealHead } from "../seal/checkpoint.js";
import { logLeftovers } from "../seal/log-unlogged.js";
import { newestCheckpoint } from "../vault/log-lookup.js";
import { packagedEntries } from "../vault/package/content.js";
import { logEntry, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";

/** What a package will contain. */
interface Content {
  /** Capture ids. */
  readonly captures: readonly string[];
  readonly withAnnotations: boolean;
}

/** Bytes of an entry outside its body: more than the longest actor and tool need. */
const aroundBody = 2000;

/**
 * Logs a list of the captures' entries and signs a checkpoint that ends with it (FORMAT.md §17), so that nobody who passes
 * the package on can leave an entry out. Returns the `seq` of the list. Throws `usage` if there are more entries than one
 * list may name, the reason if the log could not be signed, and the signal's reason on an abort.
 */
export async function logExportBegun(
  vault: Vault,
  { captures, withAnnotations }: Content,
  seal: SealOptions,
  world: World,
): Promise<number> {
  const gathered = new EntriesByCapture();
  for (const { entry } of packagedEntries(vault.database, captures, withAnnotations)) gathered.add(entry);
  const body = {
    annotations: withAnnotations,
    captures: [...captures]
      .sort()
      .map((capture) => ({ capture, entries: gathered.of(capture, withAnnotations) })),
  };
  refuseLongList(body, captures);
  // Leftovers of a kill are logged before the list, because the checkpoint must end with the list.
  await logLeftovers(vault);
  const { seq } = logEntry(vault, "export-begun", body);
  const head = await sealHead(vault, world, seal);
  world.signal.throwIfAborted();
  const newest = newestCheckpoint(vault.layout);
  if (newest !== null && newest.signature !== null && newest.size === seq) return seq;
  throw (
    head.failure ??
    new HoldfastError("io", "exporting: the log could not be signed", "try to sign it: holdfast checkpoint")
  );
}

function refuseLongList(body: object, captures: readonly string[]): void {
  if (encodeCanonical(body).length + aroundBody <= longestListLine) return;
  throw new HoldfastError(
    "usage",
    `exporting ${captures.length} captures: their entries do not fit into one list`,
    "make several packages with fewer captures each",
  );
}
