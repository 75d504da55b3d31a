import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqliteBinary } from "../../src/tools/run/sqlite-binary.js";

const root = join(import.meta.dirname, "../..");
let folder: string;
let modules: string;
let binary: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-sqlite-"));
  cpSync(join(root, "bin"), join(folder, "bin"), { recursive: true });
  modules = join(folder, "node_modules");
  binary = join(modules, "better-sqlite3", "build", "Release", "better_sqlite3.node");
  write(join(folder, "package.json"), '{"type":"module"}');
  // The build is a script of the package: here one that needs no compiler and no two minutes.
  const build = "mkdir -p build/Release && cp source build/Release/better_sqlite3.node && echo x >> $BUILDS";
  const manifest = { name: "better-sqlite3", version: "1.2.3", scripts: { "build-release": build } };
  write(join(modules, "better-sqlite3", "package.json"), JSON.stringify(manifest));
  write(join(modules, "better-sqlite3", "source"), "built from the source\n");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Runs one step of set-up in the copy; what it threw is its status. */
function step(file: string, name: string, env: Record<string, string> = {}) {
  const script = `import { ${name} } from ${JSON.stringify(join(folder, "bin", "setup", file))};
    try { await ${name}(process.env); } catch (error) { console.error(error.message); process.exitCode = error.status ?? 99; }`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, BUILDS: join(folder, "builds"), ...env },
    encoding: "utf8",
  });
  return { status, stderr };
}

function builds(): number {
  const list = join(folder, "builds");
  return existsSync(list) ? readFileSync(list, "utf8").split("\n").length - 1 : 0;
}

function state() {
  return sqliteBinary(modules)?.state;
}

describe("the native part of SQLite", () => {
  it("is built from the source in the package, once, and doctor finds what set-up built", () => {
    expect(step("sqlite.js", "buildSqlite")).toMatchObject({ status: 0 });
    expect(readFileSync(binary, "utf8")).toBe("built from the source\n");
    expect(step("sqlite.js", "buildSqlite")).toEqual({ status: 0, stderr: "" });
    expect(builds()).toBe(1);
    const sha256 = createHash("sha256").update("built from the source\n").digest("hex");
    expect(sqliteBinary(modules)).toEqual({
      path: binary,
      version: "1.2.3",
      sha256,
      state: "built-by-set-up",
    });
    expect(existsSync(join(modules, ".holdfast-build"))).toBe(false);
  });

  it("is not built again where installing packages emptied the folder, and is where they brought another version", () => {
    step("sqlite.js", "buildSqlite");
    const emptied = (version: string) => {
      const script = `import { buildSqlite, keepingSqlite } from ${JSON.stringify(join(folder, "bin", "setup", "sqlite.js"))};
        import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
        keepingSqlite(() => {
          renameSync("node_modules", "before");
          cpSync("before/better-sqlite3", "node_modules/better-sqlite3", { recursive: true });
          rmSync("node_modules/better-sqlite3/build", { recursive: true });
          rmSync("before", { recursive: true });
          const manifest = JSON.parse(readFileSync("node_modules/better-sqlite3/package.json", "utf8"));
          writeFileSync("node_modules/better-sqlite3/package.json", JSON.stringify({ ...manifest, version: "${version}" }));
        });
        buildSqlite(process.env);`;
      const env = { ...process.env, BUILDS: join(folder, "builds") };
      const argv = ["--input-type=module", "-e", script];
      return spawnSync(process.execPath, argv, { cwd: folder, env, encoding: "utf8" }).status;
    };
    expect(emptied("1.2.3")).toBe(0);
    expect([builds(), state()]).toEqual([1, "built-by-set-up"]);
    expect(emptied("1.2.4")).toBe(0);
    expect([builds(), state()]).toEqual([2, "built-by-set-up"]);
  });

  it("a file that an install script fetched is removed and built again before anything loads it", () => {
    write(binary, "fetched from a release page\n");
    expect(state()).toBe("not-recorded");
    const { status, stderr } = step("sqlite.js", "buildSqlite");
    expect(status).toBe(0);
    expect(stderr).toContain("did not build the native SQLite library");
    expect(readFileSync(binary, "utf8")).toBe("built from the source\n");
  });

  it("a file that was exchanged since is said by doctor, and built again by set-up", () => {
    step("sqlite.js", "buildSqlite");
    writeFileSync(binary, "exchanged\n");
    expect(state()).toBe("changed-since-set-up");
    expect(step("sqlite.js", "buildSqlite").stderr).toContain("is not the one that set-up built");
    expect(readFileSync(binary, "utf8")).toBe("built from the source\n");
    expect(state()).toBe("built-by-set-up");
  });

  it("where it cannot be built nothing else takes its place, and set-up says what to type", () => {
    write(binary, "fetched from a release page\n");
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const { status, stderr } = step("sqlite.js", "buildSqlite", { PATH: empty });
    expect(status).toBe(3);
    expect(stderr).toContain("SQLite cannot be built: a C++ compiler, make or Python is missing");
    expect(existsSync(binary)).toBe(false);
    expect(sqliteBinary(modules)).toBeNull();
  });

  it("a build that fails leaves nothing behind that could be loaded", () => {
    rmSync(join(modules, "better-sqlite3", "source"));
    expect(step("sqlite.js", "buildSqlite").status).toBe(70);
    expect([existsSync(binary), existsSync(join(modules, ".holdfast-build"))]).toEqual([false, false]);
  });
});

describe("the packages of npm", () => {
  it("none of their scripts is run, whether set-up installs them or a person does", () => {
    const npm = join(folder, "npm.js");
    writeFileSync(npm, "console.error(JSON.stringify(process.argv.slice(2)));");
    cpSync(join(root, "package-lock.json"), join(folder, "package-lock.json"));
    const { stderr } = step("dependencies.js", "installDependencies", { npm_execpath: npm });
    expect(stderr).toContain('["ci","--omit=dev","--ignore-scripts"]');
    expect(readFileSync(join(root, ".npmrc"), "utf8")).toBe("ignore-scripts=true\n");
    expect(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).allowScripts).toEqual({
      "better-sqlite3": false,
      esbuild: false,
    });
  });

  it("each is pinned by a digest, and none wants a script but SQLite and esbuild, which work without theirs", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const installed = Object.entries<{ integrity?: string; hasInstallScript?: boolean }>(packages).filter(
      ([path]) => path !== "",
    );
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
    const withScripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(withScripts.map(([path]) => path)).toEqual([
      "node_modules/better-sqlite3",
      "node_modules/esbuild",
    ]);
  });
});
