import { diskReserve } from "../words/disk-reserve.js";

/** How much a batch may store. */
export interface RoomRules {
  /** Bytes that the rows may add to the vault; null for no bound but the disk's. */
  readonly maxBytes: number | null;
  /** Bytes that must stay free on the vault's disk; null for 2 GiB or 5 %, whichever is more. */
  readonly keepFree: number | null;
}

export interface DiskRoom {
  readonly storedBytes: number;
  /** The disk has less room than it must keep: no further row begins. */
  readonly isFull: boolean;
  /** So little room is left that what runs is put aside while the log can still be written. */
  readonly isCrowded: boolean;
  /** When the disk is to be measured next; null while that is being done. */
  readonly measureAt: number | null;
}

/** Before anything is stored or measured. */
export function unmeasuredRoom(now: number): DiskRoom {
  return { storedBytes: 0, isFull: false, isCrowded: false, measureAt: now };
}

/** After a row that stored `bytes`. `disk` says whether what it had to write could be written: the clip, or not even its result. */
export function afterStoring(room: DiskRoom, bytes: number, disk: "enough" | "full" | "crowded"): DiskRoom {
  return {
    ...room,
    storedBytes: room.storedBytes + bytes,
    isFull: room.isFull || disk !== "enough",
    isCrowded: room.isCrowded || disk === "crowded",
  };
}

/** After a look at the disk: `free` bytes of `total`. What was too little once stays so for the rest of the batch. */
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

/** Eight gigabytes a second: more than a disk takes. */
const mostBytesPerMs = 8_000_000;

/** The soonest that `bytes` can be gone, but from one second to one minute. Other programs fill the disk as well. */
function msUntilGone(bytes: number): number {
  return Math.min(60_000, Math.max(1_000, bytes / mostBytesPerMs));
}
