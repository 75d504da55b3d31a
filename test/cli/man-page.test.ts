import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manPage } from "../../src/cli/man-page.js";
import { buildProgram } from "../../src/cli/program.js";
import { Screen } from "../../src/cli/screen.js";
import { program as onPath } from "../support/programs-on-path.js";
import { capturedTerminal } from "./terminal-double.js";

const io = capturedTerminal();
const program = await buildProgram(io, new Screen(io, () => new Date(0)), "0.0.0", async () => undefined);
const root = join(import.meta.dirname, "../..");
const page = join(root, "src/cli/holdfast.1");

function isHere(name: string): boolean {
  try {
    return onPath(name) !== "";
  } catch {
    return false;
  }
}

it("the man page is what the commands say, and the package names it: npm run commands writes it anew", () => {
  const { man } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(existsSync(join(root, man))).toBe(true);
  expect(join(root, man)).toBe(page);
  expect(manPage(program)).toBe(readFileSync(page, "utf8"));
});

/** What a program shows of the page, without what is bold, with its lines joined. */
function shown(name: string, argv: readonly string[]): string {
  const out = execFileSync(name, argv, {
    encoding: "utf8",
    env: { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8", MAN_KEEP_FORMATTING: "", GROFF_NO_SGR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return out.replaceAll(/.\u0008/gu, "").replaceAll(/\s+/g, " ");
}

const renderers: readonly (readonly [string, readonly string[]])[] = [
  ["man", ["--warnings=w", "-l", page]],
  ["groff", ["-k", "-man", "-Tutf8", "-ww", "-P-cbou", page]],
  ["mandoc", ["-T", "utf8", page]],
];

describe.each(renderers)("shown by %s", (name, argv) => {
  it.skipIf(!isHere(name))("it has every command, option and example as typed", () => {
    const text = shown(name, argv);
    for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
      expect(text).toContain(command.name());
      for (const { flags } of command.options) expect(text).toContain(flags);
      for (const [line] of command.guide?.examples ?? []) expect(text).toContain(line);
    }
    expect(text).toContain("EXIT STATUS");
  });
});

it.skipIf(!isHere("mandoc"))("mandoc finds nothing wrong with it", () => {
  // A date of its own would be another thing to keep up to date.
  const found = execFileSync("sh", ["-c", 'mandoc -T lint -W warning "$1"; true', "sh", page], {
    encoding: "utf8",
  });
  expect(found.split("\n").filter((line) => line !== "" && !/missing date/.test(line))).toEqual([]);
});

it.skipIf(!isHere("groff"))("groff warns of nothing", () => {
  const warned = execFileSync(
    "sh",
    ["-c", 'groff -k -man -Tutf8 -ww -rLL=78n "$1" 2>&1 >/dev/null', "sh", page],
    {
      encoding: "utf8",
    },
  );
  expect(warned).toBe("");
});
