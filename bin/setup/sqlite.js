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
/** The record that `holdfast doctor` compares with (src/tools/run/sqlite-binary.ts). */
const record = join(modules, ".holdfast-sqlite.json");

/**
 * Makes sure that better-sqlite3's native library was built on this machine, from the source with the digest in
 * package-lock.json. The package's own install script would download a library without a digest to compare it with.
 * Throws a SetupFailure.
 */
export function buildSqlite(env) {
  if (isOurs()) return;
  if (existsSync(binary)) {
    say(
      existsSync(record)
        ? "the native SQLite library is not the one that set-up built: removing it and building it again"
        : "set-up did not build the native SQLite library: removing it and building it again",
    );
  }
  rmSync(join(source, "build"), { recursive: true, force: true });
  rmSync(record, { force: true });
  needCompiler(env);
  say(
    "building SQLite from source: of all that set-up does, this takes longest, about two minutes and on a slow or busy machine more; nothing is downloaded for it but Node's headers where they are not installed (10 MB, from nodejs.org)",
  );
  try {
    mkdirSync(workshop, { recursive: true });
    cpSync(source, workshop, { recursive: true });
    if (!npm(["run", "--silent", "build-release"], { ...withHeaders(env), npm_config_jobs: "max" }, workshop))
      throw failedBuild(env);
    keep(join(workshop, builtFile));
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * Runs what may empty `node_modules`, and puts the library back that set-up had built of the version which is there
 * afterwards: to build it again takes two minutes. Any other is left to `buildSqlite`.
 */
export function keepingSqlite(install) {
  const kept = isOurs() ? { bytes: readFileSync(binary), note: readFileSync(record, "utf8") } : null;
  install();
  if (kept === null || existsSync(binary) || kept.note !== recordOf(kept.bytes)) return;
  writeFileSync(record, kept.note);
  mkdirSync(dirname(binary), { recursive: true });
  writeFileSync(binary, kept.bytes);
}

function isOurs() {
  try {
    return readFileSync(record, "utf8") === recordOf(readFileSync(binary));
  } catch {
    return false;
  }
}

/** Writes the record first, so that a kill in between leaves no file that passes as built here. */
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

/** Uses the Node.js headers installed beside Node.js, if any; otherwise node-gyp downloads them from nodejs.org. */
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
  say("building SQLite needs a C++ compiler, make and Python, and one of them is missing");
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
      "building SQLite failed; the compiler's messages above say why\nthe build needs the headers of Node.js; if they are not installed, node-gyp downloads them from nodejs.org",
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
        : `\nto install them: ${line}\nthen run \`npm run setup\` again`
    }`,
  );
}
