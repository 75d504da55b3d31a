import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { contentDigest } from "../../../src/tools/run/module-content.js";
import { tellsNoPlace } from "../../../src/tools/run/program-bytes.js";
import { findProgram } from "../../../src/tools/run/programs.js";
import { cpuMs } from "../../support/cpu-time.js";
import { temporaryFolder } from "../../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
const hasPip = spawnSync("python3", ["-m", "pip", "--version"]).status === 0;
afterAll(() => folder.remove());

const makeWheel = `
import sys, zipfile
files = {
    "yt_dlp/__init__.py": "def main():\\n    print('2026.08.19')\\n",
    "yt_dlp/extractor/_b.py": "b = 1\\n",
    "yt_dlp/extractor/a.js": "a\\n",
    "yt_dlp/Z.py": "z = 1\\n",
    "yt_dlp-2026.8.19.dist-info/METADATA": "Metadata-Version: 2.1\\nName: yt-dlp\\nVersion: 2026.8.19\\n",
    "yt_dlp-2026.8.19.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "yt_dlp-2026.8.19.dist-info/entry_points.txt": "[console_scripts]\\nyt-dlp = yt_dlp:main\\n",
}
files["yt_dlp-2026.8.19.dist-info/RECORD"] = "".join(f"{name},,\\n" for name in files)
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
`;
const wheel = at("yt_dlp-2026.8.19-py3-none-any.whl");

/** The wheel, installed by pip for one user: the place of the interpreter goes into its script and its list. */
function installedFor(user: string): { readonly tools: string; readonly base: string } {
  const venv = at(user, "tools", "yt-dlp");
  execFileSync("python3", ["-m", "venv", "--without-pip", venv]);
  const pip = ["-m", "pip", "--python", join(venv, "bin", "python3"), "install"];
  const offline = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"];
  execFileSync("python3", [...pip, ...offline, wheel]);
  const base = execFileSync(join(venv, "bin", "python3"), [
    "-c",
    "import sysconfig; print(sysconfig.get_paths()['purelib'])",
  ]);
  return { tools: at(user, "tools"), base: base.toString().trim() };
}

/** As FORMAT.md §5.5 tells a stranger who has the wheel alone. */
function byStockTools(): string {
  const unpacked = at("unpacked");
  execFileSync("python3", ["-m", "zipfile", "-e", wheel, unpacked]);
  const words = "find yt_dlp -type f | LC_ALL=C sort | xargs sha256sum | sha256sum";
  return execFileSync("sh", ["-c", words], { cwd: unpacked }).toString().slice(0, 64);
}

const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

describe.skipIf(!hasPip)("the content digest of a package that pip installed", () => {
  beforeAll(() => {
    execFileSync("python3", ["-c", makeWheel, wheel]);
  });

  it("is that of the wheel's own files, whoever installed it and wherever", async () => {
    const stated = await Promise.all(
      ["aigerim", "somebody-else"].map(async (user) => {
        const { tools, base } = installedFor(user);
        const env = { HOLDFAST_TOOLS: tools, PATH: at("nothing") };
        const program = await findProgram("yt-dlp", { env, now: new Date("2026-09-01T00:00:00Z") });
        return {
          content: program?.package_sha256,
          mayState: program?.sha256_tells_no_place,
          script: digest(join(tools, "yt-dlp", "bin", "yt-dlp")),
          list: digest(join(base, "yt_dlp-2026.8.19.dist-info", "RECORD")),
        };
      }),
    );
    const [one, other] = stated;
    expect(stated.map(({ content, mayState }) => [content, mayState])).toEqual([
      [byStockTools(), false],
      [byStockTools(), false],
    ]);
    // What was stated before tells the two apart, and so the user: nothing else about them differs.
    expect(one?.script).not.toBe(other?.script);
    expect(one?.list).not.toBe(other?.list);
  });
});

