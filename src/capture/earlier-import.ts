import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { CaptureRecord } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { HoldfastError } from "../core/words/error.js";
import { maxInfoJsonBytes } from "../tools/run/limits.js";
import { readAnnex } from "../vault/annex.js";
import type { FileDigest } from "../vault/digest-file.js";
import { captureById, withdrawnWith } from "../vault/index/captures.js";
import { readObject } from "../vault/objects.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import type { FoundPath } from "./found-path.js";
import { digestOf } from "./store-capture.js";

/** What an import says of a file besides its bytes. */
export interface SaidOfFile {
  readonly sourceUrl: string | null;
  readonly receivedFrom: string | null;
  /** SHA-256 of each file beside it. */
  readonly beside: readonly string[];
}

/** Whether an earlier capture of the same bytes came with everything that is said now; null where its record cannot be read. */
export function saysAsMuch(
  vault: Pick<Vault, "database" | "layout">,
  capture: string,
  said: SaidOfFile,
): boolean | null {
  const { sourceUrl, receivedFrom, beside } = said;
  if (sourceUrl === null && receivedFrom === null && beside.length === 0) return true;
  const object = captureById(vault.database, capture)?.object;
  if (!object) return false;
  const record = readableRecord(join(vault.layout.root, object));
  if (record === null) return null;
  const annex = readAnnex(vault.layout, capture);
  const held = new Set(record.files.map(({ sha256 }) => sha256));
  for (const { sha256 } of annex?.annex.files ?? []) held.add(sha256);
  const claimed = record.claimed_url?.basis === "person_assertion" ? record.claimed_url.value : null;
  return (
    (sourceUrl === null || claimed === redactTypedUrl(sourceUrl)) &&
    (receivedFrom === null || annex?.annex.received_from === receivedFrom) &&
    beside.every((sha256) => held.has(sha256))
  );
}

/** The same bytes may be captured anew, and a person should know that they were withdrawn. */
export function tellWithdrawn(
  { database }: Pick<Vault, "database">,
  sha256: string,
  { tell }: Pick<World, "tell">,
): void {
  const gone = withdrawnWith(database, sha256);
  if (gone)
    tell(
      `these bytes were captured as ${gone.id} and withdrawn: ${gone.reason ?? ""}; this is a new capture`,
    );
}

function readableRecord(folder: string): CaptureRecord | null {
  try {
    return readObject(folder).record;
  } catch (error) {
    // What is wrong with an earlier capture does not keep this one out.
    if (error instanceof HoldfastError || (error instanceof Error && "code" in error)) return null;
    throw error;
  }
}

/** SHA-256 of each of these files; one that cannot be read, or is too large to be taken in, is left out. */
export async function digestsOf(
  files: readonly FoundPath[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const digests: string[] = [];
  for (const file of files) {
    try {
      const { sha256, bytes } = await digestOfFound(file, signal);
      if (bytes <= maxInfoJsonBytes) digests.push(sha256);
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error;
    }
  }
  return digests;
}

/** Never waits on a pipe, and never follows a link that was put there meanwhile. */
export const withoutLinks = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Both digests of a file whose name need not be UTF-8. Throws as `digestOf` does. */
export async function digestOfFound(file: FoundPath, signal: AbortSignal): Promise<FileDigest> {
  if (typeof file === "string") return digestOf(file, signal);
  const handle = await open(file, withoutLinks);
  try {
    const before = await handle.stat();
    if (!before.isFile()) throw new Error("it is not a regular file");
    const [sha256, sha512] = [createHash("sha256"), createHash("sha512")];
    let bytes = 0;
    for await (const block of handle.createReadStream({ autoClose: false, signal })) {
      bytes += block.length;
      sha256.update(block);
      sha512.update(block);
    }
    if (bytes !== before.size) throw new Error("it changed while it was read");
    return { bytes, sha256: sha256.digest("hex"), sha512: sha512.digest("hex") };
  } finally {
    await handle.close();
  }
}
