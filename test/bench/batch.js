import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { makeShortClip } from "./clips.js";
import { compare } from "./compare.js";
import { expectAll, holdfastCommand, jsonLines } from "./holdfast.js";
import { shellLoop, ytDlpAlone } from "./limits.js";
import { need, needSpace, root } from "./machine.js";
import { servePages } from "./page-server.js";
import { CannotRun, runWhole } from "./processes.js";
import { say, sayBelow, seconds } from "./report.js";

const clips = 40;
/** Rows of the long list; `HOLDFAST_BENCH_ROWS` takes another number where the machine is small or the time is short. */
const rows = Number(process.env.HOLDFAST_BENCH_ROWS ?? 10_000);
const mostMemory = 250e6;
const mostResumeSeconds = 5;

/** A list of short clips with all evidence work, against yt-dlp alone and against the same steps in a shell. */
export async function benchBatch({ programs, folder }) {
  const ffmpeg = need(programs, "ffmpeg");
  const files = [];
  for (let number = 0; number < clips; number += 1)
    files.push(await makeShortClip(ffmpeg, join(folder, `${number}.mp4`), number));
  const server = await servePages(files);
  try {
    say(`-- ${clips} pages on this machine, each with a clip of 2 s, 320x240`);
    const list = join(folder, "list.txt");
    writeFileSync(list, `${server.urls.join("\n")}\n`);
    const ours = shortBatch(list, folder);
    const alone = await compare(ours, ytDlpAlone(programs, list, folder), {
      pairs: 3,
      atLeast: 0.25,
    });
    const looped = await compare(ours, await shellLoop(programs, list, folder), { pairs: 2, atLeast: 5 });
    for (const { stdout } of [...alone, ...looped]) expectAll(stdout, "captured", clips);
  } finally {
    server.close();
  }
}

/** A vault of its own for each run, which begins without one. */
function shortBatch(list, folder) {
  const vault = join(folder, "vault");
  const args = ["--delay", "0", "--per-host", "4"];
  const to = ["--to", join(folder, "results")];
  const command = holdfastCommand(vault, ["batch", list, ...args, ...to], ["batch", "LIST", ...args]);
  return { ...command, before: () => rmSync(vault, { recursive: true, force: true }) };
}

/** A long list that has nothing left to fetch: what a row costs holdfast itself, and that it stays the same. */
export async function benchLongBatch({ programs, folder }) {
  needSpace(40_000 * rows);
  const vault = join(folder, "vault");
  const clip = await makeShortClip(need(programs, "ffmpeg"), join(folder, "clip.mp4"), 1);
  const server = await servePages([clip]);
  try {
    await runWhole(holdfastCommand(vault, ["archive", server.urls[0]]));
  } finally {
    server.close();
  }
  say(`-- a list of ${rows} addresses, each captured before; making that vault takes a while`);
  make(vault);
  const list = join(folder, "list.txt");
  writeFileSync(list, Array.from({ length: rows }, (_, index) => `${address}${index + 1}\n`).join(""));
  await sayFlatCost(vault, list, folder);
  await sayResume(vault, list, folder);
}

const address = "https://video.example/watch/";

function make(vault) {
  const maker = join(root, "test", "bench", "make-captures.js");
  const env = { ...process.env, HOLDFAST_OFFLINE: "1", XDG_CONFIG_HOME: `${vault}-config` };
  const made = spawnSync(process.execPath, [maker, vault, String(rows), address], { env, encoding: "utf8" });
  if (made.status !== 0) throw new CannotRun(`the captures could not be made: ${made.stderr.slice(-500)}`);
}

/** The time of the first and of the last tenth of one run, by when their lines came. */
async function sayFlatCost(vault, list, folder) {
  const arrivals = [];
  const args = ["--delay", "0"];
  const command = holdfastCommand(
    vault,
    ["batch", list, ...args, "--to", join(folder, "results")],
    ["batch", "LIST", ...args],
  );
  const run = await runWhole({ ...command, onStdout: (chunk) => noteLines(arrivals, chunk) });
  expectAll(run.stdout, "already-captured", rows);
  const tenth = Math.floor(rows / 10);
  const first = (arrivals[tenth - 1] - arrivals[0]) / 1000;
  const last = (arrivals[rows - 1] - arrivals[rows - tenth]) / 1000;
  const ratio = last / first;
  say(`  ${command.label}: ${seconds(run.seconds)}, one run`);
  say(`     rows 1 to ${tenth}: ${seconds(first)}; rows ${rows - tenth + 1} to ${rows}: ${seconds(last)}`);
  sayBelow(`${rows} rows: the last tenth over the first`, { value: ratio, most: 1, unit: "x" });
  sayBelow(`${rows} rows: peak of its own process`, { value: run.ownPeak, most: mostMemory, unit: "B" });
}

/** When each line ended. */
function noteLines(arrivals, chunk) {
  const now = performance.now();
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) arrivals.push(now);
}

async function sayResume(vault, list, folder) {
  const to = ["--to", join(folder, "results")];
  const command = holdfastCommand(vault, ["batch", list, "--resume", ...to], ["batch", "LIST", "--resume"]);
  const run = await runWhole(command);
  const report = jsonLines(run.stdout).at(-1);
  if (report?.counts?.["already-captured"] !== rows)
    throw new CannotRun(`resuming: ${run.stdout.slice(-500)}`);
  const took = {
    value: run.seconds,
    most: mostResumeSeconds,
    unit: "s",
    peer: `CPU ${seconds(run.cpu ?? 0)}`,
  };
  sayBelow(`${rows} rows: ${command.label}, all of it done`, took);
}
