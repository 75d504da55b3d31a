import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { sha256 } from "../../audit/digest.js";
import type { BatchReport, BatchRequest } from "../../batch/batch.js";
import type { ListBytes } from "../../batch/list.js";
import { typedPaths } from "../../capture/found-path.js";
import { readTypedFile } from "../../capture/typed-file.js";
import { type ListAddress, listAddress } from "../../core/lists/list-address.js";
import { listLimits } from "../../core/lists/text.js";

import type { DateOrder } from "../../core/lists/typed-date.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import { isVault } from "../../vault/layout.js";
import { batchSummary } from "../batch-page.js";
import { BatchView } from "../batch-view.js";
import { addCaptureOptions, type CaptureOptions, captureRequest } from "../capture-options.js";
import type { DocumentedCommand } from "../documented-command.js";
import { noteDownloaderChanges } from "../downloader-note.js";
import { type ExitStatus, exitStatus, leftSomething } from "../exit-status.js";
import { sessionForCapture } from "../new-vault.js";
import {
  dateOrderOption,
  parseCount,
  parseDay,
  parseDuration,
  parseSize,
  sheetFlags,
  sheetWords,
} from "../option-values.js";
import { checkSandbox } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { columnsOf } from "../terminal.js";
import { inSameVault, inShell, typedAgain } from "../typed-again.js";
import { formatBytes } from "../units.js";

interface BatchOptions extends CaptureOptions {
  readonly resume?: boolean;
  readonly column?: string;
  readonly sheet?: string;
  readonly dateOrder?: DateOrder;
  readonly dryRun?: boolean;
  readonly jobs?: number;
  readonly perHost: number;
  readonly delay?: number;
  readonly attempts: number;
  readonly retryWait: number;
  readonly maxTime?: number;
  readonly maxDisk?: number;
  readonly keepFree?: number;
  readonly since?: string;
  readonly to?: string;
  readonly page?: boolean;
}

export function addBatch(program: DocumentedCommand, run: RunCommand): void {
  addCaptureOptions(
    program
      .command("batch")
      .summary("capture every row of a list")
      .description(
        "Captures every address of a list, several at a time. The list is a table of a spreadsheet (.xlsx, .csv, .tsv), a .txt file with one address a line, a .jsonl file, the address of a table on the web such as a published Google Sheet, or - for standard input. It can be stopped at any moment: the same command goes on from there.",
      )
      .argument("[list]", "the list; with --resume it may be left out")
      .option(
        "--resume",
        "go on with the list, or without one with the newest that is not finished; rows that failed for a reason that can pass are tried again, reduced clips once their cause is gone",
      )
      .option(
        "--column <name>",
        "the column of the addresses, by its name or number (default: found by its name or content)",
      )
      .option(sheetFlags, sheetWords)
      .addOption(dateOrderOption())
      .option("--dry-run", "say what would happen to each row, and do nothing")
      .option(
        "--jobs <n>",
        "downloads at the same time (default: as many as there are processors, 2 to 8)",
        parseCount,
      )
      .option("--per-host <n>", "downloads from one site at the same time", parseCount, 1)
      .addOption(
        timeOption(
          "--delay <time>",
          "time between two downloads from one site, varied by up to half (default: 2s; for youtube.com and instagram.com 10s to 20s)",
        ),
      )
      .option("--attempts <n>", "attempts for one row, for failures that can pass", parseCount, 3)
      .addOption(
        timeOption(
          "--retry-wait <time>",
          "time before the second attempt; before each further one four times longer",
        ).default(10_000, "10s"),
      )
      .addOption(
        timeOption(
          "--max-time <time>",
          "give up one download after this time, such as 90s, 30m or 2h (default: 6h)",
        ),
      )
      .option(
        "--max-disk <size>",
        "begin no more rows once this much has been stored, such as 200G",
        parseSize,
      )
      .option(
        "--keep-free <size>",
        "stop before the disk has less room than this, such as 10G (default: 2 GiB or 5 %, whichever is more)",
        parseSize,
      )
      .option(
        "--since <day>",
        "leave out what the site says was posted before this day, such as 2026-01-31",
        parseDay,
      )
      .option("--page", "take the page around each clip too; needs Chromium (see 'holdfast page')")
      .option(
        "--to <dir>",
        "folder for results.csv, results.xlsx and failed.csv (default: batch-ID in the current folder, or beside a vault that you are in)",
      ),
  )
    .explain({
      notes: [
        "List and rows are in the vault before the first download begins. After Ctrl-C, a power cut or a full disk the same command goes on, and so does --resume: no finished row is done again. An address that stands twice in a list, in two spellings, or was captured before, is one capture, and each row points to it. A row with a playlist, channel or page of search results becomes one row for each video in it.",
        "A clip of which the platform kept better formats back is captured and called reduced: the column rendition of results.csv says why, and the exit status stays 0. With --resume such a clip is taken again, beside the first, where what was missing is there now (a JavaScript runtime, curl-cffi, cookies), or once where nothing on this machine is the cause; never where --format chose it.",
        "The other columns are kept with each capture as your word.",
        "At the end, and when it is stopped, tables are written: results.csv and, as a workbook of texts, results.xlsx say what became of every row, failed.csv is a list of those that failed and can be given to 'holdfast batch' as it is.",
        "With --page, the page around each clip that is captured now is taken once its row has its result, at the turn of its site and with one of the processors that the clips share. What becomes of a page changes nothing about the row, the tables, the lines of --json or the exit status; 'holdfast show' has it, and 'holdfast page ID' takes one later.",
        "A site that asks to slow down is left alone for as long as it asks, and the rest of the list goes on. A list that began with --proxy does not go on without it.",
        "Times are such as 90s, 30m or 2h; a bare number is seconds. Sizes are such as 500M or 20G, in powers of 1000.",
      ],
      examples: [
        ["holdfast batch list.csv --dry-run", "see which column is taken and what would happen to each row"],
        ["holdfast batch list.csv", "capture the list, or go on with it"],
        [
          "holdfast batch --resume",
          "go on with the newest list that is not finished, and try failed rows again",
        ],
        [
          "holdfast batch list.csv --jobs 4 --delay 10s --max-disk 200G",
          "be gentle to the sites and to the disk",
        ],
        [
          "holdfast batch 'https://docs.google.com/spreadsheets/d/e/2PACX-1vT/pub?output=csv'",
          "capture the rows of a Google Sheet that was published as CSV; the table is kept beside the results",
        ],
        ["holdfast batch batch-7XK2M9QD/failed.csv", "try again what failed"],
      ],
      needsPrograms: true,
      statuses: {
        0: "every row is in the vault, captured now or before, or was left out as --since asks",
        4: "a row failed, holds no address, is incomplete or was not reached, a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
        130: "interrupted; the same command goes on",
      },
    })
    .action((list: string | undefined, options: BatchOptions, command: Command) =>
      run(command, (session) => batch(session, list ?? null, options, command)),
    );
}

