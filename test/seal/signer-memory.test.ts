import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkpointNamespace, encodeCheckpoint } from "../../src/audit/checkpoint.js";
import { sha256 } from "../../src/audit/digest.js";
import { annotationBody, fromCommandLine } from "../../src/core/capture/annotation.js";
import { leafHash, merkleRoot } from "../../src/core/package/merkle-proofs.js";
import { closeAfterWriting, type HeadReport } from "../../src/seal/checkpoint.js";
import { keyFolder } from "../../src/seal/key-store.js";
import { openOrMake } from "../../src/seal/open-vault.js";
import { encodePrivateKey, parsePrivateKey, secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { readMemory } from "../../src/seal/signer-memory.js";
import type { EntryMemory } from "../../src/vault/entry-memory.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { holdfast } from "../support/cli.js";
import { type EditableEntry, linesOf, openUnlocked, rewriteLog } from "../support/forger.js";
import { captureText, errorCodes, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const seal = { proxy: null, allowPrivate: false, force: false };

/** A machine: a configuration folder of its own, and what a person was told on it. */
class Machine {
  readonly config = mkdtempSync(join(folder.path, "machine-"));
  readonly env = { ...process.env, XDG_CONFIG_HOME: this.config };
  readonly told: string[] = [];
  private readonly base = testWorld();
  readonly world: World = { ...this.base, env: this.env, tell: (line) => this.told.push(line) };

  run(root: string, ...argv: readonly string[]) {
    return holdfast([...argv, "--vault", root], { XDG_CONFIG_HOME: this.config });
  }

  /** One command: what it writes, and the checkpoint behind it. */
  async write(root: string, text: string): Promise<HeadReport> {
    const vault = await openOrMake(root, this.world);
    captureText(vault, text);
    return closeAfterWriting(vault, this.world, seal);
  }

  /** A command that is killed before it comes to its checkpoint. */
  async writeUnsigned(root: string, text: string): Promise<void> {
    const vault = await openOrMake(root, this.world);
    captureText(vault, text);
    vault.database.close();
    vault.hold.close();
  }

  /** A second one with the same keys, and with the same memory where that is said. */
  copy({ memory }: { readonly memory: boolean }): Machine {
    const other = new Machine();
    const isMemory = (path: string) => /\/(head\.json|written|settings\.json)$/.test(path);
    cpSync(this.config, other.config, { recursive: true, filter: (path) => memory || !isMemory(path) });
    return other;
  }

  memoryOf(root: string) {
    return readMemory(this.env, idOf(root));
  }
}

function idOf(root: string): string {
  return JSON.parse(readFileSync(join(root, "holdfast.json"), "utf8")).vault_id;
}

let places = 0;
/** A vault of three entries, all signed. */
async function made() {
  places += 1;
  const root = join(folder.path, `vault-${places}`);
  const machine = new Machine();
  await machine.write(root, "first");
  await machine.write(root, "second");
  return { root, machine };
}

/** Breaks a line in the bytes of vault.db, where no index is asked whether it takes that. */
function spoil(root: string, seq: number): void {
  const path = join(root, "vault.db");
  const bytes = readFileSync(path);
  const line = Buffer.from(linesOf(root)[seq - 1] ?? "");
  expect(bytes.indexOf(line)).toBeGreaterThan(0);
  for (let at = bytes.indexOf(line); at !== -1; at = bytes.indexOf(line, at + 1)) {
    bytes[at + line.indexOf('"body":') + '"body"'.length] = 0x20;
  }
  writeFileSync(path, bytes);
}

function copied(root: string): string {
  places += 1;
  const to = join(folder.path, `vault-${places}`);
  cpSync(root, to, { recursive: true });
  return to;
}

/** Puts everything of a vault back as it was in a copy. */
function putBack(from: string, to: string): void {
  rmSync(to, { recursive: true });
  cpSync(from, to, { recursive: true });
}

const inLog = (root: string) => readdirSync(join(root, "log")).sort();
const signedSizes = (root: string) =>
  inLog(root)
    .flatMap((name) => /^(\d+)\.checkpoint\.sig$/.exec(name)?.[1] ?? [])
    .map(Number);
const events = (root: string) => linesOf(root).map((line) => JSON.parse(line).event);
const said = ({ stderr }: { readonly stderr: string }) => stderr.replace(/\s+/g, " ");

const stranger: EditableEntry = {
  v: 1,
  at: "2019-03-01T10:00:00.000Z",
  actor: "operator-0000000000",
  tool: "holdfast/0.1.0",
  event: "annotate",
  body: {},
};

/** Entries of a stranger at the end, dated as they like. */
function addEntries(root: string, ...entries: readonly EditableEntry[]): void {
  rewriteLog(root, (known) => [...known, ...entries]);
}

function annotationOf(root: string): EditableEntry {
  const capture = linesOf(root)
    .map((line) => JSON.parse(line))
    .find(({ event }) => event === "capture").body.capture;
  return { ...stranger, body: annotationBody(capture, { place: "elsewhere" }, fromCommandLine) };
}

describe("what was signed is remembered outside the vault", () => {
  it("beside the key, readable by nobody else, and what the checkpoint covers need not be remembered entry by entry", async () => {
    const { root, machine } = await made();
    const { head, written } = machine.memoryOf(root);
    const lines = linesOf(root);
    expect(head).toMatchObject({ origin: `holdfast/${idOf(root)}`, size: 3, last: sha256(`${lines[2]}\n`) });
    expect(written.committed.size).toBe(0);
    const keys = keyFolder(machine.env, idOf(root));
    for (const name of ["head.json", "written", "settings.json"]) {
      expect(statSync(join(keys, name)).mode & 0o777).toBe(0o600);
    }
    const inVault = readdirSync(root).filter((name) => !name.startsWith("vault.db"));
    expect(inVault.sort()).toEqual(["README.txt", "holdfast.json", "log", "objects", "private", "staging"]);
  });

  it("also what was written since, so that a writer that was killed finds its own entries and signs them", async () => {
    const { root, machine } = await made();
    await machine.writeUnsigned(root, "third");
    expect([...machine.memoryOf(root).written.committed.keys()]).toEqual([4]);
    expect(await machine.write(root, "fourth")).toMatchObject({ size: 5, problem: null });
    expect(await errorCodes(root)).toEqual([]);
  });

  it.each(["before the transaction is committed", "after it, before that is noted"])(
    "so that a writer that is killed %s leaves nothing that looks foreign",
    async (when) => {
      const { root, machine } = await made();
      const killed = (): never => {
        throw new Error("killed");
      };
      const vault = await openOrMake(root, machine.world);
      const { memory } = vault;
      const begin = (seq: number, hash: string) => {
        memory.beforeCommit(seq, hash);
        return killed();
      };
      const isBefore = when.startsWith("before");
      const dying: EntryMemory = isBefore
        ? { ...memory, beforeCommit: begin }
        : { ...memory, afterCommit: killed };
      const body = { what: "leftovers-removed", capture: null, detail: "nothing" };
      expect(() => logEntry({ ...vault, memory: dying }, "recovery", body)).toThrow("killed");
      closeVault(vault);
      expect(linesOf(root)).toHaveLength(isBefore ? 3 : 4);
      expect((await machine.write(root, "third")).problem).toBeNull();
      expect(await errorCodes(root)).toEqual([]);
    },
  );

  it("and stays over a rotation of the key", async () => {
    const { root, machine } = await made();
    expect((await machine.run(root, "key", "rotate")).status).toBe(0);
    expect(machine.memoryOf(root).head?.size).toBe(4);
    const before = copied(root);
    expect(await machine.write(root, "third")).toMatchObject({ size: 5, problem: null });
    putBack(before, root);
    expect((await machine.run(root, "checkpoint")).status).toBe(1);
  });
});

describe("entries that somebody without the key added", () => {
  it("dated 2019, with links, columns and tree worked out anew, are not signed: status 4, and the message names them", async () => {
    const { root, machine } = await made();
    addEntries(root, annotationOf(root), annotationOf(root));
    const before = inLog(root);
    const run = await machine.run(root, "checkpoint");
    expect(run.status).toBe(4);
    expect(said(run)).toContain("entries 4 to 5 (2 annotate; the first: 4 2019-03-01T10:00:00.000Z annotate");
    expect(said(run)).toMatch(/holdfast checkpoint --vault \S+ --accept-tail/);
    expect(inLog(root)).toEqual(before);
    // What must not wait is still written.
    const head = await machine.write(root, "a clip that vanishes tomorrow");
    expect(head).toMatchObject({ size: 3, created: false, failure: { code: "foreign-entries" } });
    expect(events(root).at(-1)).toBe("capture");
    expect(signedSizes(root)).toEqual([2, 3]);
  });

  it("end every command that writes with status 4, whatever it did", async () => {
    const { root, machine } = await made();
    addEntries(root, annotationOf(root));
    const [capture = ""] = linesOf(root)
      .map((line) => JSON.parse(line).body.capture)
      .filter(Boolean);
    expect((await machine.run(root, "annotate", capture, "note=mine")).status).toBe(4);
    expect((await machine.run(root, "verify", "--record")).status).toBe(4);
    expect((await machine.run(root, "key", "rotate")).status).toBe(4);
    expect(signedSizes(root)).toEqual([2, 3]);
  });

  it("are taken by a person with --accept-tail, which shows them and leaves an entry that says so", async () => {
    const { root, machine } = await made();
    addEntries(root, annotationOf(root), annotationOf(root));
    await machine.write(root, "mine");
    const run = await machine.run(root, "checkpoint", "--accept-tail", "--quiet");
    expect(run.status).toBe(0);
    expect(said(run)).toContain("entries 4 to 5, written elsewhere (2 annotate):");
    expect(said(run)).toContain("5 2019-03-01T10:00:00.000Z annotate");
    const last = JSON.parse(linesOf(root).at(-1) ?? "");
    expect(last).toMatchObject({ event: "recovery", body: { what: "tail-accepted" } });
    expect(last.body.detail).toContain("entries 4 to 5");
    expect(signedSizes(root)).toEqual([2, 3, 7]);
    expect(await errorCodes(root)).toEqual([]);
    expect(await machine.write(root, "next")).toMatchObject({ size: 8, problem: null });
  });

  it("were taken although a kill came before the checkpoint: nobody is asked twice, and what came later is not taken with them", async () => {
    const { root, machine } = await made();
    addEntries(root, annotationOf(root));
    const vault = await openOrMake(root, machine.world);
    const { acceptTail } = await import("../../src/seal/accept-log.js");
    await acceptTail(vault, machine.world);
    vault.database.close();
    vault.hold.close();
    addEntries(root, annotationOf(root));
    const refused = await machine.run(root, "checkpoint");
    expect(refused.status).toBe(4);
    expect(said(refused)).toContain("entry 6 (1 annotate");
    rewriteLog(root, (known) => known.slice(0, 5));
    expect((await machine.run(root, "checkpoint")).status).toBe(0);
    expect(signedSizes(root)).toEqual([2, 3, 5]);
  });

  it("and a checkpoint of theirs over entries of ours does not pass for ours: status 1", async () => {
    const { root, machine } = await made();
    await machine.writeUnsigned(root, "third");
    signCheckpoint(root, secretOfSeed(Buffer.alloc(32, 9)));
    const run = await machine.run(root, "checkpoint");
    expect([run.status, said(run)]).toEqual([1, expect.stringContaining("none of your keys signed it")]);
    expect(machine.memoryOf(root).head?.size).toBe(3);
  });

  it("that are nothing but a token nobody made are said as well, although no checkpoint is due: status 4", async () => {
    const { root, machine } = await made();
    const invented = { checkpoint: 3, kind: "rfc3161", authority: "x", path: "log/000003.x.tsr" };
    addEntries(root, { ...stranger, event: "token", body: invented });
    const run = await machine.run(root, "checkpoint");
    expect(run.status).toBe(4);
    expect(said(run)).toContain("entry 4 (1 token;");
  });

  it("cannot pass for an acceptance that they state themselves", async () => {
    const { root, machine } = await made();
    const body = { what: "tail-accepted", capture: null, detail: "a person accepted entry 4" };
    addEntries(root, annotationOf(root), { ...stranger, event: "recovery", body });
    expect((await machine.run(root, "checkpoint")).status).toBe(4);
    expect(signedSizes(root)).toEqual([2, 3]);
  });

  it("where there are none, --accept-tail and --accept-rollback are usage and write nothing", async () => {
    const { root, machine } = await made();
    for (const option of ["--accept-tail", "--accept-rollback"]) {
      const run = await machine.run(root, "checkpoint", option);
      expect([run.status, said(run)]).toEqual([2, expect.stringContaining("nothing to accept")]);
    }
    expect(linesOf(root)).toHaveLength(3);
    expect((await machine.run(root, "checkpoint", "--accept-tail", "--accept-rollback")).status).toBe(2);
  });
});

describe("a log that is not the one that was signed", () => {
  const refused = async (root: string, machine: Machine, words: string) => {
    const [lines, files] = [linesOf(root), inLog(root)];
    const run = await machine.run(root, "checkpoint");
    expect([run.status, said(run)]).toEqual([1, expect.stringContaining(words)]);
    expect(said(run)).toMatch(/holdfast checkpoint --vault \S+ --accept-rollback/);
    const tail = await machine.run(root, "checkpoint", "--accept-tail");
    expect(tail.status).toBe(1);
    expect([linesOf(root), inLog(root)]).toEqual([lines, files]);
  };

  it("because a clip was exchanged and every line from there on written anew, is neither appended to nor signed: status 1", async () => {
    const { root, machine } = await made();
    rewriteLog(root, (entries) =>
      entries.map((entry, at) =>
        at === 1 ? { ...entry, body: { ...entry.body, record_sha256: "0".repeat(64) } } : entry,
      ),
    );
    await refused(root, machine, "entry 3 is not the one this machine signed");
  });

  it("because it was cut, vault.db and log/ together: status 1", async () => {
    const { root, machine } = await made();
    const before = copied(root);
    await machine.write(root, "third");
    putBack(before, root);
    await refused(root, machine, "this machine remembers 4 entries (4 of them signed");
  });

  it("because the last entry that was written and not signed yet was cut off: status 1", async () => {
    const { root, machine } = await made();
    const before = copied(root);
    await machine.writeUnsigned(root, "third");
    putBack(before, root);
    await refused(root, machine, "vault.db has 3: entry 4 and all after it are missing");
  });

  it("because another copy of it went on on this machine: status 1", async () => {
    const { root, machine } = await made();
    const other = copied(root);
    await machine.write(root, "third");
    await machine.writeUnsigned(other, "another third").catch(() => undefined);
    await refused(other, machine, "entry 4 and all after it are missing");
  });

  it("because one old line was changed and all that is stored beside it left alone, is not signed: status 1", async () => {
    const { root, machine } = await made();
    const unlocked = openUnlocked(root);
    unlocked.database.exec(`UPDATE entry SET line = replace(line, 'captured', 'incomplete') WHERE seq = 2`);
    unlocked.close();
    const head = await machine.write(root, "third");
    expect(head.failure).toMatchObject({ code: "not-as-recorded" });
    expect(head.problem).toContain(
      "its first 3 entries are not the ones that this machine remembers as signed",
    );
    expect(signedSizes(root)).toEqual([2, 3]);
    const run = await machine.run(root, "checkpoint");
    expect(run.status).toBe(1);
  });

  it("because a checkpoint of a key of ours is over other lines, is not signed by a machine without memory either", async () => {
    const { root, machine } = await made();
    rewriteLog(root, (entries) =>
      entries.map((entry, at) => (at === 1 ? { ...entry, at: "2019-03-01T10:00:00.000Z" } : entry)),
    );
    const other = machine.copy({ memory: false });
    const run = await other.run(root, "checkpoint");
    expect(run.status).toBe(1);
    expect(signedSizes(root)).toEqual([2, 3]);
  });

  it("is taken by a person after a restore with --accept-rollback, which leaves an entry that says what was remembered", async () => {
    const { root, machine } = await made();
    const before = copied(root);
    const third = await machine.write(root, "third");
    putBack(before, root);
    const run = await machine.run(root, "checkpoint", "--accept-rollback");
    expect([run.status, said(run)]).toEqual([0, expect.stringContaining("this machine remembers 4 entries")]);
    const last = JSON.parse(linesOf(root).at(-1) ?? "");
    expect(last).toMatchObject({ event: "recovery", body: { what: "rollback-accepted" } });
    expect(last.body.detail).toContain(`4 signed entries with the root ${third.root}`);
    expect(signedSizes(root)).toEqual([2, 3, 4]);
    expect(await errorCodes(root)).toEqual([]);
    expect(await machine.write(root, "fourth")).toMatchObject({ size: 5, problem: null });
  });

  it("because a line is no JSON, whichever it is, ends every command that writes with status 1, not as a full disk or a bug", async () => {
    for (const seq of [1, 2, 4]) {
      const { root, machine } = await made();
      const ofStranger = annotationOf(root);
      addEntries(root, ofStranger);
      spoil(root, seq);
      const before = inLog(root);
      const annotate = ["annotate", String(ofStranger.body.capture), "note=mine"];
      for (const words of [annotate, ["checkpoint"], ["verify", "--record"], ["key", "rotate"]]) {
        expect([seq, words, (await machine.run(root, ...words)).status]).toEqual([seq, words, 1]);
      }
      expect(inLog(root)).toEqual(before);
    }
  });

  it("because the line that states its settings is no entry, ends every command that writes with status 1", async () => {
    const { root, machine } = await made();
    const settings = readFileSync(join(root, "holdfast.json"), "utf8");
    writeFileSync(
      join(root, "holdfast.json"),
      settings.replace(/"anchor_wait_seconds": \d+/, '"anchor_wait_seconds": 3'),
    );
    await machine.write(root, "with other settings");
    spoil(root, linesOf(root).findIndex((line) => line.includes('"settings-changed"')) + 1);
    for (const words of [["checkpoint"], ["verify", "--record"], ["key", "rotate"]]) {
      expect([words, (await machine.run(root, ...words)).status]).toEqual([words, 1]);
    }
  });

  it("because every line of it is gone, is not taken with --accept-rollback: nothing could go on from there", async () => {
    const { root, machine } = await made();
    const { database, close } = openUnlocked(root);
    database.exec("DELETE FROM entry; DELETE FROM merkle_node");
    close();
    rmSync(join(root, "log"), { recursive: true });
    mkdirSync(join(root, "log"));
    expect((await machine.run(root, "checkpoint", "--accept-rollback")).status).toBe(1);
    expect(linesOf(root)).toEqual([]);
  });

  it("with a broken chain is never taken", async () => {
    const { root, machine } = await made();
    const before = copied(root);
    await machine.write(root, "third");
    putBack(before, root);
    addEntries(root, annotationOf(root));
    const unlocked = openUnlocked(root);
    unlocked.database.exec(`UPDATE entry SET line = replace(line, '"prev":"', '"prev":"0') WHERE seq = 4`);
    unlocked.close();
    const run = await machine.run(root, "checkpoint", "--accept-rollback");
    expect([run.status, said(run)]).toEqual([1, expect.stringContaining("the chain is broken at entry 4")]);
    expect(signedSizes(root)).toEqual([2, 3]);
  });
});

/** The private key that a machine made first. */
function secretIn({ config }: Machine) {
  const path = readdirSync(config, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith("signing-key-1"),
  );
  return parsePrivateKey(readFileSync(join(config, path ?? ""), "latin1"));
}

/** Segment, checkpoint and signature over the log as it stands, made without holdfast. */
function signCheckpoint(root: string, secret: ReturnType<typeof secretIn>): void {
  const lines = linesOf(root);
  const size = lines.length;
  const body = encodeCheckpoint({
    origin: `holdfast/${idOf(root)}`,
    size,
    root: merkleRoot(lines.map(leafHash)),
  });
  const from = (signedSizes(root).at(-1) ?? 0) + 1;
  const name = (n: number) => String(n).padStart(6, "0");
  const text = lines.slice(from - 1).map((line) => `${line}\n`);
  writeFileSync(join(root, "log", `${name(from)}-${name(size)}.jsonl`), text.join(""));
  writeFileSync(join(root, "log", `${name(size)}.checkpoint`), body);
  const signature = signMessage(Buffer.from(body), checkpointNamespace, secret);
  writeFileSync(join(root, "log", `${name(size)}.checkpoint.sig`), signature);
}

describe("several machines on one vault", () => {
  it("with the same key take each other's signed entries as their own, without a word", async () => {
    const { root, machine } = await made();
    const other = machine.copy({ memory: true });
    expect(await other.write(root, "by the other")).toMatchObject({ size: 4, problem: null });
    expect(await machine.write(root, "mine")).toMatchObject({ size: 5, problem: null });
    expect(await other.write(root, "by the other again")).toMatchObject({ size: 6, problem: null });
    expect([...machine.told, ...other.told]).toEqual([]);
    expect(await errorCodes(root)).toEqual([]);
  });

  it("of which one has no key: what it wrote is not signed before a person took it", async () => {
    const { root, machine } = await made();
    const other = new Machine();
    expect((await other.write(root, "by the other")).failure?.code).toBe("key-missing");
    expect(other.told.join()).toContain("this machine has no memory of this vault");
    expect((await machine.write(root, "mine")).failure?.code).toBe("foreign-entries");
    expect((await machine.run(root, "checkpoint", "--accept-tail")).status).toBe(0);
    expect(signedSizes(root)).toEqual([2, 3, 6]);
    await other.write(root, "by the other again");
    expect(other.told.filter((line) => line.includes("has no memory"))).toHaveLength(1);
  });

  it("do not take a signature for their own that a stolen key made", async () => {
    const { root, machine } = await made();
    const thief = machine.copy({ memory: true });
    expect((await machine.run(root, "key", "rotate", "--stolen")).status).toBe(0);
    const back = linesOf(root).length;
    const [old] = linesOf(root).map((line) => JSON.parse(line).body.public_key);
    const rotated = JSON.parse(linesOf(root).at(-1) ?? "").body.public_key;
    const body = { public_key: old, previous: rotated, reason: "lost" };
    addEntries(root, { ...stranger, event: "key-rotated", body });
    signCheckpoint(root, secretIn(thief));
    const run = await machine.run(root, "checkpoint");
    expect(run.status).toBe(4);
    expect(machine.memoryOf(root).head?.size).toBe(back);
  });
});

describe("a machine that remembers nothing", () => {
  it("but has the key says so once, begins from the newest checkpoint it signed, and goes on", async () => {
    const { root, machine } = await made();
    const other = machine.copy({ memory: false });
    const first = await other.run(root, "checkpoint");
    expect([first.status, said(first)]).toEqual([
      0,
      expect.stringContaining("this machine has no memory of this vault"),
    ]);
    expect(other.memoryOf(root).head?.size).toBe(3);
    expect(said(await other.run(root, "checkpoint"))).not.toContain("has no memory");
    expect(await other.write(root, "third")).toMatchObject({ size: 4, problem: null });
  });

  it("signs nothing behind that checkpoint that it did not write", async () => {
    const { root, machine } = await made();
    addEntries(root, annotationOf(root));
    const other = machine.copy({ memory: false });
    expect((await other.run(root, "checkpoint")).status).toBe(4);
    expect(other.memoryOf(root).head?.size).toBe(3);
    expect(signedSizes(root)).toEqual([2, 3]);
  });

  it("and goes on with a new key since the old one is lost needs a person's word for what was there before", async () => {
    const { root } = await made();
    const other = new Machine();
    const rotated = await other.run(root, "key", "rotate", "--lost");
    expect([rotated.status, said(rotated) + rotated.stdout]).toEqual([
      4,
      expect.stringContaining("--accept-tail"),
    ]);
    expect(signedSizes(root)).toEqual([2, 3]);
    expect((await other.run(root, "checkpoint", "--accept-tail")).status).toBe(0);
    expect(signedSizes(root)).toEqual([2, 3, 5]);
    expect(await other.write(root, "third")).toMatchObject({ size: 6, problem: null });
  });

  it("cannot be kept by a folder that nobody can write to: then nothing is written", async () => {
    const { root, machine } = await made();
    const written = join(keyFolder(machine.env, idOf(root)), "written");
    rmSync(written);
    // A folder cannot be written to as a file by anybody, root included.
    const { mkdirSync } = await import("node:fs");
    mkdirSync(written);
    await expect(machine.write(root, "third")).rejects.toMatchObject({ code: "io" });
    expect(linesOf(root)).toHaveLength(3);
  });
});

describe("a rotation", () => {
  const theirs = secretOfSeed(Buffer.alloc(32, 9));

  function rotation(root: string): EditableEntry {
    const [own] = linesOf(root).map((line) => JSON.parse(line).body.public_key);
    return {
      ...stranger,
      event: "key-rotated",
      body: { public_key: theirs.publicKey.line, previous: own, reason: "routine" },
    };
  }

  it("to a stranger's key is never endorsed, not with --accept-tail either, and the message names entry and key", async () => {
    const { root, machine } = await made();
    addEntries(root, rotation(root));
    const head = await machine.write(root, "third");
    expect(head.size).toBe(3);
    const run = await machine.run(root, "checkpoint", "--accept-tail");
    expect([run.status, said(run)]).toEqual([
      4,
      expect.stringContaining(`entry 4 makes ${theirs.publicKey.fingerprint} the signing key`),
    ]);
    expect(signedSizes(root)).toEqual([2, 3]);
    expect(linesOf(root)).toHaveLength(5);
  });

  it("to a stranger's key in a log that was put back is not taken with --accept-rollback", async () => {
    const { root, machine } = await made();
    const before = copied(root);
    await machine.write(root, "third");
    putBack(before, root);
    addEntries(root, rotation(root));
    const run = await machine.run(root, "checkpoint", "--accept-rollback");
    expect(run.status).toBe(4);
    expect(signedSizes(root)).toEqual([2, 3]);
    expect(machine.memoryOf(root).head?.size).toBe(4);
  });

  it("to a key that a person gave with --key is endorsed, also after a kill", async () => {
    const { root, machine } = await made();
    const file = join(folder.path, `key-${places}`);
    writeFileSync(file, encodePrivateKey(theirs, "mine", 7), { mode: 0o600 });
    const run = await machine.run(root, "key", "rotate", "--key", file);
    expect(run.status).toBe(0);
    expect(await machine.write(root, "third")).toMatchObject({
      size: 5,
      key: theirs.publicKey.fingerprint,
      problem: null,
    });
    expect(await errorCodes(root)).toEqual([]);
  });
});

describe("the keys that are handed out", () => {
  it("do not have a stranger's among them, whose rotation stands in the log: status 4, and key show marks it", async () => {
    const { root, machine } = await made();
    const theirs = secretOfSeed(Buffer.alloc(32, 9));
    const [own] = linesOf(root).map((line) => JSON.parse(line).body.public_key);
    const body = { public_key: theirs.publicKey.line, previous: own, reason: "lost" };
    addEntries(root, { ...stranger, event: "key-rotated", body });
    // What they sign themselves endorses nothing.
    signCheckpoint(root, theirs);
    const run = await machine.run(root, "key", "export");
    expect([run.status, run.stdout]).toEqual([4, expect.stringContaining(own)]);
    expect(run.stdout).not.toContain(theirs.publicKey.line);
    expect(said(run)).toContain(`left out: ${theirs.publicKey.fingerprint}`);
    const shown = await machine.run(root, "key", "show", "--json");
    expect(shown.lines[0]).toMatchObject({
      key: { known: false },
      history: [{ known: true }, { known: false }],
    });
    expect((await machine.run(root, "key", "show")).stdout).toMatch(
      /known +no: this machine does not have it/,
    );
  });

  it("have a key among them that this machine lacks and the key before it endorsed, over the lines as they are", async () => {
    const { root, machine } = await made();
    const before = machine.copy({ memory: true });
    expect((await machine.run(root, "key", "rotate")).status).toBe(0);
    const exported = await machine.run(root, "key", "export");
    expect(exported.stdout.trim().split("\n")).toHaveLength(2);
    expect(await before.run(root, "key", "export")).toMatchObject({ status: 0, stdout: exported.stdout });
    // A rotation exchanged for a stranger's, under the signature that was there.
    const theirs = secretOfSeed(Buffer.alloc(32, 9)).publicKey.line;
    rewriteLog(root, (entries) =>
      entries.map((entry, at) =>
        at === 3 ? { ...entry, body: { ...entry.body, public_key: theirs } } : entry,
      ),
    );
    const forged = await before.run(root, "key", "export");
    expect([forged.status, forged.stdout.includes(theirs)]).toEqual([4, false]);
  });
});

describe("a vault.db that was made again", () => {
  it("says which entries of this machine are gone, and goes on from there", async () => {
    const { root, machine } = await made();
    await machine.writeUnsigned(root, "third");
    for (const end of ["", "-wal", "-shm"]) rmSync(join(root, `vault.db${end}`), { force: true });
    const run = await machine.run(root, "rebuild", "--json");
    expect(run.status).toBe(0);
    expect(run.lines[0]).toMatchObject({ entries: 3, entry: 4, lost: [4], head: { size: 4, problem: null } });
    expect(JSON.parse(linesOf(root)[3] ?? "").body.detail).toContain(
      "1 entries written by this machine are lost: 4 to 4",
    );
    expect(await machine.write(root, "fourth")).toMatchObject({ size: 5, problem: null });
  });

  it("from a log/ that ends before what was signed is refused: status 1", async () => {
    const { root, machine } = await made();
    const before = copied(root);
    await machine.write(root, "third");
    putBack(before, root);
    for (const end of ["", "-wal", "-shm"]) rmSync(join(root, `vault.db${end}`), { force: true });
    const run = await machine.run(root, "rebuild");
    expect([run.status, said(run)]).toEqual([
      1,
      expect.stringContaining("this machine remembers 4 signed entries"),
    ]);
    expect(existsSync(join(root, "vault.db"))).toBe(false);
  });
});

describe("settings that were changed", () => {
  const evil = { name: "evil", url: "https://tsa.evil.example/" };

  function edit(root: string, change: (settings: { authorities: unknown[] }) => object): void {
    const path = join(root, "holdfast.json");
    const config = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, `${JSON.stringify({ ...config, settings: change(config.settings) }, null, 2)}\n`);
  }

  it.each([[], ["--json"], ["--quiet"]])(
    "are shown before a command goes on, authorities first, old and new (%s)",
    async (...options) => {
      const { root, machine } = await made();
      edit(root, ({ authorities }) => ({
        anchor_wait_seconds: 20,
        authorities: [...authorities.slice(1), evil],
      }));
      const run = await machine.run(root, "checkpoint", ...options);
      expect(run.status).toBe(0);
      const text = said(run);
      expect(text).toContain("authority digicert.url: http://timestamp.digicert.com → (none)");
      expect(text).toContain("authority evil.url: (none) → https://tsa.evil.example/");
      expect(text).toContain("settings.anchor_wait_seconds: 10 → 20");
      expect(text.indexOf("evil")).toBeLessThan(text.indexOf("anchor_wait_seconds"));
      expect(said(await machine.run(root, "checkpoint", ...options))).not.toContain("evil");
    },
  );

  it("by somebody who logged the change as well are shown all the same", async () => {
    const { root, machine } = await made();
    edit(root, () => ({ authorities: [evil] }));
    const text = readFileSync(join(root, "holdfast.json"), "utf8");
    addEntries(root, { ...stranger, event: "settings-changed", body: { settings_sha256: sha256(text) } });
    const run = await machine.run(root, "checkpoint");
    expect([run.status, said(run)]).toEqual([4, expect.stringContaining("authority evil.url: (none) →")]);
  });

  it("where the old text is not known here are shown as they are now", async () => {
    const { root, machine } = await made();
    const other = machine.copy({ memory: false });
    edit(root, () => ({ authorities: [evil] }));
    const run = await other.run(root, "checkpoint");
    expect(said(run)).toContain("this machine does not know what it said before");
    expect(said(run)).toContain("authority evil.url: https://tsa.evil.example/");
  });
});

describe("doctor", () => {
  it("shows what is remembered, or that nothing is", async () => {
    const { root, machine } = await made();
    expect((await machine.run(root, "doctor")).stdout).toMatch(
      /memory of what was signed\s+3 entries, on 2026/,
    );
    expect((await new Machine().run(root, "doctor")).stdout).toMatch(
      /memory of what was signed\s+none on this machine/,
    );
  });
});
