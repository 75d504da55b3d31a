import type { DerivedFile } from "../core/capture/record.js";
import { type RevealingTags, revealingTags } from "../core/media/media-tags.js";
import { readQuietly } from "../vault/digest-file.js";
import { contentPath, type StoredObject } from "../vault/objects.js";

/** What the tags in one capture's files reveal about place and device. */
export interface ToldByTags {
  readonly capture: string;
  /** False if the tags of some original were not read: then it is unknown what they reveal. */
  readonly read: boolean;
  readonly originals: readonly RevealingTags[];
}

/** Reads the stored outputs of ExifTool and ffprobe; runs nothing. */
export function toldByTags(object: StoredObject): ToldByTags {
  const { record } = object;
  const readings = (["exiftool", "ffprobe"] as const).map((kind) => readingOf(object, kind));
  const tracks = record.files.filter(({ role }) => role === "media_track").map(({ path }) => path);
  const read = readings.every((reading) => tracks.every((path) => Object.hasOwn(reading, path)));
  return { capture: record.capture, read, originals: revealingTags(readings) };
}

/** One tool's output by original; empty if there is none or it is unreadable. */
function readingOf(object: StoredObject, kind: DerivedFile["kind"]): object {
  const file = object.derivation?.files.find((one) => one.kind === kind);
  if (file === undefined) return {};
  try {
    const value: unknown = JSON.parse(readQuietly(contentPath(object, file.path)).toString("utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
