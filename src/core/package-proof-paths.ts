import { checkpointName } from "../audit/checkpoint.js";

/** What lies under `proof/<NNNNNN>/` of a package by its name (FORMAT.md §17). */
export type ProofFile = { readonly size: number } & (
  | { readonly kind: "checkpoint" | "signature" | "signed" | "witness" | "chain" }
  | { readonly kind: "rfc3161" | "opentimestamps"; readonly authority: string }
  | { readonly kind: "inclusion"; readonly seq: number }
);

/** Null for a path that §17 does not know. */
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
