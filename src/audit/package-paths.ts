import { bytesOfLatin1 } from "./bytes.js";
import { checkpointName } from "./checkpoint.js";
import { errorAt, type Finding } from "./finding.js";

/** Longest path inside a package, in bytes; all its characters have one (FORMAT.md §17). */
const longestPackagePath = 200;

/** What is wrong with a path by §17; null if nothing is. A byte of the name may be one character. */
export function packagePathProblem(path: string): string | null {
  if (path.length > longestPackagePath) return `its path is longer than ${longestPackagePath} bytes`;
  const parts = path.split("/");
  if (parts.some((part) => part === "." || part === ".." || part === "")) {
    return "its path has a part that is empty or leads elsewhere";
  }
  if (!parts.every((part) => /^[A-Za-z0-9._-]+$/.test(part))) {
    return "its path has a character that no package may have";
  }
  if (parts.some((part) => part.endsWith(".") || device.test(part))) {
    return "its path has a part that Windows takes for another file or a device";
  }
  return null;
}

/** With anything after a dot it is still the device, in any letter case. */
const device = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/i;

const readable = new TextDecoder("utf-8", { ignoreBOM: true });

/** A finding about a name, given as its bytes, one character each. */
export function pathFinding(path: string, message: string): Finding {
  // A hostile name may have thousands of characters.
  const where = readable.decode(bytesOfLatin1(path.slice(0, 2 * longestPackagePath)));
  return errorAt("package-path", where, message);
}

/**
 * Paths that are taken for one another somewhere: one path twice, a file where a folder is, and names that differ only
 * by case. Of two that differ by case, the later one in byte order is named.
 */
export function clashingPaths(paths: readonly string[], ownFolders: readonly string[]): readonly Finding[] {
  const files = new Set<string>();
  const folders = new Set<string>(ownFolders);
  const spelled = new Map<string, string>();
  const findings = new Map<string, Finding>();
  const clash = (path: string, message: string) => {
    if (!findings.has(path)) findings.set(path, pathFinding(path, message));
  };
  for (const path of paths) {
    if (files.has(path)) clash(path, "it is in here twice");
    files.add(path);
    for (const folder of foldersOf(path)) folders.add(folder);
  }
  for (const path of [...folders, ...files].sort()) {
    const known = spelled.get(path.toLowerCase());
    if (known !== undefined && known !== path) clash(path, "another name differs from it only by case");
    spelled.set(path.toLowerCase(), known ?? path);
    if (folders.has(path) && files.has(path)) clash(path, "it is both a file and a folder");
  }
  return [...findings.values()];
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

/** What lies under `proof/<NNNNNN>/` of a package by its name (FORMAT.md §17). */
type ProofFile = { readonly size: number } & (
  | { readonly kind: "checkpoint" | "signature" | "signed" | "witness" | "chain" }
  | { readonly kind: "rfc3161" | "opentimestamps"; readonly authority: string }
  | { readonly kind: "inclusion"; readonly seq: number }
);

/** Null for a path that is not in §17. */
export function proofFileOf(path: string): ProofFile | null {
  const [, number = "", name = ""] = /^proof\/(\d{6,16})\/([^/]+)$/.exec(path) ?? [];
  const size = Number(number);
  if (size < 1 || !Number.isSafeInteger(size) || checkpointName(size) !== number) return null;
  const plain = plainNames.get(name);
  if (plain !== undefined) return { size, kind: plain };
  if (/^witness-[0-9a-f]{16}\.sig$/.test(name)) return { size, kind: "witness" };
  const [, authority, ending] =
    /^([a-z0-9][a-z0-9-]{0,31})\.(tsr|chain\.pem|ots|complete\.ots)$/.exec(name) ?? [];
  if (authority !== undefined) {
    if (ending === "chain.pem") return { size, kind: "chain" };
    return { size, kind: ending === "tsr" ? "rfc3161" : "opentimestamps", authority };
  }
  const seq = Number(/^([1-9]\d{0,15})\.proof$/.exec(name)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(seq) ? { size, kind: "inclusion", seq } : null;
}

const plainNames: ReadonlyMap<string, "checkpoint" | "signature" | "signed"> = new Map([
  ["checkpoint", "checkpoint"],
  ["checkpoint.sig", "signature"],
  ["signed", "signed"],
]);
