import { runWhole } from "./processes.js";

/** The only way anything is said. */
export function say(line) {
  console.log(line);
}

/**
 * Runs two commands in turns, A B A B, `pairs` times after one warm-up of each, and prints the figures of both and the
 * ratio B/A pair by pair: how many times faster A is. `atLeast`: the budget for that ratio, or null where there is none.
 * Each command carries `label`, the words printed for it. Returns the runs of A, oldest first.
 */
export async function compare(a, b, { pairs, atLeast }) {
  await runWhole(a);
  await runWhole(b);
  const runs = [];
  for (let pair = 0; pair < pairs; pair += 1) runs.push([await runWhole(a), await runWhole(b)]);
  const ofA = runs.map(([first]) => first);
  sayFigures("A", a, ofA);
  sayFigures(
    "B",
    b,
    runs.map(([, second]) => second),
  );
  const ratios = runs.map(([first, second]) => second.seconds / first.seconds);
  say(`  B/A  ${spread(ratios, times)}${byCpu(runs)}`);
  say(`     A is ${pace(median(ratios))}; ${budget(median(ratios), atLeast)}`);
  return ofA;
}

function sayFigures(letter, command, runs) {
  const cpu = runs.map((run) => run.cpu).filter((value) => value !== null);
  const largest = runs.map((run) => run.ownPeak ?? run.largest).filter((value) => value !== null);
  const figures = [
    `${spread(
      runs.map((run) => run.seconds),
      seconds,
    )} (${runs.length} runs)`,
    ...(cpu.length > 0 ? [`CPU ${seconds(median(cpu))}`] : []),
    largest.length > 0 ? `peak ${megabytes(Math.max(...largest))}` : "memory not measured",
  ];
  say(`  ${letter}  ${command.label}`);
  say(`     ${figures.join("   ")}`);
}

/** On a machine that others use too, CPU seconds drift less than the clock; they do not show what more cores gain. */
function byCpu(runs) {
  if (runs.flat().some(({ cpu }) => cpu === null)) return "";
  return `   (by CPU seconds ${times(median(runs.map(([first, second]) => second.cpu / first.cpu)))})`;
}

function budget(ratio, atLeast) {
  if (atLeast === null) return "no budget";
  return `budget: at least ${atLeast}x, ${ratio >= atLeast ? "met" : "not met"}`;
}

function pace(ratio) {
  return ratio >= 1 ? `${times(ratio)} as fast as B` : `${times(1 / ratio)} as slow as B`;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function spread(values, words) {
  return `median ${words(median(values))}, ${words(Math.min(...values))} to ${words(Math.max(...values))}`;
}

function times(value) {
  return `${value.toFixed(2)}x`;
}

export function seconds(value) {
  return `${value.toFixed(2)} s`;
}

export function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
