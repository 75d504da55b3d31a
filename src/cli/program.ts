import { Help } from "commander";
import { displayWidth } from "../core/words/printable.js";
import { DocumentedCommand } from "./documented-command.js";
import { overview } from "./overview.js";
import type { Screen } from "./screen.js";
import type { RunCommand } from "./session.js";
import type { Terminal } from "./terminal.js";
import { wrap } from "./text-layout.js";

const description =
  "Archives online video as evidence: keeps what the platform served, with its SHA-256, keyframes and a log that anyone can check.";

/** The commands by what they are for, in the order in which the help names them. Each is loaded when it is needed. */
const groups: readonly (readonly [group: string, Readonly<Record<string, () => Promise<AddCommand>>>])[] = [
  [
    "Archive",
    {
      archive: async () => (await import("./commands/add-archive.js")).addArchive,
      import: async () => (await import("./commands/add-import.js")).addImport,
      batch: async () => (await import("./commands/add-batch.js")).addBatch,
      formats: async () => (await import("./commands/add-formats.js")).addFormats,
      page: async () => (await import("./commands/add-page.js")).addPage,
      derive: async () => (await import("./commands/add-derive.js")).addDerive,
    },
  ],
  [
    "Find and read",
    {
      list: async () => (await import("./commands/add-list.js")).addList,
      find: async () => (await import("./commands/add-find.js")).addFind,
      show: async () => (await import("./commands/add-show.js")).addShow,
      open: async () => (await import("./commands/add-open.js")).addOpen,
      stats: async () => (await import("./commands/add-stats.js")).addStats,
      annotate: async () => (await import("./commands/add-annotate.js")).addAnnotate,
    },
  ],
  [
    "Check",
    {
      verify: async () => (await import("./commands/add-verify.js")).addVerify,
    },
  ],
  [
    "Hand over",
    {
      export: async () => (await import("./commands/add-export.js")).addExport,
      report: async () => (await import("./commands/add-report.js")).addReport,
      redact: async () => (await import("./commands/add-redact.js")).addRedact,
    },
  ],
  [
    "Look after",
    {
      checkpoint: async () => (await import("./commands/add-checkpoint.js")).addCheckpoint,
      witness: async () => (await import("./commands/add-witness.js")).addWitness,
      init: async () => (await import("./commands/add-init.js")).addInit,
      key: async () => (await import("./commands/add-key.js")).addKey,
      rebuild: async () => (await import("./commands/add-rebuild.js")).addRebuild,
      doctor: async () => (await import("./commands/add-doctor.js")).addDoctor,
      withdraw: async () => (await import("./commands/add-withdraw.js")).addWithdraw,
      completion: async () => (await import("./commands/add-completion.js")).addCompletion,
    },
  ],
];

/** The name of every command. */
export const commandNames: readonly string[] = groups.flatMap(([, commands]) => Object.keys(commands));

type AddCommand = (program: DocumentedCommand, run: RunCommand) => void;

/**
 * The command line: every command of `names`, its options and its help. Nothing here exits or writes past `screen`; a
 * wrong command line and a shown help both come out of parsing as a CommanderError.
 */
export async function buildProgram(
  io: Terminal,
  screen: Screen,
  version: string,
  run: RunCommand,
  names: readonly string[] = commandNames,
): Promise<DocumentedCommand> {
  const program: DocumentedCommand = new DocumentedCommand("holdfast")
    .description(description)
    .version(version, "-V, --version", "print the version")
    .option(
      "--vault <dir>",
      "the folder of the vault (default: the one around this folder, else $HOLDFAST_VAULT, else the one that 'holdfast init' remembers, else ~/holdfast)",
    )
    .option("--json", "for programs: one JSON object per line on stdout; messages go to stderr")
    .option("--quiet", "print nothing but errors and the answer asked for")
    .option("--no-color", "print no colours (or NO_COLOR=1); FORCE_COLOR=1 prints them into a pipe too")
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
  for (const [group, commands] of groups) {
    program.commandsGroup(group);
    for (const [name, load] of Object.entries(commands)) {
      if (names.includes(name)) (await load())(program, run);
    }
  }
  return program;
}

/** Keeps the lines of help readable on a wide terminal and in a file. */
function helpColumns(columns: number | undefined): number {
  return Math.max(40, Math.min(columns ?? 80, 110));
}
