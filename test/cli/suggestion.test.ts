import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { editDistance, nearestWords } from "../../src/core/words/nearest.js";
import { closeVault } from "../../src/vault/vault.js";
import { goToMachineOf } from "../support/machines.js";
import { captureText, openTestVault, temporaryFolder } from "../support/vaults.js";
import { capturedTerminal, runCli } from "./terminal-double.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
const other = join(folder.path, "other");
let id = "";

beforeAll(async () => {
  for (const [path, text] of [
    [other, "there"],
    [root, "here"],
  ] as const) {
    const vault = await openTestVault(path);
    id = captureText(vault, text, `https://video.example/${text}`).record.capture;
    // The same chance makes the same ids.
    if (path === root) id = captureText(vault, "more", "https://video.example/more").record.capture;
    closeVault(vault);
  }
  mkdirSync(join(folder.path, "clips"));
  writeFileSync(join(folder.path, "clips/Ұсталған жігіт.mp4"), "bytes");
  writeFileSync(join(folder.path, "clips/clip.mp4"), "bytes");
});
afterAll(() => folder.remove());

const run = (argv: readonly string[], env: Record<string, string> = {}) => {
  goToMachineOf(root);
  return runCli(argv, capturedTerminal({ cwd: folder.path, env: { HOLDFAST_VAULT: root, ...env } }));
};
/** Another letter of those that ids are made of. */
const otherLetter = (letter: string) => (letter === "Z" ? "Y" : "Z");

describe("a mistyped id", () => {
  const last = () => id.slice(-8);
  it.each([
    ["with a wrong letter", () => `${last().slice(0, 3)}${otherLetter(last()[3] ?? "")}${last().slice(4)}`],
    ["with two letters exchanged", () => `${last().slice(0, 6)}${last()[7]}${last()[6]}`],
    ["whole, with a wrong last letter", () => `${id.slice(0, -1)}${otherLetter(id.at(-1) ?? "")}`],
  ])("%s is guessed", async (_, typed) => {
    expect(id).not.toContain(typed());
    for (const command of ["show", "verify", "report"]) {
      const { status, stderr } = await run([command, typed()]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(`  hint: did you mean ${id}? `)]);
    }
  });

  it("that is like none here is not guessed", async () => {
    const { stderr } = await run(["show", "YYYYYYYY"]);
    expect(stderr).not.toContain("did you mean");
  });

  it("of another vault that this machine knows is said to be there", async () => {
    const { status, stderr } = await run(["show", id, "--vault", other]);
    expect(status).toBe(2);
    expect(stderr).toContain("has one: --vault vault; see");
    expect((await run(["show", id, "--vault", "vault"])).status).toBe(0);
  });
});

describe("a file that is not there", () => {
  it.each([
    [["verify", "clips/clpi.mp4"], "clips/clip.mp4"],
    [["verify", "clips/Clip.MP4"], "clips/clip.mp4"],
    [["verify", "clips/ұсталган жігіт.mp4"], "'clips/Ұсталған жігіт.mp4'"],
    [["batch", "clips/clip.mp"], "clips/clip.mp4"],
  ])("%j is guessed by its name", async (argv, guess) => {
    const { status, stderr } = await run(argv);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`  hint: did you mean ${guess}? `)]);
  });

  it("because it is to be written is not guessed", async () => {
    const { status, stderr } = await run(["find", "--xlsx", "clips/clpi.mp4"]);
    expect([status, stderr]).toEqual([2, expect.not.stringContaining("did you mean")]);
  });

  it("and like none in its folder is not guessed", async () => {
    expect((await run(["verify", "clips/evidence.mov"])).stderr).not.toContain("did you mean");
    expect((await run(["verify", "nowhere/clip.mp4"])).stderr).not.toContain("did you mean");
  });
});

it("words are as far from each other as the changes that a hand makes", () => {
  const pairs = [
    ["", "", 0],
    ["clip", "clip", 0],
    ["clpi", "clip", 1],
    ["clip", "clips", 1],
    ["қыз", "кыз", 1],
    ["abc", "xyz", 3],
  ] as const;
  for (const [one, two, changes] of pairs) expect(editDistance(one, two)).toBe(changes);
  expect(nearestWords("clip", ["clop", "clips", "elephant"], 2)).toEqual(["clop", "clips"]);
  expect(nearestWords("clip", ["elephant"], 2)).toEqual([]);
});
