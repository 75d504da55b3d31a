import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../../core/words/error.js";
import { printableJson } from "../../core/words/printable.js";
import { isVault } from "../../vault/layout.js";
import { isPackage } from "../../vault/package/kind.js";
import type { WithCaveats } from "../../verify/caveats.js";
import type { FileReport } from "../../verify/file.js";
import type { VerifyReport } from "../../verify/reports.js";
import type { Brought } from "../../verify/trust.js";
import type { VerifyRequest } from "../../verify/vault.js";
import type { DocumentedCommand } from "../documented-command.js";
import { type CheckResult, type ExitStatus, statusOfChecks } from "../exit-status.js";
import { unpackingHint } from "../packed-package.js";
import type { RunCommand, Session } from "../session.js";
import { showUnsealed } from "../show-head.js";
import { columnsOf } from "../terminal.js";
import { filePage, type PageLength, verifyPage } from "../verify-page.js";

interface VerifyOptions {
  readonly quick?: boolean;
  readonly record?: boolean;
  readonly explain?: boolean;
  readonly against?: string;
  readonly signers?: string;
  readonly tsaCa?: string;
}

export function addVerify(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("verify")
    .summary("check whether everything is as recorded")
    .description(
      "Checks stored bytes, records, log, signatures and time-stamps against each other, and says everything that is not as recorded. Repairs nothing and changes nothing.",
    )
    .argument(
      "[what...]",
      "capture ids, files or packages (a folder or a .tar, unpacked and decrypted before); without any of them, the whole vault is checked",
    )
    .option("--quick", "compare SHA-256 only, which takes less time")
    .option("--record", "write into the log that this check was made, and its result")
    .option("--explain", "say all that the check cannot show, and all that it rests on")
    .option(
      "--against <file>",
      "a checkpoint that somebody kept, or the mail with it as it came (.eml): does today's log go on from it?",
    )
    .option(
      "--signers <file>",
      "the keys you trust, as lines of allowed_signers (see ssh-keygen), from another place than what is checked",
    )
    .option(
      "--tsa-ca <file>",
      "the root certificates you trust for time-stamps, in PEM or DER, from another place than what is checked",
    )
    .explain({
      notes: [
        "Without arguments it checks the whole vault: every file, every record, the whole log. With capture ids it checks those captures and the log. With a file it says whether the log states exactly these bytes, in which capture, since which entry, and what that rests on. With a package it checks the package, and trusts nothing in it.",
        "Each of the four answers (hashes, chain, signature, tokens) is pass, fail, absent (there is nothing to check) or unchecked; only pass is good. What cannot be read, or is being written, is looked at twice and then called unchecked: neither an accusation nor a pass.",
        "On Linux, a check by the owner of the files leaves the time of last reading alone: of the files of a vault or package and of those that you name. It cannot do so on other systems, for somebody who is not the owner, for folders, on a network share, and for vault.db and its side files while another process writes to it. Whoever must leave no trace at all mounts the disk read-only first.",
      ],
      examples: [
        ["holdfast verify", "check the whole vault"],
        ["holdfast verify SC12NB50", "check one capture and the log"],
        ["holdfast verify clip.mp4", "ask whether these bytes were archived, and since when"],
        [
          "holdfast verify --against checkpoint.txt",
          "ask whether history was rewritten since somebody got this checkpoint",
        ],
        [
          "holdfast verify package.tar --signers keys.txt --tsa-ca roots.pem",
          "check a package with keys and roots that you trust",
        ],
      ],
      statuses: {
        0: "everything that was asked for was checked and is as recorded",
        1: "something is not as recorded, or a file is not one that the log states",
        4: "nothing was found to be not as recorded, but something could not be checked",
      },
    })
    .action((names: readonly string[], options: VerifyOptions, command: Command) =>
      run(command, (session) => verify(session, names, options)),
    );
}

async function verify(
  session: Session,
  names: readonly string[],
  options: VerifyOptions,
): Promise<ExitStatus> {
  const { files, packages, ids } = sortArguments(session.io.cwd, names);
  const wholeVault = names.length === 0;
  if (!wholeVault && ids.length === 0) refuseIdleOptions(options, packages.length > 0);
  if (files[0] !== undefined && !isVault(session.vault)) throw noVaultFor(files[0], session.vault);
  const brought = await readBrought(session.io.cwd, options);
  const reports: CheckResult[] = [];
  for (const file of files) reports.push(await verifyOneFile(session, file, options, brought));
  for (const path of packages) reports.push(await verifyOnePackage(session, path, options, brought));
  if (wholeVault || ids.length > 0) reports.push(await verifyWholeVault(session, ids, options, brought));
  return statusOfChecks(reports);
}

