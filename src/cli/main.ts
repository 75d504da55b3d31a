import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Command, CommanderError } from "commander";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";
import type { World } from "../world.js";
import { type ExitStatus, exitStatus, statusOfError, statusWithSealing } from "./exit-status.js";
import {
  argumentReplacements,
  bugReport,
  errorLines,
  type Replacement,
  usageError,
  withMachineFailureNamed,
} from "./failure-report.js";
import { typedOperand, withImpliedCommand } from "./implied-command.js";
import { ProcessEvents } from "./process-events.js";
import { buildProgram, commandNames } from "./program.js";
import { Screen } from "./screen.js";
import { type CommonOptions, openSession, type RunCommand } from "./session.js";
import { withSuggestion } from "./suggestion.js";
import type { Terminal } from "./terminal.js";

const packageFolder = new URL("../../", import.meta.url);

/**
 * Runs one command line and returns its exit status. `argv` holds only the arguments, without node and script. Reads and
 * writes only through `io`; never exits and never throws.
 */
export async function main(argv: readonly string[], io: Terminal): Promise<number> {
  const now = (): Date => new Date();
  const screen = new Screen(io, now, !argv.includes("--no-color"));
  const events = new ProcessEvents(() => screen.error(errorLines(...interruption)));
  const version = packageVersion();
  const world: World = {
    now,
    monotonic: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    signal: events.signal,
    env: io.env,
    tool: `holdfast/${version}`,
    progress: (progress) => screen.progress(progress),
    tell: (line) => screen.note(printable(line, 600)),
  };
  let status: ExitStatus = exitStatus.done;
  const typed = withImpliedCommand(argv, commandNames);
  const meant = typed.find((argument) => commandNames.includes(argument)) ?? null;
  try {
    const run: RunCommand = async (command, action) => {
      const onCtrlC = (other: () => void) => events.instead(other);
      const session = openSession(command.optsWithGlobals<CommonOptions>(), io, world, screen, onCtrlC);
      if (!session.quiet && meant !== null && sayTheyBegan.includes(meant)) screen.draw(["starting"]);
      try {
        status = statusWithSealing(await action(session), session.sealing.failure);
      } catch (error) {
        throw await withSuggestion(error, session, command);
      }
    };
    const program = await buildProgram(io, screen, version, run, neededCommands(typed));
    await Promise.race([parse(program, typed), events.stray]);
    await screen.finish();
    return events.signal.aborted ? exitStatus.interrupted : status;
  } catch (error) {
    // Whatever else failed, it was said at once that the command is interrupted.
    if (events.signal.aborted) return exitStatus.interrupted;
    if (error instanceof CommanderError) return showUsage(screen, error, meant);
    const failure = withMachineFailureNamed(error);
    if (failure instanceof HoldfastError) return showFailure(screen, failure);
    const facts = [world.tool, `node ${process.version}`, `${process.platform} ${process.arch}`];
    const report = bugReport(failure, [...facts, `command ${meant}`], replacements(argv, commandNames, io));
    screen.error(report);
    return exitStatus.bug;
  } finally {
    screen.clear();
    events.close();
  }
}

/**
 * The commands that may look at programs, the disk or a large vault before they have anything to say. One that begins by
 * signing is none of them: a question of the key's program must not stand behind such a line.
 */
const sayTheyBegan: readonly string[] = [
  ...["archive", "import", "batch", "formats", "derive", "list", "find", "show", "stats"],
  ...["verify", "export", "report", "redact", "doctor"],
];

/** Only the command that is run is loaded; for a help, for a name that there is not and for `completion`, all of them. */
function neededCommands(typed: readonly string[]): readonly string[] {
  const name = typedOperand(typed);
  if (name === "completion") return commandNames;
  if (name !== undefined && commandNames.includes(name)) return [name];
  const asksVersion = name === undefined && typed.some((argument) => ["-V", "--version"].includes(argument));
  return asksVersion ? [] : commandNames;
}

/** Parses the arguments and runs the command. Showing help or version is not an error. */
async function parse(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
  }
}

function showUsage(screen: Screen, error: CommanderError, meant: string | null): ExitStatus {
  // Without a command the help is the answer, and it is already on stderr.
  if (error.code === "commander.help") return exitStatus.usage;
  return showFailure(screen, usageError(error, meant));
}

function showFailure(screen: Screen, failure: HoldfastError): ExitStatus {
  screen.error(errorLines(failure.message, failure.hint));
  return statusOfError(failure);
}

/** What is said of the first Ctrl-C: the only words about it. */
const interruption = [
  "interrupted: what runs is being ended; once more stops at once",
  "run the same command again to finish the work",
] as const;

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("package.json", packageFolder), "utf8"));
  const isManifest = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return isManifest && typeof manifest.version === "string" ? manifest.version : "unknown";
}

function replacements(
  argv: readonly string[],
  commands: readonly string[],
  io: Terminal,
): readonly Replacement[] {
  return [
    ...argumentReplacements(argv, commands),
    [packageFolder.href, "holdfast/"],
    [fileURLToPath(packageFolder), "holdfast/"],
    [io.env.HOLDFAST_VAULT ?? "", "(vault)"],
    [io.cwd, "(current folder)"],
    [io.env.HOME ?? "", "~"],
  ];
}
