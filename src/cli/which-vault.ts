import { lstatSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { homeFolder } from "../seal/config-folder.js";
import { rememberedVault } from "../seal/remembered-vault.js";
import { isVault } from "../vault/layout.js";
import type { Terminal } from "./terminal.js";

/** The vault that a command works with, and who chose it. */
export interface ChosenVault {
  /** Absolute; there need not be a vault. */
  readonly path: string;
  readonly by: "option" | "environment" | "around" | "memory" | "default";
  /** Another vault, absolute, that `$HOLDFAST_VAULT` names and that is not used; null if there is none. */
  readonly passedOver: string | null;
}

/**
 * `--vault`, else the vault in which or beside which somebody works, as git does, else `$HOLDFAST_VAULT`, else the one that
 * `holdfast init` remembers, else `~/holdfast`.
 */
export function whichVault(
  named: string | undefined,
  { cwd, env }: Pick<Terminal, "cwd" | "env">,
): ChosenVault {
  if (named !== undefined) return { path: resolve(cwd, named), by: "option", passedOver: null };
  const byVariable = env.HOLDFAST_VAULT ? resolve(cwd, env.HOLDFAST_VAULT) : null;
  const around = vaultAround(cwd);
  if (around !== null) {
    const passedOver = byVariable === null || isSamePlace(byVariable, around) ? null : byVariable;
    return { path: around, by: "around", passedOver };
  }
  if (byVariable !== null) return { path: byVariable, by: "environment", passedOver: null };
  return usualVault({ cwd, env });
}

/** Also where a link leads from one to the other. */
function isSamePlace(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return one === other || (a !== undefined && a.ino === b?.ino && a.dev === b.dev);
}

/** The vault of this machine where none is named and none is around. */
export function usualVault({ cwd, env }: Pick<Terminal, "cwd" | "env">): ChosenVault {
  const remembered = rememberedVault(env);
  if (remembered !== null) return { path: remembered, by: "memory", passedOver: null };
  return { path: resolve(cwd, homeFolder(env), "holdfast"), by: "default", passedOver: null };
}

/** The nearest vault that a folder lies in; `vault` in it or in a folder above counts too. Null if there is none. */
function vaultAround(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = [at, join(at, "vault")].find(isVault);
    if (found !== undefined) return found;
    if (dirname(at) === at) return null;
  }
}

/** Whether somebody else has made it, or the link to it: it may lie in a folder above to catch what others capture. */
export function isSomebodyElses(vault: string): boolean {
  return [lstatSync(vault), statSync(vault)].some(({ uid }) => uid !== process.getuid?.());
}
