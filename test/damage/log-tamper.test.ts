import {
  appendFileSync,
  copyFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCheckpoint } from "../../src/audit/checkpoint.js";
import { sha256 } from "../../src/audit/digest.js";
import { encodeAllowedSigners } from "../../src/core/package/key-lines.js";
import { secretOfSeed } from "../../src/seal/private-key.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { keyHistoryOf, logTimesOf } from "../../src/vault/log.js";
import { logEntry } from "../../src/vault/vault.js";
import { type WithCaveats, withVaultCaveats } from "../../src/verify/caveats.js";
import type { VerifyReport } from "../../src/verify/reports.js";
import type { Brought } from "../../src/verify/trust.js";
import { verifyVault } from "../../src/verify/vault.js";
import { openAuthority, type TestAuthority } from "../support/authority.js";
import { openCalendar, type TestCalendar } from "../support/calendar.js";
import {
  askingWorld,
  bodyOf,
  logPath,
  makeSealedVault,
  makeStampedVault,
  type Sealed,
  signedBy,
  signedOf,
  stampOf,
  witnessSecret,
  writeAndSeal,
} from "../support/sealed.js";
import { captureText, copyVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let authority: TestAuthority;
let calendar: TestCalendar;
let sealed: Sealed;
let copies = 0;

const stampers = () => ({
  authorities: [{ name: "one", url: authority.url, roots: [authority.rootPem] }],
  calendars: [{ name: "cal", url: calendar.url }],
});

beforeAll(async () => {
  authority = await openAuthority({ signer: "p256" });
  calendar = await openCalendar();
  sealed = await makeSealedVault(original, stampers());
});
afterAll(async () => {
  await authority.close();
  await calendar.close();
  folder.remove();
});

function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

async function check(root: string, brought: Partial<Brought> = {}): Promise<WithCaveats<VerifyReport>> {
  const all = { against: null, signers: null, tsaCa: authority.rootPem, ...brought };
  const request = { vault: root, ids: [], quick: true, brought: all, index: indexCheck };
  return withVaultCaveats(await verifyVault(request, testWorld()), all);
}

/** `code where` of every error, sorted. */
function errorsOf({ findings }: VerifyReport): readonly string[] {
  return findings
    .filter(({ severity }) => severity === "error")
    .map(({ code, where }) => `${code} ${where}`)
    .sort();
}

/** `code where` of every note but those that every vault with an OpenTimestamps proof has. */
function notesOf({ findings }: VerifyReport): readonly string[] {
  return findings
    .filter(({ severity, code }) => severity === "note" && code !== "proof-unchecked")
    .map(({ code, where }) => `${code} ${where}`)
    .sort();
}

/** Damages a copy and returns the report. */
async function damaged(damage: (root: string) => void | Promise<void>, brought: Partial<Brought> = {}) {
  const root = copy();
  await damage(root);
  return check(root, brought);
}

function change(path: string, from: (bytes: Buffer) => Uint8Array | string): void {
  const bytes = readFileSync(path);
  rmSync(path);
  writeFileSync(path, from(bytes));
}

function segments(root: string): string[] {
  return readdirSync(join(root, "log"))
    .filter((name) => name.endsWith(".jsonl"))
    .sort();
}

/** Removes entries behind `last` from the database, its index included, as somebody with SQLite can. */
function cutDatabase(root: string, last: number): void {
  const database = new Database(join(root, "vault.db"));
  const triggers = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  database.pragma("foreign_keys = OFF");
  const lost = database
    .prepare<[number], { id: string }>("SELECT id FROM capture WHERE entry > ?")
    .all(last)
    .map(({ id }) => id);
  for (const id of lost) {
    for (const table of ["capture", "capture_text"])
      database.prepare(`DELETE FROM ${table} WHERE id = ?`).run(id);
  }
  for (const table of ["file", "token"]) database.prepare(`DELETE FROM ${table} WHERE entry > ?`).run(last);
  database.prepare("DELETE FROM merkle_node WHERE (number + 1) * (1 << level) > ?").run(last);
  database.prepare("DELETE FROM entry WHERE seq > ?").run(last);
  for (const { sql } of triggers) database.exec(sql);
  database.close();
  for (const id of lost) {
    for (const [dir] of [["private"], ["objects"]] as const) {
      const found = readdirSync(join(root, dir), { recursive: true, encoding: "utf8" }).find((path) =>
        path.endsWith(id),
      );
      if (found !== undefined) rmSync(join(root, dir, found), { recursive: true });
    }
  }
}

/** Removes every file of `log/` that is about lines behind `last`. */
function cutFolder(root: string, last: number): void {
  for (const name of readdirSync(join(root, "log"))) {
    const [, first = "0"] = /^(\d+)/.exec(name) ?? [];
    const end = /^\d+-(\d+)\.jsonl$/.exec(name)?.[1] ?? first;
    if (Number(end) > last) rmSync(join(root, "log", name));
  }
}

describe("a vault nobody touched", () => {
  it("is signed by both keys in turn, stamped by the authority that was named, and has no error", async () => {
    const report = await check(original);
    expect(errorsOf(report)).toEqual([]);
    expect(notesOf(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, chain: "pass", signature: "pass", tokens: "pass" });
    expect(report.checked).toMatchObject({ checkpoints: 5, tokens: 10 });
    expect(report.rests_on.keys.map(({ source }) => source)).toEqual(["log", "log"]);
    expect(report.rests_on.keys[0]?.until).toBe(report.rests_on.keys[1]?.from);
    expect(report.rests_on.authorities).toHaveLength(5);
    expect(report.rests_on.authorities.every(({ trusted }) => trusted)).toBe(true);
    expect(report.rests_on.witnesses).toEqual([
      { fingerprint: witnessSecret.publicKey.fingerprint, checkpoint: sealed.witnessed },
    ]);
  });

  it("entries behind the newest signed checkpoint are counted and said to be open", async () => {
    const { checked, limits } = await check(original);
    expect(checked.unsigned_entries).toBe((checked.entries ?? 0) - sealed.newest);
    expect(checked.unsigned_entries).toBeGreaterThan(0);
    expect(limits.join(" ")).toMatch(/newest (\d+ )?entr(y is|ies are) not covered by a signature yet/);
  });

  it("without roots of authorities no time-stamp counts as passed", async () => {
    const report = await check(original, { tsaCa: null });
    expect(report).toMatchObject({ ok: true, tokens: "unchecked" });
    expect(notesOf(report).filter((note) => note.startsWith("token-untrusted"))).toHaveLength(5);
    expect(report.limits.join(" ")).toContain("--tsa-ca");
  });

  it("is not changed by a check, not even in a timestamp", async () => {
    const root = copy();
    const brought = { against: bodyOf(original, sealed.first).toString(), signers: signers(original) };
    const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
    for (const path of paths) utimesSync(join(root, path), new Date(0), lstatSync(join(root, path)).mtime);
    const state = () =>
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .sort()
        .map((path) => {
          const { mtimeMs, ctimeMs, atimeMs, size, mode } = lstatSync(join(root, path));
          const content = statSync(join(root, path)).isFile() ? [atimeMs, size] : [];
          return [path, mtimeMs, ctimeMs, mode, ...content].join(" ");
        });
    const before = state();
    await check(root, brought);
    expect(state()).toEqual(before);
  });
});

describe("segments", () => {
  it("a segment that is gone is found", async () => {
    const report = await damaged((root) => rmSync(join(root, "log", segments(root)[1] ?? "")));
    expect(errorsOf(report)).toEqual(["segment-missing log"]);
    expect(report.signature).toBe("fail");
  });

  it.each([
    ["a changed byte", (bytes: Buffer) => bytes.toString("latin1").replace("operator", "operatar")],
    ["a line too many", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("{}\n")])],
    ["a last line that breaks off", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["nothing in it", () => ""],
  ])("%s in a segment is found", async (_, damage) => {
    const name = segments(original)[2] ?? "";
    const report = await damaged((root) => change(join(root, "log", name), damage));
    expect(errorsOf(report)).toEqual([`segment-changed log/${name}`]);
  });

  it("a segment over lines that another one has is found, and one that says something else there as well", async () => {
    const [first = ""] = segments(original);
    const two = readFileSync(join(original, "log", first), "utf8")
      .split("\n")
      .slice(0, 2);
    const report = await damaged((root) => {
      writeFileSync(join(root, "log/000001-000002.jsonl"), `${two.join("\n")}\n`);
      writeFileSync(join(root, "log/000002-000003.jsonl"), "{}\n{}\n");
    });
    expect(errorsOf(report)).toEqual([
      "segment-changed log/000002-000003.jsonl",
      `segment-overlap log/${first}`,
      "segment-overlap log/000002-000003.jsonl",
    ]);
  });

  it("what bears no name of the format is a stray", async () => {
    const report = await damaged((root) => writeFileSync(join(root, "log/42.checkpoint"), "x"));
    expect(errorsOf(report)).toEqual(["stray log/42.checkpoint"]);
  });
});

