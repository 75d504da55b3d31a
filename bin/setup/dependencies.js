import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, npmOutput, root, SetupFailure, say } from "./shell.js";

const modules = join(root, "node_modules");
const stamp = join(modules, ".holdfast-stamp");
const lock = join(root, "package-lock.json");

/** About how much room the packages take in `node_modules`, in MB. */
const roomOf = { running: 130, tests: 270 };

/**
 * Installs the packages of package-lock.json unless exactly these are installed: those that building and running need, and
 * with `forTests` those of the tests too. npm compares each with its digest in that file and runs none of their scripts. Throws
 * a SetupFailure.
 */
export function installDependencies(env, { forTests = false } = {}) {
  const wanted = fingerprint();
  const stamps = [`${wanted} tests`, ...(forTests ? [] : [`${wanted} running`])];
  const noted = existsSync(stamp) ? readFileSync(stamp, "utf8") : null;
  if (stamps.includes(noted)) return;
  const isOfHere = noted === null || noted.startsWith(wanted);
  if (!isOfHere || !installedAsLocked(packagesOf(forTests))) {
    // What a developer has installed is not taken away again.
    const all = forTests || "node_modules/vitest" in installed();
    const args = ["ci", ...(all ? [] : ["--omit=dev"]), "--ignore-scripts"];
    const [count, room] = [packagesOf(all).length, all ? roomOf.tests : roomOf.running];
    say(
      `installing the packages of package-lock.json from ${registry(env)}: at most ${count}, about ${room} MB on the disk (npm ${args.join(" ")})`,
    );
    if (!npm(args, env)) {
      throw new SetupFailure(
        70,
        "installing the packages failed; npm's messages above say why\ncheck the network, then run `npm run setup` again",
      );
    }
  }
  writeFileSync(stamp, stamps.at(-1));
}

/** From where npm fetches, as it is set on this machine. */
function registry(env) {
  const { ok, text } = npmOutput(["config", "get", "registry"], env);
  return ok && URL.canParse(text.trim()) ? new URL(text.trim()).host : "npm's registry";
}

/** Some packages are compiled for one Node.js version and machine, so the fingerprint includes these. */
function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(lock));
  return hash.update(`${process.versions.modules} ${process.platform} ${process.arch}`).digest("hex");
}

/** What package-lock.json names, as path and facts. Some are for other kinds of machines. */
function packagesOf(forTests) {
  return Object.entries(JSON.parse(readFileSync(lock, "utf8")).packages).filter(
    ([path, { dev }]) => path !== "" && (forTests || dev !== true),
  );
}

/** Whether somebody ran `npm ci` by hand: npm leaves a list of what it installed. */
function installedAsLocked(wanted) {
  const there = installed();
  return wanted.every(
    ([path, { version, optional }]) => there[path]?.version === version || (optional && !there[path]),
  );
}

/** What is installed, as npm has noted it. */
function installed() {
  const list = join(modules, ".package-lock.json");
  return existsSync(list) ? JSON.parse(readFileSync(list, "utf8")).packages : {};
}
