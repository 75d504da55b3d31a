import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldedText } from "../../src/core/capture/folded-text.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { listOrphans } from "../../src/upkeep/sweep.js";
import { noMemory } from "../../src/vault/entry-memory.js";
import { closeVault, logEntry, type Vault } from "../../src/vault/vault.js";
import { scrubDatabase } from "../../src/vault/withdrawals.js";
import { holdfast } from "../support/cli.js";
import { change } from "../support/hostile-databases.js";
import { machineOf } from "../support/machines.js";
import * as samples from "../support/samples.js";
import { hasPython, openSecondOpinion } from "../support/second-opinion.js";
import { audit, copyVault, makeVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
const secondOpinion = hasPython ? openSecondOpinion() : null;
const seal = { proxy: null, allowPrivate: false, force: false };
const reason = "order 14/2 of a court";
let [derived, plain] = ["", ""];
let copies = 0;

beforeAll(async () => {
  const made = await makeVault(original);
  [derived = "", plain = ""] = made.map(({ record }) => record.capture);
  await writing(original, (vault) => sealHead(vault, testWorld(), seal));
});
afterAll(async () => {
  await secondOpinion?.end();
  folder.remove();
});

async function writing<Made>(root: string, work: (vault: Vault) => Made | Promise<Made>): Promise<Made> {
  const vault = await openTestVault(root);
  try {
    return await work(vault);
  } finally {
    closeVault(vault);
  }
}

function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

function withdraw(root: string, ...words: readonly string[]) {
  return holdfast(["withdraw", ...words, "--reason", reason, "--vault", root]);
}

/** Findings of both verifiers, without what has nothing to do with captures; they must be the same. */
async function found(root: string): Promise<{ readonly answer: string; readonly said: readonly string[] }> {
  const { findings, hashes } = await audit(root);
  const own = findings.filter(({ code }) => !/^(anchor-pending|clock-back|index-|unsealed)/.test(code));
  const said = own.map(({ code, severity, where }) => `${severity} ${code} ${where}`).sort();
  if (secondOpinion !== null) {
    const other = JSON.parse((await secondOpinion.ask([root])).stdout);
    const theirs: readonly (typeof findings)[number][] = other.findings;
    const kept = theirs.filter(({ code }) => !/^(anchor-pending|clock-back|unsealed)/.test(code));
    expect(kept.map(({ code, severity, where }) => `${severity} ${code} ${where}`).sort()).toEqual(said);
    expect(other.hashes).toBe(hashes);
  }
  expect(findings.filter(({ code }) => code.startsWith("index-"))).toEqual([]);
  return { answer: hashes, said };
}

/** Has the index by event list entries `annotate` as `withdraw`; the schema stays as it is. */
function makeIndexLie(root: string): void {
  const event = "json_extract(line, ''$.event'')";
  const becomes = (column: string) =>
    `UPDATE sqlite_schema SET sql = 'CREATE INDEX entry_event ON entry (${column})' WHERE name = 'entry_event'`;
  change(root, becomes(`replace(${event}, ''annotate'', ''withdraw'')`));
  change(root, "REINDEX entry_event", becomes(event));
}

/** Paths in the vault in which this id occurs. */
function pathsOf(root: string, id: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(id));
}

