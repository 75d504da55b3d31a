import { rmSync } from "node:fs";
import { expect } from "vitest";
import { parseEntry } from "../../src/audit/entry.js";
import { logAnnotation } from "../../src/capture/annotate.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { exportSigners, rotateKey } from "../../src/seal/key.js";
import { newKey } from "../../src/seal/make-key.js";
import { openOrMake } from "../../src/seal/open-vault.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { linesFrom } from "../../src/vault/log.js";
import { closeVault } from "../../src/vault/vault.js";
import { verifyVault } from "../../src/verify/vault.js";
import { goToMachineOf } from "../support/machines.js";
import { audit, captureText, deriveText, testWorld } from "../support/vaults.js";

const unasked = { proxy: null, allowPrivate: false, force: false };

/**
 * One capture, with its derivation, an annotation and a checkpoint, at each of these times in turn, in milliseconds since
 * 1970, and behind one of them a change of the key: all of it is logged, in the order in which it was done, with the times
 * as the clock gave them. The vault is as recorded, also by the lines of its keys, and where the clock went back a check
 * says so at that entry.
 */
export async function runClocks(
  times: readonly number[],
  root: string,
  rotation: number | null = null,
): Promise<void> {
  goToMachineOf(root);
  let time = times[0] ?? 0;
  const world = { ...testWorld(), now: () => new Date(time) };
  const logged: number[] = [];
  for (const [index, at] of times.entries()) {
    time = at;
    const vault = await openOrMake(root, world);
    try {
      const { record, entry } = captureText(vault, `text ${index}`);
      deriveText(vault, record, "derived");
      logAnnotation(vault, record.capture, { place: `place ${index}` }, fromCommandLine);
      const head = await sealHead(vault, world, unasked);
      expect(head.problem).toBeNull();
      expect(entry.seq).toBeGreaterThan(logged.at(-1) ?? 0);
      logged.push(entry.seq);
      const lines = [...linesFrom(vault.database, 1)].map(parseEntry);
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_line, place) => place + 1));
      expect(lines.find(({ seq }) => seq === entry.seq)?.at).toBe(new Date(at).toISOString());
    } finally {
      closeVault(vault);
    }
    if (index === rotation)
      await rotateKey({ vault: root, choice: newKey, reason: "routine", seal: unasked }, world);
  }
  const { findings, chain, signature } = await audit(root);
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect([chain, signature]).toEqual(["pass", "pass"]);
  const signers = exportSigners(root, null, world).allowed_signers;
  const brought = { against: null, signers, tsaCa: null };
  const told = await verifyVault({ vault: root, ids: [], quick: true, brought, index: indexCheck }, world);
  expect(told.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(told.signature).toBe("pass");
  const back = times.findIndex((at, index) => at < (times[index - 1] ?? at));
  const steps = findings.filter(({ code }) => code === "clock-back").map(({ where }) => where);
  expect(steps).toEqual(back === -1 ? [] : [`entry:${logged[back]}`]);
  rmSync(root, { recursive: true, force: true });
}
