import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { findPackageManager, installLine, tryPackage } from "./package-manager.js";
import { npm, onPath, root, SetupFailure, say } from "./shell.js";

const modules = join(root, "node_modules");
const source = join(modules, "better-sqlite3");
const workshop = join(modules, ".holdfast-build");
const builtFile = join("build", "Release", "better_sqlite3.node");
const binary = join(source, builtFile);
/** What `holdfast doctor` compares with (src/tools/run/sqlite-binary.ts). */
const record = join(modules, ".holdfast-sqlite.json");

/**
 * Makes sure that the native part of better-sqlite3 is the one that was built here, from the source whose digest
 * package-lock.json holds. What the package's own install script would fetch from a release page has no digest that we could
 * compare it with. Throws a SetupFailure.
 */
export function buildSqlite(env) {
  if (isOurs()) return;
  if (existsSync(binary)) {
    say(
      existsSync(record)
        ? "the native part of SQLite is not the one that set-up built: it is removed and built again"
        : "the native part of SQLite was not built by set-up: it is removed and built again",
    );
  }
  rmSync(join(source, "build"), { recursive: true, force: true });
  rmSync(record, { force: true });
  needCompiler(env);
  say("building SQLite from the source in its package; this takes a minute or two");
  try {
    mkdirSync(workshop, { recursive: true });
    cpSync(source, workshop, { recursive: true });
    if (!npm(["run", "--silent", "build-release"], withHeaders(env), workshop)) throw failedBuild(env);
    keep(join(workshop, builtFile));
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function isOurs() {
  try {
    return readFileSync(record, "utf8") === recordOf(readFileSync(binary));
  } catch {
    return false;
  }
}

/** The record first: a kill between the two leaves no file that would pass for ours. */
function keep(built) {
  writeFileSync(record, recordOf(readFileSync(built)));
  mkdirSync(dirname(binary), { recursive: true });
  renameSync(built, binary);
}

function recordOf(bytes) {
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const { platform, arch } = process;
  return `${JSON.stringify({ v: 1, version, abi: process.versions.modules, platform, arch, sha256 })}\n`;
}

/** Node's own headers where they lie beside it: otherwise node-gyp fetches them from the site that Node comes from. */
function withHeaders(env) {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const [major, minor, patch] = process.versions.node.split(".");
  try {
    const header = readFileSync(join(prefix, "include", "node", "node_version.h"), "utf8");
    const states = (name, value) => new RegExp(`^#define NODE_${name}_VERSION ${value}$`, "m").test(header);
    const fits = states("MAJOR", major) && states("MINOR", minor) && states("PATCH", patch);
    return fits ? { ...env, npm_config_nodedir: prefix } : env;
  } catch {
    return env;
  }
}

function needCompiler(env) {
  if (hasCompiler(env)) return;
  say("a C++ compiler, make and Python are needed to build SQLite, and one of them is missing");
  tryPackage({ manager: () => findPackageManager(env), env }, "compiler");
  if (!hasCompiler(env)) throw failedBuild(env);
}

function hasCompiler(env) {
  const isThere = (name) => onPath(name, env) !== null;
  return ["c++", "g++", "clang++"].some(isThere) && isThere("make") && isThere("python3");
}

function failedBuild(env) {
  if (hasCompiler(env)) {
    return new SetupFailure(
      70,
      "building SQLite failed, the compiler said why above\nit needs Node's headers: where they are not installed, node-gyp fetches them from nodejs.org",
    );
  }
  const line =
    process.platform === "darwin"
      ? "xcode-select --install"
      : installLine(findPackageManager(env), "compiler");
  return new SetupFailure(
    3,
    `SQLite cannot be built: a C++ compiler, make or Python is missing${
      line === null
        ? "\ninstall them, then run `npm run setup` again"
        : `\ntype: ${line}\nthen run \`npm run setup\` again`
    }`,
  );
}
