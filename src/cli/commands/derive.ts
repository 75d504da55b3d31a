import type { Command } from "commander";
import { exitStatusHelp, statusOfDerivations } from "../exit-status.js";
import { checkSandbox, type SandboxOption, sandboxOption } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showResult, showTally } from "../show-result.js";

interface DeriveOptions extends SandboxOption {
  readonly deep?: boolean;
}

export function addDerive(program: Command, run: RunCommand): void {
  program
    .command("derive")
    .summary("take keyframes and metadata, again or for the first time")
    .description(
      "Takes keyframes, contact sheet and metadata from captures and stores them as the next version. The originals are only read.",
    )
    .argument("[id...]", "capture ids or unique parts of them; without any, all captures that still wait")
    .option("--deep", "hash every decoded frame too; slow")
    .addOption(sandboxOption())
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130))
    .action((ids: readonly string[], options: DeriveOptions, command: Command) =>
      run(command, (session) => derive(session, ids, options)),
    );
}

async function derive(session: Session, ids: readonly string[], options: DeriveOptions) {
  await checkSandbox(session, options, { fetching: false });
  const { deriveCaptures } = await import("../../capture/derive.js");
  const results = await deriveCaptures(
    { vault: session.vault, ids, deep: options.deep === true },
    session.world,
    (result) => showResult(session, result, "derive", "the source says"),
    (head) => showHead(session, head),
  );
  if (results.length === 0 && !session.quiet) session.screen.note("no capture waits for keyframes");
  showTally(session, results);
  return statusOfDerivations(results);
}
