import type { CaptureResult, ResultFile } from "../capture/capture-result.js";
import { renditionSentence } from "../core/capture/rendition.js";
import { isUnsound, soundnessWord } from "../core/capture/soundness.js";
import { oneWindow } from "../core/capture/transfer.js";
import { counted } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { Style } from "./style.js";
import { labelled } from "./text-layout.js";
import { formatBytes, formatDate, formatLength } from "./units.js";

/** Where a user can find a capture's files. */
export interface StoredPlaces {
  /** What a further command needs to find the same vault, with a blank before it; empty where it finds it by itself. */
  readonly vaultOption: string;
  /** How it was fetched, as options with a blank before them, such as ` --proxy …`; empty where it was not. */
  readonly fetchOptions?: string;
  readonly folder: string | null;
  readonly contactSheet: string | null;
  /** The name of an imported file, which the record need not have. */
  readonly name?: string;
}

/** The JSON line of one result: schema `captureResult`. */
export function resultLine(result: CaptureResult): object {
  return {
    url: result.url,
    status: result.status,
    derivation: result.derivation,
    id: result.id,
    title: result.title,
    object: result.object,
    files: result.files.map(({ role, path, bytes, sha256 }) => ({ role, path, bytes, sha256 })),
    keyframes: result.keyframes,
    entry: result.entry,
    reason: result.reason,
    hint: result.hint,
    uploader: result.uploader,
    claimed_date: result.claimed_date,
    duration: result.duration,
    method: result.method,
    rendition: result.rendition,
    decode: result.decode,
    left_out: result.left_out,
  };
}

/** Who asserts uploader and date: holdfast observed neither. */
function claimantOf({ method }: CaptureResult): string {
  return method === "import" ? "said beside the file, not checked" : "the platform says";
}

/** The summary of one stored result. */
export function resultSummary(
  result: CaptureResult,
  places: StoredPlaces,
  columns: number,
  style: Style,
): readonly string[] {
  const claimant = claimantOf(result);
  return [
    headline(result, style),
    ...labelled(
      [
        ["file", textOf(places.name ?? null)],
        ["title", textOf(result.title)],
        ["uploader", claimOf(result.uploader, claimant)],
        ["date", result.claimed_date === null ? null : `${formatDate(result.claimed_date)} (${claimant})`],
        ["length", result.duration === null ? null : formatLength(result.duration)],
        ["rendition", renditionSentence(result.rendition)],
        ["not taken", textOf(result.left_out)],
        ["SHA-256", mainDigest(result.files)],
        ["files", filesOf(result.files)],
        ["folder", places.folder],
        ["keyframes", ...keyframesOf(result, places)],
        ["page", result.id === null ? null : `holdfast open ${result.id}${places.vaultOption}`],
        ["log entry", result.entry === null ? null : String(result.entry)],
        ["reason", textOf(result.reason)],
        ["next", ...nextSteps(result, places)],
      ],
      columns,
    ),
  ];
}

function headline(result: CaptureResult, style: Style): string {
  const id = result.id ?? "";
  if (result.status === "incomplete") {
    return style.bold(style.warn(`Incomplete  ${id}  only part arrived, and holdfast kept that part`));
  }
  const flaws = flawWords(result);
  const isOld = result.status === "already-captured";
  const words = `${isOld ? "Already captured" : "Captured"}${flaws}  ${id}`;
  if (flaws !== "") return style.bold(style.warn(words));
  return style.bold(isOld ? words : style.good(words));
}

/** What must stand beside the status of a capture, so that it does not look like a whole clip of the best kind. */
export function flawWords({
  decode,
  rendition,
  reason,
}: Pick<CaptureResult, "decode" | "rendition" | "reason">): string {
  return [
    soundnessWord(decode),
    rendition?.grade === "reduced" ? "reduced" : null,
    reason === oneWindow ? "one window" : null,
  ]
    .map((flaw) => (flaw === null ? "" : `, ${flaw}`))
    .join("");
}

/** Whether the platform has a better one than was taken, or may have. */
function isReduced({ rendition }: CaptureResult): boolean {
  return rendition?.grade === "reduced";
}

function textOf(text: string | null): string | null {
  return text === null ? null : printable(text, 300);
}

function claimOf(text: string | null, claimant: string): string | null {
  return text === null ? null : `${printable(text, 300)} (${claimant})`;
}

function mainDigest(files: readonly ResultFile[]): string | null {
  const media = files.filter(({ role }) => role === "media_track" || role === "media_segment");
  const first = media[0];
  if (first === undefined) return null;
  const more = media.length > 1 ? ` and ${media.length - 1} more` : "";
  return `${first.sha256}  ${printable(first.path)}${more}`;
}

/** Counts only the evidence; derivatives appear under keyframes. */
function filesOf(files: readonly ResultFile[]): string | null {
  const evidence = files.filter(({ path }) => !path.startsWith("derived/"));
  if (evidence.length === 0) return null;
  const bytes = evidence.reduce((sum, file) => sum + file.bytes, 0);
  return `${counted(evidence.length, "file")}, ${formatBytes(bytes)}`;
}

function keyframesOf(result: CaptureResult, places: StoredPlaces): readonly (string | null)[] {
  switch (result.derivation) {
    case "done":
      return [
        result.keyframes === 0 ? "none: no frame could be decoded" : counted(result.keyframes, "picture"),
        places.contactSheet,
      ];
    case "pending":
      return ["not made yet; the evidence is stored"];
    case "failed":
      return ["could not be made; the evidence is stored"];
    case null:
      return [];
  }
}

function nextSteps(
  result: CaptureResult,
  { vaultOption, fetchOptions = "" }: StoredPlaces,
): readonly (string | null)[] {
  if (result.id === null) return [];
  const derive = result.derivation === "pending" || result.derivation === "failed";
  return [
    `holdfast show ${result.id}${vaultOption}`,
    `holdfast verify ${result.id}${vaultOption}`,
    derive ? `holdfast derive ${result.id}${vaultOption}` : null,
    isReduced(result)
      ? `to fetch it again once the cause is gone: holdfast archive --again ${result.id}${fetchOptions}${vaultOption}`
      : null,
    result.status === "incomplete" ? "to fetch it once more: the same command" : null,
    !isReduced(result) && result.status === "already-captured"
      ? "to capture it once more: the same command with --again"
      : null,
  ];
}

/** One line over several results, for instance `3 captured, 1 failed`. */
export function tallyLine(results: readonly CaptureResult[]): string {
  const counts = (["captured", "already-captured", "incomplete", "failed"] as const).map((status) => ({
    status,
    count: results.filter((result) => result.status === status).length,
  }));
  const stored = results.filter(({ status }) => status !== "failed");
  const posts = results.filter(({ status, left_out }) => status === "captured" && left_out !== null).length;
  const [damaged, reduced] = [
    stored.filter(({ decode }) => isUnsound(decode)).length,
    stored.filter(isReduced).length,
  ];
  return [
    ...counts
      .filter(({ count }) => count > 0)
      .map(({ status, count }) => `${count} ${status.replace("-", " ")}`),
    ...(damaged === 0 ? [] : [`${damaged} stored damaged, short or unreadable`]),
    ...(reduced === 0 ? [] : [`${reduced} stored reduced`]),
    ...(posts === 0 ? [] : [`${posts} of them from a post with more that was not taken`]),
  ].join(", ");
}