/** An option whose value is a time, kept in milliseconds. */
function timeOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parseDuration);
}

async function batch(
  asked: Session,
  list: string | null,
  options: BatchOptions,
  command: Command,
): Promise<ExitStatus> {
  if (list === null && options.resume !== true) {
    throw new HoldfastError(
      "usage",
      "starting a batch: no list was given",
      "give a list, or continue the newest batch: holdfast batch --resume",
    );
  }
  const source = list === null ? null : await readList(asked, list, options);
  if (options.dryRun === true) return dryRun(asked, source, options);
  const session = source === null ? asked : await sessionOf(asked, source, options);
  await noteDownloaderChanges(session, await checkSandbox(session, options, { fetching: true }));
  const { runBatch } = await import("../../batch/batch.js");
  const view = new BatchView(session);
  let leftOut = 0;
  const pages = options.page === true ? await pagesOf(session, view) : null;
  try {
    const request = { ...(await batchRequest(session, source, options)), page: pages };
    const report = await runBatch(request, session.world, {
      ...view.events,
      onRow: (row, result, capture) => {
        if (result.status === "captured" && capture !== null && leftSomething(capture)) leftOut += 1;
        view.events.onRow(row, result, capture);
      },
      onHead: (head) => showHead(session, head),
    });
    view.close();
    showReport(session, report, { leftOut, keptInPart: view.keptInPart, pages: view.pages }, command);
    return statusOf(report, leftOut);
  } finally {
    view.close();
  }
}

/** Throws `program-missing` without a browser: whoever asks for pages is not left without them in silence. */
async function pagesOf(session: Session, view: BatchView): Promise<BatchRequest["page"]> {
  const { requireBrowser } = await import("../../capture/page-tools.js");
  return { browser: await requireBrowser(session.world), onPage: (result) => view.showPage(result) };
}

/** No vault is made for a list with nothing to capture. */
async function sessionOf(session: Session, source: ListBytes, options: BatchOptions): Promise<Session> {
  if (!isVault(session.vault)) {
    const { planBatch } = await import("../../batch/list.js");
    const { rows } = planBatch(session.vault, source, captureRequest(session, options));
    if (!rows.some(({ plan }) => plan === "capture")) {
      throw new HoldfastError(
        "usage",
        "starting a batch: no row of this list can be captured, and no vault was made for it",
        "see what each row is taken for: holdfast batch LIST --dry-run",
      );
    }
  }
  return sessionForCapture(session, options);
}

