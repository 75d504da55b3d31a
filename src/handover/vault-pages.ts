import { mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { lineHash, parseEntry } from "../audit/entry.js";
import type { VaultCaptureFacts } from "../core/package/facts.js";
import { vaultPage } from "../core/package/vault-page.js";
import { HoldfastError } from "../core/words/error.js";
import { oneCaptureByPart } from "../vault/index/captures.js";
import { earliestTokens } from "../vault/index/tokens.js";
import { entriesOf } from "../vault/log.js";
import { pageRecordsOf } from "../vault/objects.js";
import type { VaultReader } from "../vault/open-database.js";
import { chosenCapture, type PackagedSource } from "../vault/package/content.js";
import { readVault } from "../vault/reader.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { World } from "../world.js";
import { toldByTags } from "./told-by-tags.js";

/** A page to look at; one line with `--json`: schema `openResult`. */
export interface MadePage {
  /** Absolute path of the page. */
  readonly page: string;
  /** The captures on it, in ascending order of id. */
  readonly captures: readonly string[];
}

/**
 * Writes one HTML page of these captures into a new private folder for temporary files, beside links to their files in
 * the vault, so that nothing is copied and no local path stands in the page. Only reads the vault, and checks nothing but
 * that the files are there. `ids` are parts of capture ids. Throws `no-vault`, `not-found`, `usage` for an attempt that
 * failed, `not-as-recorded` for an unreadable object, and `io`.
 */
export function makeVaultPage(
  vault: string,
  ids: readonly string[],
  world: Pick<World, "now" | "tool">,
): MadePage {
  const gathered = readVault(vault, (reader) => {
    const rows = ids.map((part) => oneCaptureByPart(reader.database, part));
    for (const { id } of rows) refuseWithdrawn(reader.database, id, "opening");
    for (const row of rows) if (row.object === null) throw nothingKept(row.id);
    return [...new Map(rows.map((row) => [row.id, row.entry]))]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, entry]) => gather(reader, id, entry));
  });
  const captures = gathered.map(({ facts }) => facts);
  const text = vaultPage({ madeAt: world.now().toISOString(), tool: world.tool, captures });
  const page = place(
    gathered.flatMap(({ sources }) => sources),
    text,
  );
  return { page, captures: captures.map(({ id }) => id) };
}

interface Gathered {
  readonly facts: VaultCaptureFacts;
  /** The files that are there. */
  readonly sources: readonly PackagedSource[];
}

/** What a package would hold of a capture, by the same choice; people's notes are left out as there. */
function gather({ layout, database }: VaultReader, id: string, entry: number): Gathered {
  const entries = entriesOf(database, id).filter(({ event }) => event !== "annotate");
  const own = entries.map(({ line }) => ({ entry: parseEntry(line), line }));
  const { object, files } = chosenCapture(layout, id, own);
  const sources = files.filter(
    ({ from, bytes }) => statSync(from, { throwIfNoEntry: false })?.size === bytes,
  );
  const there = new Set(sources);
  const facts = {
    id,
    record: object.record,
    derivation: object.derivation,
    pages: pageRecordsOf(object),
    files: sources.map(({ path, bytes, sha256, sha512 }) => ({
      path: inData(path),
      bytes,
      sha256,
      sha512: sha512 ?? "",
    })),
    entries: entries.map(({ seq, at, event, line }) => ({ seq, at, event, sha256: lineHash(line) })),
    annotations: [],
    tags: toldByTags(object),
    existedBy: earliestTokens(database, entry).flatMap(
      ({ authority, gen_time, signer_sha256, checkpoint }) =>
        gen_time === null ? [] : [{ authority, gen_time, signer_sha256: signer_sha256 ?? "", checkpoint }],
    ),
    missing: files.filter((file) => !there.has(file)).map(({ path }) => inData(path).slice(id.length + 1)),
  };
  return { facts, sources };
}

function inData(path: string): string {
  return path.slice("data/".length);
}

/** The page under its name, beside a link for each file. */
function place(sources: readonly PackagedSource[], text: string): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-page-"));
    for (const { path, from } of sources) {
      const link = join(folder, inData(path));
      mkdirSync(dirname(link), { recursive: true, mode: 0o700 });
      symlinkSync(from, link);
    }
    const page = join(folder, "index.html");
    writeFileSync(page, text, { flag: "wx", mode: 0o600 });
    return page;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new HoldfastError(
      "io",
      `writing the page to the folder for temporary files: ${error.message}`,
      "set TMPDIR to an existing folder on a disk with some room that can hold links",
      error,
    );
  }
}

function nothingKept(id: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `opening ${id}: this attempt failed, and holdfast kept nothing of it`,
    `to see what is known about it: holdfast show ${id}`,
  );
}
