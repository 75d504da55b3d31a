import { runWhole } from "./processes.js";
import { keepFigure, median, megabytes, say, seconds, times } from "./report.js";

/**
 * Runs two commands in turns, A B A B, `pairs` times after one warm-up of each, and prints the figures of both and the
 * ratio B/A pair by pair: how many times faster A is. The budget: `atLeast` so many times as fast as B, or `atMost` so many
 * times as slow; neither where there is none. Each command carries `label`, the words printed for it. Returns the runs of
 * A, oldest first.
 */
export async function compare(a, b, { pairs, atLeast = null, atMost = null }) {
  await runWhole(a);
  await runWhole(b);
  const runs = [];
  for (let pair = 0; pair < pairs; pair += 1) runs.push({ a: await runWhole(a), b: await runWhole(b) });
  const [ofA, ofB] = [runs.map((pair) => pair.a), runs.map((pair) => pair.b)];
  sayRuns("A", a, ofA);
  sayRuns("B", b, ofB);
  const ratios = runs.map((pair) => pair.b.seconds / pair.a.seconds);
  const budget = budgetOf(median(ratios), atLeast, atMost);
  say(`  B/A  ${spread(ratios, times)}${byCpu(runs)}`);
  say(
    `     A is ${pace(median(ratios))}; ${budget.met === null ? "no budget" : `budget: ${budget.limit}, ${budget.met ? "met" : "not met"}`}`,
  );
  keepFigure({
    what: a.label,
    figure: `${pace(median(ratios))}: ${took(ofA)}`,
    ...budget,
    peer: `B: ${b.label}: ${took(ofB)}`,
  });
  return ofA;
}

function budgetOf(ratio, atLeast, atMost) {
  if (atLeast !== null) return { limit: `at least ${atLeast}x as fast`, met: ratio >= atLeast };
  if (atMost !== null) return { limit: `at most ${atMost}x as slow`, met: 1 / ratio <= atMost };
  return { limit: "", met: null };
}

function took(runs) {
  const cpu = cpuOf(runs);
  return `${seconds(median(runs.map((run) => run.seconds)))}${cpu === null ? "" : `, CPU ${seconds(cpu)}`}`;
}

function cpuOf(runs) {
  return runs.some(({ cpu }) => cpu === null) ? null : median(runs.map(({ cpu }) => cpu));
}

function sayRuns(letter, command, runs) {
  const all = runs.map((run) => run.seconds);
  const cpu = cpuOf(runs);
  const largest = runs.map((run) => run.ownPeak ?? run.largest).filter((value) => value !== null);
  const figures = [
    `${spread(all, seconds)} (${runs.length} runs)`,
    ...(cpu === null ? [] : [`CPU ${seconds(cpu)}`]),
    largest.length > 0 ? `peak ${megabytes(Math.max(...largest))}` : "memory not measured",
  ];
  say(`  ${letter}  ${command.label}`);
  say(`     ${figures.join("   ")}`);
}

/** On a machine that others use too, CPU seconds drift less than the clock; they do not show what more cores gain. */
function byCpu(runs) {
  if (runs.some(({ a, b }) => a.cpu === null || b.cpu === null)) return "";
  return `   (by CPU seconds ${times(median(runs.map(({ a, b }) => b.cpu / a.cpu)))})`;
}

function pace(ratio) {
  return ratio >= 1 ? `${times(ratio)} as fast as B` : `${times(1 / ratio)} as slow as B`;
}

function spread(values, words) {
  return `median ${words(median(values))}, ${words(Math.min(...values))} to ${words(Math.max(...values))}`;
}
