import { resolve } from "node:path";
import type { Command } from "commander";
import type { ImportRequest } from "../../capture/import.js";
import type { LeftOutFile } from "../../core/capture/left-out-files.js";
import { redactTypedUrl } from "../../core/capture/redact.js";
import { parseSourceUrl } from "../../core/capture/source-url.js";
import { readAddress } from "../../core/lists/cell-address.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable } from "../../core/words/printable.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus, statusOfCaptures } from "../exit-status.js";
import { showLeftOut } from "../left-out-page.js";
import { type NewVaultOption, newVaultOption, sessionForCapture } from "../new-vault.js";
import { checkSandbox, type SandboxOption, sandboxOption } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showResult, showTally } from "../show-result.js";
import { nearFile } from "../suggestion.js";

export interface ImportOptions extends SandboxOption, NewVaultOption {
  readonly sourceUrl?: string;
  readonly receivedFrom?: string;
  readonly again?: boolean;
  readonly deep?: boolean;
  readonly keepName?: boolean;
}

export function addImport(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("import")
    .summary("capture files already on disk")
    .description(
      "Captures files from a phone, a USB stick or a folder of yt-dlp. Each is copied into the vault, never moved or changed, and never recorded as fetched by holdfast.",
    )
    .argument("<file...>", "video or audio files, or folders: all footage in a folder and below it")
    .option("--source-url <url>", "where somebody says the file came from; kept as that person's word")
    .option("--received-from <who>", "who gave you the file; kept in private/ alone")
    .option(
      "--keep-name",
      "put the files' own names into the record, and so into packages; without it they stay in private/",
    )
    .option("--again", "import once more what the vault holds already")
    .option("--deep", "hash every decoded frame too; slow")
    .addOption(newVaultOption())
    .addOption(sandboxOption())
    .explain({
      notes: [
        "What lies beside a file and has its name is taken along: .info.json, subtitles, thumbnail, .AAE, .XML, Google's .json. In a folder everything else is named with its reason, and the exit status is 4: nothing that was seen is left out without a word. What systems keep for themselves (.DS_Store, Thumbs.db) is only noted. Links are followed. What yt-dlp's list of downloads (archive.txt) names and is not there is said at the end.",
        "The same bytes again are one capture, unless something new is said of them (--received-from, --source-url, other files beside them): then they are captured once more, with that source's words.",
        "A file's own name can name whoever sent it. It stands in private/ alone, from where 'holdfast list', 'holdfast show' and 'holdfast find' show it to you; the record keeps the extension.",
      ],
      examples: [
        ["holdfast import clip.mp4 --received-from 'M., by phone'", "take a file that somebody gave you"],
        ["holdfast import downloads", "take a folder that yt-dlp filled"],
        [
          "holdfast import clip.mp4 --source-url https://video.example/watch/811",
          "note where somebody says it came from",
        ],
      ],
      needsPrograms: true,
      statuses: {
        0: "every file is in the vault, imported now or before",
        4: "a file could not be imported or is incomplete (recorded as such), something in a folder was not taken, a disk could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
      },
    })
    .action((files: readonly string[], options: ImportOptions, command: Command) =>
      run(command, (session) => importAll(session, files, options)),
    );
}

async function importAll(asked: Session, files: readonly string[], options: ImportOptions) {
  if (options.sourceUrl !== undefined) statedAddress(options.sourceUrl);
  const session = await sessionForCapture(asked, options);
  const request = importRequest(session, files, options);
  await checkSandbox(session, options, { fetching: false });
  const { importFiles } = await import("../../capture/import.js");
  const leftOut: LeftOutFile[] = [];
  const { results } = await importFiles(request, session.world, {
    onResult: (result) => showResult(session, result, "import"),
    onHead: (head) => showHead(session, head),
    onLeftOut: (file) => leftOut.push(file),
    onNote: (note) => session.screen.note(printable(note, 600)),
  });
  showLeftOut(session, leftOut);
  const guess = nearFile(session.io.cwd, files);
  if (guess !== null && !session.quiet) session.screen.note(`  hint: ${guess}`);
  showTally(session, results, leftOut.length);
  return leftOut.length > 0 ? exitStatus.notCaptured : statusOfCaptures(results);
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
    sourceUrl: options.sourceUrl === undefined ? null : statedAddress(options.sourceUrl),
    receivedFrom: options.receivedFrom ?? null,
    again: options.again === true,
    deep: options.deep === true,
    keepName: options.keepName === true,
  };
}

/**
 * The address that a person states, with a scheme. Throws `usage` for a text that is none: it may be a local path with a
 * person's name in it, and the log keeps what it is given for good.
 */
function statedAddress(text: string): string {
  const url = readAddress(text)?.url ?? text;
  const judged = parseSourceUrl(url, { allowPrivate: true });
  if ("url" in judged) return url;
  const { reason, hint } = judged.failure;
  throw new HoldfastError("usage", `--source-url ${printable(redactTypedUrl(text), 200)}: ${reason}`, hint);
}
