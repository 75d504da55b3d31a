import { readFileSync } from "node:fs";
import { FormatError } from "../audit/finding.js";
import { parsePublicKey, type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { HoldfastError } from "../core/words/error.js";
import { findSshKeygen, hasAskpass, hasTerminal, makeKeyWithPassphrase } from "../tools/run/ssh-keygen.js";
import type { World } from "../world.js";
import {
  refuseKeyInside,
  type StoredKey,
  storedKeys,
  storeMade,
  storeNote,
  storeSecret,
} from "./key-store.js";
import { publicKeyOfPrivate, secretOfSeed } from "./private-key.js";
import { keyKind } from "./signing-key.js";

/** The key to sign a vault with: a new one, or the one in `file` (absolute path), a private key or a `.pub`. */
export type KeyChoice =
  | { readonly file: null; readonly passphrase: boolean }
  | { readonly file: string; readonly passphrase: false };

/** A new key without a passphrase. */
export const newKey: KeyChoice = { file: null, passphrase: false };

/**
 * Makes or stores the first key of a vault without entries and returns its public key line. Repeatable: reuses a key left
 * by an interrupted run. Throws HoldfastError `usage` for a key that cannot be used, `program-missing`, `io`.
 */
export async function firstKey(
  root: string,
  vaultId: string,
  choice: KeyChoice,
  world: World,
): Promise<string> {
  return (await nextKey(root, vaultId, choice, [], world)).publicKey.line;
}

/**
 * Makes or stores the next key of a vault whose log names the keys in `used`. Reuses a new key that an interrupted
 * command left and no entry names. Throws as `firstKey`.
 */
export async function nextKey(
  root: string,
  vaultId: string,
  choice: KeyChoice,
  used: readonly SshPublicKey[],
  world: World,
): Promise<StoredKey> {
  refuseKeyChoice(root, choice, world.env);
  // Drawn even if it is not needed, so that later random values are the same after an interruption.
  const seed = world.random(32);
  return unusedKey(vaultId, choice, used, world) ?? storeKey(vaultId, choice, seed, world);
}

/** A stored key that no entry names, unless it lacks the passphrase now asked for. */
function unusedKey(
  vaultId: string,
  choice: KeyChoice,
  used: readonly SshPublicKey[],
  world: World,
): StoredKey | null {
  if (choice.file !== null) return null;
  const left = storedKeys(world.env, vaultId)
    .filter((key) => key.keyFile === key.path && !used.some((one) => sameKey(one, key.publicKey)))
    .at(-1);
  if (!left || (choice.passphrase && keyKind(left) !== "locked-file")) return null;
  return left;
}

async function storeKey(
  vaultId: string,
  choice: KeyChoice,
  seed: Uint8Array,
  world: World,
): Promise<StoredKey> {
  const comment = `holdfast/${vaultId}`;
  if (choice.file !== null) return takeKey(vaultId, choice.file, world);
  if (!choice.passphrase) return storeSecret(vaultId, secretOfSeed(seed), comment, world);
  return storeMade(vaultId, comment, world.env, async (path) => {
    const answer = await makeKeyWithPassphrase({ path, comment, env: world.env, signal: world.signal });
    if ("text" in answer) return;
    throw new HoldfastError(
      findSshKeygen(world.env) === null ? "program-missing" : "usage",
      `making a signing key with a passphrase: ${answer.problem}`,
      "install OpenSSH and run this in a terminal, or use your own key with --key FILE",
    );
  });
}

/**
 * Throws `usage` for a choice that cannot be met: a key inside the vault, a file without a usable key, or a passphrase
 * when there is nobody to ask. Makes nothing.
 */
export function refuseKeyChoice(root: string, choice: KeyChoice, env: World["env"]): void {
  refuseKeyInside(root, env, choice.file);
  if (choice.file !== null) readKeyFile(choice.file);
  if (!choice.passphrase || hasTerminal() || hasAskpass(env)) return;
  throw new HoldfastError(
    "usage",
    "making a signing key with a passphrase: there is no terminal to ask in",
    "run this in a terminal, set SSH_ASKPASS, or use your own key with --key FILE",
  );
}

/** Stores a note about the user's own key, unless the key is already noted or stored. */
function takeKey(vaultId: string, file: string, world: World): StoredKey {
  const { publicKey, keyFile } = readKeyFile(file);
  const known = storedKeys(world.env, vaultId).find((key) => sameKey(key.publicKey, publicKey));
  return known ?? storeNote(vaultId, publicKey, keyFile, world.env);
}

/** Reads a private key, or a public key whose private key is beside it or in an agent. */
function readKeyFile(file: string): { readonly publicKey: SshPublicKey; readonly keyFile: string | null } {
  const text = readText(file);
  try {
    if (text.startsWith("-----")) return { publicKey: publicKeyOfPrivate(text), keyFile: file };
    const publicKey = parsePublicKey(text);
    return { publicKey, keyFile: file.endsWith(".pub") ? besideIt(file.slice(0, -4), publicKey) : null };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new HoldfastError(
      "usage",
      `using ${file} as the signing key: ${error.message}`,
      "use an OpenSSH Ed25519 key, private or .pub (make one with: ssh-keygen -t ed25519)",
      error,
    );
  }
}

function besideIt(file: string, publicKey: SshPublicKey): string | null {
  try {
    return sameKey(publicKeyOfPrivate(readFileSync(file, "latin1")), publicKey) ? file : null;
  } catch {
    // Without a matching private key file, an agent must have the key.
    return null;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    throw new HoldfastError(
      "usage",
      `using ${file} as the signing key: the file cannot be read`,
      "check the path",
      error,
    );
  }
}
