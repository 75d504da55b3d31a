import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  encodeCanonical,
  isJsonObject,
  type JsonObject,
  parseCanonical,
} from "../../src/audit/canonical-json.js";
import { lineHash } from "../../src/audit/entry.js";
import { exportPackage } from "../../src/handover/export.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import { withPackageCaveats } from "../../src/verify/caveats.js";
import { verifyPackage } from "../../src/verify/package.js";
import { nothingBrought } from "../../src/verify/trust.js";
import {
  captureA,
  captureC,
  listBody,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  writeFolder,
} from "../support/packages.js";
import {
  audit,
  captureText,
  copyVault,
  deriveText,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const scratch = temporaryFolder();
afterAll(() => scratch.remove());
const hasPython =
  spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
const script = join(import.meta.dirname, "../../schemas/package/verify.sh");
const second = join(import.meta.dirname, "../second-opinion/verify.py");

let count = 0;

interface Opinions {
  /** `severity code where` of what this program finds about the lines of the log, and its answer to `chain`. */
  readonly found: readonly string[];
  readonly chain: string;
  /** What verify.sh says of the step `list`. */
  readonly script: string;
  readonly limits: string;
  readonly words: string;
}

const ofLines = /^(entry-|entries-|export-begun-|log-|inclusion-)/;

/** What the three checkers say; where this program and the second opinion differ, that is an error of the test. */
async function opinions(files: PackageFiles): Promise<Opinions> {
  count += 1;
  const path = writeFolder(files, join(scratch.path, `package-${count}`));
  const report = await verifyPackage(
    { path, against: null, signers: null, tsaCa: null, quick: false },
    testWorld(),
  );
  const lines = (all: readonly { code: string; severity: string; where: string }[]) =>
    all
      .filter(({ code }) => ofLines.test(code))
      .map(({ code, severity, where }) => `${severity} ${code} ${where}`)
      .sort();
  const found = lines(report.findings);
  if (hasPython) {
    const { stdout } = spawnSync("python3", ["-B", second, path], { encoding: "utf8" });
    expect([lines(JSON.parse(stdout).findings), JSON.parse(stdout).chain]).toEqual([found, report.chain]);
  }
  const { stdout } = spawnSync("sh", [script, path], { encoding: "utf8" });
  rmSync(path, { recursive: true });
  const said = /^(\S+) +list +.*\n(?: {6,}.*\n)*/m.exec(stdout);
  return {
    found,
    chain: report.chain,
    script: said?.[1] ?? "",
    words: said?.[0] ?? "",
    limits: withPackageCaveats(report, nothingBrought).limits.join(" "),
  };
}

/** The package with these entries of its log, sealed at `size`, and all of it made to fit. */
function withEntries(lines: readonly string[], seqs: readonly number[], size = lines.length): PackageFiles {
  const { files, log } = makePackage({ listed: true });
  const kept = new Map([...files].filter(([path]) => !path.startsWith("proof/0")));
  const changed = { ...log, lines };
  putEntries(kept, changed, seqs);
  for (const one of [4, size]) {
    putCheckpoint(
      kept,
      changed,
      one,
      seqs.filter((seq) => seq <= one),
    );
  }
  rebag(kept);
  return kept;
}

/** The lines with these bodies in place of those of some entries, linked anew. */
function relogged(changes: Readonly<Record<number, (entry: JsonObject) => JsonObject>>): readonly string[] {
  let prev = "0".repeat(64);
  return makePackage({ listed: true }).log.lines.map((line, at) => {
    const entry = parseCanonical(line);
    if (!isJsonObject(entry)) throw new Error("a line is no entry");
    const changed = { ...(changes[at + 1]?.(entry) ?? entry), prev };
    const text = encodeCanonical(changed);
    prev = lineHash(text);
    return text;
  });
}

const all = [1, 2, 4, 6, 7, 8];

describe("a package whose log lists its entries", () => {
  it("is found whole by three checkers, and none of them claims more than the list says", async () => {
    const { files } = makePackage({ listed: true });
    const { found, chain, script: said, limits, words } = await opinions(files);
    expect([found, chain, said]).toEqual([[], "pass", "PASS"]);
    expect(limits).toContain("listed them before the package was made");
    expect(limits).toContain("nothing in it tells whether there is any");
    expect(limits).toContain(`${captureC}: nothing in this package says whether its clip decodes whole`);
    expect(words).toContain(`nothing here says whether the clip of ${captureC} decodes whole`);
    expect(words).not.toContain(`the clip of ${captureA}`);
  });

  it.each(["derivation", "newest derivation", "capture"])(
    "from which a %s was taken out is found out",
    async (what) => {
      const seq = { derivation: 4, "newest derivation": 7, capture: 2 }[what] ?? 0;
      const { log } = makePackage({ listed: true });
      const {
        found,
        chain,
        script: said,
        words,
      } = await opinions(
        withEntries(
          log.lines,
          all.filter((one) => one !== seq),
        ),
      );
      expect([found, chain, said]).toEqual([[`error entry-missing entry:${seq}`], "fail", "FAIL"]);
      expect(words).toContain(`entry ${seq} of ${captureA} is in the list of entry 8, and it is not here`);
    },
  );

  it("from which the list itself was taken out is found out", async () => {
    const { log } = makePackage({ listed: true });
    const { found, chain, script: said } = await opinions(withEntries(log.lines, [1, 2, 4, 6, 7]));
    expect([found, chain, said]).toEqual([
      ["error export-begun-missing proof/entries.jsonl"],
      "fail",
      "FAIL",
    ]);
  });

  it("that has an entry which the list does not name is found out", async () => {
    const lines = relogged({ 8: (entry) => ({ ...entry, body: { ...listBody([2, 7], [6]) } }) });
    const { found, chain, script: said } = await opinions(withEntries(lines, all));
    expect([found, chain, said]).toEqual([["error entry-unlisted entry:4"], "fail", "FAIL"]);
  });

  it("that has an annotation although its list is of none is found out", async () => {
    const annotate = (entry: JsonObject) => ({
      ...entry,
      event: "annotate",
      body: {
        capture: captureA,
        values: [{ key: "place", value: "here" }],
        basis: "person_assertion",
        from: "command line",
      },
    });
    const lines = relogged({ 5: annotate });
    const { found, chain, script: said } = await opinions(withEntries(lines, [1, 2, 4, 5, 6, 7, 8]));
    expect([found, chain, said]).toEqual([["error entry-unlisted entry:5"], "fail", "FAIL"]);
    const listed = relogged({
      5: annotate,
      8: (entry) => ({ ...entry, body: { ...listBody([2, 4, 5, 7], [6], true) } }),
    });
    const whole = await opinions(withEntries(listed, [1, 2, 4, 5, 6, 7, 8]));
    expect([whole.found, whole.chain, whole.script]).toEqual([[], "pass", "PASS"]);
    expect(whole.limits).not.toContain("nothing in it tells whether there is any");
  });

  it.each([
    [
      "with captures that do not ascend",
      [
        { capture: captureC, entries: [6] },
        { capture: captureA, entries: [2, 4, 7] },
      ],
    ],
    [
      "with entries that do not ascend",
      [
        { capture: captureA, entries: [4, 2, 7] },
        { capture: captureC, entries: [6] },
      ],
    ],
    [
      "that lists itself",
      [
        { capture: captureA, entries: [2, 4, 7] },
        { capture: captureC, entries: [6, 8] },
      ],
    ],
  ])("%s is refused", async (_, captures) => {
    const lines = relogged({ 8: (entry) => ({ ...entry, body: { annotations: false, captures } }) });
    const { found, chain, script: said } = await opinions(withEntries(lines, all));
    expect(found).toContain("error export-begun-wrong entry:8");
    expect([chain, said]).toEqual(["fail", "FAIL"]);
  });

  it("whose list names another capture too is found out", async () => {
    const [a, c] = [2, 6].map((seq) => ({ capture: seq === 2 ? captureA : captureC, entries: [seq] }));
    const body = {
      annotations: false,
      captures: [{ ...a, entries: [2, 4, 7] }, { capture: "20261123-BBBBBBBB", entries: [3] }, c],
    };
    const lines = relogged({ 8: (entry) => ({ ...entry, body: JSON.parse(JSON.stringify(body)) }) });
    const { found, script: said } = await opinions(withEntries(lines, all));
    expect(found).toEqual(["error entry-missing entry:3", "error export-begun-wrong entry:8"]);
    expect(said).toBe("FAIL");
  });

  it("whose newest checkpoint covers more than the list is found out: an entry behind the list can be missing", async () => {
    const { log } = makePackage({ listed: true });
    const prev = lineHash(log.lines.at(-1) ?? "");
    const derived = parseCanonical(log.lines[6] ?? "");
    if (!isJsonObject(derived)) throw new Error("entry 7 is none");
    const longer = [...log.lines, encodeCanonical({ ...derived, prev, seq: 9 })];
    const { found, chain, script: said } = await opinions(withEntries(longer, all));
    expect([found, chain, said]).toEqual([["error export-begun-wrong entry:8"], "fail", "FAIL"]);
  });

  it("that holds an older package's list too is found out", async () => {
    const lines = relogged({
      5: (entry) => ({ ...entry, event: "export-begun", body: { ...listBody([2, 4], [3]) } }),
    });
    const { found, chain } = await opinions(withEntries(lines, [1, 2, 4, 5, 6, 7, 8]));
    expect([found, chain]).toEqual([["error entry-foreign entry:5"], "fail"]);
  });
});

describe("a package of a log of version 1", () => {
  it("passes with a note, and every checker says which entries may be missing", async () => {
    const { found, chain, script: said, limits, words } = await opinions(makePackage().files);
    expect([found, chain, said]).toEqual([
      ["note entries-uncommitted proof/entries.jsonl"],
      "pass",
      "ABSENT",
    ]);
    for (const kind of ["derivations", "recoveries", "annotations"]) {
      expect(limits).toContain(kind);
      expect(words).toContain(kind);
    }
  });
});

describe("a vault", () => {
  let root: string;
  beforeAll(async () => {
    root = join(scratch.path, "vault");
    const vault = await openTestVault(root);
    const { record } = captureText(vault, "first");
    deriveText(vault, record, "one");
    captureText(vault, "second, longer");
    closeVault(vault);
  });

  const listsOf = async (change: (own: readonly number[]) => readonly number[]) => {
    count += 1;
    const copy = copyVault(root, join(scratch.path, `vault-${count}`));
    const vault = await openTestVault(copy);
    const rows = vault.database
      .prepare<[], { id: string; seqs: string }>(
        `SELECT json_extract(line, '$.body.capture') AS id, json_group_array(seq) AS seqs FROM entry
         WHERE id IS NOT NULL GROUP BY id ORDER BY id`,
      )
      .all();
    const captures = rows.map(({ id, seqs }) => ({ capture: id, entries: [...change(JSON.parse(seqs))] }));
    const { seq } = logEntry(vault, "export-begun", { annotations: false, captures });
    closeVault(vault);
    const { chain, findings } = await audit(copy);
    const ours = findings.filter(({ code }) => code === "entry-list").map(({ where }) => where);
    if (hasPython) {
      const { stdout } = spawnSync("python3", ["-B", second, copy], { encoding: "utf8" });
      const theirs = (JSON.parse(stdout).findings as { code: string; where: string }[])
        .filter(({ code }) => code === "entry-list")
        .map(({ where }) => where);
      expect(theirs).toEqual(ours);
    }
    return { ours, chain, seq };
  };

  it("whose log lists for a package what it has is as recorded", async () => {
    const { ours, chain } = await listsOf((own) => own);
    expect([ours, chain]).toEqual([[], "pass"]);
  });

  it("whose owner logged a list that leaves an entry out is found out", async () => {
    const { ours, chain, seq } = await listsOf((own) => own.slice(0, 1).concat(own.slice(2)));
    expect([ours, chain]).toEqual([[`entry:${seq}`], "fail"]);
  });

  it("that is new states version 1.1 of the format", () => {
    const database = new Database(join(root, "vault.db"), { readonly: true });
    const line = database.prepare<[], string>("SELECT line FROM entry WHERE seq = 1").pluck().get() ?? "";
    database.close();
    expect(line).toContain('"schema":"1.1"');
  });

  it("lists every entry of what it hands out, signs that, and hands out no more", async () => {
    const copy = copyVault(root, join(scratch.path, "exported"));
    const database = new Database(join(copy, "vault.db"), { readonly: true });
    const ids = database.prepare<[], string>("SELECT id FROM capture ORDER BY id").pluck().all();
    database.close();
    const seal = { proxy: null, allowPrivate: false, force: false };
    const { to, checkpoint } = await exportPackage(
      {
        vault: copy,
        ids: ids.slice(0, 1),
        to: join(scratch.path, "handed-out"),
        withAnnex: false,
        withAnnotations: false,
        recipients: [],
        seal,
      },
      testWorld(),
    );
    const entries = readFileSync(join(to, "proof/entries.jsonl"), "utf8").trimEnd().split("\n");
    const list = JSON.parse(entries.at(-1) ?? "");
    expect([list.event, list.seq]).toEqual(["export-begun", checkpoint]);
    const own = entries.map((line) => JSON.parse(line)).filter(({ body }) => body.capture === ids[0]);
    expect(list.body).toEqual({
      annotations: false,
      captures: [{ capture: ids[0], entries: own.map(({ seq }) => seq) }],
    });
    const [other = ""] = ids.slice(1);
    expect(other).not.toBe("");
    expect(entries.join("\n")).not.toContain(other);
  });
});
