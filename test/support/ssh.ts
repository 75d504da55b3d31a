import { execFileSync, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Runs ssh-keygen and returns what it prints; throws where it fails. */
export function keygen(...argv: readonly string[]): string {
  return execFileSync("ssh-keygen", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Whether `ssh-keygen -Y verify` accepts the signature of `principal` over the message, by this list of signers. */
export function opensshAccepts(
  folder: string,
  given: {
    readonly signers: string;
    readonly principal: string;
    readonly namespace: string;
    readonly signature: string;
    readonly message: string | Uint8Array;
    readonly at?: string;
  },
): boolean {
  const signers = join(folder, "signers-of-check");
  const signature = join(folder, "signature-of-check");
  writeFileSync(signers, given.signers);
  writeFileSync(signature, given.signature);
  const time = given.at === undefined ? [] : ["-O", `verify-time=${given.at}`];
  const argv = ["-Y", "verify", ...time, "-f", signers, "-I", given.principal, "-n", given.namespace];
  const env = { ...process.env, TZ: "UTC0" };
  return spawnSync("ssh-keygen", [...argv, "-s", signature], { input: given.message, env }).status === 0;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function string(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** The parts of an SSHSIG, each to be put wrong by a test. `signature` is the inner one, without its length. */
export interface Parts {
  readonly magic: string;
  readonly version: number;
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly reserved: string;
  readonly hash: string;
  readonly signature: Buffer;
  readonly trailing: Buffer;
}

export function armored(parts: Parts): string {
  const { magic, version, publicKey, namespace, reserved, hash, signature, trailing } = parts;
  return armorOf(
    Buffer.concat([
      Buffer.from(magic),
      uint32(version),
      string(publicKey),
      string(namespace),
      string(reserved),
      string(hash),
      string(signature),
      trailing,
    ]),
  );
}

export function armorOf(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join("\n")}\n-----END SSH SIGNATURE-----\n`;
}

/** A FIDO device made of software: signs as PROTOCOL.u2f says, written apart from the code under test. */
export function softwareDevice(application = "ssh:") {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const type = "sk-ssh-ed25519@openssh.com";
  const blob = Buffer.concat([string(type), string(point), string(application)]);
  const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();
  return {
    line: `${type} ${blob.toString("base64")}`,
    parts(message: Uint8Array | string, namespace: string, flags = 1, counter = 7, hash = "sha512"): Parts {
      const digest = createHash(hash).update(message).digest();
      const data = Buffer.concat([
        Buffer.from("SSHSIG"),
        string(namespace),
        string(""),
        string(hash),
        string(digest),
      ]);
      const device = Buffer.concat([Buffer.from([flags]), uint32(counter)]);
      const raw = sign(null, Buffer.concat([sha256(application), device, sha256(data)]), privateKey);
      return {
        magic: "SSHSIG",
        version: 1,
        publicKey: blob,
        namespace,
        reserved: "",
        hash,
        signature: Buffer.concat([string(type), string(raw), device]),
        trailing: Buffer.alloc(0),
      };
    },
  };
}
