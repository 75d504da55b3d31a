import { earliestByAuthority } from "../audit/authority-times.js";
import { auditBag, type BagInfo, isKnownPackage, parseBagInfo } from "../audit/bag.js";
import { type Checkpoint, checkpointIn } from "../audit/checkpoint.js";
import { auditAgainst, auditCheckpoints, type CheckpointAudit } from "../audit/checkpoints.js";
import { decidedBy, errorAt, type Finding, noteAt, onePerPlace } from "../audit/finding.js";
import { auditInclusion, type InclusionAudit } from "../audit/inclusion.js";
import { auditEntryList, listInForce } from "../audit/listed-entries.js";
import { type LogFacts, restsOnNothing } from "../audit/log-facts.js";
import { auditPackageFiles, expectedFiles } from "../audit/package.js";
import { auditSenderWords } from "../audit/sender-words.js";
import { withoutUnread } from "../audit/unread.js";
import { isGood, sealStates } from "../audit/verdict.js";
import { refusesToOpen } from "../vault/digest-file.js";
import { entriesPath, type PackageContent, readBagInfo, readPackage } from "../vault/package/reader.js";
import { indexPackage, type PackageIndex, type PackageLimits, packageLimits } from "../vault/package/scan.js";
import type { World } from "../world.js";
import { knownTexts } from "./known-texts.js";
import { type Answers, type PackagedCapture, type PackageReport, showFiles } from "./reports.js";
import { type Brought, heldCheckpoints, namedIn, trustOf } from "./trust.js";

/** What is to be checked, and the texts of what the checker got from elsewhere. */
export interface PackageRequest extends Brought {
  /** A folder or a tar file. */
  readonly path: string;
  /** SHA-256 only. */
  readonly quick: boolean;
}

/**
 * Audits a package made by anybody (FORMAT.md §17, §18) and writes nothing. Reports everything that is not as the
 * entries, their proofs and the checkpoints state. Throws HoldfastError only if nothing there could be a package and
 * for texts of the checker that cannot be read, and the signal's reason on an abort.
 */
export async function verifyPackage(
  request: PackageRequest,
  world: World,
  limits: PackageLimits = packageLimits,
): Promise<PackageReport> {
  const [held, trust] = [heldCheckpoints(request), trustOf(request)];
  world.signal.throwIfAborted();
  const index = indexPackage(request.path, limits, world.signal);
  if (index.unreadable !== null) {
    const message = `it cannot be read as a package: ${index.unreadable}`;
    return refused(request, errorAt("package-unreadable", "package", message));
  }
  const closed = index.findings.filter(({ code }) => code === "unreadable");
  if (closed.length > 0) return refused(request, ...closed);
  const bagInfo = readBagInfo(index, limits);
  const unreadInfo = bagInfo === null ? unreadText(index, "bag-info.txt", limits.text) : null;
  if (unreadInfo !== null) return refused(request, unreadInfo);
  if (bagInfo === null || !isKnownPackage(bagInfo)) {
    const message = "it does not say that it is a package of version 1, the only version that holdfast reads";
    return refused(request, errorAt("package-version", "bag-info.txt", message));
  }
  const info = parseBagInfo(bagInfo);
  const { signal } = world;
  const content = await readPackage(index, {
    quick: request.quick,
    limits,
    signal,
    onProgress: (done, total) => showFiles(world, request.path, done, total),
  });
  const unreadEntries = content.hasAllEntries ? null : unreadText(index, entriesPath, limits.entries);
  if (unreadEntries !== null) return refused(request, unreadEntries);
  const facts = factsOf(content, info);
  const inclusion = auditInclusion(content.entries.entries, content.checkpoints);
  const checkpoints = await auditCheckpoints(content.checkpoints, facts, trust, "package");
  const certificates = checkpoints.restsOn.authorities.map(({ signer_sha256 }) => signer_sha256);
  const unread = [...content.files].flatMap(([path, { problem }]) => (problem === null ? [] : [path]));
  const all = onePerPlace([
    ...index.findings,
    ...content.findings,
    ...auditBag(content, info),
    ...content.entries.findings,
    ...(content.hasAllEntries ? auditEntryList(content.entries, info, newestOf(content)) : []),
    ...inclusion.findings,
    ...auditPackageFiles({ ...content, info }, new Set(content.checkpoints.map(({ size }) => size))),
    ...auditSenderWords({ ...content, certificates }, knownTexts()),
    ...checkpoints.findings,
    ...originFindings(content, facts.origin, info),
    ...missingCopies(content),
    ...held.flatMap((one) => heldFindings(one, content, facts)),
  ]);
  const findings = withoutUnread(all, unread);
  return conclude(request, { content, info, inclusion, checkpoints, findings, facts });
}

/**
 * The note for a text without which nothing can be checked, if it is there but cannot be read; null if it is missing or
 * too large.
 */
function unreadText({ files }: PackageIndex, path: string, largest: number): Finding | null {
  const file = files.find((one) => one.path === path);
  if (file === undefined || file.bytes > largest || !refusesToOpen(file.place)) return null;
  const message = "it cannot be read, and without it nothing here can be checked";
  return noteAt("file-unreadable", path, message);
}

interface Audited {
  readonly content: PackageContent;
  readonly info: BagInfo;
  readonly inclusion: InclusionAudit;
  readonly checkpoints: CheckpointAudit;
  readonly findings: readonly Finding[];
  readonly facts: LogFacts;
}

