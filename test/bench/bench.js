// Measures holdfast beside the programs it is measured against: `npm run bench`, or `npm run bench -- verify keyframes`.
// `npm run bench -- --keep` writes the figures into RESULTS.md too.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { benchArchive } from "./archive.js";
import { benchBatch, benchLongBatch } from "./batch.js";
import { benchBatchReal, benchBatchShort } from "./batch-real.js";
import { benchExport } from "./export.js";
import { benchHashing } from "./hashing.js";
import { benchJail } from "./jail.js";
import { benchKeyframes } from "./keyframes.js";
import { benchLog } from "./log.js";
import { commitOf, findPrograms, machineWords, root, versionsOf } from "./machine.js";
import { benchMemory } from "./memory.js";
import { CannotRun, endChildren } from "./processes.js";
import { say, takeFigures } from "./report.js";
import { withRun } from "./results.js";
import { benchStart } from "./start.js";
import { benchVerify } from "./verify.js";

const cases = {
  start: benchStart,
  hashing: benchHashing,
  verify: benchVerify,
  log: benchLog,
  jail: benchJail,
  keyframes: benchKeyframes,
  archive: benchArchive,
  batch: benchBatch,
  "batch-real": benchBatchReal,
  "batch-short": benchBatchShort,
  "batch-long": benchLongBatch,
  memory: benchMemory,
  export: benchExport,
};

process.exitCode = await bench(process.argv.slice(2));

/**
 * Runs the cases named, or all; exit status 1 when one could not be run, 2 for a name that is none. Time never counts.
 * With `--keep` the figures are put on top of RESULTS.md.
 */
async function bench(args) {
  const names = args.filter((word) => word !== "--keep");
  const unknown = names.filter((name) => !Object.hasOwn(cases, name));
  if (unknown.length > 0) {
    console.error(`no such case: ${unknown.join(", ")}\nthere are: ${Object.keys(cases).join(", ")}`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const interrupted = removeWhenInterrupted(folder);
  try {
    const programs = await findPrograms();
    const began = { when: new Date(), load: loadavg()[0] };
    describeMachine(programs);
    const figures = [];
    const chosen = names.length === 0 ? Object.keys(cases) : names;
    let status = 0;
    for (const name of chosen) {
      if (!(await runCase(name, { programs, folder: join(folder, name) }))) status = 1;
      figures.push(...takeFigures().map((figure) => ({ name, ...figure })));
    }
    if (args.includes("--keep")) keep(began, versionsOf(programs), figures);
    return status;
  } catch (error) {
    if (interrupted.yet) return 130;
    throw error;
  } finally {
    remove(folder);
  }
}

/** True when the case gave its figures. What it made is removed at once: the next case needs the disk. */
async function runCase(name, bench) {
  mkdirSync(bench.folder);
  say(`\n== ${name}`);
  try {
    await cases[name](bench);
    return true;
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`  could not be run: ${error.message}`);
    return false;
  } finally {
    remove(bench.folder);
  }
}

function keep(began, versions, figures) {
  const file = join(root, "test", "bench", "RESULTS.md");
  const when = `${began.when.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const machine = `${machineWords()}, load ${began.load.toFixed(2)} before and ${loadavg()[0].toFixed(2)} after`;
  const run = { when, commit: commitOf(), machine, versions, figures };
  writeFileSync(file, withRun(existsSync(file) ? readFileSync(file, "utf8") : "", run));
  say(`\nkept in ${file}`);
}

function describeMachine(programs) {
  const load = loadavg()[0].toFixed(2);
  say(`holdfast bench: ${availableParallelism()} cores, load ${load} before it began`);
  for (const line of versionsOf(programs)) say(`  ${line}`);
  say(
    "Whole processes, taken in turns (A B A B) after one warm-up of each; files are in the page cache for both.",
  );
  say(
    "Seconds are of this machine at this moment; only the ratios, taken pair by pair, mean anything elsewhere.",
  );
}

function removeWhenInterrupted(folder) {
  const state = { yet: false };
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ]) {
    process.once(signal, async () => {
      state.yet = true;
      await endChildren();
      remove(folder);
      process.exit(status);
    });
  }
  return state;
}

function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