async function verifyOneFile(
  session: Session,
  file: string,
  { explain = false }: VerifyOptions,
  brought: Brought,
): Promise<CheckResult> {
  const { verifyFile } = await import("../../verify/file.js");
  const { withFileCaveats } = await import("../../verify/caveats.js");
  const { indexCheck } = await import("../../vault/index/check.js");
  const request = { vault: session.vault, file, brought, index: indexCheck };
  const found = await verifyFile(request, session.world);
  const isUnknown = found.matches.length === 0 && found.chain !== "unchecked";
  if (isUnknown && unpackingHint(file) !== null) throw packedPackage(file);
  const report = withFileCaveats(found, brought);
  const page = filePage(report, explain, columnsOf(session.io.stdout), session.style);
  answer(session, report, fileObject(report), page);
  return report;
}

async function verifyOnePackage(
  session: Session,
  path: string,
  options: VerifyOptions,
  brought: Brought,
): Promise<CheckResult> {
  const { verifyPackage } = await import("../../verify/package.js");
  const { withPackageCaveats } = await import("../../verify/caveats.js");
  const { packagePage, packageObject } = await import("../package-page.js");
  const request = { path, quick: options.quick === true, ...brought };
  const report = withPackageCaveats(await verifyPackage(request, session.world), brought);
  const page = packagePage(report, lengthOf(session, options), columnsOf(session.io.stdout), session.style);
  answer(session, report, packageObject(report), page);
  return report;
}

async function verifyWholeVault(
  session: Session,
  ids: readonly string[],
  options: VerifyOptions,
  brought: Brought,
): Promise<CheckResult> {
  const { withVaultCaveats } = await import("../../verify/caveats.js");
  const { indexCheck } = await import("../../vault/index/check.js");
  const quick = options.quick === true;
  const request = { vault: session.vault, ids, quick, brought, index: indexCheck };
  const checkedVault = options.record === true ? recorded(session, request) : checked(session, request);
  const report = withVaultCaveats(await checkedVault, brought);
  const page = verifyPage(report, lengthOf(session, options), columnsOf(session.io.stdout), session.style);
  answer(session, report, vaultObject(report), page);
  return report;
}

function lengthOf({ quiet }: Session, { explain = false }: VerifyOptions): PageLength {
  return { quiet, explain };
}

async function checked(session: Session, request: VerifyRequest): Promise<VerifyReport> {
  const { verifyVault } = await import("../../verify/vault.js");
  return verifyVault(request, session.world);
}

async function recorded(session: Session, request: VerifyRequest): Promise<VerifyReport> {
  const { recordCheck } = await import("../../seal/record-check.js");
  return recordCheck(request, session.world, (head) => showUnsealed(session, head));
}

async function readBrought(cwd: string, { against, signers, tsaCa }: VerifyOptions): Promise<Brought> {
  const { certificatesIn, nothingBrought } = await import("../../verify/trust.js");
  if ([against, signers, tsaCa].every((name) => name === undefined)) return nothingBrought;
  const { broughtBytes, broughtCertificates, broughtText } = await import("../brought-text.js");
  const { checkpointsIn } = await import("../brought-checkpoint.js");
  const elsewhere = "a file from somewhere else than the vault or package being checked";
  const read = <Taken>(
    option: string,
    name: string | undefined,
    take: (path: string) => Taken,
    what = elsewhere,
  ): Taken | null => {
    if (name === undefined) return null;
    try {
      return take(resolve(cwd, name));
    } catch (error) {
      const words = error instanceof Error ? error.message : "unknown";
      const hint = `give ${option} ${what}`;
      throw new HoldfastError("usage", `reading ${name} for ${option}: ${words}`, hint, error);
    }
  };
  const kept = read("--against", against, broughtBytes);
  return {
    against: kept === null ? null : await checkpointsIn(kept, against ?? ""),
    signers: read("--signers", signers, broughtText),
    tsaCa: read(
      "--tsa-ca",
      tsaCa,
      (path) => certificatesIn(broughtCertificates(path)).join("\n"),
      "the authority's root certificate in PEM or DER, from somewhere else; of a bundle: openssl pkcs7 -print_certs -in FILE",
    ),
  };
}

