import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { statedSoftware } from "../../src/capture/stated-software.js";
import { foundModules } from "../../src/tools/run/installed-modules.js";
import { findJsRuntime } from "../../src/tools/run/js-runtime.js";
import { findProgram, type Program } from "../../src/tools/run/programs.js";
import { modulesIn } from "../../src/tools/run/python-environment.js";
import type { World } from "../../src/world.js";
import { holdfast } from "../support/cli.js";
import { temporaryFolder } from "../support/vaults.js";
import { testDownloader } from "../support/yt-dlp.js";

const folder = temporaryFolder();
const downloader = await testDownloader();
const environment = /^(.*\/yt-dlp)\/bin\/yt-dlp$/.exec(downloader?.path ?? "")?.[1] ?? null;

function world(env: World["env"]): World {
  return {
    now: () => new Date("2026-09-01T00:00:00Z"),
    monotonic: () => 0,
    random: (bytes) => new Uint8Array(bytes),
    signal: new AbortController().signal,
    env,
    tool: "holdfast/0",
    progress: () => undefined,
    tell: () => undefined,
  };
}

/** What a record says of a yt-dlp in a tools folder of its own, after `change`. */
function statedAfter(change: (packages: string) => void) {
  const tools = join(folder.path, `tools-${Math.random()}`);
  const packages = join(tools, "yt-dlp", "lib", "python3.11", "site-packages");
  const put = (path: string, text: string) => {
    mkdirSync(join(packages, path, ".."), { recursive: true });
    writeFileSync(join(packages, path), text);
  };
  put("yt_dlp/__init__.py", "\n");
  put("yt_dlp-2026.8.19.dist-info/RECORD", "yt_dlp/__init__.py,,\n");
  put("Cryptodome/__init__.py", "\n");
  put("pycryptodomex-3.23.0.dist-info/RECORD", "Cryptodome/__init__.py,,\n");
  const modules = modulesIn(join(tools, "yt-dlp")).map((module) => [module.name, module]);
  writeFileSync(join(tools, "modules.json"), JSON.stringify({ v: 1, modules: Object.fromEntries(modules) }));
  change(packages);
  const ytDlp = modulesIn(join(tools, "yt-dlp")).find(({ name }) => name === "yt-dlp");
  const program: Program = {
    name: "yt-dlp",
    path: join(tools, "yt-dlp", "bin", "yt-dlp"),
    version: "2026.08.19",
    sha256: "0".repeat(64),
    package_sha256: ytDlp?.content_sha256 ?? null,
    sha256_tells_no_place: false,
    released_days_ago: 12,
    old: false,
    source: "tools-folder",
  };
  return statedSoftware(world({ HOLDFAST_TOOLS: tools }), [program]).slice(2);
}

