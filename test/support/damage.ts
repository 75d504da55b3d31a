import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { lineHash } from "../../src/audit/entry.js";

/** One thing done to a vault or package. Paths are relative to it; `{name}` stands for a name of the reference. */
export type DamageStep =
  | { readonly op: "flip"; readonly path: string; readonly at: number }
  | { readonly op: "write" | "append"; readonly path: string; readonly text: string }
  | { readonly op: "replace"; readonly path: string; readonly from: string; readonly to: string }
  | { readonly op: "remove" | "other-root"; readonly path: string }
  | { readonly op: "remove-line"; readonly path: string; readonly line: number }
  | { readonly op: "truncate"; readonly path: string; readonly by: number }
  | { readonly op: "folder"; readonly path: string }
  | { readonly op: "rename" | "copy" | "link"; readonly path: string; readonly to: string }
  | { readonly op: "sql"; readonly statements: readonly string[] }
  | { readonly op: "relink"; readonly from: number }
  | { readonly op: "rebuild-manifests" }
  | { readonly op: "become"; readonly other: string };

/** A file of `test/vectors/damage/`: what is done, and what has to be found. */
export interface DamageScenario {
  readonly comment: string;
  readonly target: "vault" | "package";
  readonly steps: readonly DamageStep[];
  /** What the checker brings: names of texts of the reference. */
  readonly trust?: { readonly against?: string; readonly signers?: string; readonly tsa_ca?: string };
  /** Every finding that the undamaged reference, checked in the same way, does not have. */
  readonly expect: readonly { readonly code: string; readonly severity: string; readonly where: string }[];
  readonly answers: Readonly<Record<"hashes" | "chain" | "signature" | "tokens", string>>;
  /** For a package: the steps of verify.sh that fail. */
  readonly verify_sh?: readonly string[];
  /** The step of the procedure in EVIDENCE.md §10, or what takes its place for a vault. */
  readonly caught_by: string;
}

/** Puts the names of a reference in place of `{name}`. */
export function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z0-9-]+)\}/g, (braced, name: string) => names[name] ?? braced);
}

/** Damages the vault or package at `root`. `others` are whole vaults or packages that it may be replaced by. */
export function applyDamage(
  root: string,
  steps: readonly DamageStep[],
  names: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>> = {},
): void {
  const place = (path: string) => join(root, fill(path, names));
  for (const step of steps) {
    if ("path" in step) allowWriting(root, place(step.path));
    switch (step.op) {
      case "flip":
        flip(place(step.path), step.at);
        break;
      case "write":
        mkdirSync(dirname(place(step.path)), { recursive: true });
        writeFileSync(place(step.path), fill(step.text, names));
        break;
      case "append":
        appendFileSync(place(step.path), step.text);
        break;
      case "replace":
        replace(place(step.path), fill(step.from, names), fill(step.to, names));
        break;
      case "remove":
        lstatSync(place(step.path));
        rmSync(place(step.path), { recursive: true });
        break;
      case "other-root":
        changeRoot(place(step.path));
        break;
      case "remove-line": {
        const lines = readFileSync(place(step.path), "utf8").split("\n");
        // From 1, or from the end where it is negative; behind the last line feed stands an empty text.
        lines.splice(step.line > 0 ? step.line - 1 : lines.length - 1 + step.line, 1);
        writeFileSync(place(step.path), lines.join("\n"));
        break;
      }
      case "truncate":
        truncateSync(place(step.path), lstatSync(place(step.path)).size - step.by);
        break;
      case "folder":
        mkdirSync(place(step.path), { recursive: true });
        break;
      case "rename":
        renameSync(place(step.path), place(step.to));
        break;
      case "copy":
        cpSync(place(step.path), place(step.to), { recursive: true, force: true });
        break;
      case "link":
        symlinkSync(step.to, place(step.path));
        break;
      case "sql":
        changeLog(root, (database) => {
          for (const statement of step.statements) database.exec(fill(statement, names));
        });
        break;
      case "relink":
        changeLog(root, (database) => relink(database, step.from));
        break;
      case "rebuild-manifests":
        rebuildManifests(root);
        break;
      case "become":
        rmSync(root, { recursive: true });
        cpSync(others[step.other] ?? "no such reference", root, { recursive: true });
        break;
    }
  }
}

