import { doubtSentence } from "../core/capture/clock-doubts.js";
import type {
  Basis,
  CaptureRecord,
  Claim,
  DerivationRecord,
  Element,
  ElementName,
  RecordFile,
  RunRecord,
} from "../core/capture/record.js";
import { renditionWords } from "../core/capture/rendition.js";
import { soundnessSentence } from "../core/capture/soundness.js";
import type { PublicationRecord } from "../core/media/publication.js";
import { elementsWithPages } from "../core/page/page-elements.js";
import { counted, formatCount } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { CaptureRow } from "../search/captures.js";
import type { ShownAnchor, ShownCapture } from "../search/show.js";
import type { TableView } from "./capture-list.js";
import { filledLines, soundWords, timingLines } from "./publication-words.js";
import { shownPageLines } from "./shown-page-lines.js";
import type { Style } from "./style.js";
import { hanging, labelled, padEnd, wrap } from "./text-layout.js";
import { formatBytes, formatDate, formatLength, formatTime, formatTimeHere } from "./units.js";

/** Who asserts a value. Every value that holdfast did not measure is shown with its source. */
const basisWords: Readonly<Record<Basis, string>> = {
  observed: "observed",
  platform_claim: "the platform says",
  file_claim: "the file says",
  person_assertion: "a person says",
  derived: "derived from the files",
};

/** The Berkeley Protocol's §155 (a) to (h), in its words. */
const elementWords: Readonly<Record<ElementName, string>> = {
  target_web_address: "(a) target web address",
  source_code: "(b) source code",
  full_page_capture: "(c) full-page capture",
  embedded_media_files: "(d) embedded media files",
  embedded_metadata: "(e) embedded metadata",
  contextual_data: "(f) contextual data",
  collection_data: "(g) collection data",
  hash_value: "(h) hash value",
};

/** The page of `show`: everything in the vault about one capture. */
export function capturePage(
  shown: ShownCapture,
  { columns, style, zone, inVault = (words) => words }: TableView,
): readonly string[] {
  const { record, derivation } = shown;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["", labelled(attemptRows(shown, zone), columns)],
    ["what the source claims", record === null ? [] : labelled(claimRows(record), columns)],
    ["what people noted (their assertions)", labelled(annotationRows(shown), columns)],
    ["files, as received", filesThat(record, true).flatMap((file) => fileLines(file, columns))],
    [
      "files that holdfast wrote, put together or cut",
      filesThat(record, false).flatMap((file) => fileLines(file, columns)),
    ],
    ["received completely?", labelled(wholenessRows(record, derivation), columns)],
    ["the best that the platform offered?", labelled(renditionRows(shown, inVault), columns)],
    [
      "what the Berkeley Protocol §155 lists",
      record === null ? [] : labelled(elementsWithPages(record, shown.pages).map(elementRow), columns),
    ],
    ["made from the originals", derivation === null ? [] : labelled(derivationRows(derivation), columns)],
    ["in packages", shown.packages.map(({ entry, at }) => `  log entry ${entry}, ${formatTime(at)}`)],
    ["other attempts at its address", wrapped(shown.attempts.map(attemptLine), columns)],
    ["the page around it", shownPageLines(shown, columns)],
    ["copies for publication", shown.publications.flatMap((copy) => publicationLines(copy, columns))],
    ["programs run", wrapped(runLines([...(record?.runs ?? []), ...(derivation?.runs ?? [])]), columns)],
    [
      "warnings",
      wrapped(
        (record?.warnings ?? []).map((warning) => `  ${printable(warning)}`),
        columns,
      ),
    ],
    ["log entries", shown.entries.map(entryLine)],
  ];
  return [
    style.bold(`${shown.id}  ${statusWords(shown.row)}`),
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .flatMap((section) => sectionLines(section, columns, style)),
  ];
}

/** Lines that begin with two blanks; what of one does not fit stands deeper below it. */
function wrapped(lines: readonly string[], columns: number): readonly string[] {
  return lines.flatMap((line) => hanging("  ", line.trimStart(), columns, 4));
}

