import type { ParentList } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { wellFormed } from "../core/words/printable.js";
import { requestedUrl } from "./fetch-attempts.js";
import type { Evidence } from "./gather-evidence.js";

/** What to capture: a URL as typed, or one entry of a list. */
export interface CaptureSource {
  readonly url: string;
  /** The URL for log and record, with its secrets cut. */
  readonly shown: string;
  readonly item: number | null;
  readonly parent: ParentList | null;
  /** What of the list is no video, as a sentence; null if nothing is known to be. */
  readonly leftOut: string | null;
}

/** Makes a source together with the form that may be shown. */
export function sourceOf(
  url: string,
  item: number | null,
  parent: ParentList | null,
  leftOut: string | null = null,
): CaptureSource {
  return { url, shown: redactTypedUrl(url), item, parent, leftOut };
}

/** Adds to the evidence what is known of its source: what of the list was no video, and whether its address is cut. */
export function withSourceNotes(evidence: Evidence, { shown, url, leftOut }: CaptureSource): Evidence {
  const cut = "parts of the requested address are cut from this record; the private annex has it as typed";
  const notes = [...(leftOut === null ? [] : [leftOut]), ...(shown === url ? [] : [cut])];
  return { ...evidence, warnings: [...evidence.warnings, ...notes] };
}

/** For the private annex: the address as typed, if the record may not hold it. */
export function typedPlaces(source: CaptureSource): Readonly<Record<string, string>> {
  return source.shown === source.url ? {} : { [requestedUrl]: wellFormed(source.url) };
}
