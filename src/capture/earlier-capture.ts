import type { CaptureId } from "../audit/digest.js";
import { annexPlace } from "../vault/annex.js";
import { capturedBefore, withdrawnBefore } from "../vault/index/captures.js";
import { captureKey } from "../vault/index/rows.js";
import { originalsProblem } from "../vault/stored-originals.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { type CaptureResult, damageOf, resultOf } from "./capture-result.js";
import { deriveAndLog } from "./derive.js";
import { requestedUrl } from "./fetch-attempts.js";
import type { Resources } from "./resources.js";
import type { Scheduler } from "./scheduler.js";
import type { CaptureSource } from "./source.js";

/** What a search for an earlier capture needs. */
interface LookUp {
  readonly request: { readonly again: boolean; readonly deep: boolean };
  readonly resources: Resources;
  readonly world: World;
  readonly scheduler: Pick<Scheduler, "derive">;
}

/** An earlier capture that can be reused for a source, or why the one found cannot. */
export interface Earlier {
  readonly result: CaptureResult | null;
  readonly damage: string | null;
  /** The one found, whether it can be reused or not; null if there is none, or if none was looked for. */
  readonly found: CaptureId | null;
}

/** The newest complete capture of a source; null if there is none. */
export function heldCapture({ database }: Vault, { shown, parent }: CaptureSource): CaptureId | null {
  return capturedBefore(database, captureKey(shown, parent))?.id ?? null;
}

/**
 * Looks for an earlier complete capture of the same URL whose originals are still in place, and finishes its derivation
 * if that was interrupted.
 */
export async function earlierCapture(job: LookUp, source: CaptureSource): Promise<Earlier> {
  if (job.request.again) return { result: null, damage: null, found: null };
  const { vault } = job.resources;
  const key = captureKey(source.shown, source.parent);
  const row = capturedBefore(vault.database, key);
  if (!row) tellWithdrawn(job, key);
  const none = { result: null, damage: null, found: row?.id ?? null };
  if (!row || !isSameAddress(job, source, row.id)) return none;
  const problem = await originalsProblem(vault, row.id, false, job.world.signal);
  if (problem !== null) return { ...none, damage: damageOf(row.id, problem) };
  if (row.derivation !== "done")
    await job.scheduler.derive(() => deriveAndLog(job.resources, job.world, row.id, job.request.deep));
  return { ...none, result: resultOf(vault, row.id, source.url, "already-captured") };
}

/** A withdrawal is about one capture: the same address may be captured anew, and a person should know what they do. */
function tellWithdrawn({ resources, world }: LookUp, key: string): void {
  const row = withdrawnBefore(resources.vault.database, key);
  if (row)
    world.tell(`captured before as ${row.id} and withdrawn: ${row.reason ?? ""}; this is a new capture`);
}

/** Two addresses may differ only in the parts cut from them; then only the private annex can tell them apart. */
function isSameAddress(job: LookUp, source: CaptureSource, capture: CaptureId): boolean {
  if (source.shown === source.url) return true;
  return annexPlace(job.resources.vault.layout, capture, requestedUrl) === source.url;
}
