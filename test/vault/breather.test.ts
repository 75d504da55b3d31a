import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { auditLog } from "../../src/audit/log.js";
import { breather } from "../../src/vault/breather.js";
import { readPackage } from "../../src/vault/package/reader.js";
import { indexPackage, packageLimits } from "../../src/vault/package/scan.js";
import { temporaryFolder } from "../support/vaults.js";

const scratch = temporaryFolder();
afterAll(() => scratch.remove());

const line = (seq: number) => {
  const body = { capture: "20261123-4T9KX2MB", reason: "r".repeat(2000), runs: [] };
  const at = "2026-11-23T18:22:05.120Z";
  return encodeCanonical({
    v: 1,
    seq,
    prev: "0".repeat(64),
    at,
    event: "derive-failed",
    actor: "a",
    tool: "t/1",
    body,
  });
};

/** A clock that goes on by a millisecond each time it is read, so that a machine's speed and load make no difference. */
beforeEach(() => {
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (time += 1));
});
afterEach(() => vi.restoreAllMocks());

it("Ctrl-C is heard while a log is read, and ends the check long before its end", async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  let given = 0;
  const bytes = Buffer.from(line(1));
  const lines = (function* () {
    for (; given < 10_000; given += 1) yield { seq: 1, prev: "", line: bytes, hash: "" };
  })();
  await expect(auditLog(lines, () => [], breather(controller.signal))).rejects.toThrow(/abort/i);
  expect(given).toBeLessThan(5_000);
});

it("Ctrl-C is heard while the entries of a package are read", async () => {
  const folder = join(scratch.path, "package");
  mkdirSync(join(folder, "proof"), { recursive: true });
  writeFileSync(join(folder, "bagit.txt"), "x");
  const lines = Array.from({ length: 1_000 }, (_, at) => `${line(at + 1)}\n`);
  writeFileSync(join(folder, "proof", "entries.jsonl"), lines.join(""));
  const { signal } = new AbortController();
  const index = indexPackage(folder, packageLimits, signal);
  let [turns, isRead] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!isRead) setImmediate(turn);
  };
  setImmediate(turn);
  await readPackage(index, { quick: true, limits: packageLimits, signal, onProgress: () => {} });
  isRead = true;
  // The time is asked for before each line, and 50 ms are the longest that others wait.
  expect(turns).toBeGreaterThanOrEqual(18);
});
