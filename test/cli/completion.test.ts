import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completionScript, shells } from "../../src/cli/completion.js";
import { buildProgram } from "../../src/cli/program.js";
import { Screen } from "../../src/cli/screen.js";
import { closeVault } from "../../src/vault/vault.js";
import { program as onPath } from "../support/programs-on-path.js";
import { captureText, openTestVault, temporaryFolder } from "../support/vaults.js";
import { capturedTerminal, runCli } from "./terminal-double.js";

const io = capturedTerminal();
const program = await buildProgram(io, new Screen(io, () => new Date(0)), "0.0.0", async () => undefined);
const folder = temporaryFolder();
const vault = join(folder.path, "a vault");
let id = "";

function isHere(name: string): boolean {
  try {
    return onPath(name) !== "";
  } catch {
    return false;
  }
}

beforeAll(async () => {
  for (const shell of shells) writeFileSync(join(folder.path, shell), completionScript(program, shell));
  const opened = await openTestVault(vault);
  id = captureText(opened, "words", "https://video.example/1").record.capture;
  closeVault(opened);
  const bin = join(import.meta.dirname, "../../bin/holdfast.js");
  writeFileSync(join(folder.path, "holdfast"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  chmodSync(join(folder.path, "holdfast"), 0o755);
});
afterAll(() => folder.remove());

const env = () => ({
  ...process.env,
  PATH: `${folder.path}:${process.env.PATH}`,
  HOLDFAST_VAULT: vault,
  HOME: folder.path,
  XDG_CONFIG_HOME: folder.path,
  XDG_DATA_HOME: folder.path,
});

/** Every word that a person may want completed: what is typed, and all that must be offered. */
const asked: readonly (readonly [typed: readonly string[], offered: readonly string[]])[] = [
  [[""], [...program.commands.map((command) => command.name()), "help"]],
  ...program.commands
    .flatMap((command) => (command.commands.length === 0 ? [command] : command.commands))
    .map((command) => {
      const above = command.parent?.parent ? [command.parent.name()] : [];
      const options = [...command.options, ...program.options].map(({ long }) => long ?? "");
      return [
        [...above, command.name(), "--"],
        [...options, "--help"],
      ] as const;
    }),
  ...program.commands
    .filter((command) => command.commands.length > 0)
    .map((command) => [[command.name(), ""], command.commands.map((one) => one.name())] as const),
  ...program.commands.flatMap((command) =>
    command.options.flatMap(({ long, argChoices }) =>
      argChoices === undefined ? [] : [[[command.name(), long ?? "", ""], argChoices] as const],
    ),
  ),
  [["completion", ""], shells],
  [["help", "ver"], ["verify"]],
  [["--vault", "elsewhere", "li"], ["list"]],
];

describe.skipIf(!isHere("bash"))("in bash", () => {
  it("every command, option and value that there is can be completed, and ids of captures", () => {
    const lines = [...asked, [["show", id.slice(0, 10)], [id]] as const].map(([typed]) => typed);
    const script = `source "$1"
while read -r line; do
  eval "COMP_WORDS=(holdfast $line)"; COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _holdfast; echo "\${COMPREPLY[*]}"
done`;
    const answers = execFileSync("bash", ["-uc", script, "bash", join(folder.path, "bash")], {
      env: env(),
      input: lines.map((words) => `${words.map((word) => `'${word}'`).join(" ")}\n`).join(""),
      encoding: "utf8",
    });
    const offered = answers.trimEnd().split("\n");
    for (const [at, [typed, words]] of asked.entries()) {
      expect(offered[at]?.split(" "), typed.join(" ")).toEqual(expect.arrayContaining([...words]));
    }
    expect(offered.at(-1)).toBe(id);
  });
});

describe.skipIf(!isHere("fish"))("in fish", () => {
  it("every command, option and value that there is can be completed, and ids of captures", () => {
    const script = `source $argv[1]
while read -l line
  printf '%s ' (complete -C "$line" | string split -f 1 \\t); echo
end
true`;
    const lines = [...asked, [["show", id.slice(0, 10)], [id]] as const];
    const answers = execFileSync("fish", ["-c", script, join(folder.path, "fish")], {
      env: env(),
      input: lines.map(([typed]) => `holdfast ${typed.join(" ")}\n`).join(""),
      encoding: "utf8",
    });
    const offered = answers.trimEnd().split("\n");
    for (const [at, [typed, words]] of lines.entries()) {
      expect(offered[at]?.split(" "), typed.join(" ")).toEqual(expect.arrayContaining([...words]));
    }
  });
});

describe.skipIf(!isHere("zsh") || !isHere("python3"))("in zsh", () => {
  it("commands, options, values and ids are completed at a terminal", () => {
    const start = `PS1='> '; autoload -U compinit; compinit -u -D; source ${folder.path}/zsh; print rea''dy\r`;
    const typed: readonly (readonly [string, string])[] = [
      [start, "ready"],
      ["holdfast ar\t", "archive "],
      ["\u0015holdfast list --so\t", "--sort "],
      ["\u0015holdfast list --sort up\t", "uploader "],
      ["\u0015holdfast key ex\t", "export "],
      ["\u0015holdfast completion f\t", "fish "],
      [`\u0015holdfast show ${id.slice(0, 12)}\t`, id],
    ];
    const driver = join(import.meta.dirname, "../support/typed-in-shell.py");
    const seen = execFileSync("python3", [driver, "zsh", "-f", "-i"], {
      env: { ...env(), TERM: "xterm" },
      input: typed.map((pair) => `${JSON.stringify(pair)}\n`).join(""),
      encoding: "utf8",
    });
    const shown = seen
      .trimEnd()
      .split("\n")
      .map((line) => String(JSON.parse(line)));
    for (const [at, [, wanted]] of typed.entries()) expect(shown[at]).toContain(wanted);
  });
});

it("a shell that is not known is refused with those that are", async () => {
  const { status, stderr } = await runCli(["completion", "tcsh"]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/bash, zsh, fish/)]);
});
