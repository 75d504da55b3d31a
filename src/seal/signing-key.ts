import { readFileSync } from "node:fs";
import { FormatError } from "../audit/finding.js";
import { parsePublicKey, type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { HoldfastError } from "../core/words/error.js";
import { signWithSshKeygen } from "../tools/run/ssh-keygen.js";
import type { World } from "../world.js";
import { findKey, type StoredKey } from "./key-store.js";
import { type Ed25519Secret, parsePrivateKey, signBytes, signMessage } from "./private-key.js";

/** Signs with one key, and checks each signature against that key. */
export interface Signer {
  readonly key: SshPublicKey;
  /**
   * The armoured signature (SSHSIG) over these bytes in this namespace. Throws HoldfastError `key-locked` if the key needs
   * an agent, a touch or a passphrase and did not get it, and `key-missing` if its file is gone.
   */
  sign(message: Uint8Array, namespace: string): Promise<string>;
  /**
   * The bare Ed25519 signature of these bytes, which only a key in a file without a passphrase gives. Throws `key-locked`
   * or `key-missing`.
   */
  signBytes(message: Uint8Array): Uint8Array;
}

/**
 * The signer for a public key, found among the keys and notes in the configuration folder. The private key is read only
 * when something is signed. Throws HoldfastError `key-missing` if this machine does not have the key.
 */
export async function signerFor(publicKeyLine: string, world: World): Promise<Signer> {
  const key = readLine(publicKeyLine);
  const stored = findKey(world.env, key);
  if (stored === null) {
    throw keyMissing(`signing with ${key.fingerprint}: this machine does not have this key`);
  }
  return {
    key,
    sign: async (message, namespace) => {
      const armored = await signWith(stored, message, namespace, world);
      const check = checkSignature(message, armored, namespace);
      if ("key" in check && sameKey(check.key, key)) return armored;
      throw new HoldfastError(
        "key-locked",
        `signing with ${key.fingerprint}: the answer is not a signature by this key`,
        "try again; if this persists, use another agent, or change to another key with: holdfast key rotate",
      );
    },
    signBytes: (message) => {
      const secret = stored.keyFile === null ? null : openSecret(stored, stored.keyFile);
      if (secret !== null) return signBytes(message, secret);
      throw new HoldfastError(
        "key-locked",
        `signing with ${key.fingerprint}: an agent, a device or ssh-keygen signs no note, only the checkpoint itself`,
        "give away the three lines and their SSH signature instead: holdfast checkpoint --show",
      );
    },
  };
}

/** Whether this machine can sign with a stored key by itself, or needs an agent, a device or a passphrase. */
export function keyKind(stored: StoredKey): "file" | "locked-file" | "device" | "agent" | "gone" {
  if (stored.keyFile === null) return "agent";
  if (stored.publicKey.type !== "ssh-ed25519") return "device";
  try {
    return openSecret(stored, stored.keyFile) === null ? "locked-file" : "file";
  } catch (error) {
    if (error instanceof HoldfastError) return "gone";
    throw error;
  }
}

function readLine(line: string): SshPublicKey {
  try {
    return parsePublicKey(line);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw keyMissing(`finding the signing key: the log names no readable key: ${error.message}`);
  }
}

async function signWith(
  stored: StoredKey,
  message: Uint8Array,
  namespace: string,
  world: World,
): Promise<string> {
  const { keyFile, publicKey } = stored;
  const secret = keyFile === null ? null : openSecret(stored, keyFile);
  if (secret) return signMessage(message, namespace, secret);
  if (publicKey.type !== "ssh-ed25519") sayTouch(world);
  const { env, signal } = world;
  const request = { message, namespace, publicKeyLine: publicKey.line, keyFile, env, signal };
  const answer = await signWithSshKeygen(request);
  if ("text" in answer) return answer.text;
  throw new HoldfastError(
    "key-locked",
    `signing with ${publicKey.fingerprint}: ${answer.refused ? refusal(stored, answer.problem) : answer.problem}`,
    unlockHint(stored),
  );
}

function refusal({ keyFile, publicKey }: StoredKey, said: string): string {
  if (keyFile === null) return "no reachable agent has this key";
  if (publicKey.type === "ssh-ed25519")
    return "the key is locked: it has a passphrase, and no agent holds it";
  return `the device with the key is not connected, or nobody touched it: ${said}`;
}

/** The private key in a file; null if it has a passphrase or belongs to a device. Throws `key-missing`. */
function openSecret({ publicKey }: StoredKey, keyFile: string): Ed25519Secret | null {
  let text: string;
  try {
    text = readFileSync(keyFile, "latin1");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw keyMissing(`signing with ${publicKey.fingerprint}: its file ${keyFile} cannot be read`, error);
  }
  try {
    const secret = parsePrivateKey(text);
    if (sameKey(secret.publicKey, publicKey)) return secret;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (error.code === "key-has-passphrase" || publicKey.type !== "ssh-ed25519") return null;
  }
  throw keyMissing(`signing with ${publicKey.fingerprint}: its file ${keyFile} holds another key or none`);
}

function unlockHint({ keyFile, publicKey }: StoredKey): string {
  if (keyFile === null)
    return "start the agent that holds it and set SSH_AUTH_SOCK; 'ssh-add -l' lists its keys";
  if (publicKey.type !== "ssh-ed25519")
    return `connect the device and touch it when it blinks, or add the key to an agent: ssh-add ${keyFile}`;
  return `add the key to an agent: ssh-add ${keyFile}`;
}

function sayTouch(world: World): void {
  world.progress({
    subject: "signature",
    stage: "wait",
    detail: "touch the device with the signing key when it blinks",
    done: null,
    total: null,
    speed: null,
    etaSeconds: null,
  });
}

function keyMissing(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    "key-missing",
    message,
    "copy the key to this machine, or continue with a new one: holdfast key rotate --lost",
    cause,
  );
}
