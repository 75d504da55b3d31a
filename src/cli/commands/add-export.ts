import { resolve } from "node:path";
import type { Command } from "commander";
import { counted } from "../../core/words/counted.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { ExportResult } from "../../handover/export.js";
import type { ToldByDigests } from "../../handover/told-by-digests.js";
import type { ToldByTags } from "../../handover/told-by-tags.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { headObject, showHead } from "../show-head.js";
import { columnsOf } from "../terminal.js";
import { labelled } from "../text-layout.js";
import { inSameVault } from "../typed-again.js";
import { formatBytes, formatTime } from "../units.js";

interface ExportOptions {
  readonly case?: string;
  readonly to: string;
  readonly withAnnex?: boolean;
  readonly withAnnotations?: boolean;
  readonly yes?: boolean;
  readonly encryptTo?: readonly string[];
  readonly wacz?: string;
  readonly proxy?: string;
}

export function addExport(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("export")
    .summary("make a package for somebody who has no holdfast")
    .description(
      "Makes a package of some captures: their files and records, what the log says of them with a proof for each entry, checkpoints, signatures, time-stamps, a page to look at, and how to check it all with stock tools. Who collected them stays out, and so does the rest of the log.",
    )
    .argument("[id...]", "capture ids or unique parts of them; may be left out where --case is given")
    .option("--case <name>", "every stored capture that was noted as of this case")
    .requiredOption("--to <place>", "a new folder, or a new file that ends with .tar or .tar.age")
    .option("--with-annex", "put in who collected, from where and with which machine; asks first")
    .option("--with-annotations", "put in what people noted about the captures, which may name a source")
    .option("--yes", "answer the question of --with-annex with yes")
    .option(
      "--encrypt-to <key>",
      "for a .tar.age: encrypt for this public key, age1… or ssh-ed25519 …; may be given several times",
      (key: string, others: readonly string[] = []) => [...others, key],
    )
    .option(
      "--wacz <dir>",
      "a new folder beside the package for a WACZ of each page, to replay it, such as in ReplayWeb.page",
    )
    .option(
      "--proxy <url>",
      "ask the time-stamping authorities through this proxy; for Tor socks5h://127.0.0.1:9050",
    )
    .explain({
      notes: [
        "First the log gets an entry that lists the entries of these captures, and a checkpoint over it is signed; so your key is needed each time. Before anything is written you are told which files carry tags of a place or a device: they go out as received. The package is written beside its place, read again and checked like a stranger's, and only then gets its name.",
        "A WACZ of --wacz is no part of the package, which holds nothing but what the log names. It has the WARC of a page byte for byte, so that its SHA-256 is the one that the log states.",
        "Give the verifier the line of 'holdfast key export' by another way than the package.",
      ],
      examples: [
        ["holdfast export SC12NB50 --to package", "make a folder"],
        ["holdfast export SC12NB50 7XK2M9QD --to case-14.tar", "make one file with two captures"],
        ["holdfast export --case 14/2 --to case-14.tar", "make one file with everything noted as of a case"],
        [
          "holdfast export SC12NB50 --to case-14.tar.age --encrypt-to age1…",
          "make a file that only the owner of that key can open",
        ],
      ],
      statuses: {
        1: "the vault or the finished package is not as recorded: no package was made",
        4: "a disk or file could not be read or written, or the log could not be signed because it ends with entries that others wrote: no package was made",
      },
    })
    .action((ids: readonly string[], options: ExportOptions, command: Command) =>
      run(command, (session) => exportCaptures(session, ids, options)),
    );
}

/** The captures that were named, then those of the case, each once; says which these are. */
async function chosenIds(
  session: Session,
  ids: readonly string[],
  { case: name }: ExportOptions,
): Promise<readonly string[]> {
  if (name === undefined) {
    if (ids.length > 0) return ids;
    throw new HoldfastError(
      "usage",
      "exporting: no capture was named",
      "give ids from 'holdfast list', or --case",
    );
  }
  const { capturesOfCase } = await import("../../search/find.js");
  const found = capturesOfCase(session.vault, name, session.world);
  if (found.length === 0) {
    throw new HoldfastError(
      "not-found",
      `exporting: no stored capture is noted as of case ${printable(name, 100)}`,
      "'holdfast find --csv' says which cases there are",
    );
  }
  if (!session.quiet) session.screen.note(`case ${printable(name, 100)}: ${found.join(", ")}`);
  return [...ids, ...found];
}

