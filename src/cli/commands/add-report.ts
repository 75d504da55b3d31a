import { writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { ReportFacts } from "../../core/report/facts.js";
import { type ReportLanguage, reportLanguages } from "../../core/report/texts/texts.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { Report } from "../../handover/report.js";
import type { DocumentedCommand } from "../documented-command.js";
import { type ExitStatus, exitStatus } from "../exit-status.js";
import { errorLines } from "../failure-report.js";
import type { RunCommand, Session } from "../session.js";
import { inSameVault } from "../typed-again.js";

interface ReportOptions {
  readonly lang?: ReportLanguage;
  readonly declaration?: boolean;
  readonly withAnnex?: boolean;
  readonly to?: string;
}

export function addReport(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("report")
    .summary("write the report of a capture, or a draft declaration")
    .description(
      "Checks one capture and writes its technical report as one HTML file to read, print or send: what was collected, how, and what happened to it since, by the points of the Berkeley Protocol's §156 and Annex IV. Never overwrites a file, and changes nothing in the vault.",
    )
    .argument("<id>", "a capture id or a unique part of it")
    .addOption(
      new Option(
        "--lang <lang>",
        "language of the document; dates, names and digests stay as they are (default: en)",
      ).choices(reportLanguages),
    )
    .option(
      "--declaration",
      "write the draft of a declaration instead, with blanks for the person who can make it; not a certification",
    )
    .option("--to <file>", "where to write it (default: named after the capture, in the current folder)")
    .option(
      "--with-annex",
      "put in who collected it and from where, and what people noted; the document is then private",
    )
    .explain({
      examples: [
        ["holdfast report SC12NB50", "write the report in English"],
        [
          "holdfast report SC12NB50 --lang ru --to report.html",
          "write it in Russian into a file of your choice",
        ],
        ["holdfast report SC12NB50 --declaration", "write the draft of a declaration"],
      ],
      statuses: { 1: "something about this capture is not as recorded; the report is written and says what" },
    })
    .action((id: string, options: ReportOptions, command: Command) =>
      run(command, (session) => report(session, id, options)),
    );
}

async function report(session: Session, id: string, options: ReportOptions): Promise<ExitStatus> {
  const writes = !session.json || options.to !== undefined;
  if (!writes) refuseDocumentOptions(options);
  const { reportCapture } = await import("../../handover/report.js");
  const request = { vault: session.vault, id, withAnnex: options.withAnnex === true };
  const made = await reportCapture(request, session.world);
  const file = writes ? await writeDocument(session, made, options) : null;
  if (session.json) session.screen.data(printableJson(reportResult(made.facts, file)));
  else if (file !== null) session.screen.answer(printable(relative(session.io.cwd, file) || file));
  if (made.facts.check.ok) return exitStatus.done;
  const hint = inSameVault(`run: holdfast verify ${made.facts.capture}`, session);
  session.screen.error(
    errorLines("not everything about this capture is as recorded; the report says what is not", hint),
  );
  return exitStatus.notAsRecorded;
}

/** Refuses options that would silently do nothing. */
function refuseDocumentOptions({ lang, declaration }: ReportOptions): void {
  if (lang === undefined && declaration !== true) return;
  throw new HoldfastError(
    "usage",
    "--json prints the facts and writes no document, so --lang and --declaration would do nothing",
    "choose a file for the document with --to, or leave --json out",
  );
}

/** Writes the requested document to a new file and returns its absolute path. */
async function writeDocument(session: Session, made: Report, options: ReportOptions): Promise<string> {
  const language = options.lang ?? "en";
  const path = resolve(session.io.cwd, options.to ?? usualName(made.facts, options, language));
  const { refuseFileInside } = await import("../../seal/key-store.js");
  refuseFileInside(session.vault, path);
  const text = await documentOf(made, options, language);
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw notWritten(path, error);
  }
  return path;
}

async function documentOf({ facts, pictures }: Report, options: ReportOptions, language: ReportLanguage) {
  if (options.declaration !== true) {
    const { reportDocument } = await import("../../core/report/page.js");
    return reportDocument(facts, pictures, language);
  }
  const { declarationDocument } = await import("../../core/report/declaration.js");
  const { record } = facts;
  if (record !== null) return declarationDocument({ ...facts, record }, language);
  throw new HoldfastError(
    "usage",
    `drafting a declaration about ${facts.capture}: the attempt failed, so it has no files to declare anything about`,
    "leave --declaration out; the report says what was tried",
  );
}

function usualName({ capture }: ReportFacts, options: ReportOptions, language: ReportLanguage): string {
  const kind = options.declaration === true ? "declaration" : "report";
  return `${capture}-${kind}-${language}${options.withAnnex === true ? "-PRIVATE" : ""}.html`;
}

function notWritten(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  if (code === null) return error;
  if (code === "EEXIST") {
    return new HoldfastError(
      "usage",
      `writing ${path}: the file already exists, and holdfast does not overwrite it`,
      "choose another file with --to, or move that one away",
      error,
    );
  }
  return new HoldfastError(
    "io",
    `writing ${path}: ${code}`,
    "choose a file in a writable folder with --to",
    error,
  );
}

/** The JSON line: schema `reportResult`. `file` is the document that was written beside it, or null. */
function reportResult(facts: ReportFacts, file: string | null): object {
  return { ...facts, file };
}
