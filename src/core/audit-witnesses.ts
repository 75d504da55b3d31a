import type { FoundCheckpoint, FoundFile, LogFacts, RestsOn, WitnessEntry } from "../audit/checkpoints.js";
import { asciiOf } from "../audit/signed-checkpoint.js";
import { checkpointNamespace } from "../audit/checkpoint.js";
import { sha256 } from "../audit/digest.js";
import type { FindingCode } from "../audit/finding-codes.js";
import type { Finding } from "../audit/finding.js";
import { checkSignature } from "../audit/sshsig.js";

export interface WitnessAudit {
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
  const logged = byPath(facts.witnesses);
  for (const checkpoint of found) {
    for (const file of checkpoint.witnesses) {
      here.add(file.path);
      // A package holds no `witness-added` entries.
      const entries = kind === "package" ? [] : (logged.get(file.path) ?? []);
      findings.push(...changed(file, entries));
      if (kind === "vault" && entries.length === 0) findings.push(unlogged(file));
      const check = checkWitness(checkpoint, file, entries);
      if ("problem" in check) findings.push(fault("witness-wrong", file.path, check.problem));
      else witnesses.push({ fingerprint: check.fingerprint, checkpoint: checkpoint.size });
    }
  }
  const missing = kind === "package" ? [] : facts.witnesses.filter(({ path }) => !here.has(path));
  for (const { path, seq } of missing) {
    findings.push(fault("witness-missing", path, `entry ${seq} names it and it is not there`));
  }
  return { findings, witnesses };
}

function byPath(entries: readonly WitnessEntry[]): ReadonlyMap<string, readonly WitnessEntry[]> {
  const paths = new Map<string, WitnessEntry[]>();
  for (const entry of entries) {
    const known = paths.get(entry.path);
    if (known) known.push(entry);
    else paths.set(entry.path, [entry]);
  }
  return paths;
}

function changed({ path, bytes }: FoundFile, entries: readonly WitnessEntry[]): readonly Finding[] {
  return entries
    .filter((entry) => entry.bytes !== bytes.length || entry.sha256 !== sha256(bytes))
    .map(({ seq }) => fault("witness-changed", path, `it is not the file that entry ${seq} states`));
}

function unlogged({ path: where }: FoundFile): Finding {
  return { code: "witness-unlogged", severity: "note", where, message: "no entry of the log names it" };
}

function checkWitness(
  { body }: FoundCheckpoint,
  { path, bytes }: FoundFile,
  entries: readonly WitnessEntry[],
): { readonly fingerprint: string } | { readonly problem: string } {
  if (body === null) return { problem: "the checkpoint it belongs to is not there" };
  const check = checkSignature(body, asciiOf(bytes), checkpointNamespace);
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

function fault(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "error", where, message };
}
