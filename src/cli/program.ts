import { Help } from "commander";
import { displayWidth } from "../core/words/printable.js";
import { addAnnotate } from "./commands/add-annotate.js";
import { addArchive } from "./commands/add-archive.js";
import { addBatch } from "./commands/add-batch.js";
import { addCheckpoint } from "./commands/add-checkpoint.js";
import { addDerive } from "./commands/add-derive.js";
import { addDoctor } from "./commands/add-doctor.js";
import { addExport } from "./commands/add-export.js";
import { addFind } from "./commands/add-find.js";
import { addFormats } from "./commands/add-formats.js";
import { addImport } from "./commands/add-import.js";
import { addInit } from "./commands/add-init.js";
import { addKey } from "./commands/add-key.js";
import { addList } from "./commands/add-list.js";
import { addOpen } from "./commands/add-open.js";
import { addRebuild } from "./commands/add-rebuild.js";
import { addRedact } from "./commands/add-redact.js";
import { addReport } from "./commands/add-report.js";
import { addShow } from "./commands/add-show.js";
import { addStats } from "./commands/add-stats.js";
import { addVerify } from "./commands/add-verify.js";
import { addWitness } from "./commands/add-witness.js";
import { DocumentedCommand } from "./documented-command.js";
import { overview } from "./overview.js";
import type { Screen } from "./screen.js";
import type { RunCommand } from "./session.js";
import type { Terminal } from "./terminal.js";
import { wrap } from "./text-layout.js";

const description =
  "Archives online video as evidence: keeps what the platform served, with its SHA-256, keyframes and a log that anyone can check.";

/** The commands by what they are for, in the order in which the help names them. */
const groups = [
  ["Archive", [addArchive, addImport, addBatch, addFormats, addDerive]],
  ["Find and read", [addList, addFind, addShow, addOpen, addStats, addAnnotate]],
  ["Check", [addVerify]],
  ["Hand over", [addExport, addReport, addRedact]],
  ["Look after", [addCheckpoint, addWitness, addInit, addKey, addRebuild, addDoctor]],
] as const;

/**
 * The command line: every command, its options and its help. Nothing here exits or writes past `screen`; a wrong
 * command line and a shown help both come out of parsing as a CommanderError.
 */
export function buildProgram(
  io: Terminal,
  screen: Screen,
  version: string,
  run: RunCommand,
): DocumentedCommand {
  const program: DocumentedCommand = new DocumentedCommand("holdfast")
    .description(description)
    .version(version, "-V, --version", "print the version")
    .option(
      "--vault <dir>",
      "the folder of the vault (default: the one around this folder, else $HOLDFAST_VAULT, else the one that 'holdfast init' remembers, else ~/holdfast)",
    )
    .option("--json", "for programs: one JSON object per line on stdout; messages go to stderr")
    .option("--quiet", "print nothing but errors and the answer asked for")
    .option("--no-color", "print no colours (or NO_COLOR=1)")
    .helpOption("-h, --help", "print this help")
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      displayWidth,
      boxWrap: (text, columns) => wrap(text, columns).join("\n"),
      formatHelp: (command, help) =>
        command === program ? overview(program, help.helpWidth ?? 80) : new Help().formatHelp(command, help),
    })
    .configureOutput({
      writeOut: (text) => screen.text("stdout", text),
      writeErr: (text) => screen.text("stderr", text),
      // `main` prints this like every other error.
      outputError: () => {},
      getOutHelpWidth: () => helpColumns(io.stdout.columns),
      getErrHelpWidth: () => helpColumns(io.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
  // Commands copy these settings when they are added.
  for (const [group, adders] of groups) {
    program.commandsGroup(group);
    for (const add of adders) add(program, run);
  }
  return program;
}

/** Keeps the lines of help readable on a wide terminal and in a file. */
function helpColumns(columns: number | undefined): number {
  return Math.max(40, Math.min(columns ?? 80, 110));
}
