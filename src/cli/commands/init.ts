import type { Command } from "commander";
import { printable, printableJson } from "../../core/printable.js";
import { exitStatus, exitStatusHelp } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";

export function addInit(program: Command, run: RunCommand): void {
  program
    .command("init")
    .summary("make a new vault")
    .description(
      "Makes a new vault. Not needed before the first capture, which makes one where there is none.",
    )
    .addHelpText("after", exitStatusHelp(0, 2, 4, 5, 6, 70))
    .action((_options: object, command: Command) => run(command, init));
}

async function init(session: Session) {
  const { initVault } = await import("../../init.js");
  const { vaultId, created } = await initVault(session.vault, session.world);
  if (session.json) {
    session.screen.answer(printableJson({ vault: session.vault, id: vaultId, created }));
  } else if (!session.quiet) {
    const what = created ? "made a vault" : "there is a vault already";
    session.screen.answer(`${what}: ${printable(session.vault)}`);
    session.screen.answer(`  id    ${printable(vaultId)}`);
    session.screen.answer("  next  holdfast archive URL");
  }
  return exitStatus.done;
}
