import { type AuthorityTime, earliestByAuthority } from "../audit/authority-times.js";
import { hex, latin1 } from "../audit/bytes.js";
import { checkpointName, checkpointNamespace, parseCheckpoint } from "../audit/checkpoint.js";
import { grouped } from "../audit/grouped.js";
import type { FoundCheckpoint, FoundToken } from "../audit/log-facts.js";
import { signedBytes } from "../audit/signed-checkpoint.js";
import { checkSignature } from "../audit/sshsig.js";
import type { TimeStamp } from "../audit/time-stamp.js";
import { chooseCheckpoints, encodeInclusionProof } from "../core/package/choice.js";
import type { CheckpointFacts } from "../core/package/facts.js";
import { inclusionProofOf } from "../vault/index/merkle-nodes.js";
import { type LoggedToken, tokensOf } from "../vault/index/tokens.js";
import { readLogFolder } from "../vault/log-folder.js";
import { type ExactEntry, entriesAt } from "../vault/package/content.js";
import type { Vault } from "../vault/vault.js";
import { platformRoots } from "../verify/trust.js";

type VaultPart = Pick<Vault, "layout" | "database" | "settings">;

/** The contents of a package's `proof/` (FORMAT.md §17), and what its page says about them. */
export interface PackageProof {
  /** In order. */
  readonly entries: readonly ExactEntry[];
  /** In ascending order of size. */
  readonly checkpoints: readonly ProofCheckpoint[];
  /** Size of the newest. */
  readonly newest: number;
  /** Path in the package → content. */
  readonly texts: ReadonlyMap<string, string | Uint8Array>;
}

export interface ProofCheckpoint extends CheckpointFacts {
  /** The authorities whose tokens lead to a root of the settings, or else of Node.js. */
  readonly stamps: readonly AuthorityTime[];
}

/**
 * Gathers the proof of these entries: entry 1, the rotations, the chosen captures' own as `packagedEntries` returns them,
 * and the entry that lists them. The newest signed checkpoint must cover all of them. Checks nothing, because the finished
 * package is checked.
 */
export async function gatherProof(
  vault: VaultPart,
  own: readonly ExactEntry[],
  captures: readonly string[],
): Promise<PackageProof> {
  const chosen = chosenCheckpoints(vault, own, captures);
  const newest = chosen.at(-1)?.found.size ?? 0;
  const tokens = chosen.flatMap(({ tokens: logged }) => logged.map(({ entry }) => entry));
  const covered = entriesAt(
    vault.database,
    tokens.filter((seq) => seq <= newest),
  );
  const entries = [...own, ...covered].sort((a, b) => a.entry.seq - b.entry.seq);
  const texts = new Map<string, string | Uint8Array>();
  texts.set("proof/entries.jsonl", entries.map(({ line }) => `${line}\n`).join(""));
  const checkpoints: ProofCheckpoint[] = [];
  const named = (vault.settings.settings.authorities ?? []).flatMap((authority) => authority.roots ?? []);
  for (const checkpoint of chosen) {
    const stamps = await stampsOf(checkpoint, named);
    for (const [name, content] of checkpointTexts(checkpoint, stamps)) texts.set(name, content);
    for (const [name, content] of inclusionTexts(vault, checkpoint.found.size, entries))
      texts.set(name, content);
    checkpoints.push(describe(checkpoint, stamps));
  }
  return { entries, checkpoints, newest, texts };
}

/** A signed checkpoint and its tokens that the log names. */
interface ChosenCheckpoint {
  readonly found: FoundCheckpoint;
  readonly tokens: readonly LoggedToken[];
  readonly files: readonly FoundToken[];
}

