import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { makeShortClip } from "./clips.js";
import { realClips } from "./footage.js";
import { expectAll, holdfastCommand } from "./holdfast.js";
import { decodeEach, pipelineStandIn, ytDlpAlone } from "./limits.js";
import { need, needSpace } from "./machine.js";
import { servePages } from "./page-server.js";
import { CannotRun, runWhole } from "./processes.js";
import { megabytes, percent, say, sayAbove, sayBelow, sayUnbounded, seconds } from "./report.js";

/** Clips of a list; `HOLDFAST_BENCH_CLIPS` takes another number where the machine is busy or the time is short. */
const count = Number(process.env.HOLDFAST_BENCH_CLIPS ?? 40);
const budgets = { cpuRatio: 1.7, wallOverCores: 1.2, busy: 0.85, memory: 400e6, short: 0.35 };
const mostOfOthers = 0.1;

/** Forty clips of real footage with all evidence work, against fetching them and decoding each once. */
export async function benchBatchReal({ programs, folder }) {
  needSpace(2e9);
  const { files, words } = await realClips({ ffmpeg: need(programs, "ffmpeg"), folder, count });
  const bytes = files.map((file) => statSync(file).size);
  say(
    `-- ${count} pages on this machine, ${words}: ${megabytes(sum(bytes))}, ${(Math.min(...bytes) / 1e6).toFixed(1)} to ${megabytes(Math.max(...bytes))} each`,
  );
  await withList(files, folder, async (list) => {
    const limit = await runLimit(programs, list, files, folder);
    const run = await runOurs(list, folder);
    sayAgainstLimit(run, limit);
    sayBusy(run);
    sayTree(run);
    sayParts(run);
    sayStored(join(folder, "vault"));
    sayBesideStandIn(run, await runStandIn(programs, list, folder));
  });
}

/** Clips of one second: what a clip costs whatever is in it; then one clip of three frames, alone. */
export async function benchBatchShort({ programs, folder }) {
  const ffmpeg = need(programs, "ffmpeg");
  const files = [];
  for (let number = 0; number < count; number += 1)
    files.push(await makeShortClip(ffmpeg, join(folder, `${number}.mp4`), number, 1));
  say(`-- ${count} pages on this machine, each with a clip of 1 s, 320x240`);
  await withList(files, folder, async (list) => {
    const limit = await runLimit(programs, list, files, folder);
    const run = await runOurs(list, folder);
    sayBelow("CPU a clip of 1 s", {
      value: run.cpu / count,
      most: budgets.short,
      unit: "s",
      peer: `${(limit.cpu / count).toFixed(2)} s to fetch it and decode it once`,
    });
    sayUnbounded("wall a clip of 1 s", { value: run.seconds / count, unit: "s" });
    sayParts(run);
  });
  const tiny = await makeShortClip(ffmpeg, join(folder, "tiny.mp4"), 7, 0.1);
  say("-- one page with a clip of 0.1 s, archived alone");
  await withList([tiny], folder, async (list, [url]) => {
    const limit = await runLimit(programs, list, [tiny], folder);
    const vault = join(folder, "tiny-vault");
    const run = await runWhole({
      ...holdfastCommand(vault, ["archive", url], ["archive", "URL"]),
      watch: true,
    });
    sayUnbounded("CPU of a clip of 0.1 s, alone", {
      value: run.cpu,
      unit: "s",
      peer: `${limit.cpu.toFixed(2)} s to fetch it and decode it once`,
    });
    sayUnbounded("wall of a clip of 0.1 s, alone", { value: run.seconds, unit: "s" });
    sayParts(run);
  });
}

async function withList(files, folder, measure) {
  const server = await servePages(files);
  try {
    const list = join(folder, "list.txt");
    writeFileSync(list, `${server.urls.join("\n")}\n`);
    await measure(list, server.urls);
  } finally {
    server.close();
  }
}

/** Both parts of the limit, one after the other. */
async function runLimit(programs, list, files, folder) {
  const fetching = await sayRun(ytDlpAlone(programs, list, folder));
  const decoding = await sayRun(decodeEach(programs, files));
  return { cpu: fetching.cpu + decoding.cpu, seconds: fetching.seconds + decoding.seconds };
}

async function runStandIn(programs, list, folder) {
  say("  a stand-in for auto-archiver, made of the steps of its modules:");
  return sayRun(await pipelineStandIn(programs, list, folder));
}

async function runOurs(list, folder) {
  const vault = join(folder, "vault");
  rmSync(vault, { recursive: true, force: true });
  const args = ["--delay", "0", "--per-host", "4"];
  const to = ["--to", join(folder, "results")];
  const command = holdfastCommand(vault, ["batch", list, ...args, ...to], ["batch", "LIST", ...args]);
  // Real footage has damaged clips in it, which the exit status says; each row is looked at below.
  const run = await sayRun({ ...command, mayFail: true });
  expectAll(run.stdout, "captured", count);
  return run;
}

