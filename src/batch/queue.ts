import { statfsSync } from "node:fs";
import { webUrl } from "../core/capture/source-url.js";
import { diskReserve } from "../core/words/disk-reserve.js";
import { openRows } from "../vault/index/batches.js";
import type { Vault } from "../vault/vault.js";

/** A row that waits for its turn. */
export interface QueuedRow {
  readonly n: number;
  readonly url: string;
}

/** The rows of a batch that are not done, by host: one that must be left alone holds up its own rows and no others. */
export interface RowQueue {
  /** The next row whose host may be asked now, or null. `msUntil` gives the milliseconds until a host may be. */
  take(msUntil: (host: string) => number): number | null;
  add(row: QueuedRow): void;
  /** Tells that a row that was taken has its host's turn, or needs none: the next one of that host may be taken. */
  release(n: number): void;
  readonly isEmpty: boolean;
}

/** Reads what is left of a batch. */
export function openRowQueue(database: Vault["database"], batch: string): RowQueue {
  const waiting = new Map<string, RowsOfHost>();
  const taken = new Map<number, string>();
  const add = ({ n, url }: QueuedRow): void => {
    const host = hostOf(url);
    const rows = waiting.get(host) ?? { numbers: [], next: 0 };
    rows.numbers.push(n);
    waiting.set(host, rows);
  };
  for (const row of openRows(database, batch)) add(row);
  const claimed = new Set<string>();

  const mayTake = (host: string, msUntil: (host: string) => number): boolean =>
    host === noHost || (!claimed.has(host) && msUntil(host) === 0);

  return {
    add,
    take: (msUntil) => {
      for (const [host, rows] of waiting) {
        if (!mayTake(host, msUntil)) continue;
        const n = rows.numbers[rows.next];
        rows.next += 1;
        // Behind all others: the hosts take turns.
        waiting.delete(host);
        if (rows.next < rows.numbers.length) waiting.set(host, rows);
        if (n === undefined) continue;
        taken.set(n, host);
        claimed.add(host);
        return n;
      }
      return null;
    },
    release: (n) => {
      const host = taken.get(n);
      if (host === undefined) return;
      taken.delete(n);
      claimed.delete(host);
    },
    get isEmpty() {
      return waiting.size === 0;
    },
  };
}

interface RowsOfHost {
  readonly numbers: number[];
  next: number;
}

/** Rows that are no address need no host's permission. */
const noHost = "";

function hostOf(url: string): string {
  return webUrl(url)?.hostname ?? noHost;
}

export interface RoomRules {
  /** Bytes that a batch may add to the vault; null for no bound but the disk's. */
  readonly maxBytes: number | null;
  /** Bytes that must stay free on the vault's disk; null for 2 GiB or 5 %, whichever is more. */
  readonly keepFree: number | null;
}

/** Watches the room that a batch takes. */
export interface RoomWatch {
  /** Why no further row may begin; null while there is room. */
  readonly stop: "disk" | "max-disk" | null;
  /** Counts what a row has stored. `diskFull` tells that it could not. */
  add(bytes: number, diskFull: boolean): void;
  close(): void;
}

/**
 * Looks at the disk of the folder `root` every second. Below the bytes that must stay free no row begins; below half of
 * them `onCrowded` is called once, so that what runs is put aside while the log can still be written.
 */
export function openRoomWatch(root: string, rules: RoomRules, onCrowded: () => void): RoomWatch {
  let stored = 0;
  let full = false;
  let crowded = false;
  const look = (): void => {
    const { bavail, blocks, bsize } = statfsSync(root);
    const free = bavail * bsize;
    const reserve = rules.keepFree ?? diskReserve(blocks * bsize);
    full ||= free < reserve;
    if (free >= reserve / 2 || crowded) return;
    crowded = true;
    onCrowded();
  };
  look();
  const timer = setInterval(look, 1000);
  return {
    get stop() {
      if (full) return "disk";
      return rules.maxBytes !== null && stored >= rules.maxBytes ? "max-disk" : null;
    },
    add: (bytes, diskFull) => {
      stored += bytes;
      full ||= diskFull;
    },
    close: () => clearInterval(timer),
  };
}