describe("checkpoints", () => {
  const path = () => logPath(sealed.second, "checkpoint");
  const signature = () => logPath(sealed.second, "checkpoint.sig");
  /** The signature and both tokens are over other bytes then. */
  const follow = () => [
    `proof-imprint ${logPath(sealed.second, "cal.ots")}`,
    `signature-wrong ${signature()}`,
    `token-imprint ${logPath(sealed.second, "one.tsr")}`,
  ];

  it("a line more is found", async () => {
    const report = await damaged((root) => appendFileSync(join(root, path()), "more\n"));
    expect(errorsOf(report)).toEqual([`checkpoint-malformed ${path()}`, ...follow()]);
    expect(report).toMatchObject({ signature: "fail", tokens: "fail" });
  });

  it("another root is found", async () => {
    const other = Buffer.alloc(32, 5).toString("base64");
    const report = await damaged((root) =>
      change(join(root, path()), (bytes) => bytes.toString().replace(/\n[^\n]{44}\n$/, `\n${other}\n`)),
    );
    expect(errorsOf(report)).toEqual([`checkpoint-root ${path()}`, ...follow()]);
  });

  it("another vault's name is found", async () => {
    const report = await damaged((root) =>
      change(join(root, path()), (bytes) => bytes.toString().replace(/[0-9a-f]{32}/, "0".repeat(32))),
    );
    expect(errorsOf(report)).toEqual([`checkpoint-origin ${path()}`, ...follow()]);
  });

  it("a checkpoint under another number is found", async () => {
    const report = await damaged((root) =>
      copyFileSync(join(root, logPath(sealed.first, "checkpoint")), join(root, path())),
    );
    expect(errorsOf(report)).toEqual([`checkpoint-malformed ${path()}`, ...follow()]);
  });

  it("a checkpoint that is gone is found by what it leaves behind", async () => {
    const report = await damaged((root) => rmSync(join(root, path())));
    expect(errorsOf(report)).toEqual([
      `checkpoint-missing ${path()}`,
      `proof-imprint ${logPath(sealed.second, "cal.ots")}`,
      `token-imprint ${logPath(sealed.second, "one.tsr")}`,
    ]);
  });

  it("a checkpoint that is gone with all its files is found by the entries of its tokens", async () => {
    const report = await damaged((root) => removeCheckpoint(root, sealed.second));
    expect(errorsOf(report)).toEqual([
      `checkpoint-missing ${path()}`,
      `token-missing ${logPath(sealed.second, "cal.ots")}`,
      `token-missing ${logPath(sealed.second, "one.tsr")}`,
    ]);
  });
});

