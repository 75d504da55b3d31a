import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { capturedTerminal, dangerous, runCli } from "./terminal-double.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a wrong command line exits 2, says what is wrong and what to type", () => {
  test.each([
    [["archive"], "holdfast: missing required argument 'url'", "holdfast archive --help"],
    [["import"], "holdfast: missing required argument 'file'", "holdfast import --help"],
    [["show"], "holdfast: missing required argument 'id'", "holdfast show --help"],
    [["show", "a", "b"], "holdfast: too many arguments", "holdfast show --help"],
    [["archvie", "x"], "holdfast: unknown command 'archvie'", "did you mean archive?"],
    [["list", "--sinse", "2026-01-01"], "holdfast: unknown option '--sinse'", "did you mean --since?"],
    [
      ["list", "--since", "yesterday"],
      "holdfast: option '--since <day>' argument 'yesterday'",
      "list --help",
    ],
    [
      ["list", "--since", "2026-02-30"],
      "holdfast: option '--since <day>' argument '2026-02-30'",
      "list --help",
    ],
    [["list", "--status", "fine"], "holdfast: option '--status <status>' argument 'fine'", "list --help"],
    [["list", "--sort", "mood"], "holdfast: option '--sort <key>' argument 'mood'", "list --help"],
    [["list", "--limit", "0"], "holdfast: option '--limit <n>' argument '0'", "list --help"],
    [["archive", "--limit", "-1", "x"], "holdfast: option '--limit <n>' argument '-1'", "archive --help"],
    [["archive", "--max-bytes", "4X", "x"], "holdfast: option '--max-bytes <size>'", "archive --help"],
    [["archive", "--format"], "holdfast: option '--format <selector>' argument missing", "archive --help"],
    [["publish", "x"], "holdfast: unknown command 'publish'", "holdfast --help"],
    [["export", "x"], "holdfast: required option '--to <place>'", "export --help"],
    [["list", "--vault"], "holdfast: option '--vault <dir>' argument missing", "list --help"],
  ])("%j", async (argv, message, hint) => {
    const { status, stdout, stderr } = await runCli(argv);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    const [first, second, ...rest] = stderr.split("\n");
    expect(first).toContain(message);
    expect(first).not.toMatch(/\.$/);
    expect(second).toMatch(/^ {2}hint: /);
    expect(second).toContain(hint);
    expect(rest).toEqual([""]);
  });

  test.each([
    ["p.zip", "unpack it first"],
    ["p.tar.gz", "gzip -dc p.tar.gz > package.tar"],
    ["p q.tgz", "gzip -dc 'p q.tgz' > package.tar"],
    ["p.tar.xz", "xz -dc p.tar.xz > package.tar"],
    ["p.tar.age", "age -d -i KEY p.tar.age > package.tar"],
    ["keys.txt", "name the vault with --vault"],
  ])("whoever was sent %s and has no vault is not told to make one", async (name, hint) => {
    writeFileSync(join(folder, name), "bytes");
    const run = await runCli(["verify", join(folder, name), "--vault", join(folder, "none")]);
    expect([run.status, run.stderr]).toEqual([5, expect.stringContaining(hint)]);
    expect(run.stderr).not.toContain("init");
  });

  test("a hostile argument is shown as what it is", async () => {
    const { status, stderr } = await runCli(["\u001b[2J\u202e"]);
    expect(status).toBe(2);
    expect(stderr).toContain("\\u{1b}[2J\\u{202e}");
    expect(dangerous.test(stderr)).toBe(false);
  });

  test("no command at all shows the help on stderr", async () => {
    const { status, stdout, stderr } = await runCli([]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Usage: holdfast");
  });
});

