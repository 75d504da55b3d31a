import { runWhole } from "./processes.js";

/** The only way anything is said. */
export function say(line) {
  console.log(line);
}

const kept = [];

/** What was measured since the last call: `what`, and as words `figure`, `limit` and `peer`; `met` is null where there is no limit. */
export function takeFigures() {
  return kept.splice(0);
}

/** A figure that may be at most `most`. `peer` is what it is measured against, with its own figure. */
export function sayBelow(what, { value, most, unit, peer = "" }) {
  sayFigure({
    what,
    figure: inUnit(value, unit),
    limit: `at most ${inUnit(most, unit)}`,
    met: value <= most,
    peer,
  });
}

/** A figure that may be no less than `least`. */
export function sayAbove(what, { value, least, unit, peer = "" }) {
  sayFigure({
    what,
    figure: inUnit(value, unit),
    limit: `at least ${inUnit(least, unit)}`,
    met: value >= least,
    peer,
  });
}

/** A figure without a budget, kept so that the next change can be held against it. */
export function sayUnbounded(what, { value, unit, peer = "" }) {
  sayFigure({ what, figure: inUnit(value, unit), limit: "", met: null, peer });
}

function sayFigure(row) {
  kept.push(row);
  const budget = row.met === null ? "" : `; budget: ${row.limit}, ${row.met ? "met" : "not met"}`;
  say(`  ${row.what}: ${row.figure}${budget}${row.peer === "" ? "" : `   (${row.peer})`}`);
}

function inUnit(value, unit) {
  if (unit === "s") return value < 1 ? `${Math.round(value * 1000)} ms` : seconds(value);
  if (unit === "x") return times(value);
  if (unit === "B") return value < 1e6 ? `${Math.round(value / 1e3)} kB` : megabytes(value);
  if (unit === "%") return `${Math.round(value * 100)} %`;
  return `${value}`;
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
  sayRuns("A", a, ofA);
  sayRuns(
    "B",
    b,
    runs.map(([, second]) => second),
  );
  const ratios = runs.map(([first, second]) => second.seconds / first.seconds);
  say(`  B/A  ${spread(ratios, times)}${byCpu(runs)}`);
  say(`     A is ${pace(median(ratios))}; ${budget(median(ratios), atLeast)}`);
  keepComparison(a, b, runs, atLeast);
  return ofA;
}

/** As B/A of the median pair, and with the seconds of both. */
function keepComparison(a, b, runs, atLeast) {
  const ratio = median(runs.map(([first, second]) => second.seconds / first.seconds));
  const took = (which) =>
    `${seconds(median(runs.map((pair) => pair[which].seconds)))}${cpuOf(runs.map((pair) => pair[which]))}`;
  kept.push({
    what: `${a.label}: times as fast`,
    figure: `${times(ratio)}: ${took(0)}`,
    limit: atLeast === null ? "" : `at least ${times(atLeast)}`,
    met: atLeast === null ? null : ratio >= atLeast,
    peer: `${b.label}: ${took(1)}`,
  });
}

function cpuOf(runs) {
  return runs.some(({ cpu }) => cpu === null) ? "" : `, CPU ${seconds(median(runs.map(({ cpu }) => cpu)))}`;
}

function sayRuns(letter, command, runs) {
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
