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

/** Keeps a row of which more is said elsewhere. */
export function keepFigure(row) {
  kept.push(row);
}

function sayFigure(row) {
  keepFigure(row);
  const budget = row.met === null ? "" : `; budget: ${row.limit}, ${row.met ? "met" : "not met"}`;
  say(`  ${row.what}: ${row.figure}${budget}${row.peer === "" ? "" : `   (${row.peer})`}`);
}

function inUnit(value, unit) {
  if (unit === "s") return value < 1 ? milliseconds(value * 1000) : seconds(value);
  if (unit === "x") return times(value);
  if (unit === "B") return value < 1e6 ? `${Math.round(value / 1e3)} kB` : megabytes(value);
  if (unit === "%") return percent(value);
  return `${value}`;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function percent(value) {
  return `${Math.round(value * 100)} %`;
}

function milliseconds(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function times(value) {
  return `${value.toFixed(2)}x`;
}

export function seconds(value) {
  return `${value.toFixed(2)} s`;
}

export function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
