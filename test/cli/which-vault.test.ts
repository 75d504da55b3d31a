import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Terminal } from "../../src/cli/terminal.js";
import { whichVault } from "../../src/cli/which-vault.js";
import { rememberVault } from "../../src/seal/remembered-vault.js";
import { toolsFolder } from "../../src/tools/run/programs.js";
import { temporaryFolder } from "../support/vaults.js";
import { type Captured, capturedTerminal, runCli } from "./terminal-double.js";

const clips = temporaryFolder();
const clip = join(clips.path, "clip.mp4");
const program = fileURLToPath(new URL("../../", import.meta.url));

beforeAll(() => {
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=5:d=1", "-c:v", "mpeg4"];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...picture, clip]);
});
afterAll(() => {
  clips.remove();
  for (const machine of machines) rmSync(machine, { recursive: true, force: true });
});

const machines: string[] = [];
/** A machine on which nobody used holdfast yet: its home folder, and a folder to work in. */
let home = "";
let work = "";

beforeEach(() => {
  const machine = mkdtempSync(join(tmpdir(), "holdfast-which-"));
  machines.push(machine);
  home = join(machine, "home");
  work = join(machine, "work");
  mkdirSync(home);
  mkdirSync(work);
});

/** The environment of a fresh home folder, without anything that would make a vault by the way. */
function fresh(env: Record<string, string> = {}): Terminal["env"] {
  const { PATH } = process.env;
  return { PATH, HOLDFAST_TOOLS: toolsFolder(process.env), HOME: home, HOLDFAST_OFFLINE: "1", ...env };
}

function run(argv: readonly string[], env: Record<string, string> = {}, cwd = work) {
  return runCli(argv, capturedTerminal({ env: fresh(env), cwd }));
}

/** Runs a command on a terminal where somebody answers; returns what was asked too. */
async function asked(argv: readonly string[], answer: string) {
  const questions: string[] = [];
  const io: Captured = {
    ...capturedTerminal({ env: fresh(), cwd: work, columns: 80 }),
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answer);
    },
  };
  return { ...(await runCli(argv, io)), questions };
}

/** Everything below the home folder and the folder of the work. */
function everything(): readonly string[] {
  return [home, work].flatMap((folder) => readdirSync(folder, { recursive: true }).map(String)).sort();
}

describe("the vault that a command works with", () => {
  const chosen = (named: string | undefined, env: Record<string, string> = {}, cwd = work) =>
    whichVault(named, { cwd, env: fresh(env) });

  it("is --vault, else one around the folder, else HOLDFAST_VAULT, else the remembered one, else ~/holdfast", () => {
    const passedOver = null;
    expect(chosen(undefined)).toEqual({ path: join(home, "holdfast"), by: "default", passedOver });
    rememberVault(fresh(), "/disk/remembered");
    expect(chosen(undefined)).toEqual({ path: "/disk/remembered", by: "memory", passedOver });
    const other = join(work, "other");
    const byVariable = chosen(undefined, { HOLDFAST_VAULT: "other" });
    expect(byVariable).toEqual({ path: other, by: "environment", passedOver });
    writeFileSync(join(work, "holdfast.json"), "{}");
    const below = join(work, "objects", "e5");
    mkdirSync(below, { recursive: true });
    const around = { path: work, by: "around", passedOver };
    expect(chosen(undefined, {}, below)).toEqual(around);
    expect(chosen(undefined, { HOLDFAST_VAULT: "" }, below)).toEqual(around);
    expect(chosen(undefined, { HOLDFAST_VAULT: other }, below)).toEqual({ ...around, passedOver: other });
    symlinkSync(work, join(home, "linked"));
    expect(chosen(undefined, { HOLDFAST_VAULT: join(home, "linked") }, below)).toEqual(around);
    const mine = { path: join(work, "mine"), by: "option", passedOver };
    expect(chosen("mine", { HOLDFAST_VAULT: "other" })).toEqual(mine);
  });

  it("is also one named 'vault' in the folder or above it, where earlier versions made it", () => {
    const below = join(work, "a", "b");
    mkdirSync(below, { recursive: true });
    mkdirSync(join(work, "vault"));
    expect(chosen(undefined, {}, below).by).toBe("default");
    writeFileSync(join(work, "vault", "holdfast.json"), "{}");
    expect(chosen(undefined, {}, below)).toMatchObject({ path: join(work, "vault"), by: "around" });
  });

  it("is never guessed from a memory that cannot be read", async () => {
    rememberVault(fresh(), "/disk/remembered");
    writeFileSync(join(home, ".config", "holdfast", "vault.json"), '{"v":1,"vault":"relative"}');
    expect(await run(["list"])).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/vault\.json, where this machine remembers its vault: it names no vault/),
    });
  });
});

