import { readFileSync } from "node:fs";
import { FormatError } from "../audit/finding.js";
import { parsePublicKey, publicKeyOfPrivate, type SshPublicKey, secretOfSeed } from "../audit/ssh-key.js";
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
import { keyKind } from "./signing-key.js";

/** Which key a vault shall be signed with: a new one, or the one in `file` (absolute): a private key or a `.pub`. */
export type KeyChoice =
  | { readonly file: null; readonly passphrase: boolean }
  | { readonly file: string; readonly passphrase: false };

/** A new key without a passphrase. */
export const newKey: KeyChoice = { file: null, passphrase: false };

/**
 * The first key of a vault without entries: its public key line. Repeatable: a key that an interrupted making of this
 * vault left is taken again. Throws HoldfastError `usage` for a key that cannot be taken, `program-missing`, `io`.
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
 * The next key of a vault whose log names the keys in `used`, made or taken. A new one that an interrupted command made
 * and no entry names is taken again. Throws as `firstKey`.
 */
export async function nextKey(
  root: string,
  vaultId: string,
  choice: KeyChoice,
  used: readonly SshPublicKey[],
  world: World,
): Promise<StoredKey> {
  refuseKeyChoice(root, choice, world.env);
  // Drawn whether it is needed or not, so that what is random afterwards is the same after an interruption.
  const seed = world.random(32);
  return unusedKey(vaultId, choice, used, world) ?? storeKey(vaultId, choice, seed, world);
}

/** A key of ours that no entry names, unless it is less than what is asked for now. */
function unusedKey(
  vaultId: string,
  choice: KeyChoice,
  used: readonly SshPublicKey[],
  world: World,
): StoredKey | null {
  if (choice.file !== null) return null;
  const left = storedKeys(world.env, vaultId)
    .filter((key) => key.keyFile === key.path && !used.some(({ blob }) => blob.equals(key.publicKey.blob)))
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
      "install OpenSSH and run this in a terminal, or take a key of your own with --key FILE",
    );
  });
}

/**
 * Throws `usage` for a choice that cannot be met: a key inside the vault, a file that is no key for this, a passphrase
 * that nobody could be asked for. Makes nothing.
 */
export function refuseKeyChoice(root: string, choice: KeyChoice, env: World["env"]): void {
  refuseKeyInside(root, env, choice.file);
  if (choice.file !== null) readKeyFile(choice.file);
  if (!choice.passphrase || hasTerminal() || hasAskpass(env)) return;
  throw new HoldfastError(
    "usage",
    "making a signing key with a passphrase: there is no terminal to ask for it",
    "run this in a terminal, set SSH_ASKPASS, or take a key of your own with --key FILE",
  );
}

/** Notes somebody's own key; one that is noted or stored already stays where it is. */
function takeKey(vaultId: string, file: string, world: World): StoredKey {
  const { publicKey, keyFile } = readKeyFile(file);
  const known = storedKeys(world.env, vaultId).find((key) => key.publicKey.blob.equals(publicKey.blob));
  return known ?? storeNote(vaultId, publicKey, keyFile, world.env);
}

/** A private key file, or a public one whose private key an agent has or lies beside it. */
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
      `taking ${file} for the signing key: ${error.message}`,
      "give an Ed25519 key of OpenSSH, private or .pub (make one with: ssh-keygen -t ed25519)",
      error,
    );
  }
}

function besideIt(file: string, publicKey: SshPublicKey): string | null {
  try {
    return publicKeyOfPrivate(readFileSync(file, "latin1")).blob.equals(publicKey.blob) ? file : null;
  } catch {
    // No such file, or another kind: then the agent must have the key.
    return null;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    throw new HoldfastError(
      "usage",
      `taking ${file} for the signing key: it cannot be read`,
      "check the path",
      error,
    );
  }
}
