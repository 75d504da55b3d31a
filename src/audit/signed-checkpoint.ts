import { concat, latin1, sameBytes } from "./bytes.js";
import { checkpointNamespace, parseCheckpoint } from "./checkpoint.js";
import { sha256 } from "./digest.js";
import { errorAt, type Finding, noteAt, readOr } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";
import { grouped } from "./grouped.js";
import { keyInForce } from "./key-history.js";
import type { FoundCheckpoint, FoundFile, LogFacts, RestsOn, WitnessEntry } from "./log-facts.js";
import { type SshPublicKey, sameKey } from "./ssh-key.js";
import { checkSignature } from "./sshsig.js";

/** One checkpoint once its own three lines and its signature have been examined. */
export interface SignedCheckpoint {
  readonly found: FoundCheckpoint;
  readonly findings: readonly Finding[];
  /** The key of a signature that verifies over these bytes, whether or not it may sign; null if there is none. */
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
    const lack = mayLackSignature
      ? noteAt("signature-missing", path, "it is not signed yet: the next command that writes signs it")
      : errorAt("signature-missing", path, "it is not signed");
    return { found, findings: [...own, lack], key: null };
  }
  const copies = signedCopyFindings(found, concat(body, signature.bytes));
  const check = checkSignature(body, latin1(signature.bytes), checkpointNamespace);
  if (!("key" in check)) {
    const fault = errorAt(check.code, signature.path, check.message);
    return { found, findings: [...own, fault, ...copies], key: null };
  }
  const ofKey = keyFindings(found.size, signature.path, check.key, facts);
  return { found, findings: [...own, ...ofKey, ...copies], key: check.key };
}

/** The bytes that are time-stamped (FORMAT.md §15); null if the checkpoint or its signature is missing. */
export function signedBytes({ body, signature }: FoundCheckpoint): Uint8Array | null {
  return body && signature && concat(body, signature.bytes);
}

function bodyFindings(path: string, size: number, body: Uint8Array, facts: LogFacts): readonly Finding[] {
  const stated = readOr(
    () => parseCheckpoint(latin1(body)),
    ({ message }) => message,
  );
  if (typeof stated === "string") return [errorAt("checkpoint-malformed", path, stated)];
  const findings: Finding[] = [];
  const add = (code: FindingCode, message: string) => findings.push(errorAt(code, path, message));
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
  if (root !== null && !sameBytes(root, stated.root)) {
    add("checkpoint-root", `its root is not that of the first ${stated.size} lines of the log`);
  }
  return findings;
}

function keyFindings(
  size: number,
  signaturePath: string,
  key: SshPublicKey,
  facts: LogFacts,
): readonly Finding[] {
  const wanted = keyInForce(facts.keys, size);
  if (wanted !== null && sameKey(wanted.key, key)) return [];
  const named = wanted === null ? "the log names no key" : `the log names ${wanted.key.fingerprint}`;
  const message = `signed with ${key.fingerprint}, but for this checkpoint ${named}`;
  return [errorAt("signature-key", signaturePath, message)];
}

/** In a package, `signed` is there for stock tools and must be over nothing else. */
function signedCopyFindings({ signed }: FoundCheckpoint, bytes: Uint8Array): readonly Finding[] {
  if (signed === null || sameBytes(bytes, signed.bytes)) return [];
  const message = "it is not the checkpoint and its signature, one after the other";
  return [errorAt("signed-differs", signed.path, message)];
}

interface WitnessAudit {
  readonly findings: readonly Finding[];
  readonly witnesses: RestsOn["witnesses"];
}

/** Checks each witness's signature over its checkpoint, and against the entry that names it (FORMAT.md §16). */
export function auditWitnesses(
  found: readonly FoundCheckpoint[],
  facts: LogFacts,
  kind: "vault" | "package",
): WitnessAudit {
  const findings: Finding[] = [];
  const witnesses: { fingerprint: string; checkpoint: number }[] = [];
  const here = new Set<string>();
  const logged = grouped(facts.witnesses, ({ path }) => path);
  for (const checkpoint of found) {
    for (const file of checkpoint.witnesses) {
      here.add(file.path);
      // A package holds no `witness-added` entries.
      const entries = kind === "package" ? [] : (logged.get(file.path) ?? []);
      findings.push(...changed(file, entries));
      if (kind === "vault" && entries.length === 0)
        findings.push(noteAt("witness-unlogged", file.path, "no entry of the log names it"));
      const check = checkWitness(checkpoint, file, entries);
      if ("problem" in check) findings.push(errorAt("witness-wrong", file.path, check.problem));
      else witnesses.push({ fingerprint: check.fingerprint, checkpoint: checkpoint.size });
    }
  }
  const missing = kind === "package" ? [] : facts.witnesses.filter(({ path }) => !here.has(path));
  for (const { path, seq } of missing) {
    findings.push(errorAt("witness-missing", path, `entry ${seq} names it, but it is missing`));
  }
  return { findings, witnesses };
}

function changed({ path, bytes }: FoundFile, entries: readonly WitnessEntry[]): readonly Finding[] {
  return entries
    .filter((entry) => entry.bytes !== bytes.length || entry.sha256 !== sha256(bytes))
    .map(({ seq }) => errorAt("witness-changed", path, `it is not the file that entry ${seq} states`));
}

function checkWitness(
  { body }: FoundCheckpoint,
  { path, bytes }: FoundFile,
  entries: readonly WitnessEntry[],
): { readonly fingerprint: string } | { readonly problem: string } {
  if (body === null) return { problem: "the checkpoint it belongs to is missing" };
  const check = checkSignature(body, latin1(bytes), checkpointNamespace);
  if (!("key" in check)) return { problem: check.message };
  const { key } = check;
  if (entries.some(({ public_key }) => public_key !== key.line)) {
    return { problem: `signed with ${key.fingerprint}, which is not the key that its entry states` };
  }
  if (!path.endsWith(`witness-${sha256(key.blob).slice(0, 16)}.sig`)) {
    return { problem: `signed with ${key.fingerprint}, which is not the key that its name states` };
  }
  return { fingerprint: key.fingerprint };
}
