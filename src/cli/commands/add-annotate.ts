import { basename, resolve } from "node:path";
import type { Command } from "commander";
import type { AnnotationOrder, AnnotationResult } from "../../capture/annotate.js";
import { readTypedFile } from "../../capture/typed-file.js";
import { listLimits } from "../../core/lists/text.js";
import type { DateOrder } from "../../core/lists/typed-date.js";
import { counted } from "../../core/words/counted.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { DocumentedCommand } from "../documented-command.js";
import { type ExitStatus, exitStatus } from "../exit-status.js";
import { dateOrderOption, sheetFlags, sheetWords } from "../option-values.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showHead } from "../show-head.js";

export interface AnnotateOptions {
  readonly from?: string;
  readonly sheet?: string;
  readonly dateOrder?: DateOrder;
}

export function addAnnotate(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("annotate")
    .summary("note what a person says about a capture")
    .description(
      "Writes into the log what a person says about a capture: the place, the date of the incident, a case number, anything. It is kept as that person's word, and 'holdfast find' finds it.",
    )
    .argument("[id]", "a capture id or a unique part of it")
    .argument("[pairs...]", "what to note, each as name=text")
    .option("--from <file>", "note what stands in this list instead: .csv, .tsv or .xlsx")
    .option(sheetFlags, sheetWords)
    .addOption(dateOrderOption())
    .explain({
      notes: [
        "Any name will do. For lat, lon, coordinates, incident_date (as in 2026-01-05 or 05.01.2026), country and case the text must have the right form. Names in Russian and Kazakh for these are understood, such as 'широта', 'күні', 'дело' and 'орын'.",
        "A later text takes the place of an earlier one, which stays in the log. 'name=' without a text takes the earlier one back.",
        "A list has a column id, sha256 or url that names the captures, and one column for each thing to note. Blank cells say nothing. A row that names no capture is named on stderr and left out. A cell of the wrong form is named and kept as text, under unchecked and its name; the other cells of its row are written.",
        "What a spreadsheet rewrote (14/2 as a date, 007 as 7, 1.23E+12, letters as ?) changes nothing that was noted before, and is named.",
        "A note can name a source, and the log keeps it for good. It goes into no package and no report unless you ask for that: holdfast export --with-annotations, holdfast report --with-annex.",
      ],
      examples: [
        ["holdfast annotate SC12NB50 'place=Almaty' case=14/2", "note a place and a case about one capture"],
        ["holdfast annotate SC12NB50 place=", "take the place back"],
        [
          "holdfast annotate --from case.csv",
          "note what stands in a list, for instance one of 'holdfast find --csv'",
        ],
      ],
      statuses: {
        2: "the command line is wrong, no capture has that id, a row of the list was refused, or a cell did not have the form of its column",
      },
    })
    .action((id: string | undefined, pairs: readonly string[], options: AnnotateOptions, command: Command) =>
      run(command, (session) => annotate(session, id, pairs, options)),
    );
}

async function annotate(
  session: Session,
  id: string | undefined,
  pairs: readonly string[],
  options: AnnotateOptions,
): Promise<ExitStatus> {
  const { annotateCaptures } = await import("../../capture/annotate.js");
  const orders = await ordersOf(session, id, pairs, options);
  const allowPrivate = isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE");
  const results = await annotateCaptures(
    { vault: session.vault, orders, seal: { proxy: null, allowPrivate, force: false } },
    session.world,
    (result) => showResult(session, result),
    (head) => showHead(session, head),
  );
  if (options.from !== undefined && !session.quiet) session.screen.note(tally(results));
  return results.some(({ problems }) => problems.length > 0) ? exitStatus.usage : exitStatus.done;
}

async function ordersOf(
  session: Session,
  id: string | undefined,
  pairs: readonly string[],
  { from, sheet, dateOrder }: AnnotateOptions,
): Promise<readonly AnnotationOrder[]> {
  const { listedOrders, typedOrder } = await import("../../capture/annotate.js");
  if (from !== undefined && id === undefined) {
    const bytes = await readList(resolve(session.io.cwd, from), from, session.world.signal);
    const as = { name: basename(from), sheet: sheet ?? null };
    const { orders, notes } = listedOrders(bytes, as, dateOrder ?? null);
    if (!session.quiet) for (const note of notes) session.screen.note(printable(note, 300));
    return orders;
  }
  if (sheet !== undefined && from === undefined)
    throw new HoldfastError("usage", "annotating: --sheet needs --from", "leave it out");
  if (from !== undefined || id === undefined) {
    throw new HoldfastError(
      "usage",
      "annotating: give either a capture and what to note, or --from with a list",
      "for example: holdfast annotate ID 'place=Almaty', or: holdfast annotate --from list.csv",
    );
  }
  return [typedOrder(id, pairs.map(readPair), dateOrder ?? null)];
}

/** Reads `name=text`. Without a text, an earlier value is withdrawn. */
function readPair(typed: string): readonly [name: string, text: string | null] {
  const at = typed.indexOf("=");
  if (at < 1) {
    const hint = "type a name, = and the text: 'place=Almaty'; quote it if the text has spaces";
    throw new HoldfastError("usage", `annotating: ${typed} has no name and =`, hint);
  }
  const text = typed.slice(at + 1);
  return [typed.slice(0, at), text.trim() === "" ? null : text];
}

async function readList(path: string, name: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await readTypedFile(path, listLimits.bytes, signal);
  } catch (error) {
    signal.throwIfAborted();
    const words = error instanceof Error ? error.message : "unknown";
    throw new HoldfastError(
      "usage",
      `reading ${name} for --from: ${words}`,
      "give a .csv, .tsv or .xlsx file",
      error,
    );
  }
}

/** What was not taken as it stands always appears on stderr. */
function showResult(session: Session, result: AnnotationResult): void {
  const { row, status, capture, entry, problems, rewritten } = result;
  if (session.json) session.screen.data(printableJson({ row, status, capture, entry, problems }));
  const what = status === "refused" ? "not written" : "written in part";
  for (const problem of problems) session.screen.note(printable(`row ${row} ${what}: ${problem}`, 500));
  if (!session.quiet) {
    for (const cell of rewritten) session.screen.note(printable(`row ${row} unchanged: ${cell}`, 500));
  }
  if (status !== "refused" && !session.json && !session.quiet) {
    const words =
      status === "annotated" ? `annotated, entry ${entry}` : "nothing new: all of this was noted before";
    session.screen.answer(`${capture}  ${words}`);
  }
}

function tally(results: readonly AnnotationResult[]): string {
  const count = (wanted: AnnotationResult["status"]) =>
    results.filter(({ status }) => status === wanted).length;
  const rows = new Set(results.flatMap(({ row }) => row ?? [])).size;
  return `${counted(rows, "row")}: ${counted(count("annotated"), "capture")} annotated, ${count("unchanged")} unchanged, ${counted(count("refused"), "row")} refused`;
}