async function dryRun(
  session: Session,
  source: ListBytes | null,
  options: BatchOptions,
): Promise<ExitStatus> {
  if (source === null) {
    throw new HoldfastError("usage", "--dry-run needs a list", "give one: holdfast batch LIST --dry-run");
  }
  const { planBatch } = await import("../../batch/list.js");
  const { showPlan } = await import("../batch-page.js");
  const request = captureRequest(session, options);
  showPlan(session, planBatch(session.vault, source, request));
  return exitStatus.done;
}

async function readList(session: Session, list: string, options: BatchOptions): Promise<ListBytes> {
  const address = listAddress(list);
  if (address !== null) return fetchedList(session, address, options);
  const { column = null, sheet = null, dateOrder = null } = options;
  const { signal } = session.world;
  try {
    if (list === "-") return { bytes: readFileSync(0), name: null, column, sheet, dateOrder };
    const [path = list] = typedPaths(resolve(session.io.cwd, list));
    const bytes = await readTypedFile(path, listLimits.bytes, signal);
    // `/dev/fd/63` or `/dev/stdin` is no name of a list.
    const name = list.startsWith("/dev/") ? null : basename(list);
    return { bytes, name, column, sheet, dateOrder };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error && !("code" in error) ? error.message : "the file cannot be read";
    // Numbers saves some tables as folders.
    const hint = /\.numbers\/?$/i.test(list)
      ? "a table of Numbers is not read here: in Numbers, File, Export To, Excel; then give that"
      : "give a readable file, or - for standard input";
    throw new HoldfastError("usage", `reading the list ${list}: ${why}`, hint, error);
  }
}

async function fetchedList(
  session: Session,
  address: ListAddress,
  options: BatchOptions,
): Promise<ListBytes> {
  const { fetchList } = await import("../../tools/network/fetch-list.js");
  const { proxy, allowPrivate } = captureRequest(session, options);
  const bytes = await fetchList(address, { proxy, allowPrivate, signal: session.world.signal });
  if (!session.quiet) {
    const { host } = new URL(address.url);
    session.screen.note(
      `list fetched from ${printable(host, 100)}: ${formatBytes(bytes.length)}, SHA-256 ${sha256(bytes)}`,
    );
  }
  const { column = null, sheet = null, dateOrder = null } = options;
  return { bytes, name: address.name, isFetched: true, column, sheet, dateOrder };
}

async function batchRequest(
  session: Session,
  list: ListBytes | null,
  options: BatchOptions,
): Promise<Omit<BatchRequest, "page">> {
  const { isInside, refuseFileInside } = await import("../../seal/key-store.js");
  const cores = availableParallelism();
  const { vault, io } = session;
  // Nothing but evidence belongs into a vault: who works inside one finds the tables beside it.
  const resultsIn = options.to === undefined && isInside(vault, io.cwd) ? dirname(vault) : io.cwd;
  if (options.to !== undefined) refuseFileInside(vault, resolve(io.cwd, options.to));
  return {
    ...captureRequest(session, options),
    vault: session.vault,
    list,
    resume: options.resume === true,
    since: options.since ?? null,
    maxMs: options.maxTime ?? null,
    rules: {
      jobs: options.jobs ?? Math.max(2, Math.min(cores, 8)),
      derivations: cores,
      perHost: options.perHost,
      delayMs: options.delay ?? null,
      attempts: options.attempts,
      firstWaitMs: options.retryWait,
      maxBytes: options.maxDisk ?? null,
      keepFree: options.keepFree ?? null,
      sealEveryMs: 30 * 60_000,
    },
    resultsFolder: (id) => resolve(resultsIn, options.to ?? `batch-${id}`),
  };
}

function showReport(
  session: Session,
  report: BatchReport,
  noted: Parameters<typeof batchSummary>[1],
  command: Command,
): void {
  if (session.json) {
    const { id, ...told } = report;
    session.screen.data(printableJson({ batch: id, ...told }));
  }
  if (session.quiet) return;
  // Of the newest unfinished list: which one, and what it began with, are in the vault.
  const options = typedAgain(command, ["resume", "column", "sheet", "dateOrder", "dryRun", "newVault"]);
  const vault = session.vaultBy === "option" ? ` --vault ${inShell(session.vault)}` : "";
  const again = `${options}${vault}`.trim();
  for (const line of batchSummary(report, noted, columnsOf(session.io.stderr), again))
    session.screen.note(inSameVault(line, session));
}

/**
 * 4 when a row failed, was refused, came in part or damaged, or was not reached, or a post held something that was not
 * taken; what was skipped was never asked for.
 */
function statusOf({ counts, unsound }: BatchReport, leftOut: number): ExitStatus {
  const bad = counts.failed + counts.refused + counts.incomplete + counts.waiting + unsound + leftOut;
  return bad === 0 ? exitStatus.done : exitStatus.notCaptured;
}
