import { HoldfastError } from "../core/words/error.js";
import { wellFormed } from "../core/words/printable.js";
import { type HeadReport, type SealOptions, sealHead } from "../seal/checkpoint.js";
import { openAlone } from "../seal/open-vault.js";
import { type CaptureRowRecord, oneCaptureByPart, sizeOfCapture } from "../vault/index/captures.js";
import { custodyOf } from "../vault/index/custody.js";
import { readVault, refuseMissingVault } from "../vault/reader.js";
import { closeVault, logEntry, type Vault } from "../vault/vault.js";
import { refuseWithdrawn, withdrawalOf, withdrawnRemains } from "../vault/withdrawals.js";
import type { World } from "../world.js";

export interface WithdrawRequest {
  readonly vault: string;
  /** Parts of capture ids, as typed. */
  readonly ids: readonly string[];
  /** Why, in a person's words. */
  readonly reason: string;
  readonly removeRecord: boolean;
  readonly seal: SealOptions;
}

/** A package that holds a capture, by the entry that states it. */
export interface HandedOver {
  readonly entry: number;
  readonly at: string;
  readonly form: string;
}

/** What would be withdrawn, for the question before. */
export interface ToWithdraw {
  readonly id: string;
  readonly name: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly packages: readonly HandedOver[];
}

/** What became of one capture; one line with `--json`. */
export interface WithdrawalResult {
  readonly id: string;
  /** The entry that states it. */
  readonly entry: number;
  readonly record: "kept" | "removed";
  /** Whether its files are gone from this vault; if not, the next command that writes and signs goes on. */
  readonly removed: boolean;
  /** Packages that were made with it before: holdfast reaches none of them. */
  readonly packages: readonly HandedOver[];
}

/** The longest reason that an entry holds, in UTF-16 code units. */
const longestReason = 2000;

/**
 * What these ids are about; only reads. Throws `no-vault`, `not-found` for an id that is unknown or not unique, `usage`
 * for a capture that is withdrawn already.
 */
export function whatToWithdraw(vault: string, ids: readonly string[]): readonly ToWithdraw[] {
  return readVault(vault, ({ database }) =>
    chosen(database, ids).map(({ id, title, url }) => {
      const { files, bytes } = sizeOfCapture(database, id);
      return { id, name: title ?? url, files, bytes, packages: packagesOf(database, id) };
    }),
  );
}

/**
 * Withdraws captures (FORMAT.md §7.1): logs one entry for each, has a checkpoint over them signed, and only then removes
 * files and annexes. If the log cannot be signed, nothing is removed yet, and the next command that signs goes on.
 * Writes nothing if one of the ids cannot be withdrawn. Throws as `whatToWithdraw`, and `usage` for a reason that is
 * empty or too long.
 */
export async function withdrawCaptures(
  request: WithdrawRequest,
  world: World,
): Promise<{ readonly results: readonly WithdrawalResult[]; readonly head: HeadReport }> {
  const reason = wellFormed(request.reason).trim();
  if (reason === "" || reason.length > longestReason) {
    const problem = reason === "" ? "is empty" : `has more than ${longestReason} characters`;
    throw new HoldfastError(
      "usage",
      `withdrawing: the reason ${problem}`,
      'for example: --reason "court order 14/2"',
    );
  }
  refuseMissingVault(request.vault);
  const vault = await openAlone(request.vault, world);
  try {
    const record = request.removeRecord ? "removed" : "kept";
    const logged = chosen(vault.database, request.ids).map(({ id }) => {
      return { id, entry: logEntry(vault, "withdraw", { capture: id, reason, record }).seq };
    });
    const head = await sealHead(vault, world, request.seal);
    const results = logged.map(({ id, entry }) => {
      return {
        id,
        entry,
        record,
        removed: isGone(vault, id),
        packages: packagesOf(vault.database, id),
      } as const;
    });
    return { results, head };
  } finally {
    closeVault(vault);
  }
}

/** Each capture once, in the order typed. */
function chosen(database: Vault["database"], ids: readonly string[]): readonly CaptureRowRecord[] {
  const rows = new Map(ids.map((part) => oneCaptureByPart(database, part)).map((row) => [row.id, row]));
  for (const id of rows.keys()) refuseWithdrawn(database, id, "withdrawing");
  return [...rows.values()];
}

function isGone(vault: Vault, id: string): boolean {
  const withdrawal = withdrawalOf(vault.database, id);
  return withdrawal !== null && withdrawnRemains(vault, withdrawal).length === 0;
}

function packagesOf(database: Vault["database"], id: string): readonly HandedOver[] {
  return custodyOf(database, id, false)
    .filter(({ entry }) => entry.event === "export")
    .map(({ entry: { seq, at, body } }) => ({ entry: seq, at, form: String(body.form) }));
}