/** Stored files and folders are read-only. */
function allowWriting(root: string, path: string): void {
  for (let at = path; at.startsWith(root); at = dirname(at)) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found !== undefined && !found.isSymbolicLink()) chmodSync(at, found.isDirectory() ? 0o755 : 0o644);
  }
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 0x04;
  writeFileSync(path, bytes);
}

/** Another root of the right form in a checkpoint. */
function changeRoot(path: string): void {
  const [origin, size, root = ""] = readFileSync(path, "utf8").split("\n");
  const bytes = Buffer.from(root, "base64");
  bytes[7] = (bytes[7] ?? 0) ^ 0x04;
  writeFileSync(path, `${origin}\n${size}\n${bytes.toString("base64")}\n`);
}

function replace(path: string, from: string, to: string): void {
  const text = readFileSync(path, "latin1");
  if (!text.includes(from)) throw new Error(`${path} does not have ${from}`);
  writeFileSync(path, text.replace(from, to), "latin1");
}

/** Changes the database as somebody can who knows that triggers stop accidents, not people. */
function changeLog(root: string, change: (database: Database.Database) => void): void {
  const database = new Database(join(root, "vault.db"));
  try {
    const triggers = database
      .prepare<[], { name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
      )
      .all();
    for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
    database.pragma("foreign_keys = OFF");
    change(database);
    for (const { sql } of triggers) database.exec(sql);
    database.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
  }
}

/** Numbers and links every line from row `from` on anew, as one who hides a removed or changed line would. */
function relink(database: Database.Database, from: number): void {
  const rows = database
    .prepare<[], { seq: number; line: string }>("SELECT seq, line FROM entry ORDER BY seq")
    .all();
  const kept = rows.slice(0, from - 1);
  let prev = kept.length === 0 ? "0".repeat(64) : lineHash(kept.at(-1)?.line ?? "");
  database.exec(`DELETE FROM entry WHERE seq >= ${rows[from - 1]?.seq ?? 0}`);
  rows.slice(from - 1).forEach((row, index) => {
    const seq = from + index;
    const line = row.line.replace(/"prev":"[0-9a-f]{64}","seq":[0-9]+,/, `"prev":"${prev}","seq":${seq},`);
    const hash = lineHash(line);
    database
      .prepare("INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)")
      .run(seq, prev, line, hash);
    prev = hash;
  });
}

/** Makes manifests and Payload-Oxum fit what is there, as one who hides a change would. */
function rebuildManifests(root: string): void {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => lstatSync(join(root, path)).isFile())
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const payload = files.filter((path) => path.startsWith("data/"));
  const bytes = payload.reduce((sum, path) => sum + lstatSync(join(root, path)).size, 0);
  const info = join(root, "bag-info.txt");
  const text = readFileSync(info, "utf8").replace(
    /Payload-Oxum: .*/,
    `Payload-Oxum: ${bytes}.${payload.length}`,
  );
  writeFileSync(info, text);
  const write = (name: string, algorithm: string, listed: readonly string[]) => {
    const digest = (path: string) =>
      createHash(algorithm)
        .update(readFileSync(join(root, path)))
        .digest("hex");
    writeFileSync(join(root, name), listed.map((path) => `${digest(path)}  ${path}\n`).join(""));
  };
  for (const name of ["sha256", "sha512"]) write(`manifest-${name}.txt`, name, payload);
  const manifests = ["manifest-sha256.txt", "manifest-sha512.txt"];
  const tags = files.filter((path) => !path.startsWith("data/") && !path.startsWith("tagmanifest-"));
  const listed = [...new Set([...tags, ...manifests])].sort();
  for (const name of ["sha256", "sha512"]) write(`tagmanifest-${name}.txt`, name, listed);
}
