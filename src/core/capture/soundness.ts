import type { CaptureRecord, DerivationRecord, RunRecord } from "./record.js";

type Verdict = DerivationRecord["decode"][number]["verdict"];

/**
 * What the strict decode found of a capture: the worst that it found of an original (FORMAT.md §6). Of an original without a
 * stream that could be read it finds nothing: `unknown` where a program was ended, `no-media` where a person gave a file that does not begin like media, else
 * `unreadable`.
 */
export type Soundness = Verdict | "unreadable" | "no-media";

/** Worst first, with what a command says; null where there is nothing to say. */
const sentences: readonly (readonly [Soundness, string | null])[] = [
  ["short", "short: it ends before the length that it announces"],
  ["damaged", "damaged: it does not decode cleanly"],
  ["unreadable", "unreadable: no picture and no sound of it could be read here"],
  ["no-media", "no media: nothing in it is a picture or a sound that holdfast reads"],
  ["unknown", null],
  ["sound", null],
];

type Judged = Pick<DerivationRecord, "decode" | "stream_hashes"> & {
  /** How each program that read it ended: `exited` and no signal, unless it was ended. */
  readonly runs: readonly Pick<RunRecord, "ended_by" | "signal">[];
};
type Method = CaptureRecord["method"];

/** The worst that a derivation found of an original; null where there is none. */
export function judgeSoundness(derivation: Judged, method: Method): Soundness | null {
  const found = derivation.decode.map((check) => soundnessOf(check, derivation, method));
  return sentences.find(([one]) => found.includes(one))?.[0] ?? null;
}

function soundnessOf(
  { original, verdict }: Judged["decode"][number],
  derivation: Judged,
  method: Method,
): Soundness {
  // Each segment of a stream numbers its packets anew, and ffmpeg calls the first ones behind every join corrupt.
  if (verdict === "damaged" && method === "ytdlp" && original.endsWith(".ts")) return "unknown";
  const wasRead = derivation.stream_hashes.some((hash) => hash.original === original);
  if (verdict !== "unknown" || wasRead || wasEnded(derivation)) return verdict;
  return method === "import" && original.endsWith(".bin") ? "no-media" : "unreadable";
}

/** Whether a program was ended before it could say anything: that says nothing of the clip. */
function wasEnded({ runs }: Judged): boolean {
  return runs.some(({ ended_by, signal }) => ended_by !== "exited" || signal !== null);
}

/** Reads a `Soundness` as the index holds it; null for anything else. */
export function readSoundness(text: string | null): Soundness | null {
  return sentences.find(([one]) => one === text)?.[0] ?? null;
}

/** Whether something of a clip was lost or could not be read, so that it must not count as got. */
export function isUnsound(decode: Soundness | null): boolean {
  return decode === "short" || decode === "damaged" || decode === "unreadable";
}

/** What a command says of a clip that is not known to decode to its end; null where there is nothing to say. */
export function soundnessSentence(decode: Soundness | null): string | null {
  return sentences.find(([one]) => one === decode)?.[1] ?? null;
}

/** The word that stands beside the status of a capture; null where none has to. */
export function soundnessWord(decode: Soundness | null): string | null {
  return soundnessSentence(decode)?.split(":")[0] ?? null;
}

/** `soundnessSentence` with what the strict decode observed; null where there is nothing to say. */
export function soundnessReason(derivation: Judged, method: Method): string | null {
  const worst = judgeSoundness(derivation, method);
  const sentence = soundnessSentence(worst);
  if (worst === "unknown" && wasEnded(derivation)) {
    return "a program that reads the clip was ended, so whether it is whole is not known; to read it again: holdfast derive";
  }
  if (sentence === null) return null;
  const grounds = derivation.decode
    .filter((check) => soundnessOf(check, derivation, method) === worst)
    .flatMap((check) => check.grounds);
  return `${sentence} (${grounds.join("; ")})`;
}
