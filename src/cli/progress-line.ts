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
  redact: "publication copy",
  verify: "checking",
  wait: "waiting",
};

const barCells = 20;
const roomForSubject = 16;

/** The progress as one line of at most `columns` terminal columns, for redrawing. */
export function progressBar(progress: Progress, columns: number): string {
  const facts = factsOf(progress);
  const bar = columns >= 70 ? barOf(progress) : null;
  const line = [stageOf(progress), bar, ...facts].filter((part) => part !== null).join("  ");
  const left = columns - displayWidth(line) - 2;
  const subject = left >= roomForSubject ? `  ${fitWidth(printable(progress.subject), left)}` : "";
  return fitWidth(line + subject, columns);
}

/** The progress as a plain sentence, for a file or a pipe. */
export function progressSentence(progress: Progress): string {
  const facts = factsOf(progress);
  const figures = facts.length > 0 ? `: ${facts.join(", ")}` : "";
  return `${printable(progress.subject, 300)}: ${stageOf(progress)}${figures}`;
}

/** The stages that count bytes; the others count what `detail` names, for instance files. */
const countsBytes: ReadonlySet<Progress["stage"]> = new Set(["look-up", "download", "hash", "commit"]);

function isCount(progress: Progress): boolean {
  return progress.done !== null && !countsBytes.has(progress.stage);
}

function stageOf(progress: Progress): string {
  const words = stageWords[progress.stage];
  return progress.detail === "" || isCount(progress) ? words : `${words}, ${printable(progress.detail, 60)}`;
}

/** The share done, from 0 to 1; null if the total is not known. */
function share(progress: Progress): number | null {
  if (progress.done === null || progress.total === null || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

function barOf(progress: Progress): string | null {
  const done = share(progress);
  if (done === null) return null;
  const full = Math.floor(done * barCells);
  return `[${"#".repeat(full)}${"-".repeat(barCells - full)}]`;
}

function factsOf(progress: Progress): readonly string[] {
  const done = share(progress);
  const facts: (string | null)[] = [
    // Rounded down, so that 100 % appears only when everything is done.
    done === null ? null : `${Math.floor(done * 100)} %`,
    sizeOf(progress),
    progress.speed === null ? null : `${formatBytes(Math.round(progress.speed))}/s`,
    progress.etaSeconds === null ? null : `${formatClock(progress.etaSeconds)} left`,
  ];
  return facts.filter((fact) => fact !== null);
}

function sizeOf(progress: Progress): string | null {
  const { done, total } = progress;
  if (done === null) return null;
  const format = isCount(progress) ? formatCount : formatBytes;
  const unit = isCount(progress) ? ` ${printable(progress.detail, 60)}`.trimEnd() : "";
  return total === null || total <= 0
    ? `${format(done)}${unit}`
    : `${format(done)} of ${format(total)}${unit}`;
}
