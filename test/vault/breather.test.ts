import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
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

/** Milliseconds that the processors have worked for this process: the same however busy others keep the machine. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

it("Ctrl-C is heard while a log is read, and ends the check long before its end", async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  let read = 0;
  const bytes = Buffer.from(line(1));
  const lines = (function* () {
    for (; read < 100_000; read += 1) yield { seq: 1, prev: "", line: bytes, hash: "" };
  })();
  await expect(auditLog(lines, () => [], breather(controller.signal))).rejects.toThrow(/abort/i);
  expect(read).toBeLessThan(50_000);
});

it("Ctrl-C is heard while the entries of a package are read", async () => {
  const folder = join(scratch.path, "package");
  mkdirSync(join(folder, "proof"), { recursive: true });
  writeFileSync(join(folder, "bagit.txt"), "x");
  const lines = Array.from({ length: 5_000 }, (_, at) => `${line(at + 1)}\n`);
  writeFileSync(join(folder, "proof", "entries.jsonl"), lines.join(""));
  const { signal } = new AbortController();
  const index = indexPackage(folder, packageLimits, signal);
  let [longest, last, isRead] = [0, 0, false];
  const turn = (): void => {
    const now = usedMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isRead) setImmediate(turn);
  };
  const began = usedMs();
  last = began;
  setImmediate(turn);
  await readPackage(index, { quick: true, limits: packageLimits, signal, onProgress: () => {} });
  isRead = true;
  // What kept others waiting is seen at their next turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(longest).toBeLessThan((usedMs() - began) / 3);
});
