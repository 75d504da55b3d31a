import { statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { annotationKey } from "../../core/capture/annotation.js";
import { dateSpan } from "../../core/capture/date-span.js";
import { queryWords } from "../../core/capture/folded-text.js";
import type { Delimiter } from "../../core/lists/delimited-text.js";
import { counted } from "../../core/words/counted.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { FindRequest, Found, Sought } from "../../search/find.js";
import type { Meaning } from "../../search/meanings.js";
import { viewOf } from "../capture-list.js";
import type { DocumentedCommand } from "../documented-command.js";
import { type ExitStatus, exitStatus } from "../exit-status.js";
import { foundCells, foundLines, foundTable } from "../found-table.js";
import { parseCount, parseDayOrTime } from "../option-values.js";
import type { RunCommand, Session } from "../session.js";
import { inShell } from "../typed-again.js";

type Where = FindRequest["where"];

export interface FindOptions {
  readonly since?: string;
  readonly until?: string;
  readonly dateOf: FindRequest["dateOf"];
  readonly host?: string;
  readonly case?: string;
  readonly where?: Where;
  readonly limit?: number;
  readonly csv?: boolean;
  readonly separator?: Delimiter;
  readonly xlsx?: string;
}

const separators: ReadonlyMap<string, Delimiter> = new Map([
  ["comma", ","],
  [",", ","],
  ["semicolon", ";"],
  [";", ";"],
  ["tab", "\t"],
]);

const dates: readonly FindRequest["dateOf"][] = ["capture", "claim", "incident"];

export function addFind(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("find")
    .summary("look for captures by words, address, id, hash or file")
    .description(
      "Looks for captures by words, an address, a site, an id, a hash or a file, newest first. Failed attempts are found too.",
    )
    .argument(
      "[what...]",
      "words, an address, a site, an id, a hash, or a file; may be left out where a filter is given",
    )
    .option(
      "--since <day>",
      "on this UTC day or time, or later, such as 2026-11-23 or 2026-11-23T14:00:00Z",
      parseDayOrTime,
    )
    .option("--until <day>", "on this UTC day or time, or earlier", parseDayOrTime)
    .addOption(
      new Option(
        "--date-of <what>",
        "which day --since and --until mean: of the capture, of the posting as the site claims it, or of the incident as noted",
      )
        .choices(dates)
        .default("capture"),
    )
    .option("--host <name>", "only from this site and those below it: example.org has video.example.org too")
    .option("--case <name>", "only what was noted as of this case")
    .option(
      "--where <name=words>",
      "only with these words noted under this name; may be given several times",
      addWhere,
    )
    .option("--limit <n>", "at most n captures", parseCount)
    .option("--csv", "print a CSV table for a spreadsheet, with a column for everything that was noted")
    .addOption(
      new Option(
        "--separator <what>",
        "what divides the cells of --csv (default: semicolon where the locale has a decimal comma, else comma)",
      )
        .choices(["comma", "semicolon", "tab"])
        .argParser(parseSeparator),
    )
    .option("--xlsx <file>", "write the same table as a workbook in which every cell is text")
    .explain({
      notes: [
        "Words are looked for in title, description, uploader, notes and the own name of an imported file: at the beginning of a word and, from three letters on, inside one too; among more than 20 000 captures at the beginning alone, which is then said. A hash is a SHA-256 or SHA-512 of any file of a capture, whole or its first 8 digits and more, with or without sha256: before it. An address is looked for in every spelling that is known to lead to the same post, and nowhere else than among addresses. What exists as a file is taken for one, and its SHA-256 is looked for. Letters that are typed for each other find each other: кайрат finds Қайрат, елка finds ёлка, nandu finds ñandú.",
        "In the CSV table, cells that a spreadsheet could run as a formula begin with an apostrophe, and so do noted texts that it would rewrite, such as 14/2 or 007; the apostrophe is taken off again where the table is read. Add columns to it, and 'holdfast annotate --from' notes what is new.",
      ],
      examples: [
        ["holdfast find алматы жарылыс", "look for two words"],
        ["holdfast find https://t.me/channel/123", "ask whether this post was captured, or tried"],
        ["holdfast find 833d1120", "look for a hash by its first digits"],
        ["holdfast find clip.mp4", "ask whether a capture holds exactly this file"],
        ["holdfast find --case 14/2 --csv > case.csv", "write everything noted about a case into a table"],
        [
          "holdfast find --where place=тараз --since 2026-11-01 --date-of incident",
          "look by place and day of the incident",
        ],
      ],
      statuses: { 0: "done, also where nothing was found" },
    })
    .action((what: readonly string[], options: FindOptions, command: Command) =>
      run(command, (session) => find(session, what, options)),
    );
}

function addWhere(text: string, others: Where = []): Where {
  const at = text.indexOf("=");
  const [key, words] = [annotationKey(text.slice(0, at)), text.slice(at + 1)];
  if (at < 1 || key === "" || queryWords(words).length === 0) {
    throw new InvalidArgumentError("give a name, = and words, such as place=Almaty");
  }
  return [...others, { key, words }];
}

async function find(session: Session, what: readonly string[], options: FindOptions): Promise<ExitStatus> {
  const { findInVault } = await import("../../search/find.js");
  const { hostAsked, meaningsOf } = await import("../../search/meanings.js");
  refuseOptions(session, options);
  const sought = soughtBy(session.io.cwd, what, meaningsOf);
  if (sought.by === "filters") refuseNoFilter(options);
  const host = options.host === undefined ? null : hostAsked(options.host);
  const found = findInVault({ ...findFilters(options), vault: session.vault, sought, host }, session.world);
  if (sought.by === "file" && !session.quiet) {
    const name = printable(what.join(" "), 200);
    session.screen.note(`${name} is a file: searching for its SHA-256, ${found.sha256}`);
  }
  if (options.xlsx === undefined) answer(session, found, options);
  else await writeWorkbook(session, found, options.xlsx);
  if (sought.by === "file" && found.rows.length > 0 && !session.quiet) {
    session.screen.note("this is from the index; to check the log and the stored copy: holdfast verify FILE");
  }
  if (found.rows.length === 0 && !session.quiet) {
    session.screen.note(nothingFound(sought));
    const file = options.csv === true ? what.find((word) => /\.csv$/i.test(word)) : undefined;
    if (file !== undefined)
      session.screen.note(`--csv prints the table: for a file, --csv > ${inShell(file)}`);
  }
  if (found.beginningsAlone && !session.quiet) {
    session.screen.note("among so many captures, words are found by their beginnings alone");
  }
  return exitStatus.done;
}

function answer(session: Session, { rows }: Found, { csv, separator }: FindOptions): void {
  const { screen, json, io } = session;
  if (json) for (const row of rows) screen.data(printableJson(row));
  // RFC 4180 ends each line with CR and LF.
  else if (csv === true)
    for (const line of foundLines(rows, separator ?? separatorOf(io.env))) screen.data(`${line}\r`);
  else if (rows.length > 0) screen.answer(foundTable(rows, viewOf(session)).join("\n"));
}

/** Throws `usage` for a file that is there already, lies in the vault or cannot be written. */
async function writeWorkbook(session: Session, { rows }: Found, file: string): Promise<void> {
  const { refuseFileInside } = await import("../../seal/key-store.js");
  const { workbookBytes } = await import("../../tools/sheets/write-workbook.js");
  const path = resolve(session.io.cwd, file);
  refuseFileInside(session.vault, path);
  const bytes = Buffer.concat([...workbookBytes(foundCells(rows, "."))]);
  try {
    writeFileSync(path, bytes, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    const why = isThere ? "it is there already" : "it cannot be written";
    throw new HoldfastError("usage", `writing ${file}: ${why}`, "give --xlsx another name", error);
  }
  if (!session.quiet)
    session.screen.note(`${counted(rows.length, "capture")} written into ${printable(file, 200)}`);
}

function parseSeparator(text: string): Delimiter {
  const found = separators.get(text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError("give comma, semicolon or tab");
  return found;
}

/** Spreadsheets divide cells by a semicolon where a comma divides decimals. */
function separatorOf(env: Session["io"]["env"]): Delimiter {
  const locale =
    [env.LC_ALL, env.LC_NUMERIC, env.LANG].find((name) => name !== undefined && name !== "") ?? "";
  const tag = locale.replace(/[.@].*$/, "").replaceAll("_", "-");
  if (!/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/i.test(tag)) return ",";
  const decimal = new Intl.NumberFormat(tag).formatToParts(0.5).find(({ type }) => type === "decimal");
  return decimal?.value === "," ? ";" : ",";
}

/** An existing file is a file; anything else is what its text may mean. */
function soughtBy(
  cwd: string,
  what: readonly string[],
  meaningsOf: (text: string) => readonly Meaning[],
): Sought {
  const text = what.join(" ");
  if (text.trim() === "") return { by: "filters" };
  const path = resolve(cwd, text);
  // The text may have any length; if it cannot be a path, it is not a file.
  if (isFile(path)) return { by: "file", path };
  const meanings = meaningsOf(text);
  if (meanings.length > 0) return { by: "meanings", meanings };
  throw new HoldfastError(
    "usage",
    `finding ${text}: the text has no letter or digit`,
    "give words, an address, an id, a hash or a file, for example: holdfast find Almaty",
  );
}

/** What was looked for in vain. */
function nothingFound(sought: Sought): string {
  const [meaning] = sought.by === "meanings" ? sought.meanings : [];
  if (meaning?.by === "address")
    return `no capture and no failed attempt of this address, in any spelling known to be the same: ${printable(meaning.text, 200)}`;
  return "no captures match";
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** The filters from the options. A day without a time means the whole day. */
function findFilters(options: FindOptions): Omit<FindRequest, "vault" | "sought" | "host"> {
  return {
    since: options.since === undefined ? null : (dateSpan(options.since)?.from ?? null),
    until: options.until === undefined ? null : (dateSpan(options.until)?.until ?? null),
    dateOf: options.dateOf,
    case: options.case ?? null,
    where: options.where ?? [],
    limit: options.limit ?? null,
  };
}

function refuseNoFilter({ since, until, host, case: name, where }: FindOptions): void {
  if ([since, until, host, name, where].some((given) => given !== undefined)) return;
  throw new HoldfastError(
    "usage",
    "finding: nothing to search for was given",
    "give words, a hash, a file or a filter, for example: holdfast find Almaty; to list everything: holdfast list",
  );
}

/** Refuses options that would silently do nothing. */
function refuseOptions(
  { json, io }: Session,
  { since, until, dateOf, csv, separator, xlsx }: FindOptions,
): void {
  const idle = dateOf !== "capture" && since === undefined && until === undefined;
  if (idle)
    throw new HoldfastError("usage", "finding: --date-of needs --since or --until", "add one of them");
  if (xlsx !== undefined && (csv === true || json))
    throw new HoldfastError("usage", "finding: --xlsx excludes --csv and --json", "use only one of them");
  if (separator !== undefined && csv !== true)
    throw new HoldfastError("usage", "finding: --separator needs --csv", "add it");
  if (separator === "\t" && io.stdout.isTTY === true)
    throw new HoldfastError(
      "usage",
      "finding: tabs move the cursor of a terminal",
      "write into a file: > FILE",
    );
  if (csv !== true || !json) return;
  throw new HoldfastError("usage", "finding: --csv and --json exclude each other", "use only one of them");
}
