import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { makeGroup } from "./group.js";
import { watchTree } from "./tree.js";

/** Why a case gives no figure; everything else that goes wrong is a bug. */
export class CannotRun extends Error {}

const running = new Set();
const graceMs = 4000;

/**
 * Runs a whole process and waits for its end. `command`: program, args, cwd, env, `mayFail` where the exit status is not
 * looked at, `before`, which is called first and not measured, `onStdout`, which gets stdout as it comes, and `watch` where
 * the tree is to be looked at. Returns seconds by the clock, seconds of CPU of the whole tree (by its control group; where
 * there is none, of what was waited for, by GNU time; null without either), the peak memory in bytes of the largest process
 * among the program and its children (null without GNU time), its own peak for a node program, stdout, and what was seen.
 */
export async function runWhole(command) {
  command.before?.();
  const group = makeGroup();
  const notes = mkdtempSync(join(tmpdir(), "holdfast-bench-notes-"));
  try {
    const accounting = join(notes, "accounting");
    const own = join(notes, "own-peak");
    const [program, args] = entered(accounted(command, accounting), group);
    const env = { ...(command.env ?? process.env), HOLDFAST_BENCH_PEAK: own };
    const began = performance.now();
    // A group of its own, so that an interrupt reaches everything in it once, and through us.
    const child = spawn(program, args, { cwd: command.cwd, env, detached: true });
    const watched = command.watch ? watchTree(child.pid, group) : null;
    const ended = await outcome(child, command.onStdout);
    const cpu = group?.cpu();
    const seen = watched?.stop() ?? null;
    const seconds = (performance.now() - began) / 1000;
    if (ended.status !== 0 && !command.mayFail) throw failure(command, ended);
    const waited = readAccounting(accounting);
    return {
      seconds,
      stdout: ended.stdout,
      ...waited,
      cpu: cpu ?? waited.cpu,
      ownPeak: readNumber(own),
      seen,
    };
  } finally {
    await group?.remove();
    rmSync(notes, { recursive: true, force: true });
  }
}

/** Ends what still runs, politely first: holdfast stops its own children only when asked. */
export async function endChildren() {
  const ends = [...running].map((child) => once(child, "close"));
  signalAll("SIGTERM");
  const killer = setTimeout(() => signalAll("SIGKILL"), graceMs);
  await Promise.all(ends);
  clearTimeout(killer);
}

function signalAll(signal) {
  for (const child of running) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is already gone.
    }
  }
}

async function outcome(child, onStdout = () => {}) {
  running.add(child);
  const stdout = [];
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout.push(chunk);
    onStdout(chunk);
  });
  child.stderr.on("data", (chunk) => {
    stderr = (stderr + chunk).slice(-4000);
  });
  child.stdin.end();
  try {
    const [status] = await once(child, "close");
    return { status, stdout: Buffer.concat(stdout).toString("utf8"), stderr };
  } catch (error) {
    return { status: null, stdout: "", stderr: error.message };
  } finally {
    running.delete(child);
  }
}

const gnuTime = "/usr/bin/time";
const hasGnuTime = process.platform === "linux" && existsSync(gnuTime);

function accounted({ program, args }, file) {
  if (!hasGnuTime) return [program, args];
  return [gnuTime, ["--quiet", "--format=%U %S %M", `--output=${file}`, "--", program, ...args]];
}

function entered([program, args], group) {
  return group === null ? [program, args] : group.entering({ program, args });
}

function readAccounting(file) {
  if (!existsSync(file)) return { cpu: null, largest: null };
  const [user, system, kib] = readFileSync(file, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  return { cpu: user + system, largest: kib * 1024 };
}

function readNumber(file) {
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : null;
}

function failure({ program, args }, { status, stdout, stderr }) {
  const last = (stderr.trim() || stdout.trim()).split("\n").at(-1).slice(0, 500);
  return new CannotRun(`${program} ${args.slice(0, 3).join(" ")} … ended with ${status}: ${last}`);
}