function sectionLines(
  [title, lines]: readonly [title: string, lines: readonly string[]],
  columns: number,
  style: Style,
): readonly string[] {
  return title === "" ? lines : ["", ...wrap(title, columns).map(style.bold), ...lines];
}

function filesThat(record: CaptureRecord | null, asReceived: boolean): readonly RecordFile[] {
  return (record?.files ?? []).filter(({ as_received }) => as_received === asReceived);
}

function statusWords(row: CaptureRow): string {
  if (row.status === "incomplete") return "incomplete: only part of it arrived, and holdfast kept that part";
  if (row.status === "failed") return "failed: nothing was captured";
  if (row.status === "withdrawn") return "withdrawn: its files are no longer in this vault";
  const flaw = soundnessSentence(row.decode);
  if (flaw !== null) return `${row.status}, ${flaw}`;
  if (row.rendition?.grade === "reduced") return "captured, reduced: the platform has more than was taken";
  if (row.method === "page") return "captured, a page alone";
  return row.method === "import" ? "captured, imported from a file" : "captured";
}

function attemptLine({ id, at, status, reason }: ShownCapture["attempts"][number]): string {
  const why = reason === null ? "" : `: ${printable(reason, 200)}`;
  return `  ${printable(id, 40)}  ${formatTime(at)}  ${status}${why}`;
}

type LabelledRow = readonly [label: string, ...values: readonly (string | null)[]];

function attemptRows(
  { row, record, objectPath, anchor, entries }: ShownCapture,
  zone: string,
): readonly LabelledRow[] {
  return [
    ["requested", optional(record?.requested_url ?? row.url)],
    ["file", row.file_name === null ? null : `${printable(row.file_name, 300)} (${nameKept(record)})`],
    ["redirected", ...(record?.redirects ?? []).slice(1).map((url) => printable(url))],
    ["final address", optional(record?.final_url ?? null)],
    ["claimed source", claimText(record?.claimed_url ?? null)],
    ["part of", record?.parent ? parentText(record.parent) : null],
    ["attempted", formatTimeHere(row.at, zone)],
    ["clock", ...(record === null ? [] : clockLines(record.clock))],
    [
      "withdrawn",
      ...entries.filter(({ event }) => event === "withdraw").map(({ at }) => formatTimeHere(at, zone)),
    ],
    ["reason", optional(row.reason)],
    ["folder", optional(objectPath)],
    ["time-stamp", ...anchorLines(anchor)],
  ];
}

/** Whether a reader of the record learns the name. */
function nameKept(record: CaptureRecord | null): string {
  const [first] = record?.files ?? [];
  if (first === undefined) return "its original name";
  const isKept = first.received_as !== null && !first.received_as.startsWith("<name>");
  return isKept ? "its original name, also in the record" : "its original name, only in the private annex";
}

function anchorLines({ status, tokens, pending }: ShownAnchor): readonly string[] {
  if (status === "none") return [];
  if (tokens.length + pending.length === 0)
    return ["by a complete OpenTimestamps proof; 'holdfast verify' says by which Bitcoin block"];
  return [
    ...tokens.map(
      ({ authority, gen_time, checkpoint }) =>
        `states ${formatTime(gen_time)}, in the file of ${printable(authority, 40)}, checkpoint ${checkpoint}; 'holdfast verify' checks it`,
    ),
    ...pending.map(({ authority, reason }) => {
      return `none yet: ${printable(authority, 40)}: ${printable(reason, 200)}`;
    }),
  ];
}

function parentText(parent: { readonly url: string; readonly title: string | null; readonly index: number }) {
  const title = parent.title === null ? "" : ` (${printable(parent.title, 200)})`;
  return `number ${parent.index} of ${printable(parent.url)}${title}`;
}

function clockLines(clock: CaptureRecord["clock"]): readonly string[] {
  const doubts = clock.contradicted_by ?? [];
  const then = new Date(clock.checked_at);
  return [clockText(clock), ...doubts.map((doubt) => `IN DOUBT: ${printable(doubtSentence(doubt, then))}`)];
}