/** Roots are not known here: the proofs tie entries to the roots that checkpoints state. */
function factsOf({ entries }: PackageContent, info: BagInfo): LogFacts {
  const origin = entries.hasFirst ? entries.facts.origin : (info.origin ?? entries.facts.origin);
  return { ...entries.facts, origin, rootAt: () => null, entries: null };
}

/**
 * Compares the package with a checkpoint that the checker kept. Its checkpoints are not shown to go on from each other,
 * so only the newest, which covers every entry, can be the one that was kept and show something.
 */
function heldFindings(held: Checkpoint, content: PackageContent, facts: LogFacts): readonly Finding[] {
  const newest = newestOf(content) ?? 0;
  const found = auditAgainst(held, { ...facts, rootAt: rootsOf(content) });
  const isUnchecked = found.length === 0 || found.some(({ code }) => code === "against-unchecked");
  if (!isUnchecked || held.size === newest) return found;
  const message =
    held.size > newest
      ? `the checkpoint you hold has ${held.size} entries and is newer than the package, which shows the first ${newest} at most: ask for a newer package`
      : "nothing in the package shows that its newest checkpoint goes on from the one you hold";
  return [noteAt("against-unchecked", "log", message)];
}

function newestOf({ checkpoints }: PackageContent): number | null {
  return checkpoints.at(-1)?.size ?? null;
}

/** The roots that the checkpoints in the package state, for whoever holds one of the same size. */
function rootsOf({ checkpoints }: PackageContent): (size: number) => Uint8Array | null {
  const bodies = new Map(checkpoints.map(({ size, body }) => [size, body]));
  return (size) => checkpointIn(bodies.get(size) ?? null)?.root ?? null;
}

/** Checkpoints that are those of the vault in entry 1, and not of the one in `bag-info.txt`. */
function originFindings({ checkpoints }: PackageContent, origin: string, info: BagInfo): readonly Finding[] {
  if (info.origin === null || info.origin === origin) return [];
  const message = "it names another vault than bag-info.txt";
  return checkpoints
    .filter(({ body }) => checkpointIn(body) !== null)
    .map(({ path: where }) => errorAt("checkpoint-origin", where, message));
}

/** Stock tools compare a token with `signed`: a package without it cannot be checked as VERIFY.md says. */
function missingCopies({ checkpoints }: PackageContent): readonly Finding[] {
  return checkpoints
    .filter(({ body, signature, signed }) => body !== null && signature !== null && signed === null)
    .map(({ path }) => {
      const where = path.replace(/checkpoint$/, "signed");
      return errorAt("signed-differs", where, "it is missing");
    });
}

function conclude(request: PackageRequest, audited: Audited): PackageReport {
  const { content, checkpoints, findings, facts, info } = audited;
  const captures = capturesOf(audited);
  const seals = sealStates(findings, checkpoints);
  const states = {
    hashes: decidedBy(findings, "hashes") ?? (captures.some(({ files }) => files > 0) ? "pass" : "absent"),
    chain: decidedBy(findings, "chain") ?? (content.hasAllEntries ? "pass" : "unchecked"),
    tokens: seals.tokens,
    // Anybody can make a package with a key of their own: whose key it is only the checker can say (FORMAT.md §18).
    signature: seals.signature === "pass" && request.signers === null ? "unchecked" : seals.signature,
  } as const;
  return {
    ok: isGood({ states, findings, ...namedIn(request) }),
    ...states,
    checked: {
      entries: content.entries.lines,
      checkpoints: content.checkpoints.length,
      tokens: content.checkpoints.reduce((sum, { tokens }) => sum + tokens.length, 0),
      captures: captures.length,
      files: content.read.files,
      bytes: content.read.bytes,
      annexes: content.annexes.size,
      digests_per_file: request.quick ? 1 : 2,
    },
    rests_on: checkpoints.restsOn,
    findings,
    contents: { list: listInForce(content.entries) },
    package: {
      path: request.path,
      origin: content.entries.hasFirst ? facts.origin : null,
      profile: info.profile,
      captures,
    },
  };
}

function capturesOf({ content, inclusion, checkpoints }: Audited): readonly PackagedCapture[] {
  return [...content.entries.captures.values()].map((capture) => {
    const files = [...expectedFiles([capture]).values()].flatMap((stated) => stated.slice(-1));
    const over = checkpoints.restsOn.authorities.filter(
      ({ checkpoint, trusted }) => trusted && inclusion.shown.get(checkpoint)?.has(capture.entry),
    );
    return {
      id: capture.id,
      files: files.length,
      completeness: content.entries.completeness.get(capture.id) ?? null,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      existed_by: earliestByAuthority(over.map(({ signer, ...stamp }) => ({ ...stamp, authority: signer }))),
    };
  });
}

/** Nothing was checked, so nothing counts as passed: a package cannot switch a check off by stating another version. */
function refused(request: PackageRequest, ...findings: readonly Finding[]): PackageReport {
  const open = "unchecked";
  const states: Answers = { hashes: open, chain: open, signature: open, tokens: open };
  const nothing = { entries: 0, checkpoints: 0, tokens: 0, captures: 0, files: 0, bytes: 0, annexes: 0 };
  return {
    ok: false,
    ...states,
    checked: { ...nothing, digests_per_file: request.quick ? 1 : 2 },
    rests_on: restsOnNothing,
    findings,
    contents: null,
    package: { path: request.path, origin: null, profile: null, captures: [] },
  };
}
