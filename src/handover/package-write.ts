import { originOf } from "../audit/checkpoint.js";
import { lineHash } from "../audit/entry.js";
import { grouped } from "../audit/grouped.js";
import { fixedTextNames } from "../audit/sender-texts.js";
import { statedValues } from "../core/capture/annotation.js";
import { type BagFile, bagDeclaration, encodeBagInfo, encodeManifest, inOrder } from "../core/package/bag.js";
import type { CaptureFacts, PackageFacts } from "../core/package/facts.js";
import { encodeAllowedSigners } from "../core/package/key-lines.js";
import { packagePage } from "../core/package/page.js";
import { roCrate } from "../core/package/ro-crate.js";
import { keyHistoryOf, logTimesOf } from "../vault/log.js";
import { pageRecordsOf } from "../vault/objects.js";
import {
  annexFiles,
  type ChosenCapture,
  chosenCapture,
  type ExactEntry,
  entriesAt,
  type PackagedSource,
  packagedEntries,
} from "../vault/package/content.js";
import type { PackageFolder } from "../vault/package/folder.js";
import type { Vault } from "../vault/vault.js";
import { fixedText } from "../verify/known-texts.js";
import { gatherProof, type PackageProof } from "./package-proof.js";
import { toldByTags } from "./told-by-tags.js";

/** What to put into a package. */
export interface PackageOrder {
  /** Capture ids, ascending. */
  readonly captures: readonly string[];
  readonly withAnnex: boolean;
  readonly withAnnotations: boolean;
  /** The `export-begun` entry that lists the captures' entries. The newest checkpoint ends with it. */
  readonly begun: number;
}

/** All that a package takes from a vault, but for the bytes of its files. */
export interface GatheredPackage {
  readonly order: PackageOrder;
  readonly captures: readonly GatheredCapture[];
  readonly proof: PackageProof;
  readonly origin: string;
  readonly signers: string;
  /** The number of `annotate` entries among them. */
  readonly annotations: number;
}

/** How to write a package. */
interface Writing {
  /** RFC 3339, UTC. */
  readonly madeAt: string;
  readonly tool: string;
  readonly signal: AbortSignal;
  /** Called with the bytes of stored files copied so far, and in total. */
  readonly onCopied: (done: number, total: number) => void;
}

/** What the `export` entry states about the package. */
export interface PackageMade {
  /** Size of the newest checkpoint in the package. */
  readonly checkpoint: number;
  /** The number of `annotate` entries in the package. */
  readonly annotations: number;
  readonly files: number;
  readonly bytes: number;
  readonly tagmanifestSha256: string;
}

/**
 * Reads what the log says about the captures, finds their files, and gathers the proof. Must be in the turn that ended the
 * newest signed checkpoint with the list of their entries: a later entry about them would not be in it. Reads nothing of other
 * captures, and in `private/` only the chosen captures' annexes, if requested. Throws `not-as-recorded` if the vault does not
 * match its log.
 */
export async function gatherPackage(vault: Vault, order: PackageOrder): Promise<GatheredPackage> {
  const { database } = vault;
  const entries = packagedEntries(database, order.captures, order.withAnnotations);
  const byCapture = grouped(entries, ({ entry }) => entry.body.capture);
  const captures = order.captures.map((id) =>
    gatherCapture(vault, id, byCapture.get(id) ?? [], order.withAnnex),
  );
  const begun = entriesAt(database, [order.begun]);
  const proof = await gatherProof(vault, [...entries, ...begun], order.captures);
  const origin = originOf(vault.settings.vault_id);
  const signers = encodeAllowedSigners(origin, keyHistoryOf(database), logTimesOf(database));
  const annotations = entries.filter(({ entry }) => entry.event === "annotate").length;
  return { order, captures, proof, origin, signers, annotations };
}

/**
 * Writes a complete package (FORMAT.md §17) into a new folder. The contents depend only on what was gathered, `writing` and
 * this program. Needs no turn: what a log states of a version of an object never changes. Throws `not-as-recorded` if a file
 * does not match its entry.
 */
export async function writePackage(
  folder: PackageFolder,
  { order, captures, proof, origin, signers, annotations }: GatheredPackage,
  writing: Writing,
): Promise<PackageMade> {
  // 1. copy the files, comparing each with its entry and inventory
  const copied = await copyFiles(folder, captures, writing);

  // 2. write the proof
  folder.putText("proof/allowed_signers", signers);
  for (const [path, content] of proof.texts) folder.putText(path, content);

  // 3. write the pages, made from what is in the package
  const { withAnnex } = order;
  const facts = { ...factsOf(captures, copied, proof, { ...writing, withAnnex }), origin };
  const page = folder.putText("data/index.html", packagePage(facts));
  folder.putText("data/ro-crate-metadata.json", roCrate(facts, page));
  for (const name of fixedTextNames) folder.putText(name, fixedText(name));

  // 4. write the bag's manifests, over the payload and then over everything else
  const tagmanifestSha256 = putBag(folder, facts);
  folder.finish();
  const bytes = folder.files.reduce((sum, file) => sum + file.bytes, 0);
  const files = folder.files.length;
  return { checkpoint: proof.newest, annotations, files, bytes, tagmanifestSha256 };
}

