import { Command } from "commander";
import { type ExitStatus, statusMeanings } from "./exit-status.js";
import { labelled, wrap } from "./text-layout.js";

/** What a command's help says besides its arguments and options. */
export interface Guide {
  /** Paragraphs of plain text: what to know before using the command. */
  readonly notes?: readonly string[];
  /** Example command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** False for a command that opens no vault, and so finds none damaged, busy or missing. */
  readonly opensVault?: false;
  /** Whether the command can end because a program it needs is missing. */
  readonly needsPrograms?: boolean;
  /** The meanings of statuses for this command, if the general meaning says too little. */
  readonly statuses?: Readonly<Partial<Record<ExitStatus, string>>>;
}

/**
 * A command that keeps its guide, so that `--help` and COMMANDS.md say the same. Its subcommands are of the same class.
 */
export class DocumentedCommand extends Command {
  declare readonly commands: readonly DocumentedCommand[];
  guide: Guide | null = null;

  override createCommand(name?: string): DocumentedCommand {
    return new DocumentedCommand(name);
  }

  /** Adds the guide to the help. */
  explain(guide: Guide): this {
    this.guide = guide;
    const columns = () => this.configureOutput().getOutHelpWidth?.() ?? 80;
    return this.addHelpText("after", () => guideLines(guide, columns()).join("\n"));
  }
}

/** Every exit status of a command with its meaning. */
export function statusesOf({
  opensVault,
  needsPrograms,
  statuses,
}: Guide): readonly (readonly [ExitStatus, string])[] {
  // A command that opens a vault can find it damaged, busy, unreadable or missing, and any command can be interrupted.
  const always: readonly ExitStatus[] =
    opensVault === false ? [0, 2, 4, 70, 130] : [0, 1, 2, 4, 5, 6, 70, 130];
  const possible = needsPrograms === true ? [...always, 3 as const] : always;
  return [...possible]
    .sort((a, b) => a - b)
    .map((status) => [status, statuses?.[status] ?? statusMeanings[status]]);
}

function guideLines(guide: Guide, columns: number): readonly string[] {
  const { notes = [], examples } = guide;
  return [
    ...notes.flatMap((note) => ["", ...wrap(note, columns)]),
    "",
    "Examples:",
    ...examples.flatMap(([line, does]) => [
      `  ${line}`,
      ...wrap(does, columns - 6).map((words) => `      ${words}`),
    ]),
    "",
    "Exit statuses:",
    ...labelled(
      statusesOf(guide).map(([status, meaning]) => [String(status), meaning]),
      columns,
    ),
  ];
}