/** Refuses options that would silently do nothing: a file is only looked up. */
function refuseIdleOptions(options: VerifyOptions, hasPackage: boolean): void {
  const idle = [
    options.record === true ? "--record" : null,
    options.quick === true && !hasPackage ? "--quick" : null,
  ].filter((name) => name !== null);
  if (idle.length === 0) return;
  const what = hasPackage ? "a vault, not a package" : "a vault, not a file";
  const verb = idle.length === 1 ? "is" : "are";
  throw new HoldfastError(
    "usage",
    `${idle.join(" and ")} ${verb} only for ${what}`,
    hasPackage ? "leave out the option or the package" : "leave out the option or the file",
  );
}

function answer(session: Session, report: { readonly ok: boolean }, object: object, page: readonly string[]) {
  if (session.json) session.screen.data(printableJson(object));
  else if (!session.quiet || !report.ok) session.screen.answer(page.join("\n"));
}

export interface SortedArguments {
  readonly files: readonly string[];
  /** Folders with a `bagit.txt`, and `.tar` files that contain one or cannot be read that far. */
  readonly packages: readonly string[];
  readonly ids: readonly string[];
}

/**
 * Sorts the arguments into files, packages and capture ids: whatever exists is a file or package. A name with a dot or a slash
 * cannot be an id, so a mistyped path is not looked up as one. Throws HoldfastError `not-found` or `usage`.
 */
function sortArguments(cwd: string, names: readonly string[]): SortedArguments {
  const files: string[] = [];
  const packages: string[] = [];
  const ids: string[] = [];
  for (const name of names) {
    const path = resolve(cwd, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (isPackage(path)) packages.push(path);
    else if (found?.isFile()) files.push(path);
    else if (found === undefined && !/[./\\]/.test(name)) ids.push(name);
    else throw notAFile(name, found !== undefined);
  }
  return { files, packages, ids };
}

/** Whoever was sent a package has no vault, and is not told to make one. */
function noVaultFor(file: string, vault: string): HoldfastError {
  const name = basename(file);
  const hint = unpackingHint(name) ?? "to ask whether a file is in a vault, name the vault with --vault";
  return new HoldfastError(
    "no-vault",
    `cannot check ${name}: it is no package, and ${vault} is no vault in which to look for it`,
    hint,
  );
}

/** A file of such a name is looked up like any other; where no entry states it, whoever sent it meant what is in it. */
function packedPackage(file: string): HoldfastError {
  const name = basename(file);
  return new HoldfastError(
    "usage",
    `cannot check ${name}: no entry of this vault states the file itself, and a package in it is read once it is unpacked`,
    unpackingHint(name) ?? "",
  );
}

function notAFile(name: string, exists: boolean): HoldfastError {
  if (!exists) {
    return new HoldfastError(
      "not-found",
      `cannot check ${name}: the file does not exist`,
      "give a file or package, or a capture id from: holdfast list",
    );
  }
  return new HoldfastError(
    "usage",
    `cannot check ${name}: it is neither a file nor a package`,
    "to check a vault: holdfast verify --vault DIR",
  );
}

/** The JSON line of a vault: schema `verifyReport`. */
function vaultObject(report: WithCaveats<VerifyReport>): object {
  const { ok, checked, findings, hashes, chain, signature, tokens, rests_on } = report;
  const { against, not_shown, limits } = report;
  return { ok, checked, findings, hashes, chain, signature, tokens, rests_on, against, not_shown, limits };
}

/** The JSON line of a file: schema `fileReport`. */
function fileObject(report: WithCaveats<FileReport>): object {
  const { ok, file, bytes, sha256, matches, findings, hashes, chain, signature, tokens, rests_on } = report;
  const { against, not_shown, limits } = report;
  const answers = { hashes, chain, signature, tokens, rests_on, against, not_shown, limits };
  return { ok, checked: { files: 1 }, findings, file, bytes, sha256, matches, ...answers };
}
