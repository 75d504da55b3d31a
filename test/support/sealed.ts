import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkpointName, checkpointNamespace } from "../../src/audit/checkpoint.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { rotateKey } from "../../src/seal/key.js";
import { newKey } from "../../src/seal/make-key.js";
import { openOrMake } from "../../src/seal/open-vault.js";
import { type Ed25519Secret, secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { encodeTimeStampRequest } from "../../src/seal/time-stamp-request.js";
import { addWitness } from "../../src/seal/witness.js";
import { closeVault, type Vault } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { goToMachineOf, machineEnv } from "./machines.js";
import { captureText, deriveText, openTestVault, testWorld } from "./vaults.js";

export const seal = { proxy: null, allowPrivate: true, force: true } as const;

/** A colleague's key. */
export const witnessSecret: Ed25519Secret = secretOfSeed(Buffer.alloc(32, 7));

/**
 * A world that asks authorities, on loopback too. They stamp by the clock of this machine, so the log is written by it as
 * well: beside a day that stands still, their tokens come later every day, until a replaced key's time is over.
 */
export function askingWorld(): World {
  const world = { ...testWorld(), now: () => new Date() };
  return { ...world, env: machineEnv({ HOLDFAST_OFFLINE: "", HOLDFAST_ALLOW_PRIVATE: "1" }) };
}

/** What a vault is stamped by, as `holdfast.json` has it. */
export interface Stampers {
  readonly authorities: readonly {
    readonly name: string;
    readonly url: string;
    readonly roots: readonly string[];
  }[];
  readonly calendars: readonly { readonly name: string; readonly url: string }[];
}

/** One writing command: what it writes, and the checkpoint with its tokens behind it. Returns the checkpoint's size. */
export async function writeAndSeal(
  root: string,
  world: World,
  write: (vault: Vault) => void,
): Promise<number> {
  goToMachineOf(root);
  const vault = await openOrMake(root, world);
  write(vault);
  return (await closeAfterWriting(vault, world, seal)).size ?? 0;
}

/** A new vault that asks these authorities from its second entry on. Nothing is sealed yet. */
export async function makeStampedVault(root: string, stampers: Stampers): Promise<void> {
  closeVault(await openTestVault(root));
  const path = join(root, "holdfast.json");
  const settings = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(
    path,
    JSON.stringify({ ...settings, settings: { ...stampers, anchor_wait_seconds: 120 } }, null, 2),
  );
}

/** Sizes of the checkpoints of the vault that `makeSealedVault` makes. */
export interface Sealed {
  readonly first: number;
  readonly second: number;
  /** The one that endorses a rotation; the entry has the same number. */
  readonly rotation: number;
  /** The one that a witness signed: the first under the second key. */
  readonly witnessed: number;
  readonly newest: number;
}

/** A vault with captures, five checkpoints under two keys, a witness, and tokens over each checkpoint. */
export async function makeSealedVault(root: string, stampers: Stampers): Promise<Sealed> {
  await makeStampedVault(root, stampers);
  const world = askingWorld();
  const first = await writeAndSeal(root, world, (vault) => {
    const { record } = captureText(vault, "first");
    deriveText(vault, record, "one");
  });
  const second = await writeAndSeal(root, world, (vault) => captureText(vault, "second, longer"));
  const rotation = await rotateKey({ vault: root, choice: newKey, reason: "routine", seal }, world);
  const witnessed = await writeAndSeal(root, world, (vault) => captureText(vault, "the third, longer still"));
  const text = signedBy(witnessSecret, bodyOf(root, witnessed));
  const { head } = await addWitness({ vault: root, text, seal }, world);
  return { first, second, rotation: rotation.entry, witnessed, newest: head.size ?? 0 };
}

export function logPath(size: number, end: string): string {
  return `log/${checkpointName(size)}.${end}`;
}

export function bodyOf(root: string, size: number): Buffer {
  return readFileSync(join(root, logPath(size, "checkpoint")));
}

/** Checkpoint and signature, one after the other: what is time-stamped. */
export function signedOf(root: string, size: number): Buffer {
  return Buffer.concat([bodyOf(root, size), readFileSync(join(root, logPath(size, "checkpoint.sig")))]);
}

export function signedBy(secret: Ed25519Secret, body: Uint8Array, namespace = checkpointNamespace): string {
  return signMessage(body, namespace, secret);
}

/** What an authority answers for these bytes at this moment. */
export async function stampOf(url: string, bytes: Uint8Array): Promise<Buffer> {
  const digest = createHash("sha256").update(bytes).digest();
  const body = new Uint8Array(encodeTimeStampRequest(digest, Buffer.from("0011223344556677", "hex"), null));
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/timestamp-query" },
  });
  return Buffer.from(await answer.arrayBuffer());
}
