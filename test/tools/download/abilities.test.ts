import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Abilities, readAbilities, tryAbilities } from "../../../src/tools/download/abilities.js";
import type { Downloader } from "../../../src/tools/download/fetch-types.js";
import { openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.js";
import { fetchVideo } from "../../../src/tools/download/yt-dlp.js";
import { readYtDlpFile } from "../../../src/tools/download/yt-dlp-file.js";
import { jailOfRun, ytDlpJailState } from "../../../src/tools/download/yt-dlp-jail.js";
import { childEnvironment } from "../../../src/tools/run/confinement.js";
import { findJsRuntime } from "../../../src/tools/run/js-runtime.js";
import { fetchBounds, ytDlpLimits } from "../../../src/tools/run/limits.js";
import type { Program } from "../../../src/tools/run/programs.js";
import { run } from "../../../src/tools/run/run.js";
import { abilityFindings } from "../../../src/upkeep/doctor-downloader.js";
import { jail } from "../../support/jails.js";
import { canImpersonate, requestFor, scratchFolder, testDownloader } from "../../support/yt-dlp.js";

const downloader = await testDownloader();
const runtime = await findJsRuntime({ env: process.env, now: new Date() });
const module = downloader && readYtDlpFile(downloader.path);
const { folder, clean } = scratchFolder();
afterAll(clean);

const placesOf = async ({ path }: Downloader) => {
  const state = await ytDlpJailState(path, homedir());
  return state.works ? state.places : null;
};

/** A program in place of Node.js. */
function standIn(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(!downloader || !module)("what yt-dlp can do for sites that need more", () => {
  const program = downloader as Downloader;

  it("is tried as in a download: the runtime runs a script, and the browsers are those that yt-dlp names itself", async () => {
    const found = await tryAbilities({ ...program, runtime: runtime?.path ?? null }, await placesOf(program));
    expect(found?.runtime).toEqual(runtime && { version: runtime.version, works: true });
    expect((found?.targets.length ?? 0) > 0).toBe(canImpersonate(program));
    expect(found?.sandbox).toBe(jail.works ? "bwrap" : "prlimit");
  });

  it("does not include a runtime that is too old, fails, or is not there", async () => {
    const [old, failing] = [standIn("old", "echo v20.20.2"), standIn("failing", "echo v22.1.0; exit 1")];
    const worksAs = async (path: string) =>
      (await tryAbilities({ ...program, runtime: path }, await placesOf(program)))?.runtime;
    expect(await worksAs(old)).toEqual({ version: "20.20.2", works: false });
    expect((await worksAs(failing))?.works).toBe(false);
    expect((await worksAs(join(folder, "nowhere")))?.works ?? false).toBe(false);
    expect(await tryAbilities({ path: standIn("binary", ""), version: "1" }, null)).toBeNull();
  });

  it.skipIf(!runtime)("names a solver that loads and is not the one that yt-dlp accepts", () => {
    const solver = join(folder, "own", "yt_dlp_ejs", "yt", "solver");
    mkdirSync(solver, { recursive: true });
    writeFileSync(join(solver, "..", "..", "__init__.py"), 'version = "0.8.0"\n');
    writeFileSync(join(solver, "..", "__init__.py"), "");
    const texts = ['def lib():\n    return "var lib = {}"', 'def core():\n    return "var jsc = () => 0"'];
    writeFileSync(join(solver, "__init__.py"), `${texts.join("\n")}\n`);
    const script = join(import.meta.dirname, "../../../src/tools/download/yt-dlp-abilities.py");
    const argv = ["-I", "-B", script, runtime?.path ?? "", join(folder, "own")];
    const { stdout } = spawnSync(module?.python ?? "", argv, { encoding: "utf8" });
    expect(readAbilities(stdout, true, "none")?.solver).toEqual({
      version: "0.8.0",
      known: false,
      loads: true,
    });
  });

  it.skipIf(!runtime || !jail.works)(
    "has its runtime in the jail of a download, in a process of its own and in a fork of one that stays loaded",
    async () => {
      const places = await placesOf(program);
      const given = { ...program, runtime: runtime?.path ?? null };
      const kept = openKeptYtDlp(given);
      for (const how of [run, kept.run]) {
        const { run: ran } = await fetchVideo(
          requestFor(given, "http://127.0.0.1:9/clip.mp4", folder, {
            run: how,
            jail: places && { ...places, receive: (caller) => caller.destroy() },
          }),
        );
        expect([ran.sandbox, ran.forked]).toEqual(["bwrap", how !== run]);
        expect(ran.stderr.toString()).toMatch(
          new RegExp(`^\\[debug\\] JS runtimes: node-${runtime?.version}$`, "m"),
        );
      }
      await kept.close();
    },
  );

  it.skipIf(!runtime || !jail.works)(
    "gives a script of a player no file, no program and no variable of the user",
    async () => {
      const places = await placesOf(program);
      if (places === null || runtime === null) throw new Error("there is neither jail nor runtime");
      const script = `
        const tell = (work) => { try { return String(work()); } catch (error) { return error.code; } };
        console.log(JSON.stringify({
          reads: ["/proc/self/environ", "/proc/1/cmdline", "/etc/passwd", process.execPath].map((path) =>
            tell(() => process.getBuiltinModule("node:fs").readFileSync(path))),
          writes: tell(() => process.getBuiltinModule("node:fs").writeFileSync("x", "x")),
          starts: tell(() => process.getBuiltinModule("node:child_process").spawnSync("/bin/true").status),
          env: Object.keys(process.env).sort(),
        }));`;
      const starting = `import subprocess, sys
from yt_dlp.extractor.youtube.jsc._builtin.node import NodeJCP
from yt_dlp.utils._jsruntime import NodeJsRuntime
class Provider(NodeJCP):
    runtime_info = NodeJsRuntime(path=sys.argv[1]).info
    def __init__(self): self.logger = self
    def ejs_setting(self, key, otherwise): return otherwise
    def debug(self, words): pass
print(Provider()._run_js_runtime(sys.argv[2]))`;
      const cwd = mkdtempSync(join(folder, "run-"));
      const result = await run({
        program: places.python,
        argv: ["-I", "-B", "-c", starting, runtime.path, script],
        cwd,
        limits: ytDlpLimits(fetchBounds),
        jail: jailOfRun(
          { ...places, receive: (caller) => caller.destroy() },
          { reads: [runtime.path], writes: [] },
        ),
      });
      expect(result.stderr.toString()).toBe("");
      expect(JSON.parse(result.stdout.toString())).toEqual({
        reads: Array.from({ length: 4 }, () => "ERR_ACCESS_DENIED"),
        writes: "ERR_ACCESS_DENIED",
        starts: "ERR_ACCESS_DENIED",
        env: [...Object.keys(childEnvironment(cwd)), "PWD"].sort(),
      });
    },
  );
});

describe("what doctor says of it", () => {
  const able: Abilities = {
    runtime: { version: "22.1.0", works: true },
    solver: { version: "0.8.0", known: true, loads: true },
    targets: ["chrome-150:macos-26", "firefox-147:macos-26"],
    sandbox: "bwrap",
  };
  const node = { path: "/tools/node/bin/node", version: "22.1.0", sha256: "0".repeat(64) } as Program;

  it("each ability has a line, and what is not there has what that means", () => {
    expect(abilityFindings(node, able).map(({ severity, what }) => [severity, what])).toEqual([
      ["ok", "javascript runtime"],
      ["ok", "challenge solver"],
      ["ok", "impersonation"],
    ]);
    const none = abilityFindings(null, { runtime: null, solver: null, targets: [], sandbox: "prlimit" });
    expect(none.map(({ severity }) => severity)).toEqual(["note", "note", "note"]);
    for (const { detail, hint } of none) {
      expect(detail).toMatch(/YouTube|TikTok/);
      expect(hint).toContain("npm run setup");
    }
  });

  it("one that is there and does not work is no ability", () => {
    const solver = { version: "0.7.0", known: true, loads: true };
    const broken: readonly Partial<Abilities>[] = [
      { runtime: { version: null, works: false } },
      { solver: { ...solver, known: false } },
      { solver: { ...solver, loads: false } },
    ];
    for (const change of broken) {
      const severities = abilityFindings(node, { ...able, ...change }).map(({ severity }) => severity);
      expect(severities.filter((severity) => severity === "note")).toHaveLength(1);
    }
    expect(abilityFindings(node, null)).toMatchObject([{ severity: "note" }]);
  });

  it("an answer of another form is none", () => {
    for (const text of ["", "[]", "null", "{", "yt-dlp"])
      expect(readAbilities(text, true, "none")).toBeNull();
    expect(readAbilities('{"runtime":7,"solver":{"version":1},"targets":[1,"a"]}', true, "none")).toEqual({
      runtime: { version: null, works: false },
      solver: null,
      targets: ["a"],
      sandbox: "none",
    });
  });
});
