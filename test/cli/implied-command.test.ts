import { describe, expect, test } from "vitest";
import { withImpliedCommand } from "../../src/cli/implied-command.js";
import { runCli } from "./terminal-double.js";

const commands = ["archive", "list", "key"];

describe("what is typed without a command", () => {
  test.each([
    [["https://t.me/x/5"], ["archive", "https://t.me/x/5"]],
    [
      ["t.me/x/5", "--format", "18"],
      ["archive", "t.me/x/5", "--format", "18"],
    ],
    [
      ["--vault", "v", "--json", "https://t.me/x/5"],
      ["--vault", "v", "--json", "archive", "https://t.me/x/5"],
    ],
    [
      ["help", "key", "export"],
      ["key", "export", "--help"],
    ],
  ])("%j is %j", (typed, meant) => {
    expect(withImpliedCommand(typed, commands)).toEqual(meant);
  });

  test.each([
    [[]],
    [["list", "https://t.me/x/5"]],
    [["clip.mp4"]],
    [["./t.me/x"]],
    [["help"]],
    [["--vault", "https://t.me/x/5"]],
    [["--help"]],
  ])("%j stays as it is", (typed) => {
    expect(withImpliedCommand(typed, commands)).toEqual(typed);
  });

  test("help for a command that there is not says so, and guesses", async () => {
    const { status, stdout, stderr } = await runCli(["help", "archvie"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/unknown command 'archvie'\n {2}hint: did you mean archive\?/);
    expect((await runCli(["archvie", "--help"])).stderr).toBe(stderr);
    expect((await runCli(["help", "archive"])).stdout).toContain("holdfast archive");
  });

  test("-V is the version, as --version is", async () => {
    const [short, long] = [await runCli(["-V"]), await runCli(["--version"])];
    expect([short.status, short.stdout]).toEqual([0, long.stdout]);
    expect(short.stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});
