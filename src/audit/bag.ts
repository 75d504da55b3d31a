import { latin1 } from "./bytes.js";
import { isCaptureId } from "./digest.js";
import { errorAt, type Finding, unreadNote } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";
import { packagePathProblem } from "./package-paths.js";

/** A file of a package as found. */
export interface PackagedFile {
  readonly bytes: number;
  /** Null if it was not read: its size alone shows that it is not what any entry states, or it cannot be read. */
  readonly sha256: string | null;
  /** Null in a quick check as well. */
  readonly sha512: string | null;
  /** Why it could not be read; null if it could. */
  readonly problem: string | null;
}

/** The bag as found; paths as FORMAT.md §17 allows them. */
export interface FoundBag {
  readonly files: ReadonlyMap<string, PackagedFile>;
  /** bagit.txt, bag-info.txt and the manifests, those that are there and could be read as a text. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
}

/** What `bag-info.txt` says, which is the word of whoever made the package. */
export interface BagInfo {
  /** `External-Identifier`, in the order given. */
  readonly captures: readonly string[];
  readonly origin: string | null;
  readonly profile: "redacted" | "with-annex" | null;
  readonly oxum: string | null;
  readonly problems: readonly string[];
}

const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/** Whether `bag-info.txt` names the one version that is read here, once and no other beside it. */
export function isKnownPackage(bagInfo: Uint8Array | null): boolean {
  if (bagInfo === null) return false;
  const lines = latin1(bagInfo).split(/\r\n|\r|\n/);
  const named = lines.flatMap((line) => /^\s*holdfast-package\s*:(.*)$/i.exec(line)?.[1] ?? []);
  return named.length === 1 && named[0]?.trim() === "1";
}

/**
 * Reads `bag-info.txt` (RFC 8493 §2.2.2) as FORMAT.md §17 narrows it: `label: value`, each label once except
 * `External-Identifier`.
 */
export function parseBagInfo(bytes: Uint8Array): BagInfo {
  const problems: string[] = [];
  const lines = latin1(bytes).split("\n");
  if (lines.pop() !== "") problems.push("its last line does not end with a line feed");
  const fields: [label: string, value: string][] = [];
  for (const line of lines) {
    const [, label, value] = /^([A-Za-z0-9][^:]*): ?(.*)$/.exec(line) ?? [];
    if (label !== undefined && value !== undefined && !line.includes("\r")) fields.push([label, value]);
    else problems.push("it has a line that is not a label and a value");
  }
  if (hasTwin(fields.map(([label]) => label))) problems.push("it has a label twice, or in two spellings");
  const all = (label: string) => fields.filter(([name]) => name === label).map(([, value]) => value);
  const one = (label: string, form: RegExp) => {
    const [value, ...others] = all(label);
    if (value !== undefined && others.length === 0 && form.test(value)) return value;
    problems.push(`${label} is missing, repeated or not in its form`);
    return null;
  };
  const captures = all("External-Identifier");
  if (captures.length === 0) problems.push("it names no capture");
  if (!captures.every(isCaptureId)) problems.push("its External-Identifier lines are not capture ids");
  if (captures.some((id, at) => at > 0 && id <= (captures[at - 1] ?? ""))) {
    problems.push("its External-Identifier lines are not in ascending order");
  }
  one("Bagging-Date", /^\d{4}-\d{2}-\d{2}$/);
  const profile = one("Holdfast-Profile", /^(redacted|with-annex)$/);
  return {
    captures,
    origin: one("Holdfast-Origin", /^holdfast\/[0-9a-f]{32}$/),
    profile: profile === "redacted" || profile === "with-annex" ? profile : null,
    oxum: one("Payload-Oxum", /^\d{1,16}\.\d{1,16}$/),
    problems: [...new Set(problems)],
  };
}

/**
 * Whether a reader may take one label for another: BagIt ignores the case of labels, and few readers see white space
 * before the colon.
 */
function hasTwin(labels: readonly string[]): boolean {
  const others = labels.filter((label) => label !== "External-Identifier");
  const plain = others.map((label) => label.toLowerCase().replace(/[ \t]/g, ""));
  return new Set(plain).size < plain.length || plain.includes("external-identifier");
}

/** Compares a bag with what it says about itself (RFC 8493, FORMAT.md §17 and §18.4). */
export function auditBag(found: FoundBag, info: BagInfo): readonly Finding[] {
  const bag = found.texts.get("bagit.txt");
  const problems = [...info.problems, ...oxumProblems(found, info)];
  return [
    ...(bag && latin1(bag) !== declaration
      ? [malformed("bagit.txt", "it is not the declaration of BagIt 1.0")]
      : []),
    ...problems.map((message) => malformed("bag-info.txt", message)),
    ...manifests.flatMap((manifest) => auditManifest(found, manifest)),
  ];
}

function oxumProblems({ files }: FoundBag, { oxum }: BagInfo): readonly string[] {
  let bytes = 0;
  let count = 0;
  for (const [path, file] of files) {
    if (!path.startsWith("data/")) continue;
    bytes += file.bytes;
    count += 1;
  }
  if (oxum === null || oxum === `${bytes}.${count}`) return [];
  return [`Payload-Oxum says ${oxum}, but under data/ there are ${bytes} bytes in ${count} files`];
}

interface Manifest {
  readonly name: string;
  readonly algorithm: "sha256" | "sha512";
  /** Whether a path is one that this manifest must list. */
  readonly covers: (path: string) => boolean;
}

const isPayload = (path: string) => path.startsWith("data/");
const isTag = (path: string) => !isPayload(path) && !/^tagmanifest-sha(256|512)\.txt$/.test(path);

const manifests: readonly Manifest[] = [
  { name: "manifest-sha256.txt", algorithm: "sha256", covers: isPayload },
  { name: "manifest-sha512.txt", algorithm: "sha512", covers: isPayload },
  { name: "tagmanifest-sha256.txt", algorithm: "sha256", covers: isTag },
  { name: "tagmanifest-sha512.txt", algorithm: "sha512", covers: isTag },
];

/** The texts that `FoundBag.texts` is about. */
export const bagTexts: readonly string[] = [
  "bagit.txt",
  "bag-info.txt",
  ...manifests.map(({ name }) => name),
];

function auditManifest(
  { files, texts }: FoundBag,
  { name, algorithm, covers }: Manifest,
): readonly Finding[] {
  const text = texts.get(name);
  if (text === undefined) {
    // A manifest that is too large or cannot be read has a finding of its own.
    if (files.has(name)) return [];
    return [errorAt("manifest-missing", name, "this manifest is missing")];
  }
  const { listed, isStrict } = readManifest(text, algorithm, covers);
  const findings: Finding[] = [];
  const add = (code: FindingCode, where: string, message: string) =>
    findings.push(errorAt(code, where, message));
  if (!isStrict) {
    return [malformed(name, "a line in it is malformed or misplaced: nothing was compared with it")];
  }
  for (const path of files.keys()) {
    if (covers(path) && !listed.has(path)) add("file-unlisted", path, `${name} does not list it`);
  }
  for (const [path, digest] of listed) {
    const file = files.get(path);
    if (file === undefined) add("file-missing", path, `${name} lists it, but it is missing`);
    else if (file.problem !== null) findings.push(unread(path, file.problem));
    else if (file[algorithm] !== null && file[algorithm] !== digest) {
      add("file-changed", path, `its digest is not the one in ${name}`);
    }
  }
  return findings;
}

function readManifest(
  bytes: Uint8Array,
  algorithm: Manifest["algorithm"],
  covers: Manifest["covers"],
): { readonly listed: ReadonlyMap<string, string>; readonly isStrict: boolean } {
  const listed = new Map<string, string>();
  const digits = algorithm === "sha256" ? 64 : 128;
  const lines = latin1(bytes).split("\n");
  if (lines.pop() !== "") return { listed, isStrict: false };
  let last = "";
  for (const line of lines) {
    const digest = line.slice(0, digits);
    const path = line.slice(digits + 2);
    const fits =
      /^[0-9a-f]+$/.test(digest) &&
      line.slice(digits, digits + 2) === "  " &&
      packagePathProblem(path) === null &&
      covers(path) &&
      path > last;
    if (!fits) return { listed, isStrict: false };
    listed.set(path, digest);
    last = path;
  }
  return { listed, isStrict: true };
}

/** What could not be read says nothing, for or against; under `proof/`, more than its own digest depends on it. */
function unread(where: string, problem: string): Finding {
  const code = where.startsWith("proof/") ? "proof-unreadable" : "file-unreadable";
  return unreadNote(code, where, problem);
}

function malformed(where: string, message: string): Finding {
  return errorAt("bag-malformed", where, message);
}
