import { secondOf } from "./allowed-signers.js";
import { crypto } from "./crypto.js";
import { sha256 } from "./digest.js";
import { errorAt, type Finding, type FormatError, faultsOf, noteAt, readOr } from "./finding.js";
import { grouped } from "./grouped.js";
import type { FoundCheckpoint, FoundToken, LogFacts, RestsOn, TokenEntry, Trust } from "./log-facts.js";
import { type SignedCheckpoint, signedBytes } from "./signed-checkpoint.js";
import type { TimeStamp } from "./time-stamp.js";

export interface TokenAudit {
  readonly findings: readonly Finding[];
  readonly authorities: RestsOn["authorities"];
}

/** Everything that one token is compared with. */
interface TokenCase {
  readonly checkpoint: FoundCheckpoint;
  readonly token: FoundToken;
  /** Entries that name it; there may be several, and each is compared. */
  readonly entries: readonly TokenEntry[];
  readonly trust: Trust;
  /** `at` of the last entry that the checkpoint covers, as far as it is known. */
  readonly lastAt: string | null;
}

/** Checks each token over its signed checkpoint, and against the entries that name it (FORMAT.md §15). */
export async function auditTokens(
  checked: readonly SignedCheckpoint[],
  newest: FoundCheckpoint | null,
  facts: LogFacts,
  trust: Trust,
  kind: "vault" | "package",
): Promise<TokenAudit> {
  const findings: Finding[] = [];
  const authorities: RestsOn["authorities"][number][] = [];
  const logged = new Map(grouped(facts.tokens, ({ path }) => placeOf(path, kind)));
  for (const { found: checkpoint } of checked) {
    for (const token of checkpoint.tokens) {
      const entries = logged.get(token.path) ?? [];
      logged.delete(token.path);
      if (entries.length === 0) findings.push(...unlogged(token, checkpoint === newest, kind));
      const result = await auditToken({
        checkpoint,
        token,
        entries,
        trust,
        lastAt: facts.lastAt(checkpoint.size),
      });
      findings.push(
        ...entries.flatMap((entry) => entryFindings(entry, checkpoint, token)),
        ...result.findings,
      );
      if (result.authority) authorities.push(result.authority);
    }
  }
  for (const [path, entries] of logged) {
    const message = `entry ${entries.map(({ seq }) => seq).join(" and ")} names it, but it is missing`;
    findings.push(errorAt("token-missing", path, message));
  }
  return { findings, authorities };
}

/** Where the file that an entry names lies: a package has a folder for each checkpoint (FORMAT.md §17). */
function placeOf(path: string, kind: "vault" | "package"): string {
  return kind === "vault" ? path : path.replace(/^log\/(\d+)\./, "proof/$1/");
}

/**
 * In a package, the entry of a token over the newest checkpoint cannot be there, since that checkpoint does not cover
 * it. The entry of a token over an older one can be too new as well.
 */
function unlogged(
  { path: where, kind: sort }: FoundToken,
  isNewest: boolean,
  kind: "vault" | "package",
): readonly Finding[] {
  if (kind === "package" && isNewest) return [];
  // An OpenTimestamps proof over an old checkpoint is completed late, and a kill can come before its entry.
  const severity = kind === "vault" && !isNewest && sort === "rfc3161" ? "error" : "note";
  return [{ code: "token-unlogged", severity, where, message: "no entry of the log names it" }];
}

function entryFindings(
  entry: TokenEntry,
  checkpoint: FoundCheckpoint,
  { path, bytes }: FoundToken,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (entry.bytes !== bytes.length || entry.sha256 !== sha256(bytes)) {
    findings.push(errorAt("token-changed", path, `it is not the file that entry ${entry.seq} states`));
  }
  if (entry.checkpoint !== checkpoint.size) {
    findings.push(errorAt("token-entry", `entry:${entry.seq}`, `it names ${path} for another checkpoint`));
  }
  return findings;
}

interface TokenResult {
  readonly findings: readonly Finding[];
  readonly authority?: RestsOn["authorities"][number];
}

