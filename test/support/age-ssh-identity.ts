import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from "node:crypto";
import type { Identity } from "age-encryption";
import { parsePrivateKey } from "../../src/seal/private-key.js";

/*
 * The other side of age's ssh-ed25519 recipients, for tests: it comes to the point from the private key, and not from
 * the public one as the code under test does.
 */

const label = "age-encryption.org/v1/ssh-ed25519";

/** Opens age files with a private key file as ssh-keygen writes it, without a passphrase. */
export function sshIdentity(privateKeyFile: string): Identity {
  const { seed, publicKey } = parsePrivateKey(privateKeyFile);
  const scalar = createHash("sha512").update(seed).digest().subarray(0, 32);
  const own = publicPartOf(scalar);
  const tag = base64(createHash("sha256").update(publicKey.blob).digest().subarray(0, 4));
  return {
    unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === "ssh-ed25519" && args[1] === tag);
      if (stanza === undefined) return null;
      const share = Buffer.from(stanza.args[2] ?? "", "base64");
      const tweak = derive(Buffer.alloc(0), publicKey.blob);
      const key = derive(agree(tweak, agree(scalar, share)), Buffer.concat([share, own]));
      const cipher = createDecipheriv("chacha20-poly1305", key, Buffer.alloc(12), { authTagLength: 16 });
      cipher.setAuthTag(stanza.body.subarray(-16));
      return new Uint8Array(Buffer.concat([cipher.update(stanza.body.subarray(0, -16)), cipher.final()]));
    },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

function derive(secret: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, label, 32));
}

function privateKeyOf(scalar: Uint8Array) {
  const der = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), scalar]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function publicPartOf(scalar: Uint8Array): Buffer {
  return createPublicKey(privateKeyOf(scalar)).export({ format: "der", type: "spki" }).subarray(-32);
}

function agree(scalar: Uint8Array, point: Uint8Array): Buffer {
  const der = Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), point]);
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  return diffieHellman({ privateKey: privateKeyOf(scalar), publicKey });
}
