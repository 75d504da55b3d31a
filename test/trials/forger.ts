import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { sameBytes as areSame } from "../../src/audit/bytes.js";
import { encodeCanonical, type JsonObject } from "../../src/audit/canonical-json.js";
import { checkpointNamespace, encodeCheckpoint, parseCheckpoint } from "../../src/audit/checkpoint.js";
import { lineHash } from "../../src/audit/entry.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import { leafHash, merkleRoot } from "../../src/core/package/merkle-proofs.js";
import { secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { openDatabaseForWriting } from "../../src/vault/database-for-writing.js";
import { recordReader } from "../../src/vault/index/record-reader.js";
import { rebuildIndex } from "../../src/vault/index/reindex.js";
import { vaultLayout } from "../../src/vault/layout.js";
import { closeVault } from "../../src/vault/vault.js";
import type { Figures, Round } from "../soak/rounds.js";
import { holdfast } from "../support/cli.js";
import { writeAndSeal } from "../support/sealed.js";
import { captureText, deriveText, openTestVault, testWorld } from "../support/vaults.js";

/** A vault of an owner, the owner's keys, and what somebody else was given while all was well. */
export interface ForgedVault {
  readonly folder: string;
  /** Where the vault lies as the owner left it. */
  readonly original: string;
  readonly root: string;
  /** Configuration folder of the owner: the forger never sees it. */
  readonly config: string;
  /** `allowed_signers` as the owner gave it away. */
  readonly signers: string;
  readonly vaultId: string;
  /** Public key blob of the owner. */
  readonly owner: Buffer;
  readonly lines: readonly string[];
  /** Size of the newest checkpoint that the owner signed. */
  readonly sealed: number;
}

/** The forger's own key: it signs well, and nobody was told of it. */
const foreign = secretOfSeed(Buffer.alloc(32, 66));

/** Three captures, one derived, under two checkpoints, and the line of the key as it was given away. */
export async function makeForgedVault(folder: string): Promise<ForgedVault> {
  const [root, config] = [join(folder, "vault"), join(folder, "config")];
  const base = testWorld();
  // Ids and keys that no other vault of the tests has.
  const world = {
    ...base,
    random: (length: number) => base.random(length).map((byte) => byte ^ 0x5a),
    env: { ...process.env, XDG_CONFIG_HOME: config },
  };
  closeVault(await openTestVault(root, world));
  await writeAndSeal(root, world, (vault) => {
    const { record } = captureText(vault, "the owner's first clip");
    deriveText(vault, record, "what was derived of it");
    captureText(vault, "another clip");
  });
  await writeAndSeal(root, world, (vault) => captureText(vault, "a third clip of the owner"));
  const signers = join(folder, "signers");
  await owner({ root, config }, ["key", "export", "--to", signers]);
  const lines = linesOf(root);
  const first: { body: { vault_id: string; public_key: string } } = JSON.parse(lines[0] ?? "");
  return {
    folder,
    original: root,
    root,
    config,
    signers,
    vaultId: first.body.vault_id,
    owner: Buffer.from(first.body.public_key.split(" ")[1] ?? "", "base64"),
    lines,
    sealed: Math.max(
      ...ownCheckpoints(root, Buffer.from(first.body.public_key.split(" ")[1] ?? "", "base64")).map(
        ({ size }) => size,
      ),
    ),
  };
}

function owner({ root, config }: Pick<ForgedVault, "root" | "config">, words: readonly string[]) {
  const env = { XDG_CONFIG_HOME: config, HOLDFAST_OFFLINE: "1", HOLDFAST_VAULT: "" };
  return holdfast([...words, "--vault", root, "--json"], env);
}

interface Forged {
  lines: string[];
}

type Pick1 = <T>(choices: readonly T[]) => T;

/** What a writer without the key can do to lines and objects. Links are worked out anew behind each. */
const edits: Readonly<Record<string, (vault: ForgedVault, forged: Forged, pick: Pick1) => void>> = {
  "append an entry of 2019": (_vault, forged, pick) => {
    const like = parsed(pick(forged.lines));
    forged.lines.push(
      encodeCanonical({ ...like, at: "2019-03-01T09:00:00.000Z", seq: forged.lines.length + 1 }),
    );
  },
  "append a note": (vault, forged, pick) => {
    const capture = pick(captures(vault.lines));
    const body = {
      capture,
      values: [{ key: "place", value: "elsewhere" }],
      basis: "person_assertion",
      from: "command line",
    };
    forged.lines.push(entryLike(forged.lines, "annotate", body));
  },
  "append a failed derivation": (vault, forged, pick) => {
    forged.lines.push(
      entryLike(forged.lines, "derive-failed", {
        capture: pick(captures(vault.lines)),
        reason: "damaged",
        runs: [],
      }),
    );
  },
  "append a rotation": (vault, forged) => {
    const previous = parsed(vault.lines[0] ?? "").body as JsonObject;
    const body = {
      public_key: foreign.publicKey.line,
      previous: previous.public_key ?? null,
      reason: "routine",
    };
    forged.lines.push(entryLike(forged.lines, "key-rotated", body));
  },
  "append a recovery": (_vault, forged) => {
    const body = { what: "staging-removed", capture: null, detail: "nothing" };
    forged.lines.push(entryLike(forged.lines, "recovery", body));
  },
  "date an entry back": (_vault, forged, pick) => {
    const at = forged.lines.indexOf(pick(forged.lines));
    forged.lines[at] = encodeCanonical({ ...parsed(forged.lines[at] ?? ""), at: "2019-01-01T00:00:00.000Z" });
  },
  "name another address": (_vault, forged, pick) => {
    const own = forged.lines.filter((line) => parsed(line).event === "capture");
    if (own.length === 0) return;
    const at = forged.lines.indexOf(pick(own));
    const entry = parsed(forged.lines[at] ?? "");
    const body = { ...(entry.body as JsonObject), url: "https://video.example/another" };
    forged.lines[at] = encodeCanonical({ ...entry, body });
  },
  "remove an entry": (_vault, forged, pick) => {
    if (forged.lines.length > 2) forged.lines.splice(forged.lines.indexOf(pick(forged.lines)), 1);
  },
  "cut the end": (_vault, forged, pick) => {
    const keep = 1 + forged.lines.indexOf(pick(forged.lines));
    forged.lines.length = keep;
  },
  "swap two entries": (_vault, forged, pick) => {
    if (forged.lines.length < 3) return;
    const [a, b] = [pick(forged.lines), pick(forged.lines)].map((line) => forged.lines.indexOf(line));
    const [x, y] = [forged.lines[a ?? 0], forged.lines[b ?? 0]];
    if (a !== undefined && b !== undefined && x !== undefined && y !== undefined) {
      forged.lines[a] = y;
      forged.lines[b] = x;
    }
  },
  "say an entry twice": (_vault, forged, pick) => {
    forged.lines.push(pick(forged.lines));
  },
  "exchange a clip": ({ root }, forged, pick) => exchangeClip(root, forged, pick),
};

export const everyEdit = Object.keys(edits);

/** What becomes of `log/`, which the forger can write too. */
const logFolders: Readonly<Record<string, (vault: ForgedVault, lines: readonly string[]) => void>> = {
  "left as it is": () => undefined,
  emptied: ({ root }) => {
    for (const name of readdirSync(join(root, "log"))) rmSync(join(root, "log", name));
  },
  "cut to before the first change": ({ root, lines }, forged) => {
    const same = commonLength(lines, forged);
    for (const name of readdirSync(join(root, "log")))
      if (Math.max(...[...name.matchAll(/\d{6}/g)].map(Number)) > same) rmSync(join(root, "log", name));
  },
  "made anew and signed by the forger": ({ root, vaultId }, lines) => {
    for (const name of readdirSync(join(root, "log"))) rmSync(join(root, "log", name));
    const body = encodeCheckpoint({
      origin: `holdfast/${vaultId}`,
      size: lines.length,
      root: rootOf(lines),
    });
    const name = String(lines.length).padStart(6, "0");
    writeFileSync(join(root, "log", `000001-${name}.jsonl`), lines.map((line) => `${line}\n`).join(""));
    writeFileSync(join(root, "log", `${name}.checkpoint`), body);
    const signature = signMessage(Buffer.from(body), checkpointNamespace, foreign);
    writeFileSync(join(root, "log", `${name}.checkpoint.sig`), signature);
  },
};

/** What is done besides to files that no line names. */
const besides: Readonly<Record<string, (vault: ForgedVault, pick: Pick1) => void>> = {
  nothing: () => undefined,
  "a planted row of the journal": ({ root, lines }, pick) => {
    const capture = pick(captures(lines));
    const database = new Database(join(root, "vault.db"));
    const body = JSON.stringify({ capture, method: "import", url: null, attempts: 1 });
    database
      .prepare(
        "INSERT INTO intent (capture, version, inventory_sha512, event, body, started_at) VALUES (?, ?, NULL, ?, ?, ?)",
      )
      .run(
        capture,
        pick(["", "v1", "v2"]),
        pick(["capture", "derive", "capture-failed"]),
        body,
        "2026-11-23T18:00:00.000Z",
      );
    database.close();
  },
  "another authority in the settings": ({ root }) => {
    const path = join(root, "holdfast.json");
    const settings = JSON.parse(readFileSync(path, "utf8"));
    const authorities = [{ name: "forger", url: "https://stamps.example/", roots: [] }];
    writeFileSync(path, JSON.stringify({ ...settings, settings: { ...settings.settings, authorities } }));
  },
  "an annex removed": ({ root, lines }, pick) => {
    rmSync(join(root, "private", pick(captures(lines))), { recursive: true, force: true });
  },
  "a clip removed": ({ root }, pick) => {
    rmSync(join(root, "objects", pick(clipsIn(root))));
  },
};

/** What the owner does next, without having looked. */
const nextCommands: readonly ((capture: string, round: string) => readonly string[])[] = [
  () => ["checkpoint"],
  (capture) => ["annotate", capture, "note=the owner's own"],
  () => ["verify", "--record"],
  (capture, folder) => ["export", capture, "--to", join(folder, "package")],
  () => ["key", "rotate"],
];

/**
 * Forges copies of the vault as a writer without the key can, has the owner's next command run on each, and asks every
 * verifier with the line of the key that was given away before. Throws where a verifier passes what is false, where the
 * owner's key came to stand under a line that the owner never wrote, and where an untouched copy does not pass.
 */
export async function forge(vault: ForgedVault, { random, seed }: Round, count: number): Promise<Figures> {
  const pick: Pick1 = (choices) => {
    const chosen = choices[Math.floor(random() * choices.length)];
    if (chosen === undefined) throw new Error("there is nothing to choose from");
    return chosen;
  };
  let [signed, passed] = [0, 0];
  for (let turn = 0; turn < count; turn += 1) {
    const folder = join(vault.folder, `turn-${seed}-${turn}`);
    const copy = { ...vault, root: join(folder, "vault"), config: join(folder, "config") };
    cpSync(vault.root, copy.root, { recursive: true });
    cpSync(vault.config, copy.config, { recursive: true });
    try {
      const plan = turn === 0 ? untouched : planOf(pick, random);
      const { status, scene, lines } = await act(copy, plan, pick, folder);
      if (status === 70) throw new Error(`a bug: ${scene}`);
      signed += judgeSignatures(copy, lines, scene);
      const hasPassed = await judgeVerdicts(copy, lines, join(folder, "package"), scene);
      if (plan === untouched && (status !== 0 || !hasPassed))
        throw new Error(`refused what is true: ${scene}`);
      if (hasPassed) passed += 1;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return {
    "vaults, the first of each round untouched": count,
    "of them signed once more": signed,
    "of them passed, with nothing false": passed,
  };
}

/** What is done to one copy. */
interface Plan {
  readonly what: readonly string[];
  readonly inLog: string;
  readonly beside: string;
}

const untouched: Plan = { what: [], inLog: "left as it is", beside: "nothing" };

function planOf(pick: Pick1, random: () => number): Plan {
  return {
    what: [pick(everyEdit), ...(random() < 0.4 ? [pick(everyEdit)] : [])],
    inLog: pick(Object.keys(logFolders)),
    beside: random() < 0.3 ? pick(Object.keys(besides)) : "nothing",
  };
}

/** Forges, and has the owner's next command run. `lines` are those that the owner's command found. */
async function act(copy: ForgedVault, { what, inLog, beside }: Plan, pick: Pick1, folder: string) {
  const forged: Forged = { lines: [...copy.lines] };
  for (const name of what) edits[name]?.(copy, forged, pick);
  relink(forged);
  writeLog(copy.root, forged.lines);
  logFolders[inLog]?.(copy, forged.lines);
  besides[beside]?.(copy, pick);
  const command = pick(nextCommands)(captures(copy.lines)[0] ?? "", folder);
  const { status } = await owner(copy, command);
  const done = what.length === 0 ? "nothing forged" : what.join(", ");
  const scene = `${done}; log/ ${inLog}; besides ${beside}; ${command[0]} ended with ${status}`;
  return { status, scene, lines: forged.lines };
}

/** Every line under a signature of the owner must be one that the owner wrote, in its place. */
function judgeSignatures(copy: ForgedVault, forged: readonly string[], scene: string): number {
  const lines = linesOf(copy.root);
  const own = ownCheckpoints(copy.root, copy.owner);
  for (const { size, root } of own) {
    if (size > lines.length || !areSame(rootOf(lines.slice(0, size)), root)) continue;
    const foreignLine = lines
      .slice(0, size)
      .findIndex((line, index) => index < forged.length && line !== copy.lines[index]);
    if (foreignLine >= 0)
      throw new Error(
        `the owner's key signed entry ${foreignLine + 1}, which the owner never wrote: ${scene}`,
      );
  }
  return own.some(({ size }) => size > copy.sealed) ? 1 : 0;
}

/** No verifier may pass a vault or package in which something below its newest signature is false. */
async function judgeVerdicts(
  copy: ForgedVault,
  forged: readonly string[],
  made: string,
  scene: string,
): Promise<number> {
  const words = ["verify", "--signers", copy.signers];
  const ours = await owner(copy, words);
  const script = join(import.meta.dirname, "../second-opinion/verify.py");
  const theirs = spawnSync("python3", ["-B", script, "--signers", copy.signers, copy.root], {
    encoding: "utf8",
  });
  const passes = { holdfast: ours.status === 0, python: theirs.status === 0 };
  const problem = falsehood(copy, forged);
  if (ours.status === 70) throw new Error(`a bug in verify: ${scene}`);
  for (const [verifier, passed] of Object.entries(passes))
    if (passed && problem !== null) throw new Error(`${verifier} passed although ${problem}: ${scene}`);
  if (existsSync(made)) {
    const sh = join(import.meta.dirname, "../../schemas/package/verify.sh");
    const env = { XDG_CONFIG_HOME: copy.config, HOLDFAST_OFFLINE: "1" };
    const inTs = await holdfast([...words, made, "--json"], env);
    const inSh = spawnSync("sh", [sh, "--signers", copy.signers, made], { encoding: "utf8" });
    if ((inTs.status === 0 || inSh.status === 0) && problem !== null)
      throw new Error(`a package passed although ${problem}: ${scene}`);
  }
  return passes.holdfast && passes.python ? 1 : 0;
}

/** What is false in the vault up to its newest checkpoint; null for nothing. */
function falsehood(copy: ForgedVault, forged: readonly string[]): string | null {
  const lines = linesOf(copy.root);
  const covered = Math.max(0, ...checkpointsIn(copy.root).map(({ size }) => size));
  const wrong = lines
    .slice(0, covered)
    .findIndex((line, index) => index < forged.length && line !== copy.lines[index]);
  if (wrong >= 0) return `entry ${wrong + 1} is not the owner's`;
  const gone = clipsIn(copy.original).find((path) => !sameBytes(copy, path));
  return gone === undefined ? null : `${gone} is not what the owner kept`;
}

/** Whether a clip that the log names is the owner's; one that a cut log no longer names says nothing false. */
function sameBytes({ root, original }: ForgedVault, path: string): boolean {
  const capture = path.split("/")[1] ?? "";
  if (!captures(linesOf(root)).includes(capture)) return true;
  const there = join(root, "objects", path);
  return existsSync(there) && readFileSync(there).equals(readFileSync(join(original, "objects", path)));
}

/** Other bytes of the same length in one original, and every digest of them worked out anew. */
function exchangeClip(root: string, forged: Forged, pick: Pick1): void {
  const clip = join(root, "objects", pick(clipsIn(root)));
  const object = clip.slice(0, clip.indexOf("/v1/content/"));
  const replaced = new Map<string, string>();
  const replace = (path: string, change: (bytes: Buffer) => Buffer) => {
    const before = readFileSync(path);
    const after = change(before);
    rmSync(path);
    writeFileSync(path, after, { mode: 0o444 });
    for (const algorithm of ["sha256", "sha512"]) replaced.set(hex(algorithm, before), hex(algorithm, after));
  };
  const exchanged = (bytes: Buffer) => {
    let text = bytes.toString("utf8");
    for (const [from, to] of replaced) text = text.replaceAll(from, to);
    return Buffer.from(text);
  };
  replace(clip, (bytes) => Buffer.from(bytes.map((byte) => byte ^ 1)));
  const texts = readdirSync(object, { recursive: true, encoding: "utf8" });
  const inOrder = ["record.json", "derivation.json", "inventory.json", "inventory.json.sha512"];
  for (const name of inOrder)
    for (const path of texts.filter((one) => one.endsWith(name))) replace(join(object, path), exchanged);
  forged.lines = forged.lines.map((line) => exchanged(Buffer.from(line)).toString("utf8"));
}

function clipsIn(root: string): readonly string[] {
  const objects = readdirSync(join(root, "objects"), { recursive: true, encoding: "utf8" });
  return objects.filter((path) => /\/v1\/content\/original\/[^/]+$/.test(path));
}

function hex(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

/** Gives every line its number and its link, and touches nothing that fits. */
function relink(forged: Forged): void {
  let prev = "0".repeat(64);
  forged.lines = forged.lines.map((line, index) => {
    const entry = parsed(line);
    const linked =
      entry.seq === index + 1 && entry.prev === prev
        ? line
        : encodeCanonical({ ...entry, seq: index + 1, prev });
    prev = lineHash(linked);
    return linked;
  });
}

/** A new `vault.db` with these lines, whose links and index fit. */
function writeLog(root: string, lines: readonly string[]): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(join(root, `vault.db${end}`), { force: true });
  const database = openDatabaseForWriting(join(root, "vault.db"), true, () => undefined);
  try {
    const insert = database.prepare("INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)");
    let prev = "0".repeat(64);
    database.transaction(() => {
      lines.forEach((line, index) => {
        insert.run(index + 1, prev, line, lineHash(line));
        prev = lineHash(line);
      });
      rebuildIndex(database, recordReader(vaultLayout(root)));
    })();
    database.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
  }
}

function linesOf(root: string): readonly string[] {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  try {
    return database.prepare<[], string>("SELECT line FROM entry ORDER BY seq").pluck().all();
  } finally {
    database.close();
  }
}

function checkpointsIn(
  root: string,
): readonly { readonly size: number; readonly root: Uint8Array; readonly name: string }[] {
  return readdirSync(join(root, "log"))
    .filter((name) => name.endsWith(".checkpoint"))
    .map((name) => ({ ...parseCheckpoint(readFileSync(join(root, "log", name), "latin1")), name }));
}

function ownCheckpoints(root: string, blob: Uint8Array) {
  return checkpointsIn(root).filter(({ name }) => {
    const signature = join(root, "log", `${name}.sig`);
    if (!existsSync(signature)) return false;
    const body = readFileSync(join(root, "log", name));
    const check = checkSignature(body, readFileSync(signature, "latin1"), checkpointNamespace);
    return "key" in check && areSame(check.key.blob, blob);
  });
}

function rootOf(lines: readonly string[]): Uint8Array {
  return merkleRoot(lines.map((line) => leafHash(line)));
}

function captures(lines: readonly string[]): readonly string[] {
  return lines
    .map(parsed)
    .filter(({ event }) => event === "capture")
    .map(({ body }) => String((body as JsonObject).capture));
}

function entryLike(lines: readonly string[], event: string, body: JsonObject): string {
  const like = parsed(lines.at(-1) ?? "");
  return encodeCanonical({ ...like, event, body, seq: lines.length + 1 });
}

function parsed(line: string): JsonObject {
  return JSON.parse(line);
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((line, index) => line !== b[index]);
  return differs < 0 ? Math.min(a.length, b.length) : differs;
}
