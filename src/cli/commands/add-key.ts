import { resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { KeyChoice } from "../../seal/make-key.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { keyPage, rotationPage } from "../key-page.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showUnsealed } from "../show-head.js";
import { columnsOf } from "../terminal.js";
import { inSameVault } from "../typed-again.js";

export interface KeyOptions {
  readonly key?: string;
  readonly passphrase?: boolean;
}

interface RotateOptions extends KeyOptions {
  readonly lost?: boolean;
  readonly stolen?: boolean;
}

export function addKey(program: DocumentedCommand, run: RunCommand): void {
  const key = program
    .command("key")
    .summary("show, hand out or renew the key that signs the vault")
    .description(
      "Shows, replaces or writes out the key that signs this vault's checkpoints. The private key lies in ~/.config/holdfast/keys (or under $XDG_CONFIG_HOME), never in the vault.",
    );
  key
    .command("show")
    .description("Says which key signs, since when, and whether this machine has it.")
    .explain({ examples: [["holdfast key show", "say which key signs"]] })
    .action((_options: object, command: Command) => run(command, show));
  addKeyOptions(
    key
      .command("rotate")
      .description("Brings in another signing key. The old one signs that change, and nothing after it."),
  )
    .option("--lost", "the old key is gone and cannot sign the change")
    .option(
      "--stolen",
      "somebody else has the old key: what it signs counts only with an outside time-stamp from before",
    )
    .explain({
      notes: [
        "After --lost and --stolen, whoever checks must get the new line of 'holdfast key export' from you. Whoever has a stolen key can write a log with dates of their choice. The old key's line now ends in the word stolen, and with it a check believes that key only where a time-stamp from before the theft leads to a trusted root. A line that you handed out before cannot know of the theft: with it the thief's log passes.",
        "A key with a passphrase goes into an agent first: ssh-add FILE.",
      ],
      examples: [
        ["holdfast key rotate", "take a new key, signed by the old one"],
        ["holdfast key rotate --stolen", "say that somebody else has the old key"],
        ["holdfast key rotate --key ~/.ssh/id_ed25519", "sign with this key from now on"],
      ],
      needsPrograms: true,
    })
    .action((options: RotateOptions, command: Command) =>
      run(command, (session) => rotate(session, options)),
    );
  key
    .command("export")
    .description(
      "Prints the lines of the vault's keys (allowed_signers, as ssh-keygen reads them). Give them to whoever checks, by another way than the vault or package.",
    )
    .option("--to <file>", "write them into this new file (default: stdout)")
    .explain({
      examples: [
        ["holdfast key export", "print the lines"],
        ["holdfast key export --to keys.txt", "write them into a file"],
      ],
      statuses: {
        4: "a key that the log names is not yours as far as this machine knows, and was left out, or a disk or file could not be read or written",
      },
    })
    .action((options: { readonly to?: string }, command: Command) =>
      run(command, (session) => exportKeys(session, options.to)),
    );
}

/** The options of a command that takes a new key. */
export function addKeyOptions(command: DocumentedCommand): DocumentedCommand {
  return command
    .option(
      "--key <file>",
      "sign with this Ed25519 key of OpenSSH: its private file, or a .pub file for one in an agent or FIDO device",
    )
    .option(
      "--passphrase",
      "put a passphrase on the new key: ssh-keygen asks for it, and signing then needs an agent",
    );
}

/** Which key these options mean. Throws HoldfastError `usage` where they contradict each other. */
export function keyChoice(cwd: string, options: KeyOptions): KeyChoice {
  if (options.key === undefined) return { file: null, passphrase: options.passphrase === true };
  if (options.passphrase !== true) return { file: resolve(cwd, options.key), passphrase: false };
  throw new HoldfastError(
    "usage",
    "--passphrase is for a new key, --key for an existing one",
    "use only one; to give an existing key a passphrase: ssh-keygen -p -f FILE",
  );
}

async function show(session: Session) {
  const { showKey } = await import("../../seal/key.js");
  const report = showKey(session.vault, session.world);
  if (session.json) session.screen.data(printableJson({ vault: session.vault, ...report }));
  else if (session.quiet) session.screen.answer(printable(report.key?.public_key ?? ""));
  else
    session.screen.answer(
      keyPage(report, columnsOf(session.io.stdout), (words) => inSameVault(words, session)).join("\n"),
    );
  return exitStatus.done;
}

async function rotate(session: Session, options: RotateOptions) {
  const choice = keyChoice(session.io.cwd, options);
  if (options.lost && options.stolen) {
    throw new HoldfastError(
      "usage",
      "--lost and --stolen exclude each other",
      "use --stolen for a stolen key, even if it is also lost",
    );
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
    session.screen.answer(
      rotationPage(report, columnsOf(session.io.stdout), (words) => inSameVault(words, session)).join("\n"),
    );
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
    session.screen.note("Give this to checkers yourself, separately from the vault or package.");
  }
  if (report.left_out.length === 0) return exitStatus.done;
  session.screen.note(
    printable(
      `left out: ${report.left_out.join(", ")}: the log names it, but this machine does not have it and no earlier key endorsed it; hand out its line only if it is yours (add it here with: holdfast key rotate --key FILE)`,
      1000,
    ),
  );
  return exitStatus.notCaptured;
}
