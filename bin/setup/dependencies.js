import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, SetupFailure, say } from "./shell.js";

const modules = join(root, "node_modules");
const stamp = join(modules, ".holdfast-stamp");
const lock = join(root, "package-lock.json");

/**
 * Installs the packages of package-lock.json unless exactly these are installed. npm compares each with its digest in that
 * file and runs none of their scripts. Throws a SetupFailure.
 */
export function installDependencies(env) {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  if (existsSync(stamp) || !installedAsLocked()) {
    say("installing the packages that package-lock.json names (npm ci --ignore-scripts)");
    if (!npm(["ci", "--ignore-scripts"], env)) {
      throw new SetupFailure(
        70,
        "installing the packages failed; npm's messages above say why\ncheck the network, then run `npm run setup` again",
      );
    }
  }
  writeFileSync(stamp, wanted);
}

/** Some packages are compiled for one Node.js version and machine, so the fingerprint includes these. */
function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(lock));
  return hash.update(`${process.versions.modules} ${process.platform} ${process.arch}`).digest("hex");
}

/** Whether somebody ran `npm ci` by hand: npm leaves a list of what it installed. */
function installedAsLocked() {
  const list = join(modules, ".package-lock.json");
  if (!existsSync(list)) return false;
  const there = JSON.parse(readFileSync(list, "utf8")).packages;
  const wanted = Object.entries(JSON.parse(readFileSync(lock, "utf8")).packages).filter(
    ([path]) => path !== "",
  );
  return wanted.every(
    ([path, { version, optional }]) => there[path]?.version === version || (optional && !there[path]),
  );
}