describe("withdrawing a capture", () => {
  it("removes its files and its annex, keeps the record, and both verifiers find the rest as recorded", async () => {
    const root = copy();
    const { status, stdout } = await withdraw(root, derived.slice(-6), "--yes");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/withdrawn, entry \d+, record kept/)]);
    const left = pathsOf(root, derived).filter((path) => /\.(?:json|mp4|m4a)$/.test(path));
    expect(left.every((path) => /(?:inventory|record)\.json$/.test(path))).toBe(true);
    expect(left.filter((path) => path.endsWith("record.json"))).toHaveLength(1);
    expect(await found(root)).toEqual({ answer: "pass", said: [`note withdrawn ${derived}`] });
    const report = await audit(root);
    expect(report.checked).toMatchObject({ withdrawn: 1, annexes: 1 });
    const { message } = report.findings.find(({ code }) => code === "withdrawn") ?? { message: "" };
    expect(message).toContain(reason);
  });

  it("removes the record with --remove-record, and the database no longer holds what it said", async () => {
    const root = copy();
    const { status, lines } = await withdraw(root, derived, plain, "--remove-record", "--yes", "--json");
    expect([status, lines.map(({ record, removed }) => [record, removed])]).toEqual([
      0,
      [
        ["removed", true],
        ["removed", true],
      ],
    ]);
    expect([...pathsOf(root, derived), ...pathsOf(root, plain)]).toEqual([]);
    const title = samples.record.source.title?.value ?? "no title";
    const told = [title, foldedText(title)].map((text) => Buffer.from(text));
    const isTold = (path: string) => told.filter((text) => readFileSync(path).includes(text)).length;
    expect(isTold(join(original, "vault.db"))).toBe(2);
    const databases = readdirSync(root).filter((name) => name.startsWith("vault.db"));
    expect(databases.map((name) => isTold(join(root, name)))).toEqual(databases.map(() => 0));
    const notes = [derived, plain].map((id) => `note withdrawn ${id}`).sort();
    expect(await found(root)).toEqual({ answer: "absent", said: notes });
  });

  it("asks first, so that nothing happens where there is nobody to ask and no --yes", async () => {
    const root = copy();
    const { status, stderr } = await withdraw(root, derived);
    expect([status, stderr]).toEqual([2, expect.stringContaining("--yes")]);
    expect(await found(root)).toEqual({ answer: "pass", said: [] });
  });

  it("refuses an unknown id, a second withdrawal and an empty reason, and writes nothing then", async () => {
    const root = copy();
    expect((await withdraw(root, plain, "ZZZZZZ", "--yes")).status).toBe(2);
    expect((await holdfast(["withdraw", plain, "--reason", " ", "--yes", "--vault", root])).status).toBe(2);
    expect(await found(root)).toEqual({ answer: "pass", said: [] });
    expect((await withdraw(root, plain, "--yes")).status).toBe(0);
    const { status, stderr } = await withdraw(root, plain, "--yes");
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });

  it("leaves it out of packages, says so, and packages of the others verify", async () => {
    const root = copy();
    const before = join(folder.path, "before");
    const after = join(folder.path, "after");
    expect((await holdfast(["export", derived, plain, "--to", before, "--vault", root])).status).toBe(0);
    const { lines } = await withdraw(root, plain, "--yes", "--json");
    expect(lines[0]).toMatchObject({ withdrawn: plain, packages: [{ form: "folder" }] });
    const made = await holdfast(["export", derived, plain, "--to", after, "--vault", root]);
    expect([made.status, made.stderr]).toEqual([0, expect.stringMatching(/left out.*withdrawn/)]);
    expect(existsSync(join(after, "data", plain))).toBe(false);
    for (const path of [before, after]) {
      expect((await holdfast(["verify", path])).status).toBe(0);
      if (secondOpinion !== null)
        expect(JSON.parse((await secondOpinion.ask([path])).stdout)).toMatchObject({ ok: true });
    }
    expect((await holdfast(["export", plain, "--to", join(folder.path, "no"), "--vault", root])).status).toBe(
      2,
    );
  });

  it("shows what it was and why, and refuses to derive, note, report or copy for publication", async () => {
    const root = copy();
    await withdraw(root, derived, "--yes");
    expect((await holdfast(["show", derived, "--vault", root])).stdout).toMatch(
      /withdrawn.*\n(?:.*\n)*.*order 14\/2/,
    );
    const listed = await holdfast(["list", "--status", "withdrawn", "--vault", root]);
    expect(listed.stdout).toMatch(new RegExp(`${derived}.*withdrawn(?:.*\n?)*order 14/2`));
    const to = join(folder.path, "refused");
    for (const words of [
      ["derive", derived],
      ["annotate", derived, "case=1"],
      ["report", derived, "--to", `${to}.html`],
      ["redact", derived, "--to", `${to}.mp4`, "--fill", "0,0,10x10"],
    ]) {
      const { status, stderr } = await holdfast([...words, "--vault", root]);
      expect([words[0], status, stderr]).toEqual([words[0], 2, expect.stringContaining(reason)]);
    }
  });
});

describe("a file that was archived and withdrawn", () => {
  it("is still found in the log, and its stored copy is not called missing", async () => {
    const root = copy();
    const file = join(folder.path, "brought.mp4");
    writeFileSync(file, "track-1.mp4: first");
    await withdraw(root, derived, "--yes");
    const { status, lines } = await holdfast(["verify", file, "--vault", root, "--json"]);
    expect(status).toBe(0);
    expect(lines[0]).toMatchObject({ hashes: "absent", matches: [{ capture: derived, signed: true }] });
    expect(lines[0]?.findings).toContainEqual(expect.objectContaining({ code: "withdrawn", where: derived }));
  });
});

