import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { Finding } from "../../src/audit/finding.js";
import { logAnnotation } from "../../src/capture/annotate.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { auditVault } from "../../src/vault/check/vault.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { noTrust } from "../../src/vault/index/rebuild.js";
import { closeVault } from "../../src/vault/vault.js";
import type { Figures, Round } from "../soak/rounds.js";
import { copyVault, makeVault, openTestVault, testWorld } from "../support/vaults.js";

/** A vault on disk that is damaged and put right again, over and over. */
export interface DamagedVault {
  readonly root: string;
  /** Path in the vault → bytes as they should be; `vault.db` is not among them. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly database: Buffer;
  /** Rows of every table that the log stands for. */
  readonly rows: string;
}

const seal = { proxy: null, allowPrivate: false, force: false };

/** Two captures, one derived twice and annotated, sealed twice, in less than 64 KiB of files. */
export async function makeDamagedVault(folder: string): Promise<DamagedVault> {
  const made = join(folder, "made");
  const world = testWorld();
  const [first] = await makeVault(made);
  const vault = await openTestVault(made, world);
  await sealHead(vault, world, seal);
  logAnnotation(vault, first?.record.capture ?? "", { place: "Алматы" }, fromCommandLine);
  await sealHead(vault, world, seal);
  closeVault(vault);
  return ofVault(copyVault(made, join(folder, "damaged")));
}

function ofVault(root: string): DamagedVault {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => lstatSync(join(root, path)).isFile() && !/^(vault\.db|staging\/)/.test(path))
    .sort();
  for (const path of paths) chmodSync(join(root, path), 0o644);
  const database = readFileSync(join(root, "vault.db"));
  return {
    root,
    files: new Map(paths.map((path) => [path, readFileSync(join(root, path))])),
    database,
    rows: rowsOf(join(root, "vault.db")),
  };
}

