import type { Command } from "commander";
import { counted } from "../../core/words/counted.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { RebuildReport } from "../../upkeep/rebuild.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { headObject, showHead } from "../show-head.js";
import { inSameVault } from "../typed-again.js";

export function addRebuild(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("rebuild")
    .summary("make a lost vault.db again")
    .description(
      "Makes vault.db again from log/ and objects/ when it is lost or cannot be read. Says what it could not bring back: entries newer than the last checkpoint were in the database alone, and those of this machine are named by their numbers.",
    )
    .explain({
      notes: ["A vault.db that is there is never written over: move a damaged one away first."],
      examples: [["holdfast rebuild", "make vault.db again"]],
      statuses: { 1: "log/ is not as recorded, or ends before what this machine signed: nothing was made" },
    })
    .action((_options: object, command: Command) => run(command, rebuild));
}

async function rebuild(session: Session) {
  const { rebuildVault } = await import("../../upkeep/rebuild.js");
  const allowPrivate = isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE");
  const report = await rebuildVault(
    session.vault,
    { proxy: null, allowPrivate, force: false },
    session.world,
  );
  if (session.json) session.screen.data(printableJson(rebuildObject(report)));
  else if (!session.quiet) {
    for (const line of rebuildPage(report)) session.screen.answer(inSameVault(printable(line), session));
  }
  showHead(session, report.head);
  return exitStatus.done;
}

function rebuildPage({ entries, checkpoint, entry, lost, strays }: RebuildReport): readonly string[] {
  const unsigned = entries - (checkpoint ?? 0);
  return [
    `rebuilt vault.db from ${counted(entries, "log entry", "log entries")}; entry ${entry} states this`,
    ...(unsigned === 0 ? [] : [`  no checkpoint covers the last ${unsigned} of them`]),
    "  entries newer than the last checkpoint are lost, and so is what they stated",
    ...(lost.length === 0
      ? []
      : [
          `  ${counted(lost.length, "entry", "entries")} written by this machine are among them: ${lost[0]} to ${lost.at(-1)}`,
        ]),
    ...strays.map((path) => `  no entry names ${path}`),
    ...(strays.some((path) => path.startsWith("objects/"))
      ? [
          "  to log what such an object holds: move its folder out of the vault, then holdfast import FOLDER/v1/content/original",
        ]
      : []),
    "  next  holdfast verify",
  ];
}

/** The JSON line: schema `rebuildReport`. */
function rebuildObject({ entries, checkpoint, entry, lost, strays, head }: RebuildReport): object {
  return { entries, checkpoint, entry, lost, strays, head: headObject(head) };
}
