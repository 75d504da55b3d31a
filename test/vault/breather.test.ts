import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { auditLog } from "../../src/audit/log.js";
import { breather } from "../../src/vault/breather.js";
import { packageLimits } from "../../src/vault/package/entries.js";
import { readPackage } from "../../src/vault/package/reader.js";
import { indexPackage } from "../../src/vault/package/scan.js";
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

it("Ctrl-C is heard while a log is read, and ends the check long before its end", async () => {
  const controller = new AbortController();
  void setTimeout(20).then(() => controller.abort());
  let read = 0;
  const bytes = Buffer.from(line(1));
  const lines = (function* () {
    for (; read < 200_000; read += 1) yield { seq: 1, prev: "", line: bytes, hash: "" };
  })();
  await expect(auditLog(lines, () => [], breather(controller.signal))).rejects.toThrow(/abort/i);
  expect(read).toBeLessThan(100_000);
});

it("Ctrl-C is heard while the entries of a package are read", async () => {
  const folder = join(scratch.path, "package");
  mkdirSync(join(folder, "proof"), { recursive: true });
  writeFileSync(join(folder, "bagit.txt"), "x");
  const lines = Array.from({ length: 40_000 }, (_, at) => `${line(at + 1)}\n`);
  writeFileSync(join(folder, "proof", "entries.jsonl"), lines.join(""));
  const { signal } = new AbortController();
  const index = indexPackage(folder, packageLimits, signal);
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const began = performance.now();
  await readPackage(index, { quick: true, limits: packageLimits, signal, onProgress: () => {} });
  const took = performance.now() - began;
  // What kept the timer waiting is seen when it comes again.
  await setTimeout(20);
  clearInterval(timer);
  expect(longest).toBeLessThan(took / 3);
});
