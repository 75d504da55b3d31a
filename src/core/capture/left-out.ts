import { counted } from "../words/counted.js";

/** What of a post or a list was not fetched because it is no video: one sentence for the record and the result. */
export function leftOutSentence(parts: readonly string[]): string {
  return `the post also has ${parts.join(" and ")}, which holdfast did not fetch`;
}

/** The sentence in the warnings of a record that says what of the post was not fetched; null if none does. */
export function readLeftOut(warnings: readonly string[]): string | null {
  return warnings.find((line) => /^the post also has \d.*, which holdfast did not fetch$/.test(line)) ?? null;
}

/** `1 entry without a video`, in the words of the sentence; null if every entry has one. */
export function entriesLeftOut(withoutVideo: number): string | null {
  if (withoutVideo === 0) return null;
  return leftOutSentence([`${counted(withoutVideo, "entry", "entries")} without a video`]);
}
