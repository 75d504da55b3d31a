import type { FoundCheckpoint, FoundFile, FoundToken } from "./core/audit-checkpoints.js";
import { asciiOf, signedBytes } from "./core/audit-signed.js";
import type { Json } from "./core/canonical-json.js";
import { checkpointNamespace } from "./core/checkpoint.js";
import { sha256 } from "./core/digest.js";
import type { Entry } from "./core/entry.js";
import { FormatError } from "./core/format-error.js";
import type { SshPublicKey } from "./core/ssh-key.js";
import { checkSignature } from "./core/sshsig.js";
import { listTokensAndWitnesses, readCheckpoint } from "./vault/log-folder.js";
import type { Authority } from "./vault/settings.js";
import { loggedAddress } from "./vault/token-files.js";
import { loggedTokenPaths } from "./vault/tokens.js";
import { logEntry, type Vault } from "./vault/vault.js";
import { witnessesOf } from "./vault/witnesses.js";

/**
 * Logs tokens and witnesses' signatures that are in place and that no entry names: a kill came between the two (FORMAT.md
 * §14). One that does not check out is left as it lies: it is not ours, and an audit names it.
 */
export async function logLeftovers(vault: Vault): Promise<void> {
  const { layout, database } = vault;
  const all = listTokensAndWitnesses(layout);
  if (all.length === 0) return;
  const logged = new Set([...loggedTokenPaths(database), ...witnessesOf(database).map(({ path }) => path)]);
  const unlogged = all.filter(({ path }) => !logged.has(path));
  for (const { path, size } of unlogged) {
    const checkpoint = readCheckpoint(layout, size);
    const token = checkpoint.tokens.find((file) => file.path === path);
    const witness = checkpoint.witnesses.find((file) => file.path === path);
    if (token) await logLeftToken(vault, checkpoint, token);
    if (witness) logLeftWitness(vault, checkpoint, witness);
  }
}

/** Appends the entry of a witness's signature that is in place. */
export function logWitness(
  vault: Vault,
  checkpoint: number,
  { path, bytes }: FoundFile,
  key: SshPublicKey,
): Entry {
  const file = { path, bytes: bytes.length, sha256: sha256(bytes) };
  return logEntry(vault, "witness-added", { checkpoint, public_key: key.line, ...file });
}

function logLeftWitness(vault: Vault, { body, size }: FoundCheckpoint, file: FoundFile): void {
  if (body === null) return;
  const check = checkSignature(body, asciiOf(file.bytes), checkpointNamespace);
  if (!("key" in check) || !file.path.endsWith(`witness-${sha256(check.key.blob).slice(0, 16)}.sig`)) return;
  logWitness(vault, size, file, check.key);
}

async function logLeftToken(vault: Vault, checkpoint: FoundCheckpoint, token: FoundToken): Promise<void> {
  const signed = signedBytes(checkpoint);
  if (signed === null) return;
  const { authorities = [], calendars = [] } = vault.settings.settings;
  const { kind, path, bytes } = token;
  const asked = (kind === "rfc3161" ? authorities : calendars).find(({ name }) => name === token.authority);
  if (asked === undefined) return;
  const facts =
    kind === "rfc3161" ? await timeStampFacts(asked, token, signed) : await proofFacts(token, signed);
  if (facts === null) return;
  const { name: authority } = asked;
  const url = loggedAddress(asked.url);
  const file = { path, bytes: bytes.length, sha256: sha256(bytes) };
  logEntry(vault, "token", { checkpoint: checkpoint.size, kind, authority, url, ...file, ...facts });
}

type TokenFacts = Readonly<Record<string, Json>>;

/** What a time-stamp states; null where it does not check out. When it came is not known, so neither is our clock then. */
async function timeStampFacts(
  asked: Authority,
  token: FoundToken,
  signed: Buffer,
): Promise<TokenFacts | null> {
  // A log without leftovers, which is nearly every one, needs neither.
  const { checkTimeStamp } = await import("./core/time-stamp.js");
  const { platformRoots } = await import("./tools/authority.js");
  const check = await checkTimeStamp(token.bytes, signed, asked.roots ?? platformRoots);
  if (!("timeStamp" in check) || !check.timeStamp.root.trusted) return null;
  const { genTime, accuracyMs, policy, serial, signerSha256 } = check.timeStamp;
  if (asked.policy !== undefined && asked.policy !== policy) return null;
  return {
    status: "granted",
    gen_time: genTime,
    accuracy_ms: accuracyMs,
    policy,
    serial,
    signer_sha256: signerSha256,
    clock_difference_ms: null,
    height: null,
  };
}

async function proofFacts(token: FoundToken, signed: Buffer): Promise<TokenFacts | null> {
  const { readProof } = await import("./core/open-timestamps.js");
  try {
    const { bitcoin } = readProof(token.bytes, Buffer.from(sha256(signed), "hex"));
    return {
      status: bitcoin.length > 0 ? "complete" : "pending",
      gen_time: null,
      accuracy_ms: null,
      policy: null,
      serial: null,
      signer_sha256: null,
      clock_difference_ms: null,
      height: bitcoin[0]?.height ?? null,
    };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
