import type { PackagedFile } from "./bag.js";
import { latin1 } from "./bytes.js";
import { type Finding, noteAt } from "./finding.js";

export const pagePath = "data/index.html";

/** The texts that come with every package, beside the page and the RO-Crate. */
export const fixedTextNames = ["VERIFY.md", "verify.sh"] as const;

export type FixedTextName = (typeof fixedTextNames)[number];

/** The SHA-256 of each text of this program, and by program version those of the earlier texts. */
export interface KnownTexts {
  readonly own: Readonly<Record<FixedTextName, string>>;
  readonly released: Readonly<Record<string, Readonly<Record<FixedTextName, readonly string[]>>>>;
}

/**
 * Whether VERIFY.md and verify.sh are texts that this program knows (FORMAT.md §17). `madeBy` is the program of the
 * `export-begun` entry: if the texts of that version are known, any other text was exchanged.
 */
export function auditFixedTexts(
  files: ReadonlyMap<string, PackagedFile>,
  { own, released }: KnownTexts,
  madeBy: string | null,
): readonly Finding[] {
  return fixedTextNames.flatMap((name): readonly Finding[] => {
    const digest = files.get(name)?.sha256 ?? null;
    const earlier = Object.values(released).some((texts) => digest !== null && texts[name].includes(digest));
    if (digest === null || digest === own[name] || earlier) return [];
    const isExchanged = madeBy !== null && Object.hasOwn(released, madeBy);
    const message = isExchanged
      ? `it is not a text of ${madeBy}, which made this package: somebody exchanged it`
      : "this holdfast does not know it: read it before you follow or run it";
    return [{ code: "script-unknown", severity: isExchanged ? "error" : "note", where: name, message }];
  });
}

/**
 * Whether every digest on the page is one that something in the package states or has: a file, an entry, a checkpoint,
 * the certificate of a time-stamp. What else a page shows cannot be compared: it is its maker's word.
 */
export function auditPage(bytes: Uint8Array, known: ReadonlySet<string>): readonly Finding[] {
  const shown = latin1(bytes).matchAll(/[0-9A-Fa-f]+/g);
  const unknown = new Set<string>();
  for (const [digits] of shown) if (digits.length === 64 && !known.has(digits)) unknown.add(digits);
  const [first] = unknown;
  if (first === undefined) return [];
  const message = `it shows ${unknown.size === 1 ? "a digest" : `${unknown.size} digests`} that no file, entry, checkpoint or time-stamp here has, such as ${first}`;
  return [noteAt("page-digest", pagePath, message)];
}