describe("no vault is made by the way", () => {
  it.each([
    ["import", [clip]],
    ["archive", ["https://video.example/watch/811"]],
    ["batch", [join(clips.path, "list.txt")]],
  ])(
    "%s without a vault ends with 5, names both ways to make one, and leaves nothing behind",
    async (command, argv) => {
      writeFileSync(join(clips.path, "list.txt"), "https://video.example/watch/811\n");
      const { status, stdout, stderr } = await run([command, ...argv]);
      expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
      expect(stderr).toMatch(/none in this folder or above it/);
      expect(stderr).toContain("holdfast init ~/holdfast");
      expect(stderr).toContain("--new-vault");
      expect(stderr).toContain("HOLDFAST_NEW_VAULT=1");
      expect(everything()).toEqual([]);
    },
  );

  it("a path that is not there, or an empty folder, is an error by --vault and by HOLDFAST_VAULT: a disk that is not connected looks like that", async () => {
    mkdirSync(join(work, "stick"));
    for (const place of ["stick", "stick/evidence"]) {
      for (const answer of [
        await run(["import", clip, "--vault", place]),
        await run(["import", clip], { HOLDFAST_VAULT: place }),
      ]) {
        expect(answer.status, place).toBe(5);
        expect(answer.stderr).toContain("check the path, and whether its disk is there");
        expect(answer.stderr).toContain("--new-vault");
      }
    }
    expect(everything()).toEqual(["stick"]);
  });

  it("the remembered vault is not made anew while its disk is away, whatever is allowed", async () => {
    const disk = join(work, "disk");
    await run(["init", join(disk, "evidence")]);
    rmSync(disk, { recursive: true });
    for (const argv of [["import", clip, "--new-vault"], ["import", clip], ["init"]]) {
      const { status, stderr } = await run(argv, { HOLDFAST_NEW_VAULT: "1" });
      expect(status, argv[0]).toBe(5);
      expect(stderr).toContain("the vault that this machine remembers: it is not there");
    }
    expect(existsSync(disk)).toBe(false);
    expect((await run(["init", join(disk, "evidence")])).status).toBe(0);
  });

  it("commands that capture nothing make none, even where it is allowed", async () => {
    writeFileSync(join(work, "list.csv"), "url\nftp://files.example/clip.mp4\n");
    mkdirSync(join(work, "photos"));
    for (const argv of [
      ["import", "missing.mp4", "--new-vault"],
      ["import", "photos", "--new-vault"],
      ["archive", "no address", "--new-vault"],
      ["archive", "--again", "4T9KX2MB", "--new-vault"],
      ["batch", "list.csv", "--new-vault"],
      ["batch", "--resume", "--new-vault"],
      ["batch", "list.csv", "--dry-run", "--new-vault"],
      ["annotate", "4T9KX2MB", "case=1"],
      ["withdraw", "4T9KX2MB", "--reason", "an order", "--yes"],
      ["checkpoint"],
      ["derive"],
      ["export", "4T9KX2MB", "--to", "package"],
      ["redact", "4T9KX2MB", "--fill", "0,0,10,10"],
      ["key", "rotate"],
      ["rebuild"],
      ["doctor", "--sweep", "--remove"],
      ["verify", "--record"],
      ["list"],
    ]) {
      await run([...argv, "--vault", "new"], { HOLDFAST_NEW_VAULT: "1" });
      expect(existsSync(join(work, "new")), argv.join(" ")).toBe(false);
    }
  });
});

describe("a vault is made on purpose", () => {
  it.each([
    ["by --new-vault", ["--new-vault"], {}],
    ["by HOLDFAST_NEW_VAULT=1", [], { HOLDFAST_NEW_VAULT: "1" }],
  ])(
    "%s, and the first capture says once where it is, where its key is and what to back up",
    async (_, option, env) => {
      const first = await run(["import", clip, "--vault", "evidence", ...option], env);
      expect(first.status, first.stderr).toBe(0);
      const key = readdirSync(join(home, ".config/holdfast/keys"), { recursive: true })
        .map(String)
        .find((name) => name.endsWith("signing-key-1"));
      expect(first.stderr).toMatch(/^new vault: evidence$/m);
      expect(first.stderr).toContain(`\nkey: ~/.config/holdfast/keys/${key}\n`);
      expect(first.stderr).toContain("back up both");
      const second = await run(["import", clip, "--again", "--vault", "evidence", ...option], env);
      expect(second.status).toBe(0);
      expect(second.stderr).not.toMatch(/new vault|back up/);
      expect(existsSync(join(home, "holdfast"))).toBe(false);
    },
  );

  it.each(["0", "", "yes", "true"])("HOLDFAST_NEW_VAULT=%j allows nothing", async (value) => {
    expect((await run(["import", clip], { HOLDFAST_NEW_VAULT: value })).status).toBe(5);
    expect(everything()).toEqual([]);
  });

  it("by a yes at the terminal, and by nothing else", async () => {
    for (const answer of ["", "n", "no", "maybe", "yess"]) {
      const { status, questions } = await asked(["import", clip], answer);
      expect({ status, questions }).toEqual({
        status: 5,
        questions: ["There is no vault at ~/holdfast. Make a new one there? [y/N] "],
      });
    }
    expect(everything()).toEqual([]);
    const made = await asked(["import", clip], "Y");
    expect(made.status, made.stderr).toBe(0);
    expect(made.stderr).toContain("new vault: ~/holdfast\n");
    expect((await asked(["import", clip], "n")).questions).toEqual([]);
  });

  it("by init, which remembers it for every folder, for its owner alone and outside the vault", async () => {
    const made = await run(["init", "evidence"]);
    expect(made.status, made.stderr).toBe(0);
    const kept = join(home, ".config/holdfast/vault.json");
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    const elsewhere = await run(["import", clip, "--json"], {}, home);
    expect(elsewhere.status, elsewhere.stderr).toBe(0);
    const [result] = elsewhere.stdout.split("\n");
    expect(existsSync(join(work, "evidence", JSON.parse(result!).object))).toBe(true);
    const away = readdirSync(join(work, "evidence"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("private"))
      .filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(work));
    expect(away).toEqual([]);
    const other = await run(["init", "other"]);
    expect(other.stdout).toContain("(until now: evidence)");
    expect((await run(["init"], {}, home)).stdout).toContain("the vault already exists");
    expect((await run(["init"], {}, home)).stdout).not.toContain("until now");
  });

  it("init without a folder makes ~/holdfast", async () => {
    expect((await run(["init"])).status).toBe(0);
    expect(existsSync(join(home, "holdfast", "vault.db"))).toBe(true);
    rmSync(join(home, ".config/holdfast/vault.json"));
    expect((await run(["init", "other"])).stdout).toContain("(until now: ~/holdfast)");
  });

  it("init refuses two names for one vault", async () => {
    expect((await run(["init", "one", "--vault", "two"])).status).toBe(2);
    expect(everything()).toEqual([]);
  });
});