function clockText(clock: CaptureRecord["clock"]): string {
  const words =
    clock.synchronised === null
      ? "not known to be synchronised"
      : clock.synchronised
        ? "synchronised"
        : "NOT synchronised";
  return clock.source === "none" ? words : `${words}, according to ${printable(clock.source, 100)}`;
}

function optional(text: string | null): string | null {
  return text === null ? null : printable(text);
}

function claimRows({ source }: CaptureRecord): readonly LabelledRow[] {
  return [
    ["title", claimText(source.title)],
    ["uploader", claimText(source.uploader)],
    ["uploader id", claimText(source.uploader_id)],
    ["uploader page", claimText(source.uploader_url)],
    ["channel", claimText(source.channel)],
    ["posted", claimText(source.posted_at ?? source.upload_date, formatDate)],
    ["length", claimText(source.duration, formatLength)],
    ["address", claimText(source.canonical_url)],
    ["item id", claimText(source.platform_item_id)],
    ["place", claimText(source.location)],
    ["language", claimText(source.language)],
    ["live", claimText(source.live_status)],
    ["views", claimText(source.view_count, formatCount)],
    ["likes", claimText(source.like_count, formatCount)],
    ["comments", claimText(source.comment_count, formatCount)],
    ["tags", claimText(source.tags, (tags) => printable(tags.join(", "), 500))],
    ["description", claimText(source.description)],
  ];
}

function claimText<T extends string | number | readonly string[]>(
  claim: Claim<T> | null,
  format: (value: T) => string = (value) => printable(String(value)),
): string | null {
  return claim === null ? null : `${format(claim.value)} (${basisWords[claim.basis]})`;
}

/** The annotations in force, each with its entry and the number of earlier ones. */
function annotationRows({ annotations }: ShownCapture): readonly LabelledRow[] {
  const inForce = annotations.filter(({ in_force }) => in_force);
  const back = new Set(annotations.map(({ key }) => key));
  for (const { key } of inForce) back.delete(key);
  const earlier = (wanted: string) => annotations.filter(({ key }) => key === wanted).length - 1;
  return [
    ...inForce.map(({ key, value, entry, from }): LabelledRow => {
      const before = earlier(key);
      const history = before === 0 ? "" : `, ${counted(before, "earlier entry", "earlier entries")}`;
      return [
        printable(key, 40),
        `${printable(value ?? "")} (entry ${entry}${history}; ${placeWords(from)})`,
      ];
    }),
    ...[...back].map((key): LabelledRow => [printable(key, 40), "withdrawn"]),
  ];
}

/** Shortens the digest of a list, so that the row is easy to see. */
function placeWords(from: string): string {
  return printable(from.replace(/^list ([0-9a-f]{8})[0-9a-f]{56}, /, "list $1…, "), 60);
}

/** The digest has its own line, so that it is never broken. */
function fileLines(file: RecordFile, columns: number): readonly string[] {
  const kind = file.role.replaceAll("_", " ");
  const cut = file.as_received
    ? ""
    : ", not as received: a redacted copy, or put together or written by holdfast";
  return [
    ...hanging("  ", `${printable(file.path)}  ${kind}, ${formatCount(file.bytes)} bytes${cut}`, columns, 4),
    `    SHA-256 ${file.sha256}`,
  ];
}

function wholenessRows(
  record: CaptureRecord | null,
  derivation: DerivationRecord | null,
): readonly LabelledRow[] {
  const check = derivation?.completeness ?? record?.completeness;
  if (check === undefined) return [];
  return [
    ["judged", check.verdict],
    ["because", ...check.grounds.map((ground) => printable(ground))],
  ];
}

function renditionRows(
  { id, record }: ShownCapture,
  inVault: (words: string) => string,
): readonly LabelledRow[] {
  // Only what was fetched as a clip was offered in formats.
  if (record?.method !== "ytdlp") return [];
  const { rendition } = record;
  if (!rendition) return [["judged", "unknown: the record is older than this question"]];
  const { grade, reasons, formats } = rendition;
  return [
    ["judged", grade],
    ["because", ...reasons.map((reason) => renditionWords[reason])],
    ["formats", formats.length === 0 ? null : printable(formats.join(" + "), 200)],
    ["again", grade === "reduced" ? inVault(`once the cause is gone: holdfast archive --again ${id}`) : null],
  ];
}