describe("a downloader that is not what set-up left there", () => {
  it("as set-up left it, a record states yt-dlp and its modules, each with the digest of its content", () => {
    const stated = statedAfter(() => undefined);
    expect(stated.map(({ name, version }) => [name, version])).toEqual([
      ["yt-dlp", "2026.08.19"],
      ["pycryptodomex", "3.23.0"],
    ]);
    for (const { sha256, sha256_of } of stated) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(sha256_of).toBe("package-content");
    }
  });

  it("a record says of each module whether it changed since, with the digest of what was run", () => {
    const before = statedAfter(() => undefined);
    const after = statedAfter((packages) => {
      writeFileSync(join(packages, "yt_dlp", "__init__.py"), "# changed\n");
      writeFileSync(join(packages, "Cryptodome", "__init__.py"), "# changed\n");
    });
    expect(after.map(({ name }) => name)).toEqual([
      "yt-dlp (changed since set-up)",
      "pycryptodomex (changed since set-up)",
    ]);
    for (const [index, { sha256 }] of after.entries()) expect(sha256).not.toBe(before[index]?.sha256);
  });

  it("of what somebody added a record states how much, and no name and no digest", () => {
    const stated = statedAfter((packages) => {
      writeFileSync(join(packages, "__editable__.aigerim_notes-1.pth"), "/home/aigerim/notes\n");
      writeFileSync(join(packages, "sitecustomize.py"), "import os\n");
    });
    expect(stated.at(-1)).toEqual({
      name: "others among the modules of yt-dlp: 2 (changed since set-up)",
      version: "",
      sha256: null,
      sha256_of: null,
    });
    expect(JSON.stringify(stated)).not.toMatch(/aigerim|sitecustomize/);
  });

  it.skipIf(environment === null)(
    "every extra of it and the runtime that it is given stand in a record, with version and digest",
    async () => {
      const search = { env: process.env, now: new Date() };
      const found = [await findProgram("yt-dlp", search), await findJsRuntime(search)];
      const programs = found.filter((program) => program !== null);
      const stated = statedSoftware(world(process.env), programs).slice(2);
      const ofModules = modulesIn(environment ?? "").map(({ name, content_sha256 }) => [
        name,
        content_sha256,
      ]);
      const ofRuntime = found[1] ? [["node (JavaScript runtime of yt-dlp)", found[1].sha256]] : [];
      expect(stated.map(({ name, sha256 }) => [name, sha256]).sort()).toEqual(
        [...ofModules, ...ofRuntime].sort(),
      );
      for (const { version, sha256_of } of stated) {
        expect(version).toMatch(/^\d+\.\d/);
        expect(sha256_of).toMatch(/^(?:file|package-content)$/);
      }
    },
  );

  it("a runtime in the tools folder that is not the program of our list is used, and a record says so", () => {
    const runtime: Program = {
      name: "node",
      path: "/tools/node/bin/node",
      version: "22.23.5",
      sha256: "0".repeat(64),
      package_sha256: null,
      sha256_tells_no_place: true,
      released_days_ago: null,
      old: false,
      source: "tools-folder",
    };
    const nameOf = (program: Program) => statedSoftware(world({}), [program])[2]?.name;
    expect(nameOf(runtime)).toBe("node (JavaScript runtime of yt-dlp; changed since set-up)");
    expect(nameOf({ ...runtime, source: "path" })).toBe("node (JavaScript runtime of yt-dlp)");
  });

  it("a copied folder whose script starts the Python of another is told by the modules that run", () => {
    const [first, copy] = ["first", "copy"].map((name) => join(folder.path, name));
    for (const [tools, text] of [
      [first, "runs"],
      [copy, "does not run"],
    ] as const) {
      const packages = join(tools ?? "", "yt-dlp/lib/python3.11/site-packages");
      for (const path of [
        join(tools ?? "", "yt-dlp/bin"),
        join(packages, "yt_dlp"),
        join(packages, "yt_dlp-1.dist-info"),
      ])
        mkdirSync(path, { recursive: true });
      writeFileSync(join(packages, "yt_dlp/__init__.py"), `# ${text}\n`);
      writeFileSync(join(packages, "yt_dlp-1.dist-info/RECORD"), "yt_dlp/__init__.py,,\n");
      writeFileSync(join(tools ?? "", "yt-dlp/pyvenv.cfg"), "");
      writeFileSync(join(tools ?? "", "yt-dlp/bin/yt-dlp"), `#!${first}/yt-dlp/bin/python3\n`);
    }
    const path = join(copy ?? "", "yt-dlp/bin/yt-dlp");
    const program = { path, version: "1", sha256: "", package_sha256: null } as Program;
    expect(foundModules(program, copy ?? "")).toEqual(modulesIn(join(first ?? "", "yt-dlp")));
    expect(foundModules(program, copy ?? "")).not.toEqual(modulesIn(join(copy ?? "", "yt-dlp")));
  });

  it.skipIf(environment === null)(
    "is used all the same: the command says what changed, and what is logged says that something did",
    async () => {
      const tools = join(folder.path, "tools");
      mkdirSync(tools);
      symlinkSync(environment ?? "", join(tools, "yt-dlp"));
      const gone = { version: "1.1.0", content_sha256: "0".repeat(64) };
      writeFileSync(join(tools, "modules.json"), JSON.stringify({ v: 1, modules: { mutagen: gone } }));
      const vault = join(folder.path, "vault");
      const run = await holdfast(["archive", "http://127.0.0.1:9/clip.mp4", "--vault", vault], {
        HOLDFAST_TOOLS: tools,
        HOLDFAST_OFFLINE: "1",
        PATH: "/usr/bin:/bin",
      });
      expect(run.status, run.stderr).toBe(4);
      expect(run.stderr).toContain("yt-dlp has changed since set-up: mutagen changed");
      const logged = readdirSync(join(vault, "log"), { recursive: true, encoding: "utf8" })
        .map((name) => join(vault, "log", name))
        .filter((path) => path.endsWith(".jsonl"))
        .map((path) => readFileSync(path, "utf8"));
      expect(logged.join("")).toContain(
        '"name":"others among the modules of yt-dlp: 1 (changed since set-up)"',
      );
    },
  );
});
