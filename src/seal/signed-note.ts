import { createHash } from "node:crypto";
import { concat } from "../audit/bytes.js";
import { type Checkpoint, checkpointNamespace } from "../audit/checkpoint.js";
import { keyInForce } from "../audit/key-history.js";
import { keyParts, type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { HoldfastError } from "../core/words/error.js";
import { keyHistoryOf } from "../vault/log.js";
import { readVault } from "../vault/reader.js";
import type { World } from "../world.js";
import { newestSigned } from "./checkpoint.js";
import { signerFor } from "./signing-key.js";

/** A checkpoint as programs of the transparency world read it (FORMAT.md §16.1). */
export interface SignedNote {
  /** The three lines, an empty line, and the signature line. */
  readonly note: string;
  /** What those programs are given to check it with: name, key id and key. */
  readonly verifierKey: string;
}

/** The type of an Ed25519 key in C2SP signed-note. */
const ed25519 = Uint8Array.of(1);

/**
 * The newest signed checkpoint as a signed note, whose signature is made now; nothing is written. It is signed again only
 * if its SSH signature is by the key in force, which this machine must hold in a file. Throws as `newestSigned`, and
 * `not-as-recorded`, `key-missing` or `key-locked`.
 */
export async function newestNote(
  vault: string,
  world: World,
): Promise<SignedNote & { readonly checkpoint: Checkpoint }> {
  const { checkpoint, text, signature } = newestSigned(vault);
  const history = readVault(vault, ({ database }) => keyHistoryOf(database));
  const key = keyInForce(history, checkpoint.size)?.key ?? null;
  const body = Buffer.from(text, "latin1");
  const check = checkSignature(body, signature, checkpointNamespace);
  if (key === null || !("key" in check) || !sameKey(check.key, key)) {
    throw new HoldfastError(
      "not-as-recorded",
      "the signature of the newest checkpoint is not one by the key in force",
      "run 'holdfast verify' to see what is wrong",
    );
  }
  const signer = await signerFor(key.line, world);
  return { checkpoint, ...signedNote(text, checkpoint.origin, key, signer.signBytes(body)) };
}

/** Puts a note together (C2SP signed-note). `text` ends with LF; `name` has neither blanks nor plus signs. */
export function signedNote(text: string, name: string, key: SshPublicKey, signature: Uint8Array): SignedNote {
  const { point } = keyParts(key.blob);
  const named = concat(Buffer.from(`${name}\n`), ed25519, point);
  const id = createHash("sha256").update(named).digest().subarray(0, 4);
  const base64 = (...parts: readonly Uint8Array[]) => Buffer.from(concat(...parts)).toString("base64");
  return {
    note: `${text}\n— ${name} ${base64(id, signature)}\n`,
    verifierKey: `${name}+${id.toString("hex")}+${base64(ed25519, point)}`,
  };
}
