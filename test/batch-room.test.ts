import { statfsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openRoomWatch, type RoomRules, type RoomWatch } from "../src/batch/queue.js";
import { diskReserve } from "../src/core/words/disk-reserve.js";
import { temporaryFolder } from "./support/vaults.js";

let folder: ReturnType<typeof temporaryFolder>;
let open: RoomWatch[];
let crowded: number;

beforeEach(() => {
  folder = temporaryFolder();
  open = [];
  crowded = 0;
});
afterEach(() => {
  vi.useRealTimers();
  for (const watch of open) watch.close();
  folder.remove();
});

function watch(rules: Partial<RoomRules>): RoomWatch {
  const count = () => {
    crowded += 1;
  };
  const watched = openRoomWatch(folder.path, { maxBytes: null, keepFree: 1, ...rules }, count);
  open.push(watched);
  return watched;
}

const free = () => {
  const { bavail, bsize } = statfsSync(folder.path);
  return bavail * bsize;
};

describe("the room that a batch takes", () => {
  it("is enough while the disk has more than must stay free and no bound was given", () => {
    const room = watch({});
    room.add(1e15, false);
    expect([room.stop, crowded]).toEqual([null, 0]);
  });

  it("ends with the bytes that it may store, not a byte before", () => {
    const room = watch({ maxBytes: 1000 });
    room.add(999, false);
    expect(room.stop).toBeNull();
    room.add(1, false);
    expect(room.stop).toBe("max-disk");
  });

  it("none of it may be used when nothing may be stored", () => {
    expect(watch({ maxBytes: 0 }).stop).toBe("max-disk");
  });

  it("ends when a row could not be stored, whatever the disk says", () => {
    const room = watch({ maxBytes: 1 });
    room.add(5, true);
    expect(room.stop).toBe("disk");
  });

  it("is too little below what must stay free: no row begins, and what runs goes on", () => {
    const room = watch({ keepFree: Math.round(free() * 1.5) });
    expect([room.stop, crowded]).toEqual(["disk", 0]);
  });

  it("below half of it what runs is put aside, once", () => {
    vi.useFakeTimers();
    const room = watch({ keepFree: free() * 4 });
    vi.advanceTimersByTime(10_000);
    expect([room.stop, crowded]).toEqual(["disk", 1]);
  });

  it("without a word of the person as much stays free as the reserve says", () => {
    const { blocks, bsize } = statfsSync(folder.path);
    expect(watch({ keepFree: null }).stop).toBe(free() < diskReserve(blocks * bsize) ? "disk" : null);
  });

  it("is looked at no more once the watch is closed", () => {
    vi.useFakeTimers();
    const room = watch({});
    room.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
