import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportPackage } from "../../src/handover/export.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import { hasPython, openSecondOpinion } from "../support/second-opinion.js";
import {
  audit,
  captureText,
  copyVault,
  deriveText,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";
import { packageListClaims } from "../trials/package-lists.js";

packageListClaims("a sample");

const scratch = temporaryFolder();
const secondOpinion = hasPython ? openSecondOpinion() : null;
afterAll(async () => {
  await secondOpinion?.end();
  scratch.remove();
});
let count = 0;

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
    if (secondOpinion !== null) {
      const { stdout } = await secondOpinion.ask([copy]);
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
        wacz: null,
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
