import { webUrl } from "../core/capture/source-url.js";
import { digestFileQuickly } from "../vault/digest-file.js";
import { readAnchors } from "../vault/index/anchors.js";
import { annotationsOf } from "../vault/index/annotations.js";
import { digestPlaces, type FindQuery, findCaptures, wordPlaces } from "../vault/index/find-rows.js";
import { entriesNamed } from "../vault/index/local-names.js";
import { readVault } from "../vault/reader.js";
import type { World } from "../world.js";
import type { CaptureRow } from "./captures.js";
import { toRow } from "./show.js";

/** What to search for, apart from filters. */
export type Sought =
  | { readonly by: "filters" }
  | { readonly by: "words"; readonly text: string }
  /** 8 to 128 hex digits: the beginning of a SHA-256 or SHA-512 or, if no file has such a digest, a word. */
  | { readonly by: "digest"; readonly text: string }
  /** Absolute path of a file whose bytes to search for. */
  | { readonly by: "file"; readonly path: string };

export interface FindRequest extends Omit<FindQuery, "words" | "digest" | "named"> {
  readonly vault: string;
  readonly sought: Sought;
}

/** A found capture; one line with `--json`. */
export type FoundCapture = CaptureRow & {
  /**
   * Where: `file name`, `title`, `description`, `uploader`, `note <key>`, `file <path>`. Empty if only filters were
   * given.
   */
  readonly matched: readonly string[];
  /** The annotations in force, in order of key. */
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
};

export interface Found {
  /** SHA-256 of the file to search for; null if no file was given. */
  readonly sha256: string | null;
  readonly rows: readonly FoundCapture[];
}

/** Finds captures by words, digest or file, and by filters; newest first. Only reads. Throws whatever reading throws. */
export function findInVault(request: FindRequest, world: World): Found {
  world.signal.throwIfAborted();
  const { sought } = request;
  const sha256 = sought.by === "file" ? digestFileQuickly(sought.path).sha256 : null;
  const digest = sought.by === "digest" ? sought.text.toLowerCase() : sha256;
  const words = sought.by === "words" ? sought.text : null;
  const rows = searchVault(request, { digest, words });
  if (rows.length > 0 || sought.by !== "digest") return { sha256, rows };
  return { sha256, rows: searchVault(request, { digest: null, words: sought.text }) };
}

function searchVault(
  { vault, sought: _, ...filters }: FindRequest,
  asked: Pick<FindQuery, "words" | "digest">,
): readonly FoundCapture[] {
  return readVault(vault, (reader) => {
    const { database, layout } = reader;
    const anchors = readAnchors(reader);
    const named = asked.words === null ? [] : entriesNamed(layout, database, asked.words);
    return findCaptures(database, { ...filters, ...asked, named }).map((row) => ({
      ...toRow(row, anchors, layout),
      matched: [
        ...(named.includes(row.entry) ? ["file name"] : []),
        ...(asked.digest === null ? [] : digestPlaces(database, row.id, asked.digest)),
        ...(asked.words === null ? [] : wordPlaces(database, row, asked.words)),
      ],
      annotations: annotationsOf(database, row.id).map(({ key, value }) => ({ key, value })),
    }));
  });
}

/** A site in the index's form: `https://www.Video.example/x` becomes `video.example`. */
export function hostAsked(text: string): string {
  const address = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  return (webUrl(address)?.hostname ?? text.toLowerCase()).replace(/^www\./, "");
}