function elementRow(element: Element): LabelledRow {
  const status = padEnd(element.status.replaceAll("_", " "), 14);
  return [elementWords[element.item], `${status}  ${printable(element.reason)}`.trimEnd()];
}

function derivationRows(derivation: DerivationRecord): readonly LabelledRow[] {
  const size = derivation.width === null ? null : `${derivation.width} × ${derivation.height}`;
  const gap = derivation.max_gap === null ? "" : `, no gap longer than ${formatLength(derivation.max_gap)}`;
  return [
    ["version", `${printable(derivation.version, 20)}, ${derivation.status}`],
    ["length", derivation.duration === null ? null : formatLength(derivation.duration)],
    [
      "picture",
      derivation.rotation === 0 ? size : `${size}, turned ${derivation.rotation} degrees for display`,
    ],
    ["keyframes", counted(derivation.keyframes.length, "picture") + gap],
    ["contact sheet", optional(derivation.contact_sheet)],
    ["playable copy", optional(derivation.playable)],
    ["files", filesText(derivation)],
    ...derivation.steps.filter(({ status }) => status !== "captured").map(stepRow),
  ];
}

function stepRow(step: DerivationRecord["steps"][number]): LabelledRow {
  return [step.step.replaceAll("_", " "), `${step.status.replaceAll("_", " ")}: ${printable(step.reason)}`];
}

function filesText({ files }: DerivationRecord): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${counted(files.length, "file")}, ${formatBytes(bytes)}`;
}

/** Each copy with its digest, so that anyone who finds a copy can compare it. */
function publicationLines(copy: PublicationRecord, columns: number): readonly string[] {
  return copy.files.flatMap((file) => [
    `  ${printable(file.path)}  ${formatCount(file.bytes)} bytes`,
    `    SHA-256 ${file.sha256}`,
    ...labelled(
      [
        ["made", formatTime(copy.ended_at)],
        ["from", ...copy.derived_from.map(({ path, sha256 }) => `${printable(path)}  ${sha256}`)],
        ["filled", ...filledLines(copy)],
        ["sound", soundWords[copy.sound], ...timingLines(copy)],
      ],
      columns,
    ),
  ]);
}

function runLines(runs: readonly RunRecord[]): readonly string[] {
  return runs.map((run) => {
    const end = run.exit_code === null ? (run.signal ?? "no status") : `exit ${run.exit_code}`;
    return `  ${formatTime(run.started_at)}  ${printable(run.program, 60)}  ${printable(end, 40)}, ${printable(run.ended_by, 100)}, sandbox ${printable(run.sandbox, 40)}`;
  });
}

function entryLine(entry: ShownCapture["entries"][number]): string {
  return `  ${entry.seq}  ${formatTime(entry.at)}  ${printable(entry.event, 60)}`;
}

/**
 * The object of `show --json`: the whole record, plus keyframes and derivation. A failed attempt has no record; what the
 * log states about it appears under the record's keys.
 */
export function captureObject(shown: ShownCapture): object {
  const { row, record, derivation, publications, pages, anchor, annotations, packages, attempts } = shown;
  const keyframes = (derivation?.keyframes ?? []).map(
    ({ pts_time, frame, path, sha256, frame_sha256, dhash }) => ({
      pts_time,
      frame,
      path,
      sha256,
      frame_sha256,
      dhash,
    }),
  );
  const { file_name } = row;
  return {
    ...(record ?? failedAttempt(row)),
    file_name,
    keyframes,
    derivation,
    publications,
    pages,
    anchor,
    annotations,
    packages,
    attempts,
  };
}

function failedAttempt(row: CaptureRow): object {
  return {
    capture: row.id,
    method: row.method,
    status: row.status,
    started_at: row.at,
    requested_url: row.url,
    reason: row.reason,
  };
}