/** Findings of an audit of everything, or of log, index and database alone. */
export async function findingsIn(root: string, everything: boolean): Promise<readonly Finding[]> {
  const { findings } = await auditVault(root, {
    quick: false,
    parts: everything ? null : [],
    held: [],
    trust: noTrust,
    index: indexCheck,
    beforeSecondLook: () => Promise.resolve(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return findings;
}

/** One byte of a file changed; a byte that is the same again would show nothing, so it is always another one. */
function flipped(bytes: Buffer, at: number, mask: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ mask;
  return changed;
}

/** What is read before what: a damaged inventory or annex.json keeps what it names from being judged. */
const layers: readonly RegExp[] = [
  /^(?!.*(inventory\.json|annex\.json)$)/,
  /^objects\/[^/]+\/[^/]+\/inventory\.json$|annex\.json$/,
  /\/v\d+\/inventory\.json$/,
];

/**
 * One byte of every file of the vault changed, at a place and by a mask that `round` says. Each file must be named by an error
 * of its own.
 */
export async function flipFiles({ root, files }: DamagedVault, { random }: Round): Promise<Figures> {
  let flips = 0;
  for (const layer of layers) {
    const chosen = [...files].filter(([path]) => layer.test(path));
    for (const [path, bytes] of chosen) {
      const mask = 1 + Math.floor(random() * 255);
      writeFileSync(join(root, path), flipped(bytes, Math.floor(random() * bytes.length), mask));
    }
    const named = new Set((await findingsIn(root, true)).filter(isError).map(({ where }) => where));
    for (const [path, bytes] of chosen) writeFileSync(join(root, path), bytes);
    expect(chosen.map(([path]) => path).filter((path) => !named.has(path))).toEqual([]);
    flips += chosen.length;
  }
  return { "bytes of files changed": flips, "of them reported by name": flips };
}

/** What is done to a file; `other` is another file's content. */
const disturbances: Readonly<
  Record<string, (path: string, bytes: Buffer, random: () => number, other: Buffer) => void>
> = {
  removed: (path) => rmSync(path),
  "cut short": (path, bytes, random) =>
    writeFileSync(path, bytes.subarray(0, Math.floor(random() * bytes.length))),
  "made a byte longer": (path, _bytes, random) => appendFileSync(path, String.fromCharCode(random() * 128)),
  renamed: (path) => renameSync(path, `${path}-other`),
  "replaced by another": (path, bytes, _random, other) =>
    writeFileSync(path, other.equals(bytes) ? "" : other),
  "replaced by a link to the same bytes": (path, bytes) => {
    rmSync(path);
    writeFileSync(`${path}-target`, bytes);
    symlinkSync(`${path}-target`, path);
  },
  "replaced by a folder": (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

export const disturbanceNames: readonly string[] = Object.keys(disturbances);

/** Of these, what is left behind decides what a check can know: each has a test of its own in log-tamper.test.ts. */
const isJudgedByTheRest = (path: string, what: string) =>
  path.startsWith("log/") && /^(removed|renamed)$/.test(what);

/** The same done to every file of the vault, layer by layer. Each file must be named by an error. */
export async function disturbFiles(
  { root, files }: DamagedVault,
  { random }: Round,
  what: string,
): Promise<Figures> {
  const disturb = disturbances[what];
  const all = [...files.values()];
  let count = 0;
  for (const layer of layers) {
    const chosen = [...files].filter(([path]) => layer.test(path) && !isJudgedByTheRest(path, what));
    for (const [path, bytes] of chosen) {
      const other = all[Math.floor(random() * all.length)] ?? bytes;
      disturb?.(join(root, path), bytes, random, other);
    }
    const named = new Set((await findingsIn(root, true)).filter(isError).map(({ where }) => where));
    for (const [path, bytes] of chosen) restore(join(root, path), bytes);
    expect([what, chosen.map(([path]) => path).filter((path) => !named.has(path))]).toEqual([what, []]);
    count += chosen.length;
  }
  return { [`files ${what}`]: count };
}

function restore(path: string, bytes: Buffer): void {
  for (const end of ["", "-other", "-target"]) rmSync(`${path}${end}`, { recursive: true, force: true });
  writeFileSync(path, bytes);
}

/** Bytes of vault.db changed, one at a time: each is an error, or every row is as it was. */
export async function flipDatabase(
  { root, database, rows }: DamagedVault,
  { random }: Round,
  flips: number,
): Promise<Figures> {
  const path = join(root, "vault.db");
  let reported = 0;
  for (let flip = 0; flip < flips; flip += 1) {
    const at = Math.floor(random() * database.length);
    const mask = 1 + Math.floor(random() * 255);
    writeFileSync(path, flipped(database, at, mask));
    const errors = (await findingsIn(root, false)).filter(isError);
    if (errors.length > 0) reported += 1;
    else expect([at, mask, rowsOf(path)]).toEqual([at, mask, rows]);
  }
  writeFileSync(path, database);
  return {
    "bytes of vault.db changed": flips,
    "of them reported": reported,
    "of them without effect": flips - reported,
  };
}

/** One round: a byte of each file, one thing done to each file, and some bytes of vault.db. */
export async function damageEach(vault: DamagedVault, round: Round): Promise<Figures> {
  const what = disturbanceNames[Math.floor(round.random() * disturbanceNames.length)] ?? "";
  return {
    ...(await flipFiles(vault, round)),
    ...(await disturbFiles(vault, round, what)),
    ...(await flipDatabase(vault, round, 20)),
  };
}

export const isError = ({ severity }: Finding): boolean => severity === "error";

/** Working state and no evidence (FORMAT.md §3, §15, §19). */
export const workingTables: readonly string[] = ["authority", "batch", "batch_row"];

function rowsOf(path: string): string {
  const database = new Database(path, { readonly: true });
  try {
    const tables = database
      .prepare<[], string>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'capture_text_*' ORDER BY name",
      )
      .pluck()
      .all()
      .filter((table) => !workingTables.includes(table));
    const rows = tables.map((table) =>
      database.prepare(`SELECT rowid IS NULL, * FROM ${table}`.replace("rowid IS NULL, ", "")).raw().all(),
    );
    return JSON.stringify(rows);
  } finally {
    database.close();
  }
}
