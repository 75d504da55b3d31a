import { cpSync, mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Each vault of the tests has a machine of its own: a configuration folder with its keys and with what was remembered of it.
 * Vaults of the tests have the same id, and two copies of a vault that go on on one machine are a fork, which is refused.
 */
const machines = new Map<string, string>();

function around(): string {
  const folder = process.env.HOLDFAST_TEST_MACHINES;
  if (folder === undefined) throw new Error("isolation.ts has made no folder for machines");
  return folder;
}

/** The configuration folder of the machine on which this vault was written. */
export function machineOf(root: string): string {
  const known = machines.get(resolve(root));
  if (known !== undefined) return known;
  const made = mkdtempSync(join(around(), "machine-"));
  machines.set(resolve(root), made);
  return made;
}

/** Puts this process on a machine that knows no vault. */
export function goToNewMachine(): void {
  process.env.XDG_CONFIG_HOME = mkdtempSync(join(around(), "machine-"));
}

/** Puts this process on the machine of a vault; a vault that nobody wrote yet gets a new one. */
export function goToMachineOf(root: string): void {
  process.env.XDG_CONFIG_HOME = machineOf(root);
}

/** A copy of a vault begins on a copy of the machine, as it is now. */
export function copyMachine(from: string, to: string): void {
  const known = machines.get(resolve(from));
  const made = mkdtempSync(join(around(), "machine-"));
  if (known !== undefined) cpSync(known, made, { recursive: true });
  machines.set(resolve(to), made);
}

/** A vault is carried to a machine that knows nothing of it. */
export function carryToNewMachine(root: string): void {
  machines.delete(resolve(root));
  goToMachineOf(root);
}

/** The environment of this process on whichever machine it is when it is read, with some of it changed. */
export function machineEnv(
  changed: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string | undefined>> {
  const env: Record<string, string | undefined> = { ...process.env, ...changed };
  Object.defineProperty(env, "XDG_CONFIG_HOME", {
    enumerable: true,
    get: () => process.env.XDG_CONFIG_HOME,
  });
  return env;
}
