import fc from "fast-check";
import { allows, parseAllowedSigners } from "../../src/audit/allowed-signers.js";
import { encodeCanonical, parseCanonical } from "../../src/audit/canonical-json.js";
import {
  checkpointNamespace,
  encodeCheckpoint,
  findCheckpoint,
  parseCheckpoint,
} from "../../src/audit/checkpoint.js";
import { checkLine, genesisPrev, parseEntry } from "../../src/audit/entry.js";
import { parseInventory } from "../../src/audit/inventory.js";
import { keyHistory, keyInForce } from "../../src/audit/key-history.js";
import { parsePublicKey } from "../../src/audit/ssh-key.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import { encodeEntry } from "../../src/core/capture/new-entry.js";
import { encodeInventory, firstInventory } from "../../src/core/capture/new-inventory.js";
import { ageSshKey } from "../../src/core/package/age-ssh.js";
import { encodeAllowedSigners } from "../../src/core/package/key-lines.js";
import { logTimes } from "../../src/core/package/log-times.js";
import {
  encodePrivateKey,
  parsePrivateKey,
  publicKeyOfPrivate,
  secretOfSeed,
  signMessage,
} from "../../src/seal/private-key.js";
import { findArmored } from "../../src/seal/witness.js";
import { schemaProblems } from "../../src/vault/json-schemas.js";
import * as samples from "../support/samples.js";
import { readVectors } from "../support/vectors.js";
import { bytesOf, type ForeignReader, mustBeSame, orRefused } from "./foreign-reader.js";

const secret = secretOfSeed(Buffer.alloc(32, 5));
const key = secret.publicKey;
const origin = `holdfast/${"4f".repeat(16)}`;
const checkpoint = encodeCheckpoint({ origin, size: 12, root: Buffer.alloc(32, 9) });
const signature = signMessage(Buffer.from(checkpoint), checkpointNamespace, secret);
const history = keyHistory([
  { seq: 1, at: "2026-11-23T18:22:05.120Z", event: "vault-created", body: { public_key: key.line } },
  {
    seq: 9,
    at: "2026-11-24T18:22:05.120Z",
    event: "key-rotated",
    body: { public_key: key.line, previous: key.line, reason: "routine" },
  },
]);
const signers = encodeAllowedSigners(origin, history, logTimes([]));
const digests = { sha256: "ab".repeat(32), sha512: "cd".repeat(64) };
const inventory = firstInventory("20261123-4T9KX2MB", [{ path: "original/track-1.mp4", ...digests }], {
  created: "2026-11-23T18:22:05.120Z",
  message: "captured",
  user: "holdfast",
  address: "urn:uuid:0f6c3d3b-5a1e-4c9d-8b7a-69584736251f",
});
const lines = readVectors<{ readonly line: string }>("entries", "good-").map(({ line }) => line);

/** JSON that the canonical form has a text for: no fractions, no halves of characters, keys of ASCII. */
const canonicalValue = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(null, true, false),
      fc.maxSafeInteger(),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: "grapheme-ascii", maxLength: 6 }), tie("value"), { maxKeys: 4 }),
    ),
  }))
  .value.map((value) => JSON.stringify(value === 0 ? 0 : value).replaceAll("-0", "0"));

export const logReaders: readonly ForeignReader[] = [
  {
    name: "canonical JSON",
    samples: [...lines, encodeCanonical(samples.record), '{"__proto__":{"a":1},"constructor":2}'],
    made: canonicalValue,
    read: (text) => {
      const strict = orRefused(() => parseCanonical(text));
      if (strict !== null) mustBeSame(encodeCanonical(strict), text);
      const written = orRefused(() => encodeCanonical(parsed(text)));
      if (written !== null) mustBeSame(encodeCanonical(parseCanonical(written)), written);
    },
  },
  {
    name: "a line of the log",
    samples: lines,
    read: (text) => {
      checkLine(text, { seq: 15, prev: genesisPrev });
      const entry = orRefused(() => parseEntry(text));
      if (entry === null) return;
      mustBeSame(encodeEntry(entry), text);
      schemaProblems("entry", entry);
      keyHistory([entry]);
    },
  },
  {
    name: "a checkpoint",
    samples: [checkpoint],
    made: fc
      .tuple(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
      )
      .map(([size, root]) => encodeCheckpoint({ origin, size, root: Buffer.from(root) })),
    read: (text) => {
      const read = orRefused(() => parseCheckpoint(text));
      if (read !== null) mustBeSame(encodeCheckpoint(read), text);
      const found = orRefused(() => findCheckpoint(text));
      if (found !== null) parseCheckpoint(encodeCheckpoint(found));
    },
  },
  {
    name: "a signature",
    samples: [signature, `> mail\n> ${signature.replaceAll("\n", "\r\n> ")}`],
    read: (text) => {
      const check = checkSignature(Buffer.from(checkpoint), text, checkpointNamespace);
      // Ed25519 has one signature for a message and key, and its armour one spelling but for line breaks.
      if ("key" in check) mustBeSame(text.replaceAll("\n", ""), signature.replaceAll("\n", ""));
      return orRefused(() => findArmored(text));
    },
  },
  {
    name: "a public key",
    samples: [key.line, `${key.line} somebody@somewhere`],
    read: (text) => {
      const read = orRefused(() => parsePublicKey(text));
      if (read === null) return;
      mustBeSame(parsePublicKey(read.line).line, read.line);
      orRefused(() => ageSshKey(read));
      const told = {
        seq: 1,
        at: "2026-11-23T18:22:05.120Z",
        event: "vault-created",
        body: { public_key: text },
      } as const;
      keyInForce(keyHistory([told]), 1);
    },
  },
  {
    name: "a private key",
    samples: [encodePrivateKey(secret, "holdfast", 7)],
    read: (text) => {
      orRefused(() => publicKeyOfPrivate(text));
      const read = orRefused(() => parsePrivateKey(text));
      if (read !== null) mustBeSame(read.publicKey.line, secretOfSeed(read.seed).publicKey.line);
    },
  },
  {
    name: "a list of allowed signers",
    samples: [signers, `"a b",*@c cert-authority ssh-rsa AAAA\n*,!x namespaces="a\\"b" ${key.line}\n`],
    read: (text) => {
      const read = orRefused(() => parseAllowedSigners(text));
      if (read !== null) allows(read, origin, key, "2026-11-23T18:22:05.120Z");
    },
  },
  {
    name: "an inventory",
    samples: [encodeInventory(inventory)],
    read: (text) => {
      const read = parseInventory(text);
      if (!("inventory" in read)) return;
      const written = encodeInventory(read.inventory);
      const again = parseInventory(written);
      mustBeSame("inventory" in again ? encodeInventory(again.inventory) : "refused", written);
    },
  },
  {
    name: "the settings of a vault",
    samples: [
      '{"v":1,"id":"4f","created":"2026-11-23T18:22:05.120Z","settings":{"authorities":[{"name":"a","url":"https://a.kz"}]}}',
    ],
    read: (text) =>
      schemaProblems(
        "config",
        orRefused(() => parsed(text)),
      ),
  },
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(bytesOf(text).length > 1e6 ? "null" : text);
  } catch {
    return null;
  }
}
