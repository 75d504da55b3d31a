import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installedModules, type ModuleState } from "../../../src/tools/run/installed-modules.js";
import type { Program } from "../../../src/tools/run/programs.js";
import { modulesIn } from "../../../src/tools/run/python-environment.js";

let tools: string;
let packages: string;
let program: Program;

beforeEach(() => {
  tools = mkdtempSync(join(tmpdir(), "holdfast-modules-"));
  packages = join(tools, "yt-dlp", "lib", "python3.11", "site-packages");
  program = {
    name: "yt-dlp",
    path: join(tools, "yt-dlp", "bin", "yt-dlp"),
    version: "2026.08.19",
    sha256: "0".repeat(64),
    package_sha256: null,
    sha256_tells_no_place: false,
    released_days_ago: 12,
    old: false,
    source: "tools-folder",
  };
  const script = "../../../bin/yt-dlp,sha256=x,1";
  install("yt_dlp-2026.8.19", ["yt_dlp/__init__.py", "yt_dlp/version.py"], [script]);
  install("pycryptodomex-3.23.0", ["Cryptodome/__init__.py"]);
  install("setuptools-65.5.0", ["setuptools/__init__.py", "distutils-precedence.pth"]);
  note();
});

afterEach(() => rmSync(tools, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(packages, path)), { recursive: true });
  writeFileSync(join(packages, path), text);
}

/** A package as pip leaves it: its files, and the list of them. */
function install(distribution: string, files: readonly string[], elsewhere: readonly string[] = []): void {
  for (const file of files) put(file, `# ${file}\n`);
  const list = [...elsewhere, ...files, `${distribution}.dist-info/RECORD`].join("\n");
  put(`${distribution}.dist-info/RECORD`, `${list}\n`);
}

/** What set-up writes down. */
function note(pinned = false): void {
  const modules = Object.fromEntries(
    modulesIn(join(tools, "yt-dlp")).map((module) => [
      module.name,
      { ...module, file: "a.whl", file_sha256: "2".repeat(64), pinned },
    ]),
  );
  writeFileSync(join(tools, "modules.json"), JSON.stringify({ v: 1, modules }));
}

function states(): Readonly<Record<string, ModuleState>> {
  const modules = installedModules(program, { HOLDFAST_TOOLS: tools });
  return Object.fromEntries(modules.map(({ name, state }) => [name, state]));
}

describe("the modules that yt-dlp consists of", () => {
  it("each is told with its version, the digest of its content and of its file", () => {
    const digest = (path: string) => createHash("sha256").update(`# ${path}\n`).digest("hex");
    const line = `${digest("Cryptodome/__init__.py")}  Cryptodome/__init__.py\n`;
    expect(installedModules(program, { HOLDFAST_TOOLS: tools })).toContainEqual({
      name: "pycryptodomex",
      version: "3.23.0",
      content_sha256: createHash("sha256").update(line).digest("hex"),
      file_sha256: "2".repeat(64),
      state: "recorded-not-pinned",
    });
    expect(states()).toEqual({ "yt-dlp": "recorded-not-pinned", pycryptodomex: "recorded-not-pinned" });
    note(true);
    expect(states()).toEqual({ "yt-dlp": "as-pinned", pycryptodomex: "as-pinned" });
  });

  it("a module that was changed, replaced by another version or removed is called changed since set-up", () => {
    put("yt_dlp/version.py", "# other\n");
    expect(states()).toEqual({ "yt-dlp": "changed-since-set-up", pycryptodomex: "recorded-not-pinned" });
    put("yt_dlp/version.py", "# yt_dlp/version.py\n");
    put("yt_dlp/extra.py", "# extra\n");
    expect(states()["yt-dlp"]).toBe("changed-since-set-up");
    rmSync(join(packages, "yt_dlp/extra.py"));
    expect(states()["yt-dlp"]).toBe("recorded-not-pinned");
    for (const gone of ["Cryptodome", "pycryptodomex-3.23.0.dist-info"])
      rmSync(join(packages, gone), { recursive: true });
    expect(states().pycryptodomex).toBe("changed-since-set-up");
  });

  it("what Python compiles, and what pip writes about the place, changes nothing", () => {
    put("yt_dlp/__pycache__/version.cpython-311.pyc", "compiled");
    put("yt_dlp-2026.8.19.dist-info/direct_url.json", '{"url":"file:///home/somebody"}');
    put("__pycache__/x.cpython-311.pyc", "compiled");
    expect(states()).toEqual({ "yt-dlp": "recorded-not-pinned", pycryptodomex: "recorded-not-pinned" });
  });

  it("a package or a file that came since is told, also one that Python runs unasked", () => {
    install("curl_cffi-0.9", ["curl_cffi/__init__.py"]);
    put("sitecustomize.py", "import os\n");
    put("hook.pth", "import os\n");
    expect(states()).toMatchObject({
      "curl-cffi": "added-since-set-up",
      "sitecustomize.py": "added-since-set-up",
      "hook.pth": "added-since-set-up",
    });
  });

  it("without what set-up wrote, or with what makes no sense, nothing is called recorded", () => {
    for (const text of ["", "{", "[]", '{"modules":7}', '{"modules":{}}']) {
      writeFileSync(join(tools, "modules.json"), text);
      expect(states()).toEqual({ "yt-dlp": "not-recorded", pycryptodomex: "not-recorded" });
    }
  });

  it("the release of yt-dlp in one file is compared as that file", () => {
    program = { ...program, path: join(tools, "bin", "yt-dlp") };
    const modules = { "yt-dlp": { version: program.version, content_sha256: program.sha256, pinned: false } };
    writeFileSync(join(tools, "modules.json"), JSON.stringify({ v: 1, modules }));
    expect(states()).toEqual({ "yt-dlp": "recorded-not-pinned" });
    program = { ...program, sha256: "3".repeat(64) };
    expect(states()).toEqual({ "yt-dlp": "changed-since-set-up" });
  });

  it("of a yt-dlp that set-up did not install nothing is said", () => {
    program = { ...program, source: "path" };
    expect(states()).toEqual({});
  });
});
