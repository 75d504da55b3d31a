import type { Command } from "commander";
import type { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";
import type { World } from "../world.js";
import type { ExitStatus } from "./exit-status.js";
import type { Screen } from "./screen.js";
import { type Style, styleFor } from "./style.js";
import type { Terminal } from "./terminal.js";
import { type ChosenVault, whichVault } from "./which-vault.js";

/** What a command works with once the options are known. */
export interface Session {
  readonly io: Terminal;
  readonly world: World;
  readonly screen: Screen;
  /** Absolute path of the vault, which need not exist. */
  readonly vault: string;
  readonly vaultBy: ChosenVault["by"];
  readonly json: boolean;
  readonly quiet: boolean;
  /** How to highlight text on stdout. */
  readonly style: Style;
  /** Until the returned function is called, a first Ctrl-C does this instead of ending the command. */
  readonly onCtrlC: OnCtrlC;
  /** How sealing the log went, for the exit status. */
  readonly sealing: Sealing;
}

type OnCtrlC = (instead: () => void) => () => void;

/** Keeps the reason why the log was not signed: the command did its work, but its exit status must reflect this. */
class Sealing {
  private kept: HoldfastError | null = null;

  note(failure: HoldfastError | null): void {
    if (this.kept === null || failure?.code === "not-as-recorded") this.kept = failure ?? this.kept;
  }

  get failure(): HoldfastError | null {
    return this.kept;
  }
}

/** The options of every command, as commander passes them. */
export interface CommonOptions {
  readonly vault?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/** Runs a command's action in a session and keeps the exit status it returns. */
export type RunCommand = (
  command: Command,
  action: (session: Session) => Promise<ExitStatus>,
) => Promise<void>;

/** The session for these options; which vault: `whichVault`. */
export function openSession(
  options: CommonOptions,
  io: Terminal,
  world: World,
  screen: Screen,
  onCtrlC: OnCtrlC,
): Session {
  const quiet = options.quiet === true;
  const { path, by, passedOver } = whichVault(options.vault, io);
  if (passedOver !== null) screen.note(printable(passedOverWords(path, passedOver), 600));
  return {
    io,
    world: quiet ? { ...world, progress: () => {} } : world,
    screen,
    vault: path,
    vaultBy: by,
    json: options.json === true,
    quiet,
    onCtrlC,
    sealing: new Sealing(),
    style: styleFor(io.stdout, io.env, options.color),
  };
}

/** Who works inside one vault, and has another one in the environment, should know which is meant. */
function passedOverWords(vault: string, passedOver: string): string {
  return `using the vault around this folder, ${vault}, and not ${passedOver}, which HOLDFAST_VAULT names; --vault names one for certain`;
}

/** Whether an environment variable switches something on: only `1` counts, so that `0` or a typo never does. */
export function isSwitchedOn(session: Session, variable: string): boolean {
  return session.io.env[variable] === "1";
}
