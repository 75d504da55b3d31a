import { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { parseDuration, parseLanguages, parseSize } from "../../src/cli/option-values.js";
import { inShell, typedAgain } from "../../src/cli/typed-again.js";

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
