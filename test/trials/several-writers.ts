import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import { closeVault } from "../../src/vault/vault.js";
import type { Figures } from "../soak/rounds.js";
import { audit, captureText, openTestVault } from "../support/vaults.js";

const appender = join(import.meta.dirname, "../support/appender.js");

/**
 * Processes that append to one vault, taking turns at its lock, while this one verifies it all the while. No reader ever
 * finds anything that is not as recorded, no number is lost or given twice, and each process finds its own entries there.
 */
export async function appendAtOnce(
  writers: number,
  turns: number,
  each: number,
  root: string,
): Promise<Figures> {
  const vault = await openTestVault(root);
  const { capture } = captureText(vault, "shared").record;
  closeVault(vault);
  const running = Array.from({ length: writers }, (_, index) => append(root, capture, index, turns, each));
  let over = false;
  const all = Promise.all(running.map(({ ended }) => ended)).finally(() => {
    over = true;
  });
  let reads = 0;
  for (; !over; reads += 1) {
    const { findings } = await audit(root);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  }
  expect(await all).toEqual(running.map(() => 0));
  const acknowledged = running.flatMap(({ acks }) => acks());
  expect(acknowledged).toHaveLength(writers * turns * each);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect(entriesOf(root)).toEqual(Array.from({ length: 2 + acknowledged.length }, (_, index) => index + 1));
  const { ok } = await audit(root);
  expect(ok).toBe(true);
  return { appends: acknowledged.length, "checks meanwhile": reads };
}

function append(root: string, capture: string, index: number, turns: number, each: number) {
  const argv = [appender, root, capture, `note-${index}`, String(turns), String(each)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const acks = () => [...said.matchAll(/^ack (\d+)$/gm)].map(([, entry]) => Number(entry));
  return { ended: once(child, "close").then(([status]) => Number(status)), acks };
}

function entriesOf(root: string): readonly number[] {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  try {
    return database.prepare<[], number>("SELECT seq FROM entry ORDER BY seq").pluck().all();
  } finally {
    database.close();
  }
}
