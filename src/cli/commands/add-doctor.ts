import { existsSync } from "node:fs";
import type { Command } from "commander";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import { doctorPage, statusOfDoctor } from "../doctor-page.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";
import { headObject, showHead } from "../show-head.js";
import { sweepPage } from "../sweep-page.js";
import { columnsOf } from "../terminal.js";
import { inSameVault } from "../typed-again.js";

export function addDoctor(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("doctor")
    .summary("look over what is installed, the clock, the disk, the vault")
    .description(
      "Looks at this machine and the vault, and says what to do: which programs there are, how old they are and whether they are what set-up installed, whether programs that fetch and read clips can be locked in, whether a time service keeps the clock, how much disk is free, which time-stamps are pending. Changes nothing and installs nothing.",
    )
    .option(
      "--sweep",
      "list instead what killed commands left in the vault and among the temporary files; changes nothing",
    )
    .option(
      "--remove",
      "with --sweep: finish or remove it, and log that; objects, annexes and files that no entry names are kept, since there may be no other copy",
    )
    .explain({
      examples: [
        ["holdfast doctor", "look at this machine and the vault"],
        ["holdfast doctor --sweep", "see what killed commands left behind"],
        ["holdfast doctor --sweep --remove", "finish or remove it"],
      ],
      needsPrograms: true,
      statuses: {
        0: "no needed program is missing, and the vault, if there is one, can be read; notes and other problems are in the answer",
        3: "yt-dlp, ffmpeg or ffprobe is missing or too old",
        5: "the vault cannot be read, or is not one that this version knows",
      },
    })
    .action((options: DoctorOptions, command: Command) =>
      run(command, (session) => (options.sweep ? sweep(session, options) : examine(session, options))),
    );
}

interface DoctorOptions {
  readonly sweep?: boolean;
  readonly remove?: boolean;
}

async function sweep(session: Session, { remove }: DoctorOptions) {
  const { listOrphans, sweepVault } = await import("../../upkeep/sweep.js");
  const report = remove
    ? await sweepVault(session.vault, session.world)
    : listOrphans(session.vault, session.world);
  if (session.json) {
    const head = report.head && headObject(report.head);
    session.screen.answer(printableJson({ ...report, head }));
  } else if (!session.quiet || report.orphans.length > 0) {
    for (const line of sweepPage(report, columnsOf(session.io.stdout)))
      session.screen.answer(inSameVault(line, session));
  }
  if (report.head) showHead(session, report.head);
  return exitStatus.done;
}

async function examine(session: Session, { remove }: DoctorOptions) {
  if (remove) {
    const hint = "first list what would be removed: holdfast doctor --sweep";
    throw new HoldfastError("usage", "--remove works only with --sweep", hint);
  }
  const { doctor } = await import("../../upkeep/doctor.js");
  const { vaultState } = await import("../../upkeep/doctor.js");
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
  const findings = report.findings.map((finding) => ({
    ...finding,
    hint: finding.hint === null ? null : inSameVault(finding.hint, session),
  }));
  const lines = doctorPage(
    { ...report, findings },
    session.quiet,
    columnsOf(session.io.stdout),
    session.style,
  );
  if (lines.length > 0) session.screen.answer(lines.join("\n"));
  if (!hasVault && !session.quiet) session.screen.note(`no vault yet at ${printable(session.vault)}`);
  return statusOfDoctor(report);
}