describe("signatures", () => {
  const at = (size: number) => logPath(size, "checkpoint.sig");

  it("one that is gone is found, and only the newest may still be to come", async () => {
    const older = await damaged((root) => rmSync(join(root, at(sealed.second))));
    expect(errorsOf(older)).toContain(`signature-missing ${logPath(sealed.second, "checkpoint")}`);
    const root = copy();
    for (const end of ["one.tsr", "cal.ots"]) rmSync(join(root, logPath(sealed.newest, end)));
    cutDatabase(root, sealed.newest);
    rmSync(join(root, at(sealed.newest)));
    const newest = await check(root);
    expect(errorsOf(newest)).toEqual([]);
    expect(notesOf(newest)).toEqual([
      `anchor-pending ${logPath(sealed.newest, "checkpoint")}`,
      `signature-missing ${logPath(sealed.newest, "checkpoint")}`,
    ]);
    expect(newest.signature).toBe("absent");
  });

  it("a newest signature that was taken away is found by the time-stamp over it", async () => {
    const report = await damaged((root) => rmSync(join(root, at(sealed.newest))));
    expect(errorsOf(report)).toContain(`token-imprint ${logPath(sealed.newest, "one.tsr")}`);
    expect(report.signature).toBe("absent");
  });

  it("two checkpoints' signatures that were swapped are found", async () => {
    const report = await damaged((root) => swap(root, at(sealed.first), at(sealed.second)));
    expect(errorsOf(report).filter((error) => error.startsWith("signature"))).toEqual([
      `signature-wrong ${at(sealed.first)}`,
      `signature-wrong ${at(sealed.second)}`,
    ]);
  });

  it("a signature by somebody else's key is found", async () => {
    const report = await damaged((root) => forge(root, sealed.second, secretOfSeed(Buffer.alloc(32, 9))));
    expect(errorsOf(report)).toContain(`signature-key ${at(sealed.second)}`);
    expect(report.signature).toBe("fail");
  });

  it.each(["another namespace", "no signature at all"])("%s is found", async (what) => {
    const secret = secretOfSeed(Buffer.alloc(32, 9));
    const report = await damaged((root) =>
      change(join(root, at(sealed.second)), () =>
        what === "another namespace" ? signedBy(secret, bodyOf(root, sealed.second), "git") : "nothing",
      ),
    );
    expect(errorsOf(report)).toContain(`signature-malformed ${at(sealed.second)}`);
  });

  it("a rotation that the old key did not endorse is found, and is a note for whoever was told to trust the new key", async () => {
    const damage = (root: string) => removeCheckpoint(root, sealed.rotation);
    const entry = `key-not-endorsed entry:${sealed.rotation}`;
    const report = await damaged(damage);
    expect(errorsOf(report)).toContain(entry);
    expect(report.signature).toBe("fail");
    const told = await damaged(damage, { signers: signers(original) });
    expect(errorsOf(told)).not.toContain(entry);
    expect(notesOf(told)).toContain(entry);
  });

  it("a rotation whose checkpoint lacks its signature only because a kill came first is no error", async () => {
    const report = await damaged((root) => {
      cutDatabase(root, sealed.rotation);
      cutFolder(root, sealed.rotation);
      for (const end of ["one.tsr", "cal.ots", "checkpoint.sig"])
        rmSync(join(root, logPath(sealed.rotation, end)), { force: true });
    });
    expect(errorsOf(report)).toEqual([]);
    expect(notesOf(report)).toContain(`key-not-endorsed entry:${sealed.rotation}`);
  });

  it("a key that is not among the named signers is found at each checkpoint that it signed", async () => {
    const all = signers(original).split("\n");
    const report = await check(original, { signers: `${all[0]}\n` });
    expect(errorsOf(report)).toEqual(
      [sealed.witnessed, sealed.newest].map((size) => `key-not-trusted ${logPath(size, "checkpoint")}`),
    );
    const both = await check(original, { signers: all.join("\n") });
    expect(both.ok).toBe(true);
    expect(both.rests_on.keys.map(({ source }) => source)).toEqual(["signers", "signers"]);
  });

  it("a replaced key still counts for its old checkpoints, by the list that the vault itself gave out", async () => {
    const report = await check(original, { signers: signers(original, true), tsaCa: null });
    expect(errorsOf(report)).toEqual([]);
    expect(report.signature).toBe("pass");
  });

  it("a key whose time was over before, by the checker's list, is not trusted for anything", async () => {
    const expired = signers(original).replaceAll(" ssh-", ',valid-before="20200101Z" ssh-');
    const report = await check(original, { signers: expired });
    const distrusted = errorsOf(report).filter((error) => error.startsWith("key-not-trusted"));
    expect(distrusted).toHaveLength(report.checked.checkpoints ?? 0);
    expect(report).toMatchObject({ ok: false, signature: "fail" });
    expect(report.findings.map(({ message }) => message).join(" ")).toContain("but not at that time");
  });

  it("a vault without anything in log/ is an error for a checker who named signers or roots", async () => {
    const cleared = await damaged(
      (root) => {
        for (const name of readdirSync(join(root, "log"))) rmSync(join(root, "log", name));
      },
      { signers: signers(original) },
    );
    expect(errorsOf(cleared)).toEqual(expect.arrayContaining(["signature-absent log", "token-absent log"]));
    expect(notesOf(cleared)).toContain("unsealed log");
    expect(cleared.ok).toBe(false);
  });
});

