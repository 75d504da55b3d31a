import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import type { BatchReport, BatchRequest } from "../../batch/batch.js";
import type { ListBytes } from "../../batch/list.js";
import { HoldfastError } from "../../core/words/error.js";
import { printableJson } from "../../core/words/printable.js";
import { batchSummary } from "../batch-page.js";
import { BatchView } from "../batch-view.js";
import { addCaptureOptions, type CaptureOptions, captureRequest } from "../capture-options.js";
import { noteDownloaderChanges } from "../downloader-note.js";
import { type ExitStatus, exitStatus, exitStatusHelp } from "../exit-status.js";
import { parseCount, parseDay, parseDuration, parseSize } from "../option-values.js";
import { checkSandbox } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { columnsOf } from "../terminal.js";

interface BatchOptions extends CaptureOptions {
  readonly resume?: boolean;
  readonly column?: string;
  readonly dryRun?: boolean;
  readonly jobs?: number;
  readonly perHost: number;
  readonly delay: number;
  readonly attempts: number;
  readonly retryWait: number;
  readonly maxTime?: number;
  readonly maxDisk?: number;
  readonly keepFree?: number;
  readonly since?: string;
  readonly to?: string;
}

export function addBatch(program: Command, run: RunCommand): void {
  addCaptureOptions(
    program
      .command("batch")
      .summary("capture every row of a list")
      .description(
        "Captures every address of a list, several at a time: a table (.csv, .tsv), one address a line (.txt), .jsonl, or - for standard input. The other columns are kept with each capture as your word. The same command goes on where it was stopped, whatever stopped it.",
      )
      .argument("[list]", "the list; without it --resume goes on with the newest that is not finished")
      .option("--resume", "go on; rows that failed for what can pass are tried again")
      .option("--column <name>", "the column of the addresses, by name or number (else it is found)")
      .option("--dry-run", "say what would happen to each row and do nothing")
      .option("--jobs <n>", "downloads at the same time (else by the number of processors)", parseCount)
      .option("--per-host <n>", "downloads from one site at the same time", parseCount, 1)
      .option(
        "--delay <time>",
        "between two downloads from one site, more or less by half",
        parseDuration,
        2000,
      )
      .option("--attempts <n>", "attempts for one row, for failures that can pass", parseCount, 3)
      .option(
        "--retry-wait <time>",
        "before the second attempt; four times longer before each further one",
        parseDuration,
        10_000,
      )
      .option("--max-time <time>", "give up one download after this time, for instance 30m", parseDuration)
      .option("--max-disk <size>", "begin no more rows once this much has been stored", parseSize)
      .option(
        "--keep-free <size>",
        "stop before the disk has less room than this (else 2 GiB or 5 %)",
        parseSize,
      )
      .option("--since <day>", "nothing that the site says was posted before this day", parseDay)
      .option("--to <dir>", "folder for results.csv and failed.csv (else batch-ID in the current folder)"),
  )
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130))
    .action((list: string | undefined, options: BatchOptions, command: Command) =>
      run(command, (session) => batch(session, list ?? null, options)),
    );
}

async function batch(session: Session, list: string | null, options: BatchOptions): Promise<ExitStatus> {
  if (list === null && options.resume !== true) {
    throw new HoldfastError(
      "usage",
      "no list was named",
      "name one, or go on with the newest: holdfast batch --resume",
    );
  }
  const source = list === null ? null : readList(session, list, options.column ?? null);
  if (options.dryRun === true) return dryRun(session, source, options);
  await noteDownloaderChanges(session, await checkSandbox(session, options, { fetching: true }));
  const { runBatch } = await import("../../batch/batch.js");
  const view = new BatchView(session);
  try {
    const report = await runBatch(batchRequest(session, source, options), session.world, {
      ...view.events,
      onHead: (head) => showHead(session, head),
    });
    view.close();
    showReport(session, report);
    return statusOf(report);
  } finally {
    view.close();
  }
}

async function dryRun(
  session: Session,
  source: ListBytes | null,
  options: BatchOptions,
): Promise<ExitStatus> {
  if (source === null) {
    throw new HoldfastError("usage", "--dry-run needs a list", "name one: holdfast batch LIST --dry-run");
  }
  const { planBatch } = await import("../../batch/list.js");
  const { showPlan } = await import("../batch-page.js");
  const request = captureRequest(session, options);
  showPlan(session, planBatch(session.vault, source, request));
  return exitStatus.done;
}

function readList(session: Session, list: string, column: string | null): ListBytes {
  try {
    if (list === "-") return { bytes: readFileSync(0), name: null, column };
    return { bytes: readFileSync(resolve(session.io.cwd, list)), name: basename(list), column };
  } catch (error) {
    const hint = "name a file that can be read, or - for standard input";
    throw new HoldfastError("usage", `reading the list ${list}: it cannot be read`, hint, error);
  }
}

function batchRequest(session: Session, list: ListBytes | null, options: BatchOptions): BatchRequest {
  const cores = availableParallelism();
  return {
    ...captureRequest(session, options),
    vault: session.vault,
    list,
    resume: options.resume === true,
    since: options.since ?? null,
    maxMs: options.maxTime ?? null,
    pace: {
      jobs: options.jobs ?? Math.max(2, Math.min(cores, 8)),
      derivations: cores,
      perHost: options.perHost,
      delayMs: options.delay,
      attempts: options.attempts,
      firstWaitMs: options.retryWait,
    },
    room: { maxBytes: options.maxDisk ?? null, keepFree: options.keepFree ?? null },
    sealEveryMs: 30 * 60_000,
    resultsFolder: (id) => resolve(session.io.cwd, options.to ?? `batch-${id}`),
  };
}

function showReport(session: Session, report: BatchReport): void {
  if (session.json) {
    const { id, counts, stopped, results, failed } = report;
    session.screen.data(printableJson({ batch: id, counts, stopped, results, failed }));
  }
  if (session.quiet) return;
  for (const line of batchSummary(report, columnsOf(session.io.stderr), session.vault))
    session.screen.note(line);
}

/** 4 when a row failed, came in part or was not reached; what was skipped was never asked for. */
function statusOf({ counts }: BatchReport): ExitStatus {
  const bad = counts.failed + counts.incomplete + counts.waiting;
  return bad === 0 ? exitStatus.done : exitStatus.notCaptured;
}
