import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdfast } from "../support/cli.js";
import { hasPython, openSecondOpinion } from "../support/second-opinion.js";
import { copyVault, temporaryFolder } from "../support/vaults.js";

const golden = join(import.meta.dirname, "../golden/v1");
const scratch = temporaryFolder();
const vault = join(scratch.path, "vault");
const trust = (held: string) => [
  "--signers",
  join(golden, "allowed_signers"),
  "--tsa-ca",
  join(golden, "tsa-roots.pem"),
  "--against",
  join(golden, held),
];
const passed = { ok: true, hashes: "pass", chain: "pass", signature: "pass", tokens: "pass" };

beforeAll(() => {
  for (const name of ["vault", "package"]) {
    execFileSync("tar", ["-C", scratch.path, "-xzf", join(golden, `${name}.tar.gz`)]);
  }
});
const secondOpinion = hasPython ? openSecondOpinion() : null;
afterAll(async () => {
  await secondOpinion?.end();
  scratch.remove();
});

const unlisted = "entries-uncommitted proof/entries.jsonl";

/**
 * What the two verifiers must find in each: nothing but that a promise to Bitcoin was not looked up, that a package
 * shows of no older checkpoint that the newest goes on from it, and that a log of version 1 lists no entries of a package.
 */
const cases = [
  { name: "vault", held: "held.checkpoint", notes: ["proof-unchecked log/000004.calendar.ots"] },
  { name: "vault", held: "rotation.checkpoint", notes: ["proof-unchecked log/000004.calendar.ots"] },
  { name: "vault", held: "newest.checkpoint", notes: ["proof-unchecked log/000004.calendar.ots"] },
  {
    name: "package",
    held: "rotation.checkpoint",
    notes: ["against-unchecked log", unlisted, "proof-unchecked proof/000004/calendar.ots"],
  },
  {
    name: "package",
    held: "held.checkpoint",
    notes: ["against-unchecked log", unlisted, "proof-unchecked proof/000004/calendar.ots"],
  },
] as const;

function notesOf(findings: unknown): readonly string[] {
  return (findings as readonly { code: string; severity: string; where: string }[])
    .map(({ code, severity, where }) =>
      severity === "note" ? `${code} ${where}` : `${severity} ${code} ${where}`,
    )
    .sort();
}

describe("the vault and the package of version 1", () => {
  it.each(cases)(
    "holdfast finds nothing wrong in the $name, held against $held",
    async ({ name, held, notes }) => {
      const what = name === "vault" ? ["--vault", vault] : [join(scratch.path, name)];
      const { status, lines } = await holdfast(["verify", ...what, ...trust(held), "--json"]);
      // The index in it is that of an earlier version: it is no evidence, and the next command that writes makes it anew.
      const own = name === "vault" ? ["index-older vault.db"] : [];
      expect(notesOf(lines[0]?.findings)).toEqual([...own, ...notes].sort());
      expect(lines[0]).toMatchObject(passed);
      expect(status).toBe(0);
    },
  );

  it.skipIf(secondOpinion === null).each(cases.filter(({ held }) => held === "held.checkpoint"))(
    "nor does the second opinion: $name, $held",
    async ({ name, held, notes }) => {
      const told = await secondOpinion?.ask([...trust(held), join(scratch.path, name)]);
      const report = JSON.parse(told?.stdout ?? "");
      expect(notesOf(report.findings)).toEqual(notes);
      expect(report).toMatchObject(passed);
      expect(told?.status).toBe(0);
    },
  );

  it("the package passes the script that came with it", () => {
    const script = join(scratch.path, "package/verify.sh");
    const argv = [script, ...trust("rotation.checkpoint")];
    const { stdout, status } = spawnSync("sh", argv, { encoding: "utf8" });
    expect(stdout).not.toMatch(/^(FAIL|UNCHECKED)/m);
    expect(status).toBe(0);
  });

  it("the keys of somebody else are not taken for those of this vault", async () => {
    const key = readFileSync(join(golden, "witness.pub"), "utf8").trim();
    const signers = join(scratch.path, "signers");
    writeFileSync(signers, `holdfast/* ${key}\n`);
    const { status, lines } = await holdfast(["verify", "--vault", vault, "--signers", signers, "--json"]);
    expect(status).toBe(1);
    expect(lines[0]).toMatchObject({ ok: false, signature: "fail" });
    expect(notesOf(lines[0]?.findings)).toContain("error key-not-trusted log/000025.checkpoint");
  });

  it("list and show work on the vault as it is, and once a command that writes has brought its index up to date", async () => {
    const root = copyVault(vault, join(scratch.path, "updated"));
    const before = await holdfast(["list", "--vault", root, "--json"]);
    expect(before.lines.map(({ status }) => status).sort()).toEqual(["captured", "captured", "failed"]);
    const env = { HOLDFAST_OFFLINE: "1", XDG_CONFIG_HOME: join(scratch.path, "config") };
    await holdfast(["checkpoint", "--vault", root], env);
    const list = await holdfast(["list", "--vault", root, "--json"]);
    expect(list.status).toBe(0);
    expect(list.lines.map(({ status }) => status).sort()).toEqual(["captured", "captured", "failed"]);
    for (const { id } of list.lines) {
      const show = await holdfast(["show", String(id), "--vault", root, "--json"]);
      expect(show.status).toBe(0);
      expect(show.lines[0]).toMatchObject({ capture: id });
    }
  });
});