describe("time-stamps", () => {
  const at = (size: number, end = "one.tsr") => logPath(size, end);

  it("one that is gone is found", async () => {
    const report = await damaged((root) => rmSync(join(root, at(sealed.first))));
    expect(errorsOf(report)).toEqual([`token-missing ${at(sealed.first)}`]);
  });

  it("one that was changed is found, whatever byte it was", async () => {
    const { length } = readFileSync(join(original, at(sealed.first)));
    for (const place of [0, Math.floor(length / 2), length - 1]) {
      const report = await damaged((root) =>
        change(join(root, at(sealed.first)), (bytes) => {
          bytes[place] = (bytes[place] ?? 0) ^ 1;
          return bytes;
        }),
      );
      expect(errorsOf(report)).toContain(`token-changed ${at(sealed.first)}`);
    }
  });

  it("two checkpoints' time-stamps that were swapped are found", async () => {
    const report = await damaged((root) => {
      swap(root, at(sealed.first), at(sealed.second));
      swap(root, at(sealed.first, "cal.ots"), at(sealed.second, "cal.ots"));
    });
    const each = ["cal.ots", "one.tsr"].flatMap((end) =>
      [sealed.first, sealed.second].map((size) => at(size, end)),
    );
    expect(errorsOf(report)).toEqual(
      [
        ...each.map((path) => `token-changed ${path}`),
        ...each.map((path) => `${path.endsWith("ots") ? "proof" : "token"}-imprint ${path}`),
      ].sort(),
    );
  });

  it.each([
    ["expired-certificate", "token-expired"],
    ["wrong-usage", "token-signature"],
    ["garbage", "token-malformed"],
    ["bare-token", "token-malformed"],
    ["unknown-root", "token-untrusted"],
    ["wrong-digest", "token-imprint"],
  ] as const)("a time-stamp with the fault %s is found", async (behaviour, code) => {
    await authority.behave(behaviour);
    const stamp = await stampOf(authority.url, signedOf(original, sealed.first));
    await authority.behave("good");
    const report = await damaged((root) => change(join(root, at(sealed.first)), () => stamp));
    const wrong = errorsOf(report).filter((error) => !error.startsWith("token-entry"));
    expect(wrong).toEqual([`token-changed ${at(sealed.first)}`, `${code} ${at(sealed.first)}`].sort());
    expect(report.tokens).toBe("fail");
  });

  it("one that no entry names is a note over the newest checkpoint and an error over any other", async () => {
    const report = await damaged((root) => {
      for (const size of [sealed.second, sealed.newest])
        copyFileSync(join(root, at(size)), join(root, at(size, "planted.tsr")));
    });
    expect(errorsOf(report)).toEqual([`token-unlogged ${at(sealed.second, "planted.tsr")}`]);
    expect(notesOf(report)).toEqual([`token-unlogged ${at(sealed.newest, "planted.tsr")}`]);
  });

  it("an entry that states another serial number than its time-stamp is found", async () => {
    const root = join(folder.path, "misquoted");
    await makeStampedVault(root, { authorities: [], calendars: [] });
    const size = await writeAndSeal(root, askingWorld(), (vault) => captureText(vault, "one"));
    const stamp = await stampOf(authority.url, signedOf(root, size));
    writeFileSync(join(root, at(size)), stamp);
    let seq = 0;
    await writeAndSeal(root, askingWorld(), (vault) => {
      seq = logEntry(vault, "token", {
        ...{ checkpoint: size, kind: "rfc3161", authority: "one", url: authority.url, path: at(size) },
        ...{ bytes: stamp.length, sha256: sha256(stamp), status: "granted", height: null },
        ...{ gen_time: "2001-01-01T00:00:00.000Z", accuracy_ms: 1000, policy: "1.2.3.4.1", serial: "1" },
        ...{ signer_sha256: null, clock_difference_ms: 0 },
      }).seq;
    });
    expect(errorsOf(await check(root))).toEqual([`token-entry entry:${seq}`]);
  });

  it("an OpenTimestamps file that is none is found, and one that is good is never more than unchecked", async () => {
    const path = at(sealed.first, "cal.ots");
    const report = await damaged((root) => change(join(root, path), () => "nothing"));
    expect(errorsOf(report)).toEqual([`proof-malformed ${path}`, `token-changed ${path}`]);
    const { findings } = await check(original);
    expect(findings.filter(({ code }) => code === "proof-unchecked")).toHaveLength(5);
  });

  it("roots that lead elsewhere make every time-stamp an error", async () => {
    const other = await openAuthority({ name: "Other" });
    try {
      const report = await check(original, { tsaCa: other.rootPem });
      expect(errorsOf(report)).toHaveLength(5);
      expect(errorsOf(report).every((error) => error.startsWith("token-untrusted"))).toBe(true);
      expect(report.tokens).toBe("fail");
    } finally {
      await other.close();
    }
  });
});

