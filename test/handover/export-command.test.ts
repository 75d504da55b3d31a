import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { holdfast } from "../support/cli.js";
import { captureText, copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const scratch = temporaryFolder();
const made = join(scratch.path, "made");
let id = "";

beforeAll(async () => {
  const vault = await openTestVault(made);
  id = captureText(vault, "a clip of four megabytes\n".repeat(170_000), "https://video.example/large").record
    .capture;
  await closeAfterWriting(vault, testWorld(), { proxy: null, allowPrivate: false, force: false });
});
afterAll(() => scratch.remove());

let count = 0;

function freshPlace(): { readonly vault: string; readonly place: string } {
  count += 1;
  const place = join(scratch.path, `place-${count}`);
  mkdirSync(place);
  return { vault: copyVault(made, join(scratch.path, `vault-${count}`)), place };
}

/** Runs a command line at a terminal where somebody answers every question so. */
async function atTerminal(answer: string, argv: readonly string[]) {
  const [asked, out, err]: [string[], string[], string[]] = [[], [], []];
  const status = await main(argv, {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    env: process.env,
    cwd: process.cwd(),
    ask: async (question) => {
      asked.push(question);
      return answer;
    },
  });
  return { status, asked, stdout: out.join(""), stderr: err.join("") };
}

describe("holdfast export", () => {
  it("says where the package is, what stands for every byte of it, and what to give by another way", async () => {
    const { vault, place } = freshPlace();
    const to = join(place, "package");
    const { status, stdout } = await holdfast(["export", id, "--to", to, "--vault", vault]);
    expect(status).toBe(0);
    expect(stdout).toContain(to);
    expect(stdout).toContain("no outside time-stamp");
    expect(stdout).toMatch(/[0-9a-f]{64} {2}tagmanifest-sha256\.txt/);
    expect(stdout).toMatch(/holdfast key export --vault \S+/);
  });

  it("of a case has every stored capture that is noted as of it, and says which", async () => {
    const { vault, place } = freshPlace();
    await holdfast(["annotate", id, "case=14/2", "--vault", vault]);
    const to = join(place, "package");
    const run = await holdfast(["export", "--case", "14/2", "--to", to, "--vault", vault]);
    expect([run.status, existsSync(join(to, "data", id))]).toEqual([0, true]);
    expect(run.stderr).toContain(`case 14/2: ${id}`);
    const shown = await holdfast(["show", id, "--vault", vault]);
    expect(shown.stdout).toMatch(/in packages\n {2}log entry \d+, /);
    const none = await holdfast(["export", "--case", "14", "--to", join(place, "none"), "--vault", vault]);
    expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/no stored capture .* case 14\n/)]);
    const nothing = await holdfast(["export", "--to", join(place, "none"), "--vault", vault]);
    expect([nothing.status, nothing.stderr]).toEqual([2, expect.stringContaining("no capture was named")]);
    expect(readdirSync(place)).toEqual(["package"]);
  });

  it.each([
    ["y", 0],
    ["Yes", 0],
    ["n", 2],
    ["", 2],
    ["no, yes", 2],
  ])("asks before it puts the annex in, and takes %j for status %i", async (answer, status) => {
    const { vault, place } = freshPlace();
    const to = join(place, "package");
    const run = await atTerminal(answer, ["export", id, "--to", to, "--with-annex", "--vault", vault]);
    expect([run.status, run.asked]).toEqual([status, ["Include them? [y/N] "]]);
    expect(run.stderr).toMatch(/who collected .* which machine .* addresses, .* cookies/s);
    expect(existsSync(join(to, "data", id, "annex", "annex.json"))).toBe(status === 0);
    expect(readdirSync(place)).toEqual(status === 0 ? ["package"] : []);
  });

  it("does not put the annex in where nobody can be asked, unless --yes was typed", async () => {
    const { vault, place } = freshPlace();
    const argv = ["export", id, "--to", join(place, "package"), "--with-annex", "--vault", vault];
    const refused = await holdfast(argv);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/--yes/)]);
    expect(readdirSync(place)).toEqual([]);
    expect((await holdfast([...argv, "--yes"])).status).toBe(0);
    expect(existsSync(join(place, "package", "data", id, "annex", "annex.json"))).toBe(true);
  });

  it("never asks where the annex stays out", async () => {
    const { vault, place } = freshPlace();
    const run = await atTerminal("y", [
      "export",
      id,
      "--to",
      join(place, "package"),
      "--yes",
      "--vault",
      vault,
    ]);
    expect([run.status, run.asked]).toEqual([0, []]);
    expect(existsSync(join(place, "package", "data", id, "annex"))).toBe(false);
  });
});

const program = join(import.meta.dirname, "../../bin/holdfast.js");

/** Runs the real command line under `sh`, so that limits of the system hold for it. */
function run(script: string): Promise<{ readonly status: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn("sh", ["-c", script], { env: process.env });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("close", (status) => resolve({ status, stderr }));
  });
}

describe("an export that cannot be finished", () => {
  it("leaves nothing under its name nor beside it where the disk takes no more", async () => {
    const { vault, place } = freshPlace();
    // In blocks of 512 bytes: smaller than the clip, larger than what the log needs.
    const script = `trap '' XFSZ; ulimit -f 4096; exec node '${program}' export ${id} --to '${place}/package' --vault '${vault}'`;
    const { status, stderr } = await run(script);
    expect([status, stderr]).toEqual([4, expect.stringMatching(/EFBIG|too large/i)]);
    expect(readdirSync(place)).toEqual([]);
  });

  it("that is killed leaves at most its temporary name, and the vault as recorded", async () => {
    const { vault, place } = freshPlace();
    const to = join(place, "package");
    const child = spawn("node", [program, "export", id, "--to", to, "--vault", vault], { env: process.env });
    const ended = new Promise((resolve) => child.on("close", resolve));
    // As soon as it has begun to write.
    while (readdirSync(place).length === 0 && child.exitCode === null) await new Promise(setImmediate);
    child.kill("SIGKILL");
    await ended;
    expect(readdirSync(place)).toEqual([".package.unfinished"]);
    const again = await holdfast(["export", id, "--to", to, "--vault", vault]);
    expect([again.status, again.stderr]).toEqual([
      2,
      expect.stringMatching(/rm -r '.*\.package\.unfinished'/),
    ]);
    const checked = await holdfast(["verify", "--vault", vault, "--json"]);
    expect([checked.status, checked.lines[0]]).toEqual([0, expect.objectContaining({ ok: true })]);
    const elsewhere = await holdfast(["export", id, "--to", `${to}-2`, "--vault", vault]);
    expect(elsewhere.status).toBe(0);
  });
});
