import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { makeShortClip } from "./clips.js";
import { holdfastCommand, importInto } from "./holdfast.js";
import { need, root } from "./machine.js";
import { runWhole } from "./processes.js";
import { median, say, sayBelow, sayUnbounded } from "./report.js";

const runs = 5;

/** What a person waits for whatever the command does: its start. */
export async function benchStart({ programs, folder }) {
  const vault = join(folder, "vault");
  await importInto(vault, [await makeShortClip(need(programs, "ffmpeg"), join(folder, "clip.mp4"), 1)]);
  say(`-- a vault with one capture; the median of ${runs} runs, after one more`);
  const bare = { label: "node -e 0", program: process.execPath, args: ["-e", "0"] };
  const floor = await medians(bare);
  for (const [args, most] of [
    [["--version"], 0.1],
    [["list"], 0.3],
    [["verify"], 0.3],
  ]) {
    const took = await medians(typed(vault, args));
    const words = ["holdfast", ...args].join(" ");
    const wall = { value: took.seconds, unit: "s", peer: `node -e 0: ${ms(floor.seconds)}` };
    if (busy()) sayUnbounded(`${words}, wall (not judged: the machine was busy)`, wall);
    else sayBelow(`${words}, wall`, { ...wall, most });
    sayBelow(`${words}, CPU`, { value: took.cpu, most, unit: "s", peer: `node -e 0: ${ms(floor.cpu)}` });
  }
}

/** As a person types it: what is loaded before to measure memory would count as start. */
function typed(vault, args) {
  const command = holdfastCommand(vault, args);
  const env = { ...command.env, HOLDFAST_VAULT: vault };
  return { ...command, env, args: [join(root, "bin", "holdfast.js"), ...args] };
}

/** Whoever waits for a core measures the others. */
function busy() {
  return loadavg()[0] > availableParallelism();
}

async function medians(command) {
  await runWhole(command);
  const all = [];
  for (let run = 0; run < runs; run += 1) all.push(await runWhole(command));
  return {
    seconds: median(all.map((one) => one.seconds)),
    cpu: median(all.map((one) => one.cpu ?? one.seconds)),
  };
}

function ms(value) {
  return `${Math.round(value * 1000)} ms`;
}
