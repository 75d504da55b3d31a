import { type Command, Option } from "commander";
import { printableJson } from "../../core/words/printable.js";
import type { ListFilter } from "../../search/captures.js";
import { captureTable, listNotes, viewOf } from "../capture-list.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { parseCount, parseDayOrTime } from "../option-values.js";
import type { RunCommand, Session } from "../session.js";
import { inSameVault } from "../typed-again.js";

const sortKeys: readonly ListFilter["sort"][] = ["at", "title", "uploader", "host", "status", "bytes"];

export interface ListOptions {
  readonly since?: string;
  readonly until?: string;
  readonly uploader?: string;
  readonly host?: string;
  readonly status?: string;
  readonly text?: string;
  readonly case?: string;
  readonly sort: ListFilter["sort"];
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly latest?: boolean;
}

export function addList(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("list")
    .summary("list what the vault holds")
    .description("Lists what the vault holds, newest first. Failed attempts are listed too.")
    .option(
      "--since <day>",
      "captured on this UTC day or time, or later, such as 2026-11-23 or 2026-11-23T14:00:00Z",
      parseDayOrTime,
    )
    .option("--until <day>", "captured on this UTC day or time, or earlier", parseDayOrTime)
    .option("--uploader <name>", "only from this uploader, as the site names it")
    .option("--host <name>", "only from this site")
    .addOption(
      new Option("--status <status>", "only with this status").choices([
        "captured",
        "reduced",
        "damaged",
        "short",
        "unreadable",
        "no-media",
        "incomplete",
        "failed",
        "withdrawn",
      ]),
    )
    .option(
      "--text <words>",
      "only with these words in title, description, uploader, notes or an imported file's name",
    )
    .option("--case <name>", "only what was noted as of this case")
    .addOption(
      new Option("--sort <key>", "order by time of capture (at), by size (bytes) or by one of the others")
        .choices(sortKeys)
        .default("at"),
    )
    .option("--reverse", "the other way round: at and bytes begin with the largest, others with A")
    .option("--limit <n>", "at most n captures", parseCount)
    .option("--latest", "of each address only the newest attempt")
    .explain({
      examples: [
        ["holdfast list", "list everything"],
        ["holdfast list --status incomplete --since 2026-11-01", "list what broke off this month"],
        ["holdfast list --latest --status failed", "list the addresses of which the newest attempt failed"],
        ["holdfast list --sort bytes --limit 10", "list the ten largest"],
      ],
    })
    .action((options: ListOptions, command: Command) => run(command, (session) => list(session, options)));
}

async function list(session: Session, options: ListOptions) {
  const { listCaptures, pendingOf } = await import("../../search/show.js");
  const rows = listCaptures(session.vault, listFilter(options), options.latest);
  if (session.json) {
    for (const row of rows) session.screen.data(printableJson(row));
    return exitStatus.done;
  }
  if (rows.length > 0) {
    const lines = captureTable(rows, viewOf(session));
    session.screen.answer(lines.join("\n"));
  }
  if (session.quiet) return exitStatus.done;
  const pending = rows.some(({ anchor }) => anchor === "pending") ? pendingOf(session.vault) : [];
  for (const line of listNotes(rows, pending)) session.screen.note(inSameVault(line, session));
  return exitStatus.done;
}

/** The options as the operation takes them: newest and largest come first, words from A. */
export function listFilter(options: ListOptions): ListFilter {
  const largestFirst = options.sort === "at" || options.sort === "bytes";
  return {
    since: options.since ?? null,
    until: options.until ?? null,
    uploader: options.uploader ?? null,
    host: options.host ?? null,
    status: options.status ?? null,
    text: options.text ?? null,
    case: options.case ?? null,
    sort: options.sort,
    descending: largestFirst !== (options.reverse === true),
    limit: options.limit ?? null,
  };
}
