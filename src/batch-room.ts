import { statfsSync } from "node:fs";
import { diskReserve } from "./core/words/disk-reserve.js";

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