describe("where a vault is not made", () => {
  it("inside another vault, also by way of a link: its check would report every file", async () => {
    await run(["init", "evidence"]);
    symlinkSync(join(work, "evidence", "private"), join(work, "link"));
    for (const place of ["evidence/new", "evidence/objects/deep/new", "link/new"]) {
      for (const argv of [
        ["init", place],
        ["import", clip, "--new-vault", "--vault", place],
      ]) {
        const { status, stderr } = await run(argv);
        expect(status, argv.join(" ")).toBe(2);
        expect(stderr).toContain("it would be inside the vault");
      }
    }
    expect((await run(["verify", "--vault", "evidence"])).status).toBe(0);
  });

  it("inside the folder of this program, which a newer version replaces", async () => {
    for (const place of [
      join(program, "vault"),
      join(program, "dist", "new"),
      join(program, "demo-vault", "x"),
    ]) {
      const { status, stderr } = await run(["import", clip, "--new-vault", "--vault", place]);
      expect(status, place).toBe(2);
      expect(stderr).toContain("inside the folder of holdfast");
      expect(existsSync(place)).toBe(false);
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    "what somebody else put into a folder above is not captured into unless it is named",
    async () => {
      await run(["init", "vault"]);
      rmSync(join(home, ".config/holdfast/vault.json"));
      mkdirSync(join(work, "below"));
      chownSync(join(work, "vault"), 65534, 65534);
      const { status, stderr } = await run(["import", clip], {}, join(work, "below"));
      expect(status).toBe(2);
      expect(stderr).toContain("it belongs to another user of this machine");
      expect((await run(["import", clip, "--vault", "vault"])).status).toBe(0);
    },
  );
});

describe("who works inside a vault", () => {
  it("captures into it, and finds the tables of a list beside it", async () => {
    await run(["init", "evidence"]);
    const inside = join(work, "evidence", "objects");
    expect((await run(["import", clip], {}, inside)).status).toBe(0);
    writeFileSync(join(work, "list.csv"), "url\nftp://files.example/clip.mp4\n");
    expect((await run(["batch", join(work, "list.csv")], {}, inside)).status).toBe(4);
    expect(readdirSync(work).filter((name) => name.startsWith("batch-"))).toHaveLength(1);
    expect((await run(["batch", join(work, "list.csv"), "--to", "tables"], {}, inside)).status).toBe(2);
    expect((await run(["verify"], {}, inside)).status).toBe(0);
  });

  it("captures into it and reads it, and is told where HOLDFAST_VAULT names another one", async () => {
    await run(["init", "one"]);
    await run(["init", "two"]);
    const named = { HOLDFAST_VAULT: join(work, "two") };
    const told = /using the vault around this folder, .*one, and not .*two, which HOLDFAST_VAULT names/;
    const said = await run(["import", clip, "--json"], named, join(work, "one"));
    expect(said.stderr).toMatch(told);
    const { id } = JSON.parse(said.stdout);
    const listed = await run(["list"], named, join(work, "one"));
    expect([listed.stdout.includes(id), told.test(listed.stderr)]).toEqual([true, true]);
    const elsewhere = await run(["list"], named);
    expect([elsewhere.stdout.includes(id), told.test(elsewhere.stderr)]).toEqual([false, false]);
    expect((await run(["list", "--vault", join(work, "two")], named, join(work, "one"))).stderr).not.toMatch(
      told,
    );
  });
});
