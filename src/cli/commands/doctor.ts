import { existsSync } from "node:fs";
import type { Command } from "commander";
import { printable, printableJson } from "../../core/printable.js";
import { doctorPage, statusOfDoctor } from "../doctor-page.js";
import { exitStatusHelp } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";
import { columnsOf } from "../terminal.js";

export function addDoctor(program: Command, run: RunCommand): void {
  program
    .command("doctor")
    .summary("what is installed, clock, disk, vault")
    .description(
      "Looks at this machine and the vault: programs with version, age and digest, confinement, clock, free space. Changes nothing and installs nothing.",
    )
    .addHelpText("after", exitStatusHelp(0, 2, 3, 5, 70))
    .action((_options: object, command: Command) => run(command, examine));
}

async function examine(session: Session) {
  const { doctor } = await import("../../doctor.js");
  const { vaultState } = await import("../../vault-state.js");
  const hasVault = existsSync(session.vault);
  const report = await doctor(
    session.vault,
    session.world,
    hasVault ? () => vaultState(session.vault, session.world.env) : null,
  );
  if (session.json) {
    session.screen.data(printableJson(report));
    return statusOfDoctor(report);
  }
  const lines = doctorPage(report, session.quiet, columnsOf(session.io.stdout), session.style);
  if (lines.length > 0) session.screen.answer(lines.join("\n"));
  if (!hasVault && !session.quiet) session.screen.note(`no vault yet at ${printable(session.vault)}`);
  return statusOfDoctor(report);
}
