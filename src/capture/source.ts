import type { ParentList } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { wellFormed } from "../core/words/printable.js";
import { requestedUrl } from "./fetch-attempts.js";
import type { Evidence } from "./gather-evidence.js";

/** What is to be captured: a URL as typed, or one entry of a list. */
export interface CaptureSource {
  readonly url: string;
  /** The same as it may stand in the log and the record: what is secret in it is cut. */
  readonly shown: string;
  readonly item: number | null;
  readonly parent: ParentList | null;
}

/** A source and the form in which it may be shown. */
export function sourceOf(url: string, item: number | null, parent: ParentList | null): CaptureSource {
  return { url, shown: redactTypedUrl(url), item, parent };
}

/** Says in the evidence that its address is not the whole one. */
export function warnOfCut(evidence: Evidence, source: CaptureSource): Evidence {
  if (source.shown === source.url) return evidence;
  const warning = "the requested address is cut in this record; as typed it is in the private annex";
  return { ...evidence, warnings: [...evidence.warnings, warning] };
}

/** The address as typed, for the private annex, where the record may not hold it. */
export function typedPlaces(source: CaptureSource): Readonly<Record<string, string>> {
  return source.shown === source.url ? {} : { [requestedUrl]: wellFormed(source.url) };
}
