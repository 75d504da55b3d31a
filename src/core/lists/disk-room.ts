import { diskReserve } from "../words/disk-reserve.js";

/** How much a batch may store. */
export interface RoomRules {
  /** Bytes that the rows may add to the vault; null if only the disk sets a limit. */
  readonly maxBytes: number | null;
  /** Bytes that must stay free on the vault's disk; null for 2 GiB or 5 %, whichever is more. */
  readonly keepFree: number | null;
}

export interface DiskRoom {
  readonly storedBytes: number;
  /** Less space is free than must stay free: no further row begins. */
  readonly isFull: boolean;
  /** So little space is left that running work is set aside while the log can still be written. */
  readonly isCrowded: boolean;
  /** When to measure the disk next; null during a measurement. */
  readonly measureAt: number | null;
}

/** Before anything is stored or measured. */
export function unmeasuredRoom(now: number): DiskRoom {
  return { storedBytes: 0, isFull: false, isCrowded: false, measureAt: now };
}

/**
 * After a row that stored `bytes`. `disk` says what found no room: nothing (`enough`), the clip (`full`), or even the
 * row's result (`crowded`).
 */
export function afterStoring(room: DiskRoom, bytes: number, disk: "enough" | "full" | "crowded"): DiskRoom {
  return {
    ...room,
    storedBytes: room.storedBytes + bytes,
    isFull: room.isFull || disk !== "enough",
    isCrowded: room.isCrowded || disk === "crowded",
  };
}

/** After a measurement: `free` bytes of `total`. Once too little is free, this holds for the rest of the batch. */
export function afterMeasuring(
  room: DiskRoom,
  rules: RoomRules,
  { free, total }: { readonly free: number; readonly total: number },
  now: number,
): DiskRoom {
  const reserve = rules.keepFree ?? diskReserve(total);
  return {
    ...room,
    isFull: room.isFull || free < reserve,
    isCrowded: room.isCrowded || free < reserve / 2,
    measureAt: now + msUntilGone(free < reserve ? free - reserve / 2 : free - reserve),
  };
}

/** Eight gigabytes a second: more than a disk can write. */
const mostBytesPerMs = 8_000_000;

/**
 * The earliest time at which `bytes` can be used up, kept between one second and one minute because other programs fill
 * the disk too.
 */
function msUntilGone(bytes: number): number {
  return Math.min(60_000, Math.max(1_000, bytes / mostBytesPerMs));
}
