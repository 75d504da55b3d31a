import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandReference } from "../../src/cli/command-reference.js";
import type { DocumentedCommand } from "../../src/cli/documented-command.js";
import { exitStatus, statusMeanings } from "../../src/cli/exit-status.js";
import { buildProgram, commandNames } from "../../src/cli/program.js";
import { Screen } from "../../src/cli/screen.js";
import { capturedTerminal, runCli } from "./terminal-double.js";

/** The command line of an example as a shell would split it, without what it redirects. */
function argumentsOf(line: string): readonly string[] {
  const words = line.split(/ (?:[<>|]|>>) /)[0]?.match(/'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^'(.*)'$/, "$1"));
}

function programWith(run: (command: string) => void): Promise<DocumentedCommand> {
  const io = capturedTerminal();
  return buildProgram(io, new Screen(io, () => new Date(0)), "0.0.0", async (command) => run(command.name()));
}

const program = await programWith(() => undefined);
const commands = program.commands.flatMap((command) =>
  command.commands.length === 0 ? [command] : [...command.commands],
);
const examples = commands.flatMap((command) =>
  (command.guide?.examples ?? []).map(([line]) => [command.name(), line] as const),
);
const options = commands.flatMap((command) =>
  command.options.map((option) => [`${command.name()} ${option.flags}`, option] as const),
);

describe("what is loaded", () => {
  test("is the one command that is run; each by the name under which it is found", async () => {
    const io = capturedTerminal();
    const screen = new Screen(io, () => new Date(0));
    for (const name of commandNames) {
      const alone = await buildProgram(io, screen, "0.0.0", async () => undefined, [name]);
      expect(alone.commands.map((command) => command.name())).toEqual([name]);
    }
  });

  test("is enough for whatever is typed: a command after options, its help, a mistyped one", async () => {
    const typed = [
      ["--vault", "list", "stats", "--help"],
      ["help", "list"],
      ["--json", "lst"],
      ["-V", "list"],
    ];
    const said = await Promise.all(typed.map((argv) => runCli(argv)));
    expect(said[0]?.stdout).toContain("Usage: holdfast stats");
    expect(said[1]?.stdout).toContain("Usage: holdfast list");
    expect(said[2]?.stderr).toContain("list");
    expect(said[3]?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("what a command says of itself", () => {
  test("COMMANDS.md is what the commands say: npm run commands writes it anew", () => {
    const written = readFileSync(join(import.meta.dirname, "../../src/cli/COMMANDS.md"), "utf8");
    expect(commandReference(program)).toBe(written);
  });

  test.each(commands.map((command) => [command.name(), command] as const))(
    "%s has examples, and its help ends with what its exit statuses mean",
    (_, command) => {
      expect(command.guide?.examples.length).toBeGreaterThan(0);
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 60 });
      command.outputHelp();
      for (const [line, does] of command.guide?.examples ?? []) {
        expect(help).toContain(`  ${line}\n`);
        expect(help.replace(/\s+/g, " ")).toContain(does);
      }
      expect(help).toMatch(/\nExit statuses:\n {2}0 .*(?:\n {2,}.*)*\n {2}130 /);
      const longest = help.split("\n").filter((row) => !/^ {2}holdfast /.test(row));
      expect(Math.max(...longest.map((row) => row.length))).toBeLessThanOrEqual(60);
    },
  );

  test.each(examples)("an example of %s is a command line that it takes: %s", async (name, line) => {
    const ran: string[] = [];
    const [first, ...rest] = argumentsOf(line);
    expect(first).toBe("holdfast");
    const told = await programWith((command) => ran.push(command));
    await told.parseAsync([...rest], { from: "user" });
    expect(ran).toEqual([name]);
  });

  test("and an example that is none is refused", async () => {
    const parsed = (await programWith(() => undefined)).parseAsync(["list", "--newest"], { from: "user" });
    await expect(parsed).rejects.toThrow("unknown option '--newest'");
  });

  const units = [
    ["<size>", /such as \d+[MG]\b/],
    ["<time>", /such as \d+[smh]\b|default: \d+s/],
    ["<day>", /such as \d{4}-\d\d-\d\d|or earlier/],
  ] as const;
  test.each(units)("every option that takes a %s says how it is typed", (value, form) => {
    const taking = options.filter(([, { flags }]) => flags.includes(value));
    const words = taking.map(([name, { description, defaultValueDescription }]) => {
      return [name, `${description} default: ${defaultValueDescription}`] as const;
    });
    expect(words.length).toBeGreaterThan(0);
    expect(words.filter(([, text]) => !form.test(text)).map(([name]) => name)).toEqual([]);
  });

  test("no default is shown as a bare number of milliseconds", () => {
    const bare = options.filter(
      ([, option]) => option.flags.includes("<time>") && option.defaultValue !== undefined,
    );
    expect(bare.length).toBeGreaterThan(0);
    expect(bare.filter(([, option]) => option.defaultValueDescription === undefined)).toEqual([]);
  });

  test("every exit status that a command explains is one of the closed list", () => {
    const known = Object.keys(statusMeanings);
    expect(known.map(Number)).toEqual(Object.values(exitStatus).sort((a, b) => a - b));
    const explained = commands.flatMap(({ guide }) => Object.keys(guide?.statuses ?? {}));
    expect(explained.length).toBeGreaterThan(0);
    expect(explained.filter((status) => !known.includes(status))).toEqual([]);
  });
});
