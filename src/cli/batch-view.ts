import type { BatchEvents, BatchRow, RowCounts, RowResult } from "../batch/batch.js";
import type { CaptureResult } from "../capture/capture-result.js";
import type { PageResult } from "../capture/page.js";
import { renditionSentence } from "../core/capture/rendition.js";
import { isUnsound } from "../core/capture/soundness.js";
import { formatCount } from "../core/words/counted.js";
import { fitWidth, printable, printableJson } from "../core/words/printable.js";
import type { Progress } from "../world.js";
import { beginLines, countWords } from "./batch-page.js";
import { errorLines } from "./failure-report.js";
import { fitParts, progressBar } from "./progress-line.js";
import { flawWords, resultLine } from "./result-summary.js";
import type { Session } from "./session.js";
import { formatClock } from "./units.js";

const redrawMs = 250;
const sentenceMs = 30_000;
const barCells = 24;
/** With more lines, a small terminal would scroll the failures away. */
const mostLines = 8;

const noPages = { captured: 0, wall: 0, failed: 0, none: 0 };

interface RunningRow {
  readonly row: BatchRow;
  readonly progress: Progress | null;
}

/**
 * Shows the progress of a batch. On a terminal: one bar for all rows and a line for each running row, redrawn in place,
 * with the failures above them. Elsewhere: a line per finished row, and a sentence from time to time. With `--json`: one
 * line of JSON per row.
 */
export class BatchView {
  readonly events: Omit<BatchEvents, "onHead">;
  private readonly session: Session;
  private readonly running = new Map<number, RunningRow>();
  private counts: Record<keyof RowCounts, number> | null = null;
  private startedMs = 0;
  private doneHere = 0;
  private said = 0;
  private inPart = 0;
  private seen: Readonly<Record<PageResult["status"], number>> | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(session: Session) {
    this.session = session;
    this.events = {
      onBegin: (batch, counts) => {
        this.counts = { ...counts };
        this.startedMs = session.world.monotonic();
        this.said = this.startedMs;
        if (!session.quiet) for (const line of beginLines(batch, counts)) session.screen.note(line);
        if (!session.quiet) this.timer = setInterval(() => this.tick(), redrawMs);
      },
      onRowBegin: (row) => this.running.set(row.n, { row, progress: null }),
      onProgress: (row, progress) => {
        if (this.running.has(row.n)) this.running.set(row.n, { row, progress });
      },
      onRow: (row, result, capture) => this.showRow(row, result, capture),
      onParked: (row, isInPart) => {
        this.running.delete(row.n);
        if (isInPart) this.inPart += 1;
      },
      onAdded: (count) => {
        if (this.counts) this.counts.waiting += count;
      },
      onProblem: (row, problem) => {
        session.screen.error(errorLines(`row ${row.row}: ${problem}`, ""));
      },
    };
  }

  /** What became of the pages; null if none was asked for. */
  get pages(): Readonly<Record<PageResult["status"], number>> | null {
    return this.seen;
  }

  /** Counts what became of a page, and says it where it is not the page that was asked for. */
  showPage(result: PageResult): void {
    const { status, id, url } = result;
    this.seen = { ...(this.seen ?? noPages), [status]: (this.seen ?? noPages)[status] + 1 };
    const words = pageWords(result);
    if (this.session.quiet || words === null || this.session.world.signal.aborted) return;
    this.session.screen.note(`page of ${id ?? printable(url, 200)}: ${words}`);
  }

  /** How many rows that have no result are kept as far as they came. */
  get keptInPart(): number {
    return this.inPart;
  }

  close(): void {
    clearInterval(this.timer);
    this.running.clear();
    this.session.screen.clear();
  }

  private showRow(row: BatchRow, result: RowResult, capture: CaptureResult | null): void {
    const { screen, json, quiet } = this.session;
    this.running.delete(row.n);
    this.doneHere += 1;
    if (this.counts) {
      this.counts.waiting -= 1;
      this.counts[result.status] += 1;
    }
    if (json) {
      const line =
        capture === null ? skippedLine(row, result) : resultLine({ ...capture, reason: result.reason });
      screen.data(printableJson({ row: row.row, row_status: result.status, ...line }));
    }
    const what = problemWords(result.status) ?? damageWords(capture);
    if (what !== null) {
      const asked = row.url === "" ? "not taken" : `${what} ${row.url}`;
      const message = `row ${row.row}: ${asked}: ${result.reason ?? capture?.reason ?? ""}`;
      screen.error(errorLines(message, result.hint ?? ""));
    }
    const isStored = problemWords(result.status) === null;
    if (isStored && !json && !quiet && !screen.isLive) screen.answer(rowSentence(row, result, capture));
    this.draw();
  }

