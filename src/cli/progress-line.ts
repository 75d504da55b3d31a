import { formatCount } from "../core/words/counted.js";
import { displayWidth, fitWidth, printable } from "../core/words/printable.js";
import type { Progress } from "../world.js";
import { formatBytes, formatClock } from "./units.js";

const stageWords: Readonly<Record<Progress["stage"], string>> = {
  "look-up": "looking up",
  download: "downloading",
  hash: "hashing",
  commit: "storing",
  derive: "keyframes and metadata",
  page: "taking the page",
  redact: "publication copy",
  verify: "checking",
  wait: "waiting",
};

const barCells = 20;
const roomForSubject = 16;

/** A part of a line that is redrawn: the narrower the terminal, the fewer stay; the one with the highest number goes first. */
export interface LinePart {
  readonly text: string;
  readonly goes: number;
}

/** The parts that fit into `columns`, each whole; the last that is left is cut where even that is too wide. */
export function fitParts(parts: readonly LinePart[], columns: number): string {
  const line = parts.map(({ text }) => text).join("  ");
  if (parts.length < 2 || displayWidth(line) <= columns) return fitWidth(line, columns);
  const first = Math.max(...parts.map(({ goes }) => goes));
  return fitParts(
    parts.filter(({ goes }) => goes !== first),
    columns,
  );
}

/** The progress as one line of at most `columns` terminal columns, for redrawing. The time left is cut last. */
export function progressBar(progress: Progress, columns: number): string {
  const { share, size, speed, left } = figuresOf(progress);
  const line = fitParts(
    [
      { text: stageOf(progress), goes: 2 },
      { text: columns >= 70 ? barOf(progress) : "", goes: 5 },
      { text: share, goes: 1 },
      { text: size, goes: 3 },
      { text: speed, goes: 4 },
      { text: left, goes: 0 },
    ].filter(({ text }) => text !== ""),
    columns,
  );
  const room = columns - displayWidth(line) - 2;
  const subject = room >= roomForSubject ? `  ${fitWidth(printable(progress.subject), room)}` : "";
  return line + subject;
}

/** The progress as a plain sentence, for a file or a pipe. */
export function progressSentence(progress: Progress): string {
  const figures = Object.values(figuresOf(progress)).filter((figure) => figure !== "");
  const facts = figures.length > 0 ? `: ${figures.join(", ")}` : "";
  return `${printable(progress.subject, 300)}: ${stageOf(progress)}${facts}`;
}

/** The stages that count bytes; the others count what `detail` names, for instance files. */
const countsBytes: ReadonlySet<Progress["stage"]> = new Set(["look-up", "download", "hash", "commit"]);

function isCount(progress: Progress): boolean {
  return progress.done !== null && !countsBytes.has(progress.stage);
}

/** With the detail, unless that is the unit of a count. */
function stageOf(progress: Progress): string {
  const words = stageWords[progress.stage];
  return progress.detail === "" || isCount(progress) ? words : `${words}, ${printable(progress.detail, 60)}`;
}

/** The share done, from 0 to 1; null if the total is not known. */
function shareOf(progress: Progress): number | null {
  if (progress.done === null || progress.total === null || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

/** Empty where the share is not known. */
function barOf(progress: Progress): string {
  const done = shareOf(progress);
  if (done === null) return "";
  const full = Math.floor(done * barCells);
  return `[${"#".repeat(full)}${"-".repeat(barCells - full)}]`;
}

/** The figures in the order in which they are said; empty where one is not known. */
function figuresOf(progress: Progress) {
  const done = shareOf(progress);
  return {
    // Rounded down, so that 100 % appears only when everything is done.
    share: done === null ? "" : `${Math.floor(done * 100)} %`,
    size: sizeOf(progress),
    speed: progress.speed === null ? "" : `${formatBytes(Math.round(progress.speed))}/s`,
    left: progress.etaSeconds === null ? "" : `${formatClock(progress.etaSeconds)} left`,
  };
}

function sizeOf(progress: Progress): string {
  const { done, total } = progress;
  if (done === null) return "";
  const format = isCount(progress) ? formatCount : formatBytes;
  const unit = isCount(progress) ? ` ${printable(progress.detail, 60)}`.trimEnd() : "";
  return total === null || total <= 0
    ? `${format(done)}${unit}`
    : `${format(done)} of ${format(total)}${unit}`;
}
