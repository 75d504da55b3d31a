import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { HoldfastError } from "../core/words/error.js";
import { makeFolder, placeFile } from "../vault/durable.js";
import type { World } from "../world.js";
import { configFolder } from "./config-folder.js";

/**
 * The vault that commands use where no other is named or found: the absolute path that `init` last wrote into
 * `vault.json` beside the keys, readable by its owner alone. Null if none is remembered. Throws `io` for a file that
 * cannot be read or says something else: to guess could put evidence into another vault.
 */
export function rememberedVault(env: World["env"]): string | null {
  const file = rememberingFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) {
      return null;
    }
    throw unreadable(file, error);
  }
  const vault = vaultIn(text);
  if (vault === null) throw unreadable(file, null);
  return vault;
}

/** Remembers a vault in place of the one before. */
export function rememberVault(env: World["env"], vault: string): void {
  makeFolder(configFolder(env), 0o700);
  placeFile(rememberingFile(env), `${JSON.stringify({ v: 1, vault }, null, 2)}\n`, 0o600);
}

function rememberingFile(env: World["env"]): string {
  return join(configFolder(env), "vault.json");
}

function vaultIn(text: string): string | null {
  try {
    const stated: unknown = JSON.parse(text);
    const isObject = typeof stated === "object" && stated !== null && "vault" in stated;
    return isObject && typeof stated.vault === "string" && isAbsolute(stated.vault) ? stated.vault : null;
  } catch {
    return null;
  }
}

function unreadable(file: string, cause: unknown): HoldfastError {
  const why = cause instanceof Error ? cause.message : "it names no vault";
  return new HoldfastError(
    "io",
    `reading ${file}, where this machine remembers its vault: ${why}`,
    "remove that file and remember a vault again with 'holdfast init DIR', or name one with --vault",
    cause,
  );
}