describe("help", () => {
  test("lists exactly the commands that work, by what they are for", async () => {
    const { status, stdout } = await runCli(["--help"]);
    expect(status).toBe(0);
    const [, ...groups] = stdout.split(/^(?=[A-Z][a-z ]+:$)/m);
    const named = groups.map((group) => [
      /^.*(?=:)/.exec(group)?.[0],
      ...[...group.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]),
    ]);
    expect(named.slice(0, -2)).toEqual([
      ["Archive", "archive", "import", "batch", "formats", "page", "derive"],
      ["Find and read", "list", "find", "show", "open", "stats", "annotate"],
      ["Check", "verify"],
      ["Hand over", "export", "report", "redact"],
      ["Look after", "checkpoint", "witness", "init", "key", "rebuild", "doctor", "withdraw", "completion"],
    ]);
    expect(named.slice(-2).map(([title]) => title)).toEqual(["Options of every command", "Examples"]);
  });

  test("is about one screen, within 80 columns, with each command on one line", async () => {
    const { stdout } = await runCli(["--help"], capturedTerminal({ columns: 80 }));
    const lines = stdout.split("\n");
    expect(lines.length).toBeLessThanOrEqual(60);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const ofCommands = lines.slice(lines.indexOf("Archive:"), lines.indexOf("Options of every command:"));
    expect(ofCommands.filter((line) => line.startsWith("   "))).toEqual([]);
  });

  test.each(["archive", "batch", "import", "derive", "list", "show", "verify", "init", "doctor"])(
    "of %s says what its exit statuses mean and which options every command takes",
    async (command) => {
      const { status, stdout, stderr } = await runCli([command, "--help"]);
      expect(status).toBe(0);
      expect(stderr).toBe("");
      expect(stdout).toMatch(/Exit statuses:\n {2}0 +\S/);
      expect(stdout).toContain("--vault <dir>");
      expect(stdout).toContain("--json");
    },
  );

  test("says of a command that needs no program no status for a missing one", async () => {
    expect((await runCli(["archive", "--help"])).stdout).toContain("3    a needed program is missing");
    expect((await runCli(["list", "--help"])).stdout).not.toContain("a needed program is missing");
  });

  test("the version is the package's", async () => {
    const { status, stdout } = await runCli(["--version"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("verify with arguments", () => {
  test("a path that leads nowhere is not looked up as a capture", async () => {
    const { status, stderr } = await runCli(["verify", "clip.mp4"], capturedTerminal({ cwd: folder }));
    expect(status).toBe(2);
    expect(stderr).toContain("cannot check clip.mp4: the file does not exist");
  });

  test.each(["--quick", "--record"])("%s is refused where it would do nothing", async (option) => {
    writeFileSync(join(folder, "clip.mp4"), "bytes");
    const { status, stderr } = await runCli(
      ["verify", option, "clip.mp4"],
      capturedTerminal({ cwd: folder }),
    );
    expect(status).toBe(2);
    expect(stderr).toContain("only for a vault, not a file");
  });

  test("a folder that is no package is not looked up", async () => {
    const { status, stderr } = await runCli(["verify", "."], capturedTerminal({ cwd: folder }));
    expect(status).toBe(2);
    expect(stderr).toContain("cannot check .: it is neither a file nor a package");
  });
});

describe("where there is no vault", () => {
  test.each([["list"], ["show", "ABC"], ["verify"], ["verify", "clip.mp4"]])(
    "%s %s exits 5 and leaves nothing behind",
    async (...argv) => {
      writeFileSync(join(folder, "clip.mp4"), "bytes");
      const env = { HOME: folder };
      const { status, stdout, stderr } = await runCli(argv, capturedTerminal({ cwd: folder, env }));
      expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
      expect(stderr).toMatch(/^holdfast: .*\n {2}hint: /);
    },
  );
});

test("on a terminal a command says that it is starting before it looks at anything, and takes that away", async () => {
  const argv = ["list", "--vault", join(folder, "none")];
  const shown = await runCli(argv, capturedTerminal({ columns: 80 }));
  expect(shown.stderr).toMatch(/^\r\u001b\[2Kstarting\r\u001b\[2K\u001b\[31mholdfast: /);
  for (const [quiet, io] of [
    [[...argv, "--quiet"], capturedTerminal({ columns: 80 })],
    [argv, capturedTerminal()],
    [["key", "show", ...argv.slice(1)], capturedTerminal({ columns: 80 })],
  ] as const)
    expect((await runCli(quiet, io)).stderr).not.toContain("starting");
});

test("listening for Ctrl-C ends with the command", async () => {
  const before = process.listenerCount("SIGINT");
  await runCli(["--help"]);
  expect(process.listenerCount("SIGINT")).toBe(before);
});
