import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where real footage lies, if it is on this machine. */
const corpus = join(import.meta.dirname, "../../../shared/corpus");

/** A thousand boxes in each other: no program opens it. */
export const nested = "c2pa-nested_moov_1000.mp4";

const here = existsSync(corpus) ? readdirSync(corpus).filter((name) => !name.endsWith(".md")) : [];

/** All real footage that programs read, by its names. */
export const footage: readonly string[] = here.filter((name) => name !== nested);

const ofEachKind = [
  "asl-help.mkv",
  "camera-100_0306.avi",
  "sample.3gp",
  "sample_mpeg4.mp4",
  "with-gps.mov",
] as const;

/** One file of each container and codec; the soak takes all. */
export const someFootage: readonly string[] = ofEachKind.filter((name) => here.includes(name));

export const footagePath = (name: string): string => join(corpus, name);

export const whyNoFootage = here.length > 0 ? "" : " (left out: ../shared/corpus is not here)";
