import type { FoundCheckpoint, LogFacts } from "./checkpoints.js";
import { type Checkpoint, checkpointNamespace, parseCheckpoint } from "./checkpoint.js";
import type { FindingCode } from "./finding-codes.js";
import type { Finding } from "./finding.js";
import { FormatError } from "../core/format-error.js";
import { keyInForce } from "./key-history.js";
import type { SshPublicKey } from "./ssh-key.js";
import { checkSignature } from "./sshsig.js";

/** One checkpoint after its own three lines and its signature were looked at. */
export interface SignedCheckpoint {
  readonly found: FoundCheckpoint;
  readonly findings: readonly Finding[];
  /** The key of a signature that verifies over these bytes, whether or not it may sign; null where there is none. */
  readonly key: SshPublicKey | null;
}

/**
 * Checks the three lines against the log, and the signature against the key in force. `mayLackSignature` holds for the
 * newest checkpoint of a vault, which a kill can leave unsigned.
 */
export function checkSigned(
  found: FoundCheckpoint,
  facts: LogFacts,
  mayLackSignature: boolean,
): SignedCheckpoint {
  const { body, signature, path } = found;
  if (body === null) return { found, findings: [], key: null };
  const own = bodyFindings(path, found.size, body, facts);
  if (signature === null) {
    const message = mayLackSignature
      ? "it is not signed yet: the next command that writes does it"
      : "it is not signed";
    const severity = mayLackSignature ? "note" : "error";
    return {
      found,
      findings: [...own, { code: "signature-missing", severity, where: path, message }],
      key: null,
    };
  }
  const copies = signedCopyFindings(found, Buffer.concat([body, signature.bytes]));
  const check = checkSignature(body, asciiOf(signature.bytes), checkpointNamespace);
  if (!("key" in check)) {
    const fault = findCheckpointFault(check.code, signature.path, check.message);
    return { found, findings: [...own, fault, ...copies], key: null };
  }
  const ofKey = keyFindings(found.size, signature.path, check.key, facts);
  return { found, findings: [...own, ...ofKey, ...copies], key: check.key };
}

/** The bytes that are time-stamped (FORMAT.md §15); null where the checkpoint or its signature is not there. */
export function signedBytes({ body, signature }: FoundCheckpoint): Buffer | null {
  return body && signature && Buffer.concat([body, signature.bytes]);
}

/** Bytes as text of one character each: what is not ASCII stays different from everything that is. */
export function asciiOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

export function findCheckpointFault(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "error", where, message };
}

function bodyFindings(path: string, size: number, body: Uint8Array, facts: LogFacts): readonly Finding[] {
  const stated = readBody(body);
  if (typeof stated === "string") return [findCheckpointFault("checkpoint-malformed", path, stated)];
  const findings: Finding[] = [];
  const add = (code: FindingCode, message: string) => findings.push(findCheckpointFault(code, path, message));
  if (stated.size !== size) {
    add("checkpoint-malformed", `it is for ${stated.size} entries and does not lie under that number`);
  }
  if (stated.origin !== facts.origin) add("checkpoint-origin", "it names another vault than this one");
  if (facts.entries !== null && stated.size > facts.entries) {
    const gone = stated.size - facts.entries;
    add("checkpoint-beyond-log", `the log ends ${gone} ${gone === 1 ? "entry" : "entries"} before it`);
    return findings;
  }
  const root = facts.rootAt(stated.size);
  if (root !== null && !root.equals(stated.root)) {
    add("checkpoint-root", `its root is not that of the first ${stated.size} lines of the log`);
  }
  return findings;
}

function readBody(body: Uint8Array): Checkpoint | string {
  try {
    return parseCheckpoint(asciiOf(body));
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

function keyFindings(
  size: number,
  signaturePath: string,
  key: SshPublicKey,
  facts: LogFacts,
): readonly Finding[] {
  const wanted = keyInForce(facts.keys, size);
  if (wanted?.key.blob.equals(key.blob)) return [];
  const named = wanted === null ? "the log names no key" : `the log names ${wanted.key.fingerprint}`;
  const message = `signed with ${key.fingerprint}, but for this checkpoint ${named}`;
  return [findCheckpointFault("signature-key", signaturePath, message)];
}

/** In a package `signed` is there for stock tools: it must not be over anything else. */
function signedCopyFindings({ signed }: FoundCheckpoint, bytes: Buffer): readonly Finding[] {
  if (signed === null || bytes.equals(signed.bytes)) return [];
  const message = "it is not the checkpoint and its signature, one after the other";
  return [findCheckpointFault("signed-differs", signed.path, message)];
}
