import type { Command } from "commander";
import { printable, printableJson } from "../../core/words/printable.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { errorLines } from "../failure-report.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showUnsealed } from "../show-head.js";
import { addKeyOptions, type KeyOptions, keyChoice } from "./add-key.js";

export function addInit(program: DocumentedCommand, run: RunCommand): void {
  addKeyOptions(
    program
      .command("init")
      .summary("make a new vault")
      .description(
        "Makes an empty vault and the key that signs it. The first capture does the same, so this is needed only for a key of your own or a passphrase.",
      ),
  )
    .explain({
      notes: [
        "The key lies in ~/.config/holdfast/keys (or under $XDG_CONFIG_HOME), not in the vault. Keep a copy of it in another place: without it nobody can sign this log on, and whoever has it can sign in your name.",
      ],
      examples: [
        ["holdfast init", "make a vault in the folder 'vault', with a new key"],
        ["holdfast init --key ~/.ssh/id_ed25519.pub", "sign with a key in an agent or a FIDO device"],
        [
          "holdfast init --vault /media/disk/vault --passphrase",
          "make one elsewhere, with a passphrase on its key",
        ],
      ],
      needsPrograms: true,
      statuses: { 0: "the vault is made, or was there already" },
    })
    .action((options: KeyOptions, command: Command) => run(command, (session) => init(session, options)));
}

async function init(session: Session, options: KeyOptions) {
  const choice = keyChoice(session.io.cwd, options);
  const { initVault } = await import("../../upkeep/init.js");
  const report = await initVault(
    session.vault,
    choice,
    { proxy: null, allowPrivate: isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"), force: false },
    session.world,
    (head) => showUnsealed(session, head),
  );
  const { id, created, key, place, problem, hint } = report;
  if (session.json) {
    session.screen.data(printableJson({ vault: session.vault, id, created, key, place, problem, hint }));
  } else if (!session.quiet) {
    const what = created ? "made a vault" : "the vault already exists";
    session.screen.answer(`${what}: ${printable(session.vault)}`);
    session.screen.answer(`  id    ${printable(id)}`);
    if (key !== null) session.screen.answer(`  key   ${printable(key)}`);
    if (place !== null) session.screen.answer(`        ${printable(place)}`);
    session.screen.answer("  next  holdfast archive URL");
  }
  if (problem !== null && !session.quiet) {
    for (const line of errorLines(problem, hint ?? "")) session.screen.note(line);
  }
  return exitStatus.done;
}