function chosenCheckpoints(
  { layout, database }: VaultPart,
  own: readonly ExactEntry[],
  captures: readonly string[],
): readonly ChosenCheckpoint[] {
  const signed = readLogFolder(layout)
    .checkpoints.filter(({ body, signature }) => body !== null && signature !== null)
    .map((found): ChosenCheckpoint => {
      const tokens = tokensOf(database, found.size);
      const logged = new Set(tokens.map(({ path }) => path));
      return { found, tokens, files: found.tokens.filter(({ path }) => logged.has(path)) };
    });
  const offered = signed.map(({ found, tokens }) => ({
    size: found.size,
    tokens: tokens.map(({ status }) => status),
  }));
  const byCapture = grouped(own, ({ entry }) => entry.body.capture);
  const firsts = captures.flatMap((id) => byCapture.get(id)?.[0]?.entry.seq ?? []);
  const rotations = own.filter(({ entry }) => entry.event === "key-rotated").map(({ entry }) => entry.seq);
  const sizes = new Set(chooseCheckpoints(offered, firsts, rotations));
  return signed.filter(({ found }) => sizes.has(found.size));
}

type Stamps = ReadonlyMap<string, TimeStamp>;

/**
 * What each valid token states, by file name; the check of the finished package reports the others. A chain ends in one of
 * the `named` roots if it can, else in one of the platform's, which are read only then.
 */
async function stampsOf({ found, files }: ChosenCheckpoint, named: readonly string[]): Promise<Stamps> {
  const signed = signedBytes(found) ?? Buffer.alloc(0);
  const stamps = new Map<string, TimeStamp>();
  for (const { authority, kind, bytes } of files) {
    if (kind !== "rfc3161") continue;
    const { checkTimeStamp } = await import("../audit/time-stamp.js");
    let checked = checkTimeStamp(bytes, signed, named);
    if (!("timeStamp" in checked && checked.timeStamp.root.trusted))
      checked = checkTimeStamp(bytes, signed, platformRoots);
    if ("timeStamp" in checked) stamps.set(authority, checked.timeStamp);
  }
  return stamps;
}

function* checkpointTexts(
  { found, files }: ChosenCheckpoint,
  stamps: Stamps,
): Iterable<readonly [path: string, content: string | Uint8Array]> {
  const { size, body, signature, witnesses } = found;
  const folder = `proof/${checkpointName(size)}`;
  yield [`${folder}/checkpoint`, body ?? ""];
  yield [`${folder}/checkpoint.sig`, signature?.bytes ?? ""];
  yield [`${folder}/signed`, signedBytes(found) ?? ""];
  for (const { path, bytes } of [...files, ...witnesses]) {
    yield [`${folder}/${path.slice(`log/${checkpointName(size)}.`.length)}`, bytes];
  }
  for (const [authority, { chain }] of stamps) {
    yield [`${folder}/${authority}.chain.pem`, chain.map(encodePem).join("")];
  }
}

function* inclusionTexts(
  { database }: VaultPart,
  size: number,
  entries: readonly ExactEntry[],
): Iterable<readonly [path: string, content: string]> {
  for (const { entry } of entries) {
    if (entry.seq > size) continue;
    const hashes = inclusionProofOf(database, entry.seq - 1, size);
    const path = `proof/${checkpointName(size)}/${entry.seq}.proof`;
    yield [path, encodeInclusionProof(entry.seq, size, hashes)];
  }
}

function describe({ found, files }: ChosenCheckpoint, stamps: Stamps): ProofCheckpoint {
  const body = found.body ?? Buffer.alloc(0);
  const signerOf = (armored: Uint8Array) => {
    const checked = checkSignature(body, latin1(armored), checkpointNamespace);
    return "key" in checked ? checked.key.fingerprint : null;
  };
  return {
    size: found.size,
    root: hex(parseCheckpoint(latin1(body)).root),
    signedBy: found.signature && signerOf(found.signature.bytes),
    tokens: files.map(({ authority: file, kind }) => {
      const stamp = kind === "rfc3161" ? stamps.get(file) : undefined;
      return { file, kind, stamp: stamp === undefined ? null : statedBy(stamp) };
    }),
    witnesses: found.witnesses.flatMap(({ bytes }) => signerOf(bytes) ?? []),
    stamps: earliestByAuthority([...stamps.values()].map(statedBy).filter(({ trusted }) => trusted)),
  };
}

function statedBy({ signerName, signerSha256, genTime, root: { trusted } }: TimeStamp) {
  return { authority: signerName, signer_sha256: signerSha256, gen_time: genTime, trusted };
}

/** RFC 7468: base64 in lines of 64 characters. */
function encodePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
