import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRowQueue, type RowQueue } from "../src/batch/queue.js";
import { addRow, atOnce, type BatchRow, insertBatch, markDone } from "../src/vault/index/batches.js";
import { closeVault, type Vault } from "../src/vault/vault.js";
import { openTestVault, temporaryFolder } from "./support/vaults.js";

let folder: ReturnType<typeof temporaryFolder>;
let vault: Vault;

beforeEach(async () => {
  folder = temporaryFolder();
  vault = await openTestVault(folder.path);
});
afterEach(() => {
  closeVault(vault);
  folder.remove();
});

/** A batch of these addresses, as it lies in the vault. */
function queueOf(urls: readonly string[], done: readonly number[] = []): RowQueue {
  atOnce(vault, () => {
    insertBatch(vault.database, {
      ...{ id: "B", list_sha256: "0".repeat(64), name: null, list: "{}", request: "{}" },
      ...{ started_at: "2026-01-01T00:00:00Z", ended_at: null },
    });
    for (const [index, url] of urls.entries()) addRow(vault.database, "B", row(index + 1, url));
    for (const n of done)
      markDone(vault.database, "B", n, {
        ...{ status: "failed", capture: null, code: null, reason: null, hint: null, may_pass: false, ms: 0 },
      });
  });
  return openRowQueue(vault.database, "B");
}

function row(n: number, url: string): BatchRow {
  const alone = { parent: null, item: null, list_url: null, list_title: null, list_index: null };
  return { n, row: n, part: null, url, url_key: url === "" ? null : url, ...alone, cells: "[]" };
}

const free = () => 0;

/** Takes rows while one may be taken, and gives each its turn at once. */
function drain(queue: RowQueue, msUntil: (host: string) => number = free): number[] {
  const taken: number[] = [];
  for (let n = queue.take(msUntil); n !== null; n = queue.take(msUntil)) {
    taken.push(n);
    queue.release(n);
  }
  return taken;
}

describe("the rows of a list that wait", () => {
  it("come in the order of the list within a host, and hosts take turns", () => {
    const queue = queueOf([
      "https://a.example/1",
      "https://a.example/2",
      "https://a.example/3",
      "https://b.example/1",
      "https://b.example/2",
      "https://c.example/1",
    ]);
    expect(drain(queue)).toEqual([1, 4, 6, 2, 5, 3]);
    expect(queue.isEmpty).toBe(true);
  });

  it("one row of a host is on its way to its turn at a time, however many of others", () => {
    const queue = queueOf(["https://a.example/1", "https://a.example/2", "https://b.example/1"]);
    expect([queue.take(free), queue.take(free), queue.take(free)]).toEqual([1, 3, null]);
    expect(queue.isEmpty).toBe(false);
    queue.release(3);
    expect(queue.take(free)).toBeNull();
    queue.release(1);
    expect(queue.take(free)).toBe(2);
  });

  it("of a host that must be left alone hold up no other host", () => {
    const queue = queueOf(["https://a.example/1", "https://b.example/1", "https://b.example/2"]);
    const held = (host: string) => (host === "a.example" ? 1 : 0);
    expect(drain(queue, held)).toEqual([2, 3]);
    expect(drain(queue, () => Number.POSITIVE_INFINITY)).toEqual([]);
    expect(drain(queue)).toEqual([1]);
  });

  it("of one host count as such in any spelling of its name, port and scheme", () => {
    const queue = queueOf(["https://a.example/1", "http://A.EXAMPLE:8080/2", "https://user@a.example/3"]);
    expect([queue.take(free), queue.take(free)]).toEqual([1, null]);
  });

  it("that are no address need nobody's permission", () => {
    const queue = queueOf(["", "no address", "https://a.example/1"]);
    const never = () => Number.POSITIVE_INFINITY;
    expect([queue.take(never), queue.take(never), queue.take(never)]).toEqual([1, 2, null]);
  });

  it("are those without a result; a row with the address of an earlier one waits for that one", () => {
    const queue = queueOf(["https://a.example/1", "https://b.example/1", "https://a.example/1"], [2]);
    expect(drain(queue)).toEqual([1]);
    expect(queue.isEmpty).toBe(true);
  });

  it("and that come in while others run are taken behind those of their host", () => {
    const queue = queueOf(["https://a.example/1", "https://a.example/2"]);
    queue.add({ n: 3, url: "https://a.example/3" });
    expect(drain(queue)).toEqual([1, 2, 3]);
    queue.add({ n: 4, url: "https://a.example/4" });
    expect(queue.isEmpty).toBe(false);
    expect(drain(queue)).toEqual([4]);
  });

  it("a row that is released twice, or was never taken, frees nobody else's turn", () => {
    const queue = queueOf(["https://a.example/1", "https://a.example/2", "https://a.example/3"]);
    const first = queue.take(free);
    queue.release(first ?? 0);
    expect(queue.take(free)).toBe(2);
    queue.release(first ?? 0);
    queue.release(99);
    expect(queue.take(free)).toBeNull();
  });
});
