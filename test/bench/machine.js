import { execFileSync } from "node:child_process";
import { accessSync, constants, statfsSync } from "node:fs";
import { availableParallelism, cpus, type as systemName, tmpdir, totalmem } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "../../dist/tools/run/programs.js";
import { CannotRun } from "./processes.js";

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const ours = ["ffmpeg", "ffprobe", "yt-dlp"];

/** Paths by name: the programs holdfast itself would use, and the peer; a program that is not there has no path. */
export async function findPrograms() {
  const found = await Promise.all(
    ours.map((name) => findProgram(name, { env: process.env, now: new Date() })),
  );
  const paths = ours.flatMap((name, index) => (found[index] ? [[name, found[index].path]] : []));
  const peer = onPath("sha256sum");
  return Object.fromEntries(peer ? [...paths, ["sha256sum", peer]] : paths);
}

/** The path of a program or the reason why the case cannot be run. */
export function need(programs, name) {
  if (programs[name]) return programs[name];
  throw new CannotRun(`${name} is not installed`);
}

/** One line per program that takes part. */
export function versionsOf(programs) {
  const lines = Object.entries(programs).map(([name, path]) => {
    const text = execFileSync(path, [name.startsWith("ff") ? "-version" : "--version"], { encoding: "utf8" });
    const first = text.split("\n")[0].replace(/ Copyright.*/, "");
    return first.includes(name) ? first : `${name} ${first}`;
  });
  return [`node ${process.versions.node}, OpenSSL ${process.versions.openssl}`, ...lines];
}

/** The machine in words, without its name. */
export function machineWords() {
  const memory = Math.round(totalmem() / 1e9);
  const model = cpus()[0]?.model.trim() ?? process.arch;
  return `${model}, ${availableParallelism()} cores, ${memory} GB, ${systemName()}`;
}

/** The commit of what is measured, and whether it was changed since. */
export function commitOf() {
  const git = (...args) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--", "src", "bin", "package.json") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${changed ? " with changes" : ""}`;
  } catch {
    return "no commit";
  }
}

/** Refuses to fill a disk. */
export function needSpace(bytes) {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < bytes * 1.2) {
    throw new CannotRun(`${tmpdir()} has less than ${Math.ceil((bytes * 1.2) / 1e9)} GB free`);
  }
}

export function onPath(name) {
  const folders = (process.env.PATH ?? "").split(":").filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