  private tick(): void {
    if (this.session.screen.isLive) this.draw();
    const now = this.session.world.monotonic();
    if (this.session.screen.isLive || now - this.said < sentenceMs) return;
    this.said = now;
    this.session.screen.note(this.overall(Number.POSITIVE_INFINITY));
  }

  private draw(): void {
    const { screen } = this.session;
    if (this.session.quiet || !screen.isLive || this.timer === undefined) return;
    const columns = screen.drawingColumns;
    const rows = [...this.running.values()];
    const shown = rows.slice(0, mostLines).map((row) => runningLine(row, columns));
    const more = rows.length > mostLines ? [`  and ${rows.length - mostLines} more`] : [];
    screen.draw([this.overall(columns), ...shown, ...more]);
  }

  private overall(columns: number): string {
    const { counts } = this;
    if (!counts) return "";
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const done = total - counts.waiting;
    const full = total === 0 ? barCells : Math.floor((done / total) * barCells);
    const bar = `[${"#".repeat(full)}${"-".repeat(barCells - full)}]`;
    const parts = [
      { text: columns >= 70 && Number.isFinite(columns) ? bar : "", goes: 3 },
      { text: `${formatCount(done)} of ${formatCount(total)} rows`, goes: 1 },
      { text: countWords(counts, ["waiting"]), goes: 2 },
      { text: this.left(counts.waiting) ?? "", goes: 0 },
    ];
    return fitParts(
      parts.filter(({ text }) => text !== ""),
      columns,
    );
  }

  /** The time left at the pace of this run; null while it cannot be estimated. */
  private left(waiting: number): string | null {
    if (this.doneHere < 3 || waiting === 0) return null;
    const each = (this.session.world.monotonic() - this.startedMs) / this.doneHere;
    return `${formatClock((each * waiting) / 1000)} left`;
  }
}

/** Why there is no captured page; null if there is one, or none to take. */
function pageWords({ status, wall, reason, version }: PageResult): string | null {
  if (status === "wall") return `a ${wall ?? ""} wall, kept as ${version ?? ""}`;
  return status === "failed" ? `not taken: ${printable(reason ?? "", 300)}` : null;
}

function runningLine({ row, progress }: RunningRow, columns: number): string {
  const label = `  row ${row.row}  `;
  const room = columns - label.length;
  if (progress === null) return fitWidth(`${label}waiting  ${printable(row.url)}`, columns);
  return fitWidth(label + progressBar({ ...progress, subject: row.url }, room), columns);
}

function rowSentence(row: BatchRow, result: RowResult, capture: CaptureResult | null): string {
  const title = capture?.title ?? row.url;
  const reduced = capture?.rendition?.grade === "reduced" ? renditionSentence(capture.rendition) : null;
  const status = `${result.status.replace("-", " ")}${capture === null ? "" : flawWords(capture)}`;
  const words = [`row ${row.row}`, status, result.capture, printable(title, 100)];
  const why = result.reason ?? capture?.reason ?? reduced;
  const reason = why === null ? [] : [`(${printable(why, 200)})`];
  return [...words.filter((word) => word !== null), ...reason].join("  ");
}

const withoutCapture: readonly RowResult["status"][] = ["refused", "skipped", "expanded"];

/** What to say of a row that needs a person; null for any other. */
function problemWords(status: RowResult["status"]): string | null {
  if (status === "failed") return "could not capture";
  if (status === "incomplete") return "received only part of";
  return status === "refused" ? "not captured:" : null;
}

/** What to say of a stored clip of which something is lost; null for any other. */
function damageWords(capture: CaptureResult | null): string | null {
  return capture !== null && isUnsound(capture.decode) ? "the clip is damaged or cannot be read:" : null;
}

/** The JSON line of a row without a capture, in the shape of one with a capture. */
function skippedLine(row: BatchRow, result: RowResult): object {
  return {
    url: row.url,
    status: withoutCapture.includes(result.status) ? null : result.status,
    derivation: null,
    id: null,
    title: null,
    object: null,
    files: [],
    keyframes: 0,
    entry: null,
    reason: result.reason,
    hint: result.hint,
    uploader: null,
    claimed_date: null,
    duration: null,
    method: null,
    rendition: null,
    decode: null,
    left_out: null,
  };
}