async function sayRun(command) {
  const run = await runWhole({ ...command, watch: true });
  if (run.cpu === null) throw new CannotRun("/usr/bin/time is not installed");
  say(`  ${command.label}`);
  say(
    `     wall ${seconds(run.seconds)}   CPU ${seconds(run.cpu)}   peak of the tree ${megabytes(run.seen?.peakPss ?? 0)} PSS`,
  );
  return run;
}

function sayAgainstLimit(run, limit) {
  const cores = availableParallelism();
  const peer = "yt-dlp -a LIST, and ffmpeg -i CLIP -f null - for each";
  sayBelow(`${count} clips: CPU over the limit`, {
    value: run.cpu / limit.cpu,
    most: budgets.cpuRatio,
    unit: "x",
    peer: `${seconds(limit.cpu)}: ${peer}`,
  });
  const most = (budgets.wallOverCores * budgets.cpuRatio * limit.cpu) / cores;
  const how = `${budgets.wallOverCores} x ${budgets.cpuRatio} x CPU of the limit over ${cores} cores is ${seconds(most)}`;
  sayIfQuiet(run, `${count} clips: wall`, { value: run.seconds, unit: "s", peer: how }, (what, figure) =>
    sayBelow(what, { ...figure, most }),
  );
}

/** The mean of the whole run. Of the time of the cores that others left, as much as was taken. */
function sayBusy(run) {
  if (run.seen === null) return;
  const peer = `CPU of the tree over that and the idle time in /proc/stat; others took ${percent(shareOfOthers(run))}`;
  const figure = { value: run.cpu / (run.cpu + run.seen.idle), unit: "%", peer };
  sayIfQuiet(run, "cores busy, of what others left", figure, (what, kept) =>
    sayAbove(what, { ...kept, least: budgets.busy }),
  );
}

/** What the clock says is held against a budget only where others took little. */
function sayIfQuiet(run, what, figure, judge) {
  if (shareOfOthers(run) <= mostOfOthers) judge(what, figure);
  else sayUnbounded(`${what} (not judged: the machine was busy)`, figure);
}

function shareOfOthers({ seen, cpu, seconds: wall }) {
  return seen === null ? 0 : Math.max(0, 1 - (cpu + seen.idle) / (wall * availableParallelism()));
}

function sayTree({ seen }) {
  if (seen === null) return;
  sayBelow(`${count} clips: peak of the whole tree (PSS)`, {
    value: seen.peakPss,
    most: budgets.memory,
    unit: "B",
  });
  sayUnbounded("processes seen", { value: seen.processes, unit: "" });
}

/** The stand-in does less, and it does one thing after the other. */
function sayBesideStandIn(run, standIn) {
  const name = "the stand-in for auto-archiver";
  sayUnbounded(`CPU over ${name}`, { value: run.cpu / standIn.cpu, unit: "x", peer: seconds(standIn.cpu) });
  const wall = { value: run.seconds / standIn.seconds, unit: "x", peer: seconds(standIn.seconds) };
  sayUnbounded(`wall over ${name}`, wall);
  if (run.seen === null) return;
  const peer = megabytes(standIn.seen.peakPss);
  sayUnbounded(`peak of the tree over ${name}`, {
    value: run.seen.peakPss / standIn.seen.peakPss,
    unit: "x",
    peer,
  });
}

function sayParts({ cpu, seen }) {
  if (seen === null) return;
  say("  where the CPU went, as far as ten looks a second saw it:");
  for (const part of seen.parts.filter((one) => one.cpu >= 0.1))
    say(`     ${seconds(part.cpu).padStart(8)}  ${part.label}, ${part.processes} processes`);
  const caught = sum(seen.parts.map((part) => part.cpu));
  say(`     ${seconds(cpu - caught).padStart(8)}  in processes and ends of processes between two looks`);
}

/** What was made from the clips, by kind. */
function sayStored(vault) {
  const all = readdirSync(join(vault, "objects"), { recursive: true, withFileTypes: true });
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const bytesOf = (pattern) =>
    sum(files.filter((path) => pattern.test(path)).map((path) => statSync(path).size));
  sayUnbounded(`originals of ${count} clips`, { value: bytesOf(/\/content\/original\//), unit: "B" });
  sayUnbounded("derived, all", { value: bytesOf(/\/content\/derived\//), unit: "B" });
  sayUnbounded("derived, contact sheets", { value: bytesOf(/\/derived\/.*contact/), unit: "B" });
  sayUnbounded("derived, keyframes", { value: bytesOf(/\/derived\/.*keyframes\//), unit: "B" });
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