async function auditToken(one: TokenCase): Promise<TokenResult> {
  const signed = signedBytes(one.checkpoint);
  if (signed === null) {
    const code = one.token.kind === "rfc3161" ? "token-imprint" : "proof-imprint";
    return {
      findings: [errorAt(code, one.token.path, "there is no signed checkpoint that it could be over")],
    };
  }
  return one.token.kind === "rfc3161" ? auditTimeStamp(one, signed) : auditProof(one.token, signed);
}

async function auditTimeStamp(
  { checkpoint, token, entries, trust, lastAt }: TokenCase,
  signed: Uint8Array,
): Promise<TokenResult> {
  // Loading ASN.1 takes half of the start-up time; most checks of a file or a young vault need none of it.
  const { checkTimeStamp } = await import("./time-stamp.js");
  const check = checkTimeStamp(token.bytes, signed, trust.roots);
  if (!("timeStamp" in check)) return { findings: [errorAt(check.code, token.path, check.message)] };
  const { timeStamp } = check;
  const findings = entries.flatMap((entry) => statedOtherwise(entry, timeStamp));
  findings.push(...tooEarly(token, timeStamp, lastAt));
  if (!timeStamp.root.trusted) findings.push(untrusted(token, trust));
  const authority = {
    authority: token.authority,
    checkpoint: checkpoint.size,
    gen_time: timeStamp.genTime,
    signer: timeStamp.signerName,
    signer_sha256: timeStamp.signerSha256,
    root: timeStamp.root.name,
    trusted: timeStamp.root.trusted,
  };
  return { findings, authority };
}

function statedOtherwise(entry: TokenEntry, { genTime, policy, serial }: TimeStamp): Finding[] {
  const wrong = faultsOf([
    [genTime, entry.gen_time, "time"],
    [policy, entry.policy, "policy"],
    [serial, entry.serial, "serial number"],
  ]);
  if (wrong.length === 0) return [];
  const message = `it states another ${wrong.join(" and ")} than the token`;
  return [errorAt("token-entry", `entry:${entry.seq}`, message)];
}

const day = 24 * 60 * 60;
const possible = 31 * day;

/**
 * No authority can have stamped what was not written yet. The clock that dated an entry can be wrong by days; more than
 * that is no clock's fault (FORMAT.md §15).
 */
function tooEarly(
  { path: where }: FoundToken,
  { genTime }: TimeStamp,
  lastAt: string | null,
): readonly Finding[] {
  const early = lastAt === null ? 0 : secondOf(lastAt) - secondOf(genTime);
  if (early <= day) return [];
  const days = Math.floor(early / day);
  const message = `it states a time ${days} ${days === 1 ? "day" : "days"} before the last entry that it covers was written, by the clock of whoever wrote that`;
  return [{ code: "token-time", severity: early > possible ? "error" : "note", where, message }];
}

function untrusted({ path: where }: FoundToken, { rootsNamed }: Trust): Finding {
  const message = rootsNamed
    ? "its certificates do not lead to a root that you named"
    : "its certificates lead to no root that you named: name the authority's own with --tsa-ca";
  return { code: "token-untrusted", severity: rootsNamed ? "error" : "note", where, message };
}

async function auditProof({ path: where, bytes }: FoundToken, signed: Uint8Array): Promise<TokenResult> {
  const { readProof } = await import("./open-timestamps.js");
  const read = (): Finding => {
    const proof = readProof(bytes, crypto.digest("sha256", signed));
    const heights = proof.bitcoin.map(({ height }) => height).join(", ");
    const message =
      heights === ""
        ? "a calendar has promised to anchor it in Bitcoin and has not done so here"
        : `it leads to Bitcoin block ${heights}; whether that block has this root was not looked up`;
    return noteAt("proof-unchecked", where, message);
  };
  const refused = ({ code, message }: FormatError) =>
    errorAt(code === "proof-imprint" ? code : "proof-malformed", where, message);
  return { findings: [readOr(read, refused)] };
}
