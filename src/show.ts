import { join } from "node:path";
import type { CaptureRecord, DerivationRecord } from "./core/record.js";
import { toRow } from "./list.js";
import type { CaptureRow } from "./outcome.js";
import { oneCaptureByPart } from "./vault/captures.js";
import { entriesOf } from "./vault/log.js";
import { readObject } from "./vault/objects.js";
import { readVault } from "./vault/reader.js";

export interface ShownCapture {
  readonly id: string;
  readonly row: CaptureRow;
  /** Relative to the vault; null for a failed attempt. */
  readonly objectPath: string | null;
  readonly record: CaptureRecord | null;
  readonly derivation: DerivationRecord | null;
  /** The entries of the log about this capture, each with its exact line. */
  readonly entries: readonly {
    readonly seq: number;
    readonly at: string;
    readonly event: string;
    readonly line: string;
  }[];
}

/** Everything the vault holds about one capture. `idPart` is any part of its id that no other id has. Reads only. */
export function showCapture(vault: string, idPart: string): ShownCapture {
  return readVault(vault, ({ layout, database }) => {
    const row = oneCaptureByPart(database, idPart);
    const object = row.object === null ? null : readObject(join(layout.root, row.object));
    return {
      id: row.id,
      row: toRow(row),
      objectPath: row.object,
      record: object?.record ?? null,
      derivation: object?.derivation ?? null,
      entries: entriesOf(database, row.id),
    };
  });
}
