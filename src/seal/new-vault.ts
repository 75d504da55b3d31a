import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyInForce } from "../audit/key-history.js";
import { HoldfastError } from "../core/words/error.js";
import { isVault } from "../vault/layout.js";
import { keyHistoryOf } from "../vault/log.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { findKey, isInside, realPath } from "./key-store.js";

/** The folder of this program. */
const programFolder = fileURLToPath(new URL("../../", import.meta.url));

/** The only vault that is made in there: the sample of `npm start`. */
const sampleVault = join(programFolder, "demo-vault");

/** Whether somebody has said that a command may make the vault that it captures into. */
export function mayMakeVault(env: World["env"]): boolean {
  return env.HOLDFAST_NEW_VAULT === "1";
}

/**
 * Throws `usage` for a place where no vault is made: in another vault, whose check would report each of its files, and
 * in the folder of this program, which people delete when they install a newer one.
 */
export function refusePlaceOfVault(root: string): void {
  const place = realPath(root);
  for (let folder = dirname(place); ; folder = dirname(folder)) {
    if (isVault(folder)) throw refusedPlace(root, `it would be inside the vault ${folder}`);
    if (dirname(folder) === folder) break;
  }
  if (isInside(programFolder, place) && place !== realPath(sampleVault)) {
    throw refusedPlace(root, "it would be inside the folder of holdfast, which a newer version replaces");
  }
}

function refusedPlace(root: string, why: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `making a vault at ${root}: ${why}`,
    "name a folder elsewhere, such as ~/evidence",
  );
}

/** What is said once about a vault that a capture has just made. */
export function newVaultWords({ layout, database }: Vault, env: World["env"]): readonly string[] {
  const key = keyInForce(keyHistoryOf(database), Number.MAX_SAFE_INTEGER)?.key ?? null;
  const stored = key && findKey(env, key);
  return [
    `new vault: ${layout.root}`,
    ...(stored ? [`key: ${stored.keyFile ?? stored.path}`] : []),
    "back up both, the key in another place than the vault: without the key",
    "nobody can sign this log on, and whoever has it can sign in your name",
  ];
}