describe("the content digest of a package", () => {
  const put = (path: string, text: string) => {
    mkdirSync(join(at(path), ".."), { recursive: true });
    writeFileSync(at(path), text);
  };

  it("changes with every file of its own, and with nothing that Python or pip writes about the place", () => {
    put("one/pkg/a.py", "a\n");
    put("one/pkg/b/c.py", "c\n");
    const before = contentDigest(at("one"), ["pkg"]);
    put("one/pkg/__pycache__/a.cpython-311.pyc", "/home/aigerim/pkg/a.py");
    put("one/pkg/old.pyc", "/home/aigerim/pkg/old.py");
    put("one/pkg-1.dist-info/RECORD", "../../../bin/pkg,sha256=x,1\n");
    put("one/other/d.py", "d\n");
    expect(contentDigest(at("one"), ["pkg"])).toBe(before);
    put("one/pkg/b/c.py", "c \n");
    const changed = contentDigest(at("one"), ["pkg"]);
    put("one/pkg/b/new.py", "");
    expect(new Set([before, changed, contentDigest(at("one"), ["pkg"])]).size).toBe(3);
  });

  it("is worked out again for a file that was changed in place and has its old size and time, and for no other", async () => {
    put("three/pkg/a.py", "a\n");
    writeFileSync(at("three/pkg/large"), Buffer.alloc(32 * 1024 ** 2));
    const file = at("three/pkg/a.py");
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const before = statSync(file, { bigint: true });
    const digest = () => contentDigest(at("three"), ["pkg"]);
    // An hour later nobody writes to them any more.
    vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ["Date"] });
    try {
      const said: (string | null)[] = [];
      const first = await cpuMs(() => said.push(digest()));
      // Whatever else this process does meanwhile, such as clearing memory, it does not do each time.
      const again: number[] = [];
      for (let time = 0; time < 5; time += 1) again.push(await cpuMs(() => said.push(digest())));
      expect(new Set(said).size).toBe(1);
      expect(Math.min(...again)).toBeLessThan(first / 3);
      // Until the system's clock has moved on.
      do {
        writeFileSync(file, "b\n");
        utimesSync(file, 1_700_000_000, 1_700_000_000);
      } while (statSync(file, { bigint: true }).ctimeNs === before.ctimeNs);
      const { size, mtimeNs } = statSync(file, { bigint: true });
      expect([size, mtimeNs]).toEqual([before.size, before.mtimeNs]);
      expect(digest()).not.toBe(said[0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is none where the package is not there, is a link or holds one", () => {
    put("two/pkg/a.py", "a\n");
    symlinkSync(at("two/pkg"), at("two/linked"));
    expect(contentDigest(at("two"), ["linked"])).toBeNull();
    expect(contentDigest(at("two"), ["missing"])).toBeNull();
    expect(contentDigest(at("nowhere"), ["pkg"])).toBeNull();
    symlinkSync("/etc/hostname", at("two/pkg/b.py"));
    expect(contentDigest(at("two"), ["pkg"])).toBeNull();
  });
});

describe("the digest of a program's file", () => {
  it("may be stated of what is compiled and of yt-dlp as its project releases it, and of no other script", () => {
    const may = (name: string, bytes: string | Buffer) => {
      writeFileSync(at(name), bytes);
      return tellsNoPlace(at(name));
    };
    expect(may("compiled", Buffer.from("7f454c4602010100", "hex"))).toBe(true);
    expect(may("zipapp", "#!/usr/bin/env python3\nPK\x03\x04rest")).toBe(true);
    expect(may("zipapp-of-one", "#!/home/aigerim/venv/bin/python3\nPK\x03\x04rest")).toBe(false);
    expect(may("pip", "#!/home/aigerim/venv/bin/python3\nimport sys\n")).toBe(false);
    expect(may("wrapper", '#!/bin/sh\nexec /home/aigerim/ffmpeg "$@"\n')).toBe(false);
    expect(may("empty", "")).toBe(false);
    expect(tellsNoPlace(at("missing"))).toBe(false);
  });
});
