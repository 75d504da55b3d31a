import type { Command } from "commander";
import { printable, printableJson } from "../../core/words/printable.js";
import { exitStatus, exitStatusHelp } from "../exit-status.js";
import { errorLines } from "../failure-report.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showUnsealed } from "../show-head.js";
import { addKeyOptions, type KeyOptions, keyChoice } from "./key.js";

export function addInit(program: Command, run: RunCommand): void {
  addKeyOptions(
    program
      .command("init")
      .summary("make a new vault")
      .description(
        "Makes a new vault and the key that signs it. Not needed before the first capture, which makes both where there is none. The key lies in your configuration folder: keep a copy of it.",
      ),
  )
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70))
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
    const what = created ? "made a vault" : "there is a vault already";
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
