import type { PackagedFile } from "./bag.js";
import { hex } from "./bytes.js";
import { checkpointIn } from "./checkpoint.js";
import { auditCrate, cratePath } from "./crate.js";
import type { Finding } from "./finding.js";
import { listInForce } from "./listed-entries.js";
import { expectedFiles } from "./package.js";
import type { PackagedEntries } from "./package-entries.js";
import { auditFixedTexts, auditPage, type KnownTexts, pagePath } from "./sender-texts.js";

/** What a package holds of its maker's own words, and what they can be compared with. */
interface SenderWords {
  /** The page and the RO-Crate, by path. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  readonly files: ReadonlyMap<string, PackagedFile>;
  readonly entries: PackagedEntries;
  readonly checkpoints: readonly { readonly body: Uint8Array | null }[];
  /** SHA-256 of the certificates that signed the time-stamps in it. */
  readonly certificates: readonly string[];
}

/** Compares the page, the RO-Crate, VERIFY.md and verify.sh of a package with what can be compared (FORMAT.md §17). */
export function auditSenderWords(of: SenderWords, known: KnownTexts): readonly Finding[] {
  const expected = expectedFiles(of.entries.captures.values());
  const [page, crate] = [of.pages.get(pagePath), of.pages.get(cratePath)];
  return [
    ...(crate === undefined ? [] : auditCrate(crate, of.files, expected)),
    ...(page === undefined ? [] : auditPage(page, digestsIn(of))),
    ...auditFixedTexts(of.files, known, listInForce(of.entries)?.tool ?? null),
  ];
}

/**
 * Every digest that a page has grounds for: of files, of the lines of entries, of certificates, and the roots of
 * checkpoints.
 */
function digestsIn({ files, entries, checkpoints, certificates }: SenderWords): ReadonlySet<string> {
  const stated = [...entries.captures.values()].flatMap(({ versions }) =>
    versions.flatMap((one) => one.files),
  );
  return new Set([
    ...[...files.values()].flatMap(({ sha256 }) => sha256 ?? []),
    ...stated.map(({ sha256 }) => sha256),
    ...entries.hashes,
    ...certificates,
    ...checkpoints.flatMap(({ body }) => {
      const stated = checkpointIn(body);
      return stated === null ? [] : [hex(stated.root)];
    }),
  ]);
}
