import { resolve } from "node:path";
import type { Command } from "commander";
import type { ImportRequest } from "../../capture/import.js";
import { printable } from "../../core/words/printable.js";
import { exitStatusHelp, statusOfCaptures } from "../exit-status.js";
import { checkSandbox, type SandboxOption, sandboxOption } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showResult, showTally } from "../show-result.js";

export interface ImportOptions extends SandboxOption {
  readonly sourceUrl?: string;
  readonly receivedFrom?: string;
  readonly again?: boolean;
  readonly deep?: boolean;
  readonly keepName?: boolean;
}

export function addImport(program: Command, run: RunCommand): void {
  program
    .command("import")
    .summary("capture files already on disk")
    .description(
      "Captures files already on disk: copies each into the vault, never moves or changes it. An .info.json of yt-dlp beside the file is taken along. A file is never recorded as fetched by holdfast.",
    )
    .argument("<file...>", "video or audio files, or folders of them, with all that is below")
    .option("--source-url <url>", "where somebody says the file came from; recorded as that person's word")
    .option("--received-from <who>", "who handed the file over; kept in the private part of the vault")
    .option(
      "--keep-name",
      "put the files' own names into the record, and so into packages; without it they stay in the private part",
    )
    .option("--again", "import once more what the vault already holds")
    .option("--deep", "hash every decoded frame too; slow")
    .addOption(sandboxOption())
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130))
    .action((files: readonly string[], options: ImportOptions, command: Command) =>
      run(command, (session) => importAll(session, files, options)),
    );
}

async function importAll(session: Session, files: readonly string[], options: ImportOptions) {
  await checkSandbox(session, options, { fetching: false });
  const { importFiles } = await import("../../capture/import.js");
  const request = importRequest(session, files, options);
  const results = await importFiles(
    request,
    session.world,
    (result) => showResult(session, result, "import", "said beside the file, not checked"),
    (head) => showHead(session, head),
    (note) => session.screen.note(printable(note, 600)),
  );
  showTally(session, results);
  return statusOfCaptures(results);
}

/** The options as the operation takes them: relative paths start from the current folder. */
export function importRequest(
  session: Session,
  files: readonly string[],
  options: ImportOptions,
): ImportRequest {
  return {
    vault: session.vault,
    files: files.map((file) => resolve(session.io.cwd, file)),
    sourceUrl: options.sourceUrl ?? null,
    receivedFrom: options.receivedFrom ?? null,
    again: options.again === true,
    deep: options.deep === true,
    keepName: options.keepName === true,
  };
}
