import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { sha256 } from "../../src/audit/digest.js";
import { lineHash } from "../../src/audit/entry.js";
import type { Ed25519Secret } from "../../src/seal/private-key.js";
import {
  allowedSignersOf,
  captureA,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  secretOf,
} from "../support/packages.js";
import { authority, clean, keep, log, withTexts } from "../support/verify-sh.js";

export function flip(files: PackageFiles, path: string, at = 5): void {
  const bytes = Buffer.from(files.get(path) ?? "");
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  files.set(path, bytes);
}

export function move(files: PackageFiles, from: string, to: string): void {
  files.set(to, files.get(from) ?? Buffer.alloc(0));
}

/** `signed` of a checkpoint, as it follows from the other two. */
export function resign(files: PackageFiles, folder: string, signature: string): void {
  const body = files.get(`${folder}/checkpoint`) ?? Buffer.alloc(0);
  files.set(`${folder}/checkpoint.sig`, Buffer.from(signature));
  files.set(`${folder}/signed`, Buffer.concat([body, Buffer.from(signature)]));
}

/** A new token over what is signed now, where only tokens of the newest checkpoint are no entries. */
export function restamp(files: PackageFiles, folder: string): void {
  files.set(
    `${folder}/first.tsr`,
    authority.stamp("first", files.get(`${folder}/signed`) ?? Buffer.alloc(0)),
  );
}

/** The log with one more entry for each body, signed by the key in turn, and a package with its newest checkpoint. */
export function longer(
  more: readonly { event: string; body: object; signedBy: Ed25519Secret }[],
): PackageFiles {
  const files: PackageFiles = new Map(clean.files);
  const lines = [...log.lines];
  for (const { event, body, signedBy } of more) {
    const seq = lines.length + 1;
    const at = `2026-11-23T18:23:0${seq}.000Z`;
    const prev = lineHash(lines.at(-1) ?? "");
    lines.push(encodeCanonical({ v: 1, seq, prev, at, event, actor: "operator-7f3a", tool: "t/1", body }));
    const seqs = [1, 2, 4, 5, 6, 7, 8, 9].filter((one) => one <= seq);
    putEntries(files, { ...log, lines }, seqs);
    putCheckpoint(files, { ...log, lines, secret: signedBy }, seq, seqs);
  }
  rebag(files);
  return files;
}

/** The package with another text as its last entry, signed and stamped as if it had always been so. */
export function putLastLine(files: PackageFiles, change: (line: string) => string): void {
  const before = log.lines.at(-1) ?? "";
  const lines = [...log.lines.slice(0, -1), change(before)];
  if (lines.at(-1) === before) throw new Error("there is nothing to change in the last entry");
  const seqs = [1, 2, 4, 5, 6, 7];
  putEntries(files, { ...log, lines }, seqs);
  putCheckpoint(files, { ...log, lines }, 7, seqs);
  restamp(files, "proof/000007");
}

export const next = secretOf(8);
export const rotation = (reason: string) => ({
  event: "key-rotated",
  body: { public_key: next.publicKey.line, previous: log.secret.publicKey.line, reason },
});
export const later = {
  event: "derive-failed",
  body: { capture: captureA, reason: "the program stopped", runs: [] },
  signedBy: next,
};
export const bothKeys = keep(
  "both",
  `${allowedSignersOf(log)}${allowedSignersOf({ vaultId: log.vaultId, secret: next })}`,
);

export const withAnnex = withTexts(makePackage({ stamp: authority.stamp, withAnnex: true }));

export function witnessPath(): string {
  return `proof/000007/witness-${sha256(next.publicKey.blob).slice(0, 16)}.sig`;
}

export function otsOver(signed: Buffer): Buffer {
  const head = "004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e892940108";
  return Buffer.from(`${head}${sha256(signed)}0083dfe30d2ef90c8e`, "hex");
}