describe("witnesses", () => {
  const path = () =>
    logPath(sealed.witnessed, `witness-${sha256(witnessSecret.publicKey.blob).slice(0, 16)}.sig`);

  it("a signature that is gone is found", async () => {
    expect(errorsOf(await damaged((root) => rmSync(join(root, path()))))).toEqual([
      `witness-missing ${path()}`,
    ]);
  });

  it("a signature over another checkpoint is found", async () => {
    const other = signedBy(witnessSecret, bodyOf(original, sealed.first));
    const report = await damaged((root) => change(join(root, path()), () => other));
    expect(errorsOf(report)).toEqual([`witness-changed ${path()}`, `witness-wrong ${path()}`]);
    expect(report.signature).toBe("fail");
  });

  it("a signature by another key under this witness's name is found", async () => {
    const other = signedBy(secretOfSeed(Buffer.alloc(32, 8)), bodyOf(original, sealed.witnessed));
    const report = await damaged((root) => change(join(root, path()), () => other));
    expect(errorsOf(report)).toEqual([`witness-changed ${path()}`, `witness-wrong ${path()}`]);
  });
});

describe("a checkpoint in other hands", () => {
  it("any older checkpoint is the beginning of today's log, in whatever it was kept", async () => {
    for (const size of [sealed.first, sealed.second, sealed.newest]) {
      const against = `Dear all,\r\n> ${bodyOf(original, size).toString().trimEnd().replaceAll("\n", "\r\n> ")}\r\n`;
      const report = await check(original, { against });
      expect(errorsOf(report)).toEqual([]);
      expect(report.limits.join(" ")).toContain("is the beginning of today's log");
    }
  });

  it("newest entries that were cut off the database alone are found by the checkpoints", async () => {
    const report = await damaged((root) => cutDatabase(root, sealed.rotation));
    expect(errorsOf(report)).toContain(`checkpoint-beyond-log ${logPath(sealed.newest, "checkpoint")}`);
    expect(report.signature).toBe("fail");
  });

  it("a log that was cut together with its checkpoints shows nothing by itself, and is caught by a checkpoint that somebody kept", async () => {
    const root = copy();
    cutDatabase(root, sealed.second);
    cutFolder(root, sealed.second);
    for (const end of ["one.tsr", "cal.ots"]) rmSync(join(root, logPath(sealed.second, end)));
    const alone = await check(root);
    expect(errorsOf(alone)).toEqual([]);
    expect(alone.signature).toBe("pass");
    const held = await check(root, { against: bodyOf(original, sealed.newest).toString() });
    expect(errorsOf(held)).toEqual(["history-truncated log"]);
    expect(held).toMatchObject({ ok: false, signature: "fail" });
  });

  it("a vault that its operator made anew with the own key and fresh time-stamps is NOT caught by itself, and IS caught by a checkpoint that somebody kept", async () => {
    const root = join(folder.path, "rewritten");
    await makeStampedVault(root, stampers());
    const world = askingWorld();
    const size = await writeAndSeal(root, world, (vault) => captureText(vault, "another history"));
    for (const text of ["and more of it, to be as long", "and longer than what was there once"])
      await writeAndSeal(root, world, (vault) => captureText(vault, text));
    const { origin } = parseCheckpoint(bodyOf(root, size).toString());
    expect(origin).toBe(parseCheckpoint(bodyOf(original, sealed.first).toString()).origin);
    const alone = await check(root);
    expect(errorsOf(alone)).toEqual([]);
    expect(alone).toMatchObject({ ok: true, signature: "pass", tokens: "pass" });
    expect(alone.limits.join(" ")).toContain(
      "Only that shows whether somebody who holds the key rewrote the log",
    );
    const held = await check(root, { against: bodyOf(original, sealed.first).toString() });
    expect(errorsOf(held)).toEqual(["history-rewritten log"]);
    expect(held.findings.map(({ message }) => message).join(" ")).toContain("history was rewritten");
    expect(held.signature).toBe("fail");
  });

  it("a checkpoint of another vault is said to be one", async () => {
    const against = bodyOf(original, sealed.first)
      .toString()
      .replace(/[0-9a-f]{32}/, "0".repeat(32));
    expect(errorsOf(await check(original, { against }))).toEqual(["other-log log"]);
  });
});

/** `allowed_signers` as the vault's own log has it; its times only where asked, since the authority has the machine's time. */
function signers(root: string, isTimed = false): string {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  try {
    const { origin } = parseCheckpoint(bodyOf(root, sealed.first).toString());
    const timed = encodeAllowedSigners(origin, keyHistoryOf(database), logTimesOf(database));
    return isTimed ? timed : timed.replaceAll(/,valid-(?:after|before)="\w+"/g, "");
  } finally {
    database.close();
  }
}

function swap(root: string, one: string, other: string): void {
  renameSync(join(root, one), join(root, "staging/swap"));
  renameSync(join(root, other), join(root, one));
  renameSync(join(root, "staging/swap"), join(root, other));
}

function forge(root: string, size: number, secret: Parameters<typeof signedBy>[0]): void {
  change(join(root, logPath(size, "checkpoint.sig")), () => signedBy(secret, bodyOf(root, size)));
}

function removeCheckpoint(root: string, size: number): void {
  const start = logPath(size, "").slice("log/".length);
  for (const name of readdirSync(join(root, "log")))
    if (name.startsWith(start)) rmSync(join(root, "log", name));
}
