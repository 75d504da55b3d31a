import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "../../src");

/** Where a check of a vault and of a package begins. */
const entrances = ["verify/vault.ts", "verify/package.ts"] as const;

/** How many lines somebody has to read who wants to know what an answer of `verify` is worth. */
const mostLines = 9500;

interface ClosureFile {
  readonly text: string;
  readonly lines: number;
}

/**
 * Everything that the entrances import, directly or through others, types and threads that are started by the path of a file
 * included: path relative to `src` → file.
 */
const closure: ReadonlyMap<string, ClosureFile> = closureOf(entrances);

function closureOf(starts: readonly string[]): ReadonlyMap<string, ClosureFile> {
  const found = new Map<string, ClosureFile>();
  const open = [...starts];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    const text = readFileSync(join(source, path), "utf8");
    found.set(path, { text, lines: text.split("\n").length - 1 });
    open.push(...importedBy(path, text));
  }
  return found;
}

/** A thread loads the compiled file, so its path leads through `dist`. */
function importedBy(path: string, text: string): readonly string[] {
  const names = [
    ...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g),
    ...text.matchAll(/\bnew URL\(\s*["'`](\.[^"'`]+\.js)["'`]/g),
  ].map(([, name = ""]) => name);
  return names.map((name) =>
    relative(source, join(source, dirname(path), name).replace(/\/dist\/(?!.*\/dist\/)/, "/src/")).replace(
      /\.js$/,
      ".ts",
    ),
  );
}

const paths = [...closure.keys()].sort();
const texts = [...closure].map(([path, { text }]) => ({ path, text }));

/** Code without its comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** `path: match` of everything in the closure that fits a pattern. */
function places(pattern: RegExp): readonly string[] {
  return texts
    .flatMap(({ path, text }) =>
      [...codeOf(text).matchAll(pattern)].map(([found, group]) => `${path}: ${group ?? found}`),
    )
    .sort();
}

describe("what verify is made of", () => {
  const lines = [...closure.values()].reduce((sum, file) => sum + file.lines, 0);
  const map = readFileSync(join(source, "README.md"), "utf8");
  const section = /^## What `verify` is made of\n([\s\S]*?)(?=^## )/m.exec(map)?.[1] ?? "";

  it(`is at most ${mostLines} lines, everything that it imports counted, and src/README.md says how many`, () => {
    process.stdout.write(`verify is made of ${lines} lines in ${closure.size} files\n`);
    expect(lines).toBeLessThanOrEqual(mostLines);
    const [, stated = ""] = /\b([\d,]+) lines\b/.exec(section) ?? [];
    expect(Number(stated.replace(",", "")), "the number in src/README.md").toBe(Math.ceil(lines / 100) * 100);
  });

  it("counts the threads that it starts, and what they import", () => {
    expect(paths).toEqual(
      expect.arrayContaining(["vault/check/hash-worker.ts", "vault/check/lines-worker.ts"]),
    );
  });

  it("is listed in src/README.md, each file by its name or by its whole folder, and nothing besides", () => {
    const named = [...section.matchAll(/`([a-z][\w/-]*(?:\.ts|\/))`/g)].map(([, name = ""]) => name);
    const listed = named.filter((name) => name.endsWith("/") || closure.has(name));
    const covers = (name: string, path: string) =>
      path === name || (/\/$/.test(name) && path.startsWith(name));
    expect(paths.filter((path) => !listed.some((name) => covers(name, path)))).toEqual([]);
    expect(listed.filter((name) => !paths.some((path) => covers(name, path)))).toEqual([]);
    const outside = named.filter((name) => !listed.includes(name));
    expect(outside.sort()).toEqual(["seal/record-check.ts", "vault/index/check.ts", "verify/caveats.ts"]);
  });

  it("stands in four rooms: it reaches no key, no tool, no capture and no index", () => {
    const rooms = new Set(paths.map((path) => (/\//.test(path) ? path.split("/")[0] : path)));
    expect([...rooms].sort()).toEqual(["audit", "core", "vault", "verify", "world.ts"]);
    expect(paths.filter((path) => /^(vault\/index|core\/capture|core\/package)\//.test(path))).toEqual([]);
  });
});

describe("checking and writing share no door", () => {
  /** The one file that writes: a copy of a database, in the system's folder for temporary files. */
  const copy = "vault/database-copy.ts";

  it("of Node it takes what reads, and nothing that starts a program or speaks to the network", () => {
    const modules = new Set(
      places(/\bfrom\s+"((?:node:)?[a-z][^"]*)"/g).map((place) => place.split(": ")[1]),
    );
    expect([...modules].sort()).toEqual([
      "asn1js",
      "better-sqlite3",
      "node:crypto",
      "node:events",
      "node:fs",
      "node:module",
      "node:os",
      "node:path",
      "node:timers/promises",
      "node:tls",
      "node:url",
      "node:worker_threads",
      "pkijs",
    ]);
  });

  it("of modules that it does not name itself it loads the built validators, and the check that a command hands in", () => {
    const loaded = texts.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:require|import)\(([^)"]*)\)/g)].map(([, what]) => `${path}: ${what}`),
    );
    expect(loaded).toEqual(["vault/json-schemas.ts: file", "vault/check/lines-worker.ts: indexModule"]);
  });

  it("it takes from the file system nothing that writes, but for a copy of a database that lies elsewhere", () => {
    const reads = [
      "closeSync",
      "constants",
      "existsSync",
      "fstatSync",
      "lstatSync",
      "opendirSync",
      "openSync",
    ];
    const more = ["readdirSync", "readFileSync", "readSync", "statSync", "Dir", "Stats"];
    const taken = texts.flatMap(({ path, text }) =>
      [...text.matchAll(/^(?:im|ex)port ([^;"]*?) from "(?:node:)?fs[^"]*";/gm)].flatMap(([, names = ""]) =>
        names
          .replace(/^type (?=\{)|[{}]/g, "")
          .split(",")
          .map((name) => name.trim().replace(/^type /, ""))
          .filter((name) => name !== "" && ![...reads, ...more].includes(name))
          .map((name) => `${path}: ${name}`),
      ),
    );
    expect(taken.sort()).toEqual(["mkdtempSync", "rmSync", "writeSync"].map((name) => `${copy}: ${name}`));
    expect(places(/\bopenSync\(([^)]*)\)/g)).toEqual([
      'vault/database-copy.ts: to, "wx", 0o600',
      "vault/digest-file.ts: path, flags",
      "vault/digest-file.ts: path, flags | (constants.O_NOATIME ?? 0",
    ]);
    expect(places(/constants\.(O_(?!RDONLY\b|NOFOLLOW\b|NONBLOCK\b|NOATIME\b)\w+)/g)).toEqual([]);
  });

  it("it opens databases for reading only, besides an empty one in memory, and states no SQL that writes", () => {
    const opened = places(/\bnew Database\(([^;]*?)\);/g);
    expect(opened.length).toBeGreaterThan(2);
    expect(opened.filter((place) => !/readonly: true|: ":memory:"$/.test(place))).toEqual([]);
    const writes = /\b(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|ATTACH|VACUUM|REINDEX|COMMIT)\b/g;
    expect(places(writes)).toEqual([]);
    expect(places(/\b(?:database|expected)\.exec\(([^;]*)\);/g)).toEqual([
      'vault/check/lines-worker.ts: "BEGIN"',
      'vault/check/snapshot.ts: "BEGIN"',
      'vault/check/snapshot.ts: "ROLLBACK"',
      // Of the database in memory, to compare a schema with.
      'vault/database.ts: readFileSync(file, "utf8")',
    ]);
  });
});