interface GatheredCapture extends ChosenCapture {
  /** The capture's own entries, in order. */
  readonly entries: readonly ExactEntry[];
  readonly annex: readonly PackagedSource[];
}

function gatherCapture(
  { layout }: Vault,
  id: string,
  own: readonly ExactEntry[],
  withAnnex: boolean,
): GatheredCapture {
  const annex = withAnnex ? annexFiles(layout, id, own) : [];
  return { ...chosenCapture(layout, id, own), entries: own, annex };
}

async function copyFiles(
  folder: PackageFolder,
  captures: readonly GatheredCapture[],
  { signal, onCopied }: Writing,
): Promise<readonly BagFile[]> {
  const sources = inOrder(captures.flatMap(({ files, annex }) => [...files, ...annex]));
  const total = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  const copied: BagFile[] = [];
  let done = 0;
  for (const { path, ...source } of sources) {
    onCopied(done, total);
    copied.push(await folder.putCopy(path, source, signal));
    done += source.bytes;
  }
  onCopied(total, total);
  return copied;
}

function factsOf(
  captures: readonly GatheredCapture[],
  copied: readonly BagFile[],
  proof: PackageProof,
  { madeAt, tool, withAnnex }: Pick<Writing, "madeAt" | "tool"> & Pick<PackageOrder, "withAnnex">,
): Omit<PackageFacts, "origin"> {
  const byCapture = grouped(copied, ({ path }) => path.split("/")[1]);
  return {
    madeAt,
    tool,
    profile: withAnnex ? "with-annex" : "redacted",
    captures: captures.map((capture) => captureFacts(capture, byCapture.get(capture.id) ?? [], proof)),
    checkpoints: proof.checkpoints,
  };
}

function captureFacts(
  { id, object, entries }: GatheredCapture,
  files: readonly BagFile[],
  { checkpoints }: PackageProof,
): CaptureFacts {
  const first = entries[0]?.entry.seq ?? 1;
  const stamped = checkpoints.find(({ size, stamps }) => size >= first && stamps.length > 0);
  return {
    id,
    record: object.record,
    derivation: object.derivation,
    pages: pageRecordsOf(object),
    files: files.map((file) => ({ ...file, path: file.path.slice("data/".length) })),
    entries: entries.map(({ entry, line }) => {
      return { seq: entry.seq, at: entry.at, event: entry.event, sha256: lineHash(line) };
    }),
    annotations: annotationsIn(entries),
    tags: toldByTags(object),
    existedBy: (stamped?.stamps ?? []).map((stamp) => ({ ...stamp, checkpoint: stamped?.size ?? 0 })),
  };
}

function annotationsIn(entries: readonly ExactEntry[]): CaptureFacts["annotations"] {
  const inForce = new Map<string, { readonly value: string | null; readonly entry: number }>();
  for (const { entry } of entries.filter(({ entry: { event } }) => event === "annotate")) {
    for (const [key, value] of statedValues(entry.body)) inForce.set(key, { value, entry: entry.seq });
  }
  return [...inForce]
    .flatMap(([key, { value, entry }]) => (value === null ? [] : [{ key, value, entry }]))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Writes the bag's tag files. Returns the SHA-256 of `tagmanifest-sha256.txt`, which stands for every byte. */
function putBag(folder: PackageFolder, { madeAt, captures, origin, profile }: PackageFacts): string {
  const isPayload = ({ path }: BagFile) => path.startsWith("data/");
  const payload = folder.files.filter(isPayload);
  const ids = captures.map(({ id }) => id);
  const statement = { date: madeAt.slice(0, 10), captures: ids, origin, profile, payload };
  folder.putText("bagit.txt", bagDeclaration);
  folder.putText("bag-info.txt", encodeBagInfo(statement));
  folder.putText("manifest-sha256.txt", encodeManifest(payload, "sha256"));
  folder.putText("manifest-sha512.txt", encodeManifest(payload, "sha512"));
  const tags = folder.files.filter((file) => !isPayload(file));
  const listed = folder.putText("tagmanifest-sha256.txt", encodeManifest(tags, "sha256"));
  folder.putText("tagmanifest-sha512.txt", encodeManifest(tags, "sha512"));
  return listed.sha256;
}