async function exportCaptures(session: Session, named: readonly string[], options: ExportOptions) {
  const ids = await chosenIds(session, named, options);
  const withAnnex = options.withAnnex === true;
  if (withAnnex && options.yes !== true) await askForAnnex(session);
  const { exportPackage } = await import("../../handover/export.js");
  const result = await exportPackage(
    {
      vault: session.vault,
      ids,
      to: resolve(session.io.cwd, options.to),
      withAnnex,
      withAnnotations: options.withAnnotations === true,
      recipients: options.encryptTo ?? [],
      wacz: options.wacz === undefined ? null : resolve(session.io.cwd, options.wacz),
      seal: {
        proxy: options.proxy ?? null,
        allowPrivate: isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"),
        force: false,
      },
    },
    session.world,
    ({ revealing_tags, telling_digests }) => {
      tellTags(session, revealing_tags);
      tellDigests(session, telling_digests);
    },
  );
  if (session.json) session.screen.data(printableJson({ ...result, head: headObject(result.head) }));
  else if (!session.quiet) {
    const lines = page(result, columnsOf(session.io.stdout)).map((line) => inSameVault(line, session));
    session.screen.answer(lines.join("\n"));
  }
  showHead(session, result.head);
  return exitStatus.done;
}

/** Tells the user, before anything is written, what the originals' tags reveal; with --json the answer has it too. */
function tellTags(session: Session, told: readonly ToldByTags[]): void {
  if (session.quiet) return;
  const lines = told.flatMap(({ capture, read, originals }) => [
    ...originals.map((one) => `${capture}: ${tagWords(one)}`),
    ...(read
      ? []
      : [
          `${capture}: not all tags in its files have been read, so they may name a place or a device; if it was not derived yet: holdfast derive ${capture}`,
        ]),
  ]);
  for (const line of lines) session.screen.note(inSameVault(printable(line, 1000), session));
  const first = told.find(({ originals }) => originals.length > 0);
  if (first === undefined) return;
  session.screen.note(
    inSameVault(
      `  hint: the package has the files as received; for a copy without these tags: holdfast redact ${first.capture} --no-fill --to FILE.mp4`,
      session,
    ),
  );
}

/** Records are never rewritten, so a package still contains what an earlier version stated in them. */
function tellDigests(session: Session, told: readonly ToldByDigests[]): void {
  if (session.quiet || told.length === 0) return;
  for (const { capture, digests } of told) {
    const of = digests.map((digest) => `${digest.of} in ${digest.file}`).join(", ");
    session.screen.note(
      printable(
        `${capture}: a reader can check guesses of a user name or an address against these digests: ${of}`,
        1000,
      ),
    );
  }
  session.screen.note(
    "  hint: an earlier version wrote them, and the log fixes the records; encrypt the package (--encrypt-to), or give it only to people who may know",
  );
}

/** Names the tags only; their contents are in the files. */
function tagWords({ original, location, device }: ToldByTags["originals"][number]): string {
  const parts = [
    ...(location.length === 0 ? [] : [`where it was filmed (${location.join(", ")})`]),
    ...(device.length === 0 ? [] : [`with which device or by whom (${device.join(", ")})`]),
  ];
  return `tags in ${original} reveal ${parts.join(" and ")}`;
}

/** An annex contains people's names and addresses, so exporting it takes a confirmation. */
async function askForAnnex(session: Session): Promise<void> {
  const question =
    "With the annexes, the package states who collected these captures, on which machine and from which addresses, the digest of the cookies used, and who handed files over.";
  const { ask } = session.io;
  if (ask === undefined || session.json) {
    throw new HoldfastError("usage", `exporting with annexes: ${question}`, "to confirm, add --yes");
  }
  session.screen.note(question);
  const answer = await ask("Include them? [y/N] ", session.world.signal);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new HoldfastError(
    "usage",
    "exporting with annexes: not confirmed, so no package was made",
    "run it without --with-annex",
  );
}

function page(result: ExportResult, columns: number): readonly string[] {
  const times = result.existed_by.map(
    ({ authority, gen_time }) =>
      `not later than ${formatTime(gen_time)}, according to ${printable(authority)}`,
  );
  const rows: readonly (readonly [string, string | null])[] = [
    ["package", printable(result.to)],
    ["captures", result.captures.join(", ")],
    ["files", `${counted(result.files, "file")}, ${formatBytes(result.bytes)}`],
    ["private", result.annex ? "includes the annexes: who collected, and from where" : "without the annexes"],
    [
      "annotations",
      result.annotations === 0
        ? "without what people noted about the captures"
        : `${counted(result.annotations, "entry", "entries")} with what people noted about the captures`,
    ],
    [
      "encrypted",
      result.recipients === 0 ? null : `for ${counted(result.recipients, "key")}, to be opened with age`,
    ],
    ["existed", times.length > 0 ? times.join("; ") : "the package has no outside time-stamp yet"],
    ["SHA-256", `${result.tagmanifest_sha256}  tagmanifest-sha256.txt, stands for every byte`],
    ["WACZ", result.wacz.length === 0 ? null : result.wacz.map((path) => printable(path)).join(", ")],
    ["log entry", String(result.entry)],
  ];
  return [
    "Exported",
    ...labelled(rows, columns),
    "",
    "Give checkers the output of 'holdfast key export' separately from this package.",
  ];
}
