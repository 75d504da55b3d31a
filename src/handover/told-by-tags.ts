import type { DerivedFile } from "../core/capture/record.js";
import { type RevealingTags, revealingTags } from "../core/media/media-tags.js";
import { readQuietly } from "../vault/digest-file.js";
import { contentPath, type StoredObject } from "../vault/objects.js";

/** What the tags in the files of one capture tell of the place and the device. */
export interface ToldByTags {
  readonly capture: string;
  /** False where the tags of some original were not read: then nobody knows what they tell. */
  readonly read: boolean;
  readonly originals: readonly RevealingTags[];
}

/** Reads it from what ExifTool and ffprobe said when the capture was derived; runs nothing. */
export function toldByTags(object: StoredObject): ToldByTags {
  const { record } = object;
  const readings = (["exiftool", "ffprobe"] as const).map((kind) => readingOf(object, kind));
  const tracks = record.files.filter(({ role }) => role === "media_track").map(({ path }) => path);
  const read = readings.every((reading) => tracks.every((path) => Object.hasOwn(reading, path)));
  return { capture: record.capture, read, originals: revealingTags(readings) };
}

/** One tool's words by original; empty where there are none, or none that can be read. */
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
