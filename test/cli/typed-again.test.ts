import { join } from "node:path";
import { Command, Option } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDuration, parseLanguages, parseSize } from "../../src/cli/option-values.js";
import { inSameVault, inShell, typedAgain } from "../../src/cli/typed-again.js";
import { closeVault } from "../../src/vault/vault.js";
import { captureText, openTestVault, temporaryFolder } from "../support/vaults.js";
import { capturedTerminal, runCli } from "./terminal-double.js";

const folder = temporaryFolder();
const vault = join(folder.path, "a vault");

beforeAll(async () => {
  const opened = await openTestVault(vault);
  captureText(opened, "words", "https://video.example/1");
  closeVault(opened);
});
afterAll(() => folder.remove());

function parsed(...argv: readonly string[]): Command {
  return new Command()
    .option("--resume")
    .option("--to <dir>")
    .option("--max-bytes <size>", "", parseSize)
    .option("--subs-langs <list>", "", parseLanguages)
    .addOption(new Option("--delay <time>").argParser(parseDuration))
    .option("--attempts <n>", "", Number, 3)
    .option("--again")
    .parse([...argv], { from: "user" });
}

describe("the options that were typed", () => {
  test("are said again so that they mean the same, and those with their usual value are not", () => {
    const typed = [
      "--resume",
      "--to",
      "it's 7",
      "--max-bytes",
      "4G",
      "--subs-langs",
      "kk,ru",
      "--delay",
      "1.5m",
    ];
    const again = typedAgain(parsed(...typed, "--again"), ["resume"]);
    expect(again).toBe("--to 'it'\\''s 7' --max-bytes 4000000000 --subs-langs kk,ru --delay 90000ms --again");
    expect(parseDuration("90000ms")).toBe(parseDuration("1.5m"));
    expect(parseSize("4000000000")).toBe(parseSize("4G"));
    expect(typedAgain(parsed("--resume"), ["resume"])).toBe("");
  });

  test("are each one word of a shell, whatever they hold", () => {
    expect(inShell("a b")).toBe("'a b'");
    expect(inShell("$(reboot)")).toBe("'$(reboot)'");
    expect(inShell("/a/b-c_d.csv")).toBe("/a/b-c_d.csv");
    expect(inShell("/a/Доказательства")).toBe("/a/Доказательства");
    expect(inShell("")).toBe("''");
  });
});

describe("a command that is printed as the next one", () => {
  const there = { vault: "/media/disk/a vault", vaultBy: "option" } as const;
  test.each([
    ["see 'holdfast list'", "see 'holdfast list --vault '/media/disk/a vault''"],
    ["run: holdfast verify ID", "run: holdfast verify --vault '/media/disk/a vault' ID"],
    [
      "holdfast derive; then holdfast checkpoint",
      "holdfast derive --vault '/media/disk/a vault'; then holdfast checkpoint --vault '/media/disk/a vault'",
    ],
    ["to check a vault: holdfast verify --vault DIR", "to check a vault: holdfast verify --vault DIR"],
    ["holdfast init DIR", "holdfast init DIR"],
    ["holdfast lists nothing", "holdfast lists nothing"],
  ])("%j names the vault where it was named", (words, told) => {
    expect(inSameVault(words, there)).toBe(told);
    for (const vaultBy of ["environment", "around", "memory", "default"] as const)
      expect(inSameVault(words, { ...there, vaultBy })).toBe(words);
  });

  test.each([
    ["list"],
    ["stats"],
    ["show", "ZZZZZZZZ"],
    ["verify", "ZZZZZZZZ"],
    ["report", "ZZZZZZZZ"],
    ["export", "ZZZZZZZZ", "--to", "elsewhere"],
    ["annotate", "ZZZZZZZZ", "place=Almaty"],
  ])("by %s %s names it in whatever is said", async (...argv) => {
    const { stdout, stderr } = await runCli(
      [...argv, "--vault", vault],
      capturedTerminal({ cwd: folder.path }),
    );
    const named =
      `${stdout}${stderr}`.match(/holdfast (?:list|derive|checkpoint|verify|show|archive)\b.*/g) ?? [];
    expect(named.length).toBeGreaterThan(0);
    expect(
      named.filter((line) => !line.includes(`--vault '${vault.slice(folder.path.length + 1)}'`)),
    ).toEqual([]);
  });
});
