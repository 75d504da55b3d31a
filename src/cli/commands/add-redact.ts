import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type Fill, fillForm, mostFills, parseFill, parseTime } from "../../core/media/fill.js";
import { parseSeconds } from "../../core/media/timing.js";
import { counted } from "../../core/words/counted.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { RedactResult } from "../../handover/publication.js";
import type { HeadReport } from "../../seal/checkpoint.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { filledLines, soundWords, timingLines } from "../publication-words.js";
import { checkSandbox, type SandboxOption, sandboxOption } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { headObject, showHead } from "../show-head.js";
import { columnsOf } from "../terminal.js";
import { labelled } from "../text-layout.js";
import { formatBytes } from "../units.js";

interface RedactOptions extends SandboxOption {
  /** False where --no-fill was given. */
  readonly fill?: readonly Fill[] | false;
  readonly preview?: number;
  readonly keepSound?: boolean;
  readonly original?: string;
  readonly to?: string;
}

export function addRedact(program: DocumentedCommand, run: RunCommand): void {
  const fills: Fill[] = [];
  program
    .command("redact")
    .summary("make a copy for publication, with regions filled")
    .description(
      "Makes a copy of a clip for publication: regions filled black, no sound, no metadata. The copy is read again and checked, then stored beside its original, which stays as it is, and logged. Look at it from beginning to end before you publish it.",
    )
    .argument("<id>", "a capture id or a unique part of it")
    .option(
      "--fill <region>",
      `fill this region black: ${fillForm}; in pixels of the picture as shown, times from the beginning of the clip; may be given several times`,
      (text: string, before: unknown) => addFill(text, before === false ? null : fills),
    )
    .option("--no-fill", "fill nothing: the copy hides nothing of the picture and leaves out the tags alone")
    .option(
      "--preview <moment>",
      "make no copy: write one picture (PNG) of this time, 12.5 or 1:03, with a grid in pixels and the regions filled then",
      readTime,
    )
    .option("--keep-sound", "keep the sound; without this there is none, since voices identify people")
    .option(
      "--original <path>",
      "which original, where a capture has several videos, as holdfast show names it",
    )
    .option(
      "--to <file>",
      "write the copy into this new .mp4 file too, outside the vault; with --preview, the picture into this .png file",
    )
    .addOption(sandboxOption())
    .explain({
      notes: [
        "A region is its left upper corner, its width and its height. Measure it with --preview, which needs no region, or on a keyframe, which has the full size of the picture. It grows to blocks of 16 pixels and is never smaller than asked. With a start and an end it is filled in every frame that can be seen between them: give a little more than you need. For a face that moves, give several regions.",
        "Times count from the beginning of the file that is redacted, as a player shows them; of a copy that you imported again, from the beginning of that copy. A copy begins at 0. Where that is not the beginning of the original, or where sound that is kept begins earlier or later than the picture, the answer says by how much. Players do not agree where a file begins whose only stream has a clock that begins late; the answer says so.",
        "A preview shows what a copy would hide, so publish it nowhere. It stores and logs nothing. Without --to it goes into the current folder.",
        "Run the command again for another copy: no copy replaces another.",
      ],
      examples: [
        [
          "holdfast redact SC12NB50 --fill 640,120,200x240 --to copy.mp4",
          "fill one region from beginning to end",
        ],
        [
          "holdfast redact SC12NB50 --fill 640,120,200x240@12-31.5 --fill 0,0,90x90@1:05-1:20",
          "fill two regions, each for a time",
        ],
        [
          "holdfast redact SC12NB50 --fill 640,120,200x240@12-31.5 --preview 12.5",
          "look at one picture with a grid and the region, before a copy is made",
        ],
        [
          "holdfast redact SC12NB50 --no-fill --keep-sound",
          "make a copy without tags, which hides nothing else",
        ],
      ],
      needsPrograms: true,
      statuses: {
        0: "the copy is as asked, and stored",
        4: "the copy is not what was asked and was thrown away, a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
      },
    })
    .action((id: string, options: RedactOptions, command: Command) =>
      run(command, (session) =>
        options.preview === undefined
          ? redact(session, id, options, fills)
          : preview(session, id, { ...options, preview: options.preview }, fills),
      ),
    );
}

/** Adds to `others`, since commander would forget them at a --no-fill. Null after a --no-fill. */
function addFill(text: string, others: Fill[] | null): readonly Fill[] {
  if (others === null)
    throw new InvalidArgumentError("--no-fill says that nothing is filled; leave one of them out");
  const fill = parseFill(text);
  if ("problem" in fill) throw new InvalidArgumentError(`${fill.problem}: give it as ${fillForm}`);
  if (others.length >= mostFills) throw new InvalidArgumentError(`give at most ${mostFills} regions`);
  others.push(fill);
  return others;
}

