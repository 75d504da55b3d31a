import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../../core/error.js";
import { printableJson } from "../../core/printable.js";
import type { FileReport, VerifyReport } from "../../outcome.js";
import { type ExitStatus, exitStatus, exitStatusHelp } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";
import { columnsOf } from "../terminal.js";
import { filePage, verifyPage } from "../verify-page.js";

interface VerifyOptions {
  readonly quick?: boolean;
  readonly record?: boolean;
}

export function addVerify(program: Command, run: RunCommand): void {
  program
    .command("verify")
    .summary("is everything as recorded?")
    .description(
      "Checks stored bytes, records and log against each other and says everything that is not as recorded; changes nothing. With a file: says whether exactly these bytes are in the vault, and since when.",
    )
    .argument(
      "[id-or-file...]",
      "capture ids or unique parts of them, or files; without any, the whole vault",
    )
    .option("--quick", "one digest per file (SHA-256) instead of both")
    .option("--record", "write to the log that and with what result this check was made")
    .addHelpText("after", exitStatusHelp(0, 1, 2, 5, 6, 70, 130))
    .action((names: readonly string[], options: VerifyOptions, command: Command) =>
      run(command, (session) => verify(session, names, options)),
    );
}

async function verify(
  session: Session,
  names: readonly string[],
  options: VerifyOptions,
): Promise<ExitStatus> {
  const { files, ids } = sortArguments(session.io.cwd, names);
  if (files.length > 0 && ids.length === 0) refuseVaultOptions(options);
  const { verifyFile, verifyVault } = await import("../../verify.js");
  const reports: { readonly ok: boolean }[] = [];
  for (const file of files) {
    const report = await verifyFile({ vault: session.vault, file }, session.world);
    answer(
      session,
      report,
      fileObject(report),
      filePage(report, columnsOf(session.io.stdout), session.style),
    );
    reports.push(report);
  }
  if (files.length === 0 || ids.length > 0) {
    const request = {
      vault: session.vault,
      ids,
      quick: options.quick === true,
      record: options.record === true,
    };
    const report = await verifyVault(request, session.world);
    const page = verifyPage(report, session.quiet, columnsOf(session.io.stdout), session.style);
    answer(session, report, vaultObject(report), page);
    reports.push(report);
  }
  return reports.every(({ ok }) => ok) ? exitStatus.done : exitStatus.notAsRecorded;
}

/** A file is only looked up: an option that would silently do nothing must not look as if it had. */
function refuseVaultOptions(options: VerifyOptions): void {
  if (options.quick !== true && options.record !== true) return;
  throw new HoldfastError(
    "usage",
    "--quick and --record are for checking a vault, not a file",
    "leave the option out, or the file",
  );
}

function answer(session: Session, report: { readonly ok: boolean }, object: object, page: readonly string[]) {
  if (session.json) session.screen.answer(printableJson(object));
  else if (!session.quiet || !report.ok) session.screen.answer(page.join("\n"));
}

/**
 * Which arguments are files and which capture ids: what exists is a file. A name with a dot or a slash cannot be an
 * id, so a mistyped path is not looked up as one. Throws HoldfastError `not-found` or `usage`.
 */
export function sortArguments(
  cwd: string,
  names: readonly string[],
): { readonly files: readonly string[]; readonly ids: readonly string[] } {
  const files: string[] = [];
  const ids: string[] = [];
  for (const name of names) {
    const path = resolve(cwd, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile()) files.push(path);
    else if (found === undefined && !/[./\\]/.test(name)) ids.push(name);
    else throw notAFile(name, found !== undefined);
  }
  return { files, ids };
}

function notAFile(name: string, exists: boolean): HoldfastError {
  if (!exists) {
    return new HoldfastError(
      "not-found",
      `cannot check ${name}: there is no such file`,
      "give a file, or a capture id from: holdfast list",
    );
  }
  return new HoldfastError(
    "usage",
    `cannot check ${name}: it is not a file`,
    "a vault is checked with: holdfast verify --vault DIR",
  );
}

/** The JSON line of a vault: schema `verifyReport`. */
function vaultObject(report: VerifyReport): object {
  const { ok, checked, findings, hashes, chain, signature, tokens, limits } = report;
  return { ok, checked, findings, hashes, chain, signature, tokens, limits };
}

/** The JSON line of a file: schema `fileReport`. */
function fileObject(report: FileReport): object {
  const { ok, file, bytes, sha256, matches, findings } = report;
  return { ok, checked: { files: 1 }, findings, file, bytes, sha256, matches };
}