describe("what is missing counts as withdrawn only by a signed entry", () => {
  const body = { capture: "", reason, record: "kept" };

  it("files that are missing without an entry are not as recorded", async () => {
    const root = copy();
    rmSync(join(root, "private", derived), { recursive: true });
    const [video = ""] = pathsOf(root, derived).filter((path) => path.endsWith("track-1.mp4"));
    rmSync(join(root, video));
    const { answer, said } = await found(root);
    expect([answer, said]).toEqual(["fail", expect.arrayContaining([`error file-missing ${video}`])]);
  });

  it("an entry that somebody without the key appended excuses nothing, and no writer removes anything for it", async () => {
    const root = copy();
    await writing(root, (vault) =>
      logEntry({ ...vault, memory: noMemory }, "withdraw", { ...body, capture: derived }),
    );
    const [video = ""] = pathsOf(root, plain).filter((path) => path.endsWith("track-1.mp4"));
    expect(existsSync(join(root, video))).toBe(true);
    const { status } = await holdfast(["checkpoint", "--vault", root]);
    expect(status).not.toBe(0);
    const originals = pathsOf(root, derived).filter((path) => path.endsWith("track-1.mp4"));
    expect([originals.length, existsSync(join(root, "private", derived))]).toEqual([1, true]);
    rmSync(join(root, originals[0] ?? ""));
    expect(await found(root)).toEqual({
      answer: "fail",
      said: [`error file-missing ${originals[0]}`, `note withdrawal-unsealed ${derived}`],
    });
  });

  it("a kill before the signature leaves every file, and the next writer goes on", async () => {
    const root = copy();
    await writing(root, (vault) => logEntry(vault, "withdraw", { ...body, capture: derived }));
    expect(await found(root)).toEqual({ answer: "pass", said: [`note withdrawal-unsealed ${derived}`] });
    await holdfast(["checkpoint", "--vault", root]);
    expect(await found(root)).toEqual({ answer: "pass", said: [`note withdrawn ${derived}`] });
    expect(existsSync(join(root, "private", derived))).toBe(false);
  });

  it("without the key nothing is removed, the status says so, and the next signature goes on", async () => {
    const root = copy();
    const machine = machineOf(root);
    const [secret = ""] = readdirSync(machine, { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((item) => item.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => readFileSync(path, "latin1").includes("PRIVATE KEY"));
    renameSync(secret, join(machine, "away"));
    const { status, lines } = await withdraw(root, derived, "--yes", "--json");
    expect([status, lines[0]]).toEqual([4, expect.objectContaining({ removed: false })]);
    expect(await found(root)).toEqual({ answer: "pass", said: [`note withdrawal-unsealed ${derived}`] });
    renameSync(join(machine, "away"), secret);
    await holdfast(["annotate", plain, "case=1", "--vault", root]);
    expect(await found(root)).toEqual({ answer: "pass", said: [`note withdrawn ${derived}`] });
  });

  it.each(["private", "v1/content/original", "v2/content", "v3/content"])(
    "a kill before %s was taken out is a note, and the next writer goes on",
    async (part) => {
      const root = copy();
      const object = dirname(pathsOf(root, derived).find((path) => path.endsWith("0=ocfl_object_1.1")) ?? "");
      await withdraw(root, derived, "--yes");
      // Each part goes in one step, so what a kill leaves is that part as it was.
      const place = part === "private" ? join(part, derived) : join(object, part);
      cpSync(join(original, place), join(root, place), { recursive: true });
      mkdirSync(join(root, "staging", "withdrawn", "half"), { recursive: true });
      const said = [`note withdrawal-unfinished ${derived}`, `note withdrawn ${derived}`];
      expect(await found(root)).toEqual({ answer: "pass", said });
      const { orphans } = listOrphans(root, testWorld());
      expect(orphans.find(({ path }) => path === "staging/withdrawn")).toMatchObject({ fate: "remove" });
      await holdfast(["checkpoint", "--vault", root]);
      expect(existsSync(join(root, place))).toBe(false);
      expect(existsSync(join(root, "staging", "withdrawn"))).toBe(false);
      expect(await found(root)).toEqual({ answer: "pass", said: [`note withdrawn ${derived}`] });
    },
  );

  it("what is still there and was changed is not as recorded", async () => {
    const root = copy();
    await withdraw(root, derived, "--yes");
    const record = pathsOf(root, derived).find((path) => path.endsWith("record.json")) ?? "";
    chmodSync(join(root, record), 0o644);
    appendFileSync(join(root, record), " ");
    const { answer, said } = await found(root);
    expect([answer, said]).toEqual(["fail", expect.arrayContaining([`error file-changed ${record}`])]);
  });

  it("an object that comes back with another inventory is not as recorded, even if its record was removed", async () => {
    const root = copy();
    const object = dirname(pathsOf(root, derived).find((path) => path.endsWith("0=ocfl_object_1.1")) ?? "");
    await withdraw(root, derived, "--remove-record", "--yes");
    cpSync(join(original, object), join(root, object), { recursive: true });
    const changed = ["inventory.json", "v2/inventory.json", "v1/inventory.json.sha512", "0=ocfl_object_1.1"];
    for (const name of changed) {
      chmodSync(join(root, object, name), 0o644);
      appendFileSync(join(root, object, name), " ");
    }
    const { answer, said } = await found(root);
    expect([answer, said]).toEqual([
      "fail",
      expect.arrayContaining([`error inventory-changed ${object}/v2/inventory.json`]),
    ]);
    const places = said.filter((one) => one.startsWith("error ")).map((one) => one.split(" ")[2]);
    expect(places).toEqual(expect.arrayContaining(changed.map((name) => `${object}/${name}`)));
  });

  it("removes nothing for another entry that the index of vault.db was made to call a withdrawal", async () => {
    const root = copy();
    await holdfast(["annotate", derived, "case=1", "--vault", root]);
    makeIndexLie(root);
    expect((await holdfast(["annotate", plain, "case=2", "--vault", root])).status).toBe(0);
    expect(existsSync(join(root, "private", derived))).toBe(true);
    expect(pathsOf(root, derived).filter((path) => path.endsWith("track-1.mp4"))).toHaveLength(1);
  });
});

describe("what a withdrawal leaves in vault.db", () => {
  it("is nothing of the words and secret addresses in lists, and the other rows of a list stay", async () => {
    const root = copy();
    const batch = "INSERT INTO batch VALUES ('b', '', 'list.csv', '{}', '{}', '', NULL)";
    const row = (n: number, id: string) =>
      `INSERT INTO batch_row (batch, n, url, url_key, list_title, cells, state, status, capture, may_pass) VALUES ('b', ${n},
       'https://video.example/?token=hush${n}', 'video.example/?token=hush${n}', 'hush${n} list', '["hush${n} name",""]',
       'done', 'captured', '${id}', 1)`;
    change(root, batch, row(1, derived), row(2, plain));
    await withdraw(root, derived, "--remove-record", "--yes");
    const bytes = readFileSync(join(root, "vault.db"));
    expect([bytes.includes("hush1"), bytes.includes("hush2")]).toEqual([false, true]);
    const database = new Database(join(root, "vault.db"), { readonly: true });
    const rows = database.prepare("SELECT cells, may_pass FROM batch_row ORDER BY n").raw().all();
    database.close();
    expect(rows).toEqual([
      ['["",""]', 0],
      ['["hush2 name",""]', 1],
    ]);
  });

  it("ends with 4 and says that the files are gone, where the file could not be written anew", async () => {
    const root = copy();
    change(root, "DELETE FROM capture_text_data");
    const { status, stderr } = await withdraw(root, derived, "--yes");
    expect([status, stderr]).toEqual([
      4,
      expect.stringMatching(/^withdrawing: the files are gone, but vault\.db/m),
    ]);
    expect(existsSync(join(root, "private", derived))).toBe(false);
  });

  it("is called incomplete while another program reads the file, since its old pages are still there", async () => {
    const root = copy();
    await writing(root, (vault) => {
      vault.database.pragma("busy_timeout = 0");
      const reader = new Database(join(root, "vault.db"), { readonly: true });
      reader.exec("BEGIN");
      reader.prepare("SELECT count(*) FROM entry").get();
      expect(scrubDatabase(vault)).toBe(false);
      reader.close();
      expect(scrubDatabase(vault)).toBe(true);
    });
  });
});