function readTime(text: string): number {
  const time = parseTime(text);
  if (time === null)
    throw new InvalidArgumentError("give a time from the beginning of the clip: 12.5 or 1:03");
  return time;
}

/** Whether the copy shall hide anything is said on purpose: one that hides nothing must not pass as redacted. */
function refuseUnsaid({ fill }: RedactOptions, fills: readonly Fill[]): void {
  if (fill === false && fills.length > 0)
    throw new HoldfastError(
      "usage",
      "--no-fill says that nothing is filled, and --fill names a region",
      "leave one of them out",
    );
  if (fill !== false && fills.length === 0)
    throw new HoldfastError(
      "usage",
      "redacting: no region was named",
      "name regions with --fill; --preview 12.5 helps to measure them; for a copy without tags, which hides nothing of the picture: --no-fill",
    );
}

async function preview(
  session: Session,
  id: string,
  options: RedactOptions & { readonly preview: number },
  fills: readonly Fill[],
) {
  if (options.fill === false) refuseUnsaid(options, fills);
  await checkSandbox(session, options, { fetching: false });
  const { previewDestination, previewFills } = await import("../../handover/publication-preview.js");
  const { io, vault } = session;
  const place = (name: string) =>
    previewDestination(options.to === undefined ? null : resolve(io.cwd, options.to), io.cwd, name, vault);
  if (options.to !== undefined) place(id);
  const request = { vault, id, fills, original: options.original ?? null, at: options.preview };
  const { png, ...facts } = await previewFills(request, session.world);
  const path = place(facts.id);
  await writeFile(path, png, { flag: "wx", mode: 0o600 });
  if (session.json) session.screen.data(printableJson({ ...facts, preview: path }));
  else {
    if (!session.quiet)
      session.screen.note(
        `${facts.width} × ${facts.height} pixels, the frame at ${facts.at} s; ${facts.shown} of ${counted(fills.length, "region")} filled then; nothing was stored or logged`,
      );
    session.screen.answer(printable(path));
  }
  return exitStatus.done;
}

async function redact(session: Session, id: string, options: RedactOptions, fills: readonly Fill[]) {
  refuseUnsaid(options, fills);
  await checkSandbox(session, options, { fetching: false });
  const { redactCapture } = await import("../../handover/publication.js");
  const heads: HeadReport[] = [];
  const result = await redactCapture(
    {
      vault: session.vault,
      id,
      fills,
      keepSound: options.keepSound === true,
      original: options.original ?? null,
      to: options.to === undefined ? null : resolve(session.io.cwd, options.to),
    },
    session.world,
    (head) => heads.push(head),
  );
  const [head] = heads;
  if (session.json)
    session.screen.answer(
      printableJson({ ...result, ...(head === undefined ? {} : { head: headObject(head) }) }),
    );
  else if (!session.quiet)
    session.screen.answer(page(session, result, columnsOf(session.io.stdout)).join("\n"));
  if (head !== undefined) showHead(session, head);
  return exitStatus.done;
}

function page(session: Session, result: RedactResult, columns: number): readonly string[] {
  const { publication } = result;
  const rows: readonly (readonly [label: string, ...values: readonly (string | null)[]])[] = [
    ["file", printable(result.to ?? join(session.vault, result.file))],
    ["stored as", result.to === null ? null : printable(join(session.vault, result.file))],
    ["SHA-256", result.sha256],
    [
      "size",
      `${publication.width} × ${publication.height}, ${counted(publication.frames, "frame")}, ${formatBytes(result.bytes)}`,
    ],
    ["filled", ...filledLines(publication)],
    ["sound", soundWords[publication.sound], ...timingLines(publication)],
    ["left out", ...publication.left_out.map((stream) => printable(stream, 200))],
    ["checked", ...publication.checks.map(({ found }) => printable(found, 300))],
    ["times", clockWords(result)],
    ["log entry", String(result.entry)],
  ];
  return [
    session.style.bold(session.style.good(titleOf(result))),
    ...labelled(rows, columns),
    "",
    ...(publication.fills.length === 0
      ? ["It is not redacted: everybody in the picture can be seen."]
      : [
          "holdfast checked that the copy is as requested. Only a person can see whether",
          "it hides everyone it must: watch all of it before you publish it.",
        ]),
  ];
}

function titleOf({ id, publication }: RedactResult): string {
  return publication.fills.length === 0 ? `Copy without tags of ${id}` : `Publication copy of ${id}`;
}

/** Tells a user who took times from keyframes that the times of regions begin at another point. */
function clockWords({ clip_start, publication }: RedactResult): string | null {
  const start = parseSeconds(clip_start) ?? 0;
  if (Math.abs(start) < 20_000 || publication.fills.every(({ from }) => from === null)) return null;
  return `these count from the beginning of the clip; times on its keyframes begin at ${clip_start} s`;
}
