import { resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { KeyChoice } from "../../seal/make-key.js";
import { exitStatus, exitStatusHelp } from "../exit-status.js";
import { keyPage, rotationPage } from "../key-page.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showUnsealed } from "../show-head.js";
import { columnsOf } from "../terminal.js";

export interface KeyOptions {
  readonly key?: string;
  readonly passphrase?: boolean;
}

interface RotateOptions extends KeyOptions {
  readonly lost?: boolean;
  readonly stolen?: boolean;
}

export function addKey(program: Command, run: RunCommand): void {
  const key = program
    .command("key")
    .summary("the key that signs this vault")
    .description(
      "Shows, replaces or writes out the key that signs this vault's checkpoints. The private key lies in your configuration folder, never in the vault.",
    )
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130));
  key
    .command("show")
    .description("Says which key signs, since when, and whether this machine has it.")
    .addHelpText("after", exitStatusHelp(0, 2, 5, 70))
    .action((_options: object, command: Command) => run(command, show));
  addKeyOptions(
    key
      .command("rotate")
      .description(
        "Takes another signing key. The old one signs the change, unless it was lost or stolen: then whoever checks must get the new key's line from you.",
      ),
  )
    .option("--lost", "the old key is gone: do not ask for it")
    .option("--stolen", "somebody else has the old key: nothing it signs from now on counts")
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130))
    .action((options: RotateOptions, command: Command) =>
      run(command, (session) => rotate(session, options)),
    );
  key
    .command("export")
    .description(
      "Writes the vault's keys as allowed_signers, which ssh-keygen reads. Give it to whoever checks, by another way than the vault.",
    )
    .option("--to <file>", "a new file (else stdout)")
    .addHelpText("after", exitStatusHelp(0, 2, 4, 5, 70))
    .action((options: { readonly to?: string }, command: Command) =>
      run(command, (session) => exportKeys(session, options.to)),
    );
}

/** The options of a command that takes a new key. */
export function addKeyOptions(command: Command): Command {
  return command
    .option(
      "--key <file>",
      "take this Ed25519 key: a private key file, or a .pub of a key in an agent or FIDO device",
    )
    .option(
      "--passphrase",
      "let ssh-keygen ask for a passphrase for the new key; signing then needs an agent",
    );
}

/** Which key these options mean. Throws HoldfastError `usage` where they contradict each other. */
export function keyChoice(cwd: string, options: KeyOptions): KeyChoice {
  if (options.key === undefined) return { file: null, passphrase: options.passphrase === true };
  if (options.passphrase !== true) return { file: resolve(cwd, options.key), passphrase: false };
  throw new HoldfastError(
    "usage",
    "--passphrase is for a new key, --key for one that there is",
    "leave one of them out; ssh-keygen -p -f FILE gives an existing key a passphrase",
  );
}

async function show(session: Session) {
  const { showKey } = await import("../../seal/key.js");
  const report = showKey(session.vault, session.world);
  if (session.json) session.screen.data(printableJson({ vault: session.vault, ...report }));
  else if (session.quiet) session.screen.answer(printable(report.key?.public_key ?? ""));
  else session.screen.answer(keyPage(report, columnsOf(session.io.stdout)).join("\n"));
  return exitStatus.done;
}

async function rotate(session: Session, options: RotateOptions) {
  const choice = keyChoice(session.io.cwd, options);
  if (options.lost && options.stolen) {
    throw new HoldfastError("usage", "--lost and --stolen together", "a stolen key is --stolen, lost or not");
  }
  const { rotateKey } = await import("../../seal/key.js");
  const reason = options.stolen ? "stolen" : options.lost ? "lost" : "routine";
  const seal = {
    proxy: null,
    allowPrivate: isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"),
    force: false,
  };
  const report = await rotateKey({ vault: session.vault, choice, reason, seal }, session.world, (head) =>
    showUnsealed(session, head),
  );
  if (session.json) session.screen.data(printableJson({ vault: session.vault, ...report }));
  else if (!session.quiet) {
    session.screen.answer(rotationPage(report, columnsOf(session.io.stdout)).join("\n"));
  }
  return exitStatus.done;
}

async function exportKeys(session: Session, to: string | undefined) {
  const { exportSigners } = await import("../../seal/key.js");
  const file = to === undefined ? null : resolve(session.io.cwd, to);
  const report = exportSigners(session.vault, file, session.world);
  if (session.json) session.screen.data(printableJson({ vault: session.vault, ...report }));
  else if (file === null) session.screen.text("stdout", report.allowed_signers);
  else if (!session.quiet) session.screen.answer(`wrote ${printable(file)}`);
  if (!session.json && !session.quiet) {
    session.screen.note("Whoever checks must get this from you, by another way than the vault or package.");
  }
  if (report.left_out.length === 0) return exitStatus.done;
  session.screen.note(
    printable(
      `left out: ${report.left_out.join(", ")}: the log names it, but this machine does not have it and no key before it endorsed it; give out its line only if it is yours (bring it here with holdfast key rotate --key FILE)`,
      1000,
    ),
  );
  return exitStatus.notCaptured;
}
