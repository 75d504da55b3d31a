import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-setup-"));
  mkdirSync(join(folder, "ready", "bin"), { recursive: true });
  mkdirSync(join(folder, "empty"));
  const ytDlp = join(folder, "ready", "bin", "yt-dlp");
  writeFileSync(ytDlp, "#!/bin/sh\necho 2099.01.01\n");
  chmodSync(ytDlp, 0o755);
  // What holdfast can do without was looked for a moment ago: a test installs nothing on this machine.
  const tried = new Date().toISOString();
  const tries = { perl: tried, bubblewrap: tried, "js-runtime": tried };
  writeFileSync(join(folder, "ready", "tries.json"), JSON.stringify(tries));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function setUp(env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin", "setup.js")], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Everything in a folder, with the moment at which it was last changed. */
function contents(place: string): readonly (readonly [path: string, changedMs: number])[] {
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .sort()
    .map((path) => [path, statSync(join(place, path)).mtimeMs]);
}

describe("set-up", () => {
  it("names a yt-dlp to which it adds nothing, and run a second time does nothing", () => {
    const env = { HOLDFAST_TOOLS: join(folder, "ready") };
    const first = setUp(env);
    expect(first).toMatchObject({ status: 0 });
    expect(first.stderr).toMatch(
      /bin\/yt-dlp, to which set-up adds nothing; `holdfast doctor` says what it lacks/,
    );
    const before = contents(join(folder, "ready"));
    expect(setUp(env)).toEqual({ status: 0, stdout: "", stderr: "holdfast is set up\n" });
    expect(contents(join(folder, "ready"))).toEqual(before);
  });

  it("names every program that is missing and cannot be installed, and exits with 3", () => {
    const { status, stdout, stderr } = setUp({
      PATH: join(folder, "empty"),
      HOLDFAST_TOOLS: join(folder, "none"),
    });
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toContain("yt-dlp is missing and could not be installed");
    expect(stderr).toContain("ffmpeg and ffprobe are missing");
    expect(stderr).not.toContain("holdfast is set up");
  });

  it("a word it does not know is refused before anything is done", () => {
    const run = spawnSync(process.execPath, [join(root, "bin", "setup.js"), "--update"], {
      encoding: "utf8",
    });
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(run.stderr).toBe("usage: npm run setup [-- --update-yt-dlp] [-- --browser] [-- --for-tests]\n");
  });

  it("the command line starts from bin and hands on its exit status", () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(root, "bin", "holdfast.js"), ...args]);
    expect(run("--version")).toMatchObject({ status: 0 });
    expect(run("no-such-command")).toMatchObject({ status: 2 });
  });
});
