import { latin1 } from "../audit/bytes.js";
import { encodeCanonical, type Json } from "../audit/canonical-json.js";
import { checkpointNamespace } from "../audit/checkpoint.js";
import { sha256 } from "../audit/digest.js";
import type { Entry } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import type { FoundCheckpoint, FoundFile, FoundToken } from "../audit/log-facts.js";
import { signedBytes } from "../audit/signed-checkpoint.js";
import type { SshPublicKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { loggedTokenPaths, witnessesOf } from "../vault/index/tokens.js";
import { listTokensAndWitnesses, readCheckpoint } from "../vault/log-lookup.js";
import type { Authority } from "../vault/settings.js";
import { loggedAddress } from "../vault/token-files.js";
import { logEntry, type Vault } from "../vault/vault.js";

/**
 * Logs tokens and witness signatures that a kill left in `log/` without an entry (FORMAT.md §14). Leaves alone any that
 * is not valid: this machine did not write it, and an audit reports it.
 */
export async function logLeftovers(vault: Vault): Promise<void> {
  const { layout, database } = vault;
  const all = listTokensAndWitnesses(layout);
  if (all.length === 0) return;
  const logged = new Set([...loggedTokenPaths(database), ...witnessesOf(database).map(({ path }) => path)]);
  const unlogged = all.filter(({ path }) => !logged.has(path));
  for (const { path, size } of unlogged) {
    const statement = await statementOfFile(vault, path, size);
    if (statement !== null) logEntry(vault, statement.event, statement.body);
  }
}

/**
 * Whether an entry states exactly what this machine would itself log for a valid file in `log/`: the answer of a
 * configured authority, or a witness's good signature. It does not matter who wrote such an entry: the file proves it.
 */
export async function isStatementOfFile(vault: Vault, { event, body }: Entry): Promise<boolean> {
  const { path, checkpoint } = body;
  if (event !== "token" && event !== "witness-added") return false;
  if (typeof path !== "string" || typeof checkpoint !== "number") return false;
  if (!listTokensAndWitnesses(vault.layout).some((one) => one.path === path && one.size === checkpoint)) {
    return false;
  }
  const statement = await statementOfFile(vault, path, checkpoint);
  if (statement?.event !== event) return false;
  // Only the machine that received the answer knows when it arrived.
  const sameClock = { ...body, clock_difference_ms: null };
  return encodeCanonical(event === "token" ? sameClock : body) === encodeCanonical(statement.body);
}

interface Statement {
  readonly event: "token" | "witness-added";
  readonly body: Readonly<Record<string, Json>>;
}

/** What an entry about a token or witness signature in `log/` would say; null if the file is not valid. */
async function statementOfFile(vault: Vault, path: string, size: number): Promise<Statement | null> {
  const checkpoint = readCheckpoint(vault.layout, size);
  const token = checkpoint.tokens.find((file) => file.path === path);
  const witness = checkpoint.witnesses.find((file) => file.path === path);
  if (token) return tokenStatement(vault, checkpoint, token);
  return witness ? witnessStatement(checkpoint, witness) : null;
}

/** Appends the entry for a witness signature that is already stored. */
export function logWitness(
  vault: Vault,
  checkpoint: number,
  { path, bytes }: FoundFile,
  key: SshPublicKey,
): Entry {
  return logEntry(vault, "witness-added", witnessBody(checkpoint, { path, bytes }, key));
}

function witnessBody(checkpoint: number, { path, bytes }: FoundFile, key: SshPublicKey): Statement["body"] {
  const file = { path, bytes: bytes.length, sha256: sha256(bytes) };
  return { checkpoint, public_key: key.line, ...file };
}

function witnessStatement({ body, size }: FoundCheckpoint, file: FoundFile): Statement | null {
  if (body === null) return null;
  const check = checkSignature(body, latin1(file.bytes), checkpointNamespace);
  if (!("key" in check) || !file.path.endsWith(`witness-${sha256(check.key.blob).slice(0, 16)}.sig`)) {
    return null;
  }
  return { event: "witness-added", body: witnessBody(size, file, check.key) };
}

async function tokenStatement(
  vault: Vault,
  checkpoint: FoundCheckpoint,
  token: FoundToken,
): Promise<Statement | null> {
  const signed = signedBytes(checkpoint);
  if (signed === null) return null;
  const { authorities = [], calendars = [] } = vault.settings.settings;
  const { kind, path, bytes } = token;
  const asked = (kind === "rfc3161" ? authorities : calendars).find(({ name }) => name === token.authority);
  if (asked === undefined) return null;
  const facts =
    kind === "rfc3161" ? await timeStampFacts(asked, token, signed) : await proofFacts(token, signed);
  if (facts === null) return null;
  const { name: authority } = asked;
  const url = loggedAddress(asked.url);
  const file = { path, bytes: bytes.length, sha256: sha256(bytes) };
  const body = { checkpoint: checkpoint.size, kind, authority, url, ...file, ...facts };
  return { event: "token", body };
}

type TokenFacts = Readonly<Record<string, Json>>;

/** What a time-stamp states; null if it is not valid. Its arrival is not known, so the clock difference is not either. */
async function timeStampFacts(
  asked: Authority,
  token: FoundToken,
  signed: Uint8Array,
): Promise<TokenFacts | null> {
  // Nearly every log has no leftovers and needs neither module.
  const { checkTimeStamp } = await import("../audit/time-stamp.js");
  const { rootsFor } = await import("../verify/trust.js");
  const check = checkTimeStamp(token.bytes, signed, rootsFor(asked.roots));
  if (!("timeStamp" in check) || !check.timeStamp.root.trusted) return null;
  const { genTime, accuracyMs, policy, serial, signerSha256, form } = check.timeStamp;
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
    ...(form === "cms" ? { form } : {}),
  };
}

async function proofFacts(token: FoundToken, signed: Uint8Array): Promise<TokenFacts | null> {
  const { readProof } = await import("../audit/open-timestamps.js");
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
