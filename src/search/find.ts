import { digestFileQuickly } from "../vault/digest-file.js";
import { readAnchors } from "../vault/index/anchors.js";
import { annotationsOf } from "../vault/index/annotations.js";
import { digestPlaces, type FindQuery, findCaptures, wordPlaces } from "../vault/index/find-rows.js";
import { entriesNamed } from "../vault/index/local-names.js";
import { readsBeginningsAlone } from "../vault/index/text-search.js";
import { readVault } from "../vault/reader.js";
import type { World } from "../world.js";
import type { CaptureRow } from "./captures.js";
import type { Meaning } from "./meanings.js";
import { toRow } from "./show.js";

/** What to search for, apart from filters. */
export type Sought =
  | { readonly by: "filters" }
  /** The meanings of a text, of which the first that finds something counts. */
  | { readonly by: "meanings"; readonly meanings: readonly Meaning[] }
  /** Absolute path of a file whose bytes to search for. */
  | { readonly by: "file"; readonly path: string };

type Asked = Pick<FindQuery, "words" | "digest" | "id" | "key">;

export interface FindRequest extends Omit<FindQuery, keyof Asked | "named"> {
  readonly vault: string;
  readonly sought: Sought;
}

/** A found capture; one line with `--json`. */
export type FoundCapture = CaptureRow & {
  /**
   * Where: `id`, `address`, `site`, `file name`, `title`, `description`, `uploader`, `note <key>`, `file <path>`. Empty if
   * only filters were given.
   */
  readonly matched: readonly string[];
  /** The annotations in force, in order of key. */
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
};

export interface Found {
  /** SHA-256 of the file to search for; null if no file was given. */
  readonly sha256: string | null;
  readonly rows: readonly FoundCapture[];
  /** Whether words were looked for at the beginnings of words alone, as the vault is large. */
  readonly beginningsAlone: boolean;
}

/** Finds captures by a text, a file and filters; newest first. Only reads. Throws whatever reading throws. */
export function findInVault(request: FindRequest, world: World): Found {
  world.signal.throwIfAborted();
  const { sought } = request;
  const found = { sha256: null, beginningsAlone: false };
  if (sought.by === "filters") return { ...found, rows: searchVault(request, nothing) };
  if (sought.by === "file") {
    const { sha256 } = digestFileQuickly(sought.path);
    return { ...found, sha256, rows: searchVault(request, { ...nothing, digest: sha256 }) };
  }
  // A site that is asked for besides another one is a word.
  const meanings = sought.meanings.filter(({ by }) => by !== "host" || request.host === null);
  for (const meaning of meanings) {
    const rows = searchVault(...askedBy(request, meaning));
    if (rows.length > 0)
      return { ...found, rows, beginningsAlone: meaning.by === "words" && isLarge(request) };
  }
  const asksWords = meanings.some(({ by }) => by === "words");
  return { ...found, rows: [], beginningsAlone: asksWords && isLarge(request) };
}

function isLarge({ vault }: FindRequest): boolean {
  return readVault(vault, ({ database }) => readsBeginningsAlone(database));
}

/** Ids of the stored captures that are noted as of a case, newest first. Only reads. Throws whatever reading throws. */
export function capturesOfCase(vault: string, name: string, world: World): readonly string[] {
  const filters = {
    since: null,
    until: null,
    dateOf: "capture",
    host: null,
    where: [],
    limit: null,
  } as const;
  const { rows } = findInVault({ ...filters, vault, case: name, sought: { by: "filters" } }, world);
  return rows.filter(({ status }) => status !== "failed").map(({ id }) => id);
}

const nothing: Asked = { words: null, digest: null, id: null, key: null };

function askedBy(request: FindRequest, meaning: Meaning): Parameters<typeof searchVault> {
  switch (meaning.by) {
    case "id":
      return [request, { ...nothing, id: meaning.text }, "id"];
    case "digest":
      return [request, { ...nothing, digest: meaning.text }];
    case "address":
      return [request, { ...nothing, key: meaning.key }, "address"];
    case "host":
      return [{ ...request, host: meaning.text }, nothing, "site"];
    case "words":
      return [request, { ...nothing, words: meaning.text }];
  }
}

function searchVault(
  { vault, sought: _, ...filters }: FindRequest,
  asked: Asked,
  place: string | null = null,
): readonly FoundCapture[] {
  return readVault(vault, (reader) => {
    const { database, layout } = reader;
    const anchors = readAnchors(reader);
    const named = asked.words === null ? [] : entriesNamed(layout, database, asked.words);
    return findCaptures(database, { ...filters, ...asked, named }).map((row) => ({
      ...toRow(row, anchors, layout),
      matched: [
        ...(place === null ? [] : [place]),
        ...(named.includes(row.entry) ? ["file name"] : []),
        ...(asked.digest === null ? [] : digestPlaces(database, row.id, asked.digest)),
        ...(asked.words === null ? [] : wordPlaces(database, row, asked.words)),
      ],
      annotations: annotationsOf(database, row.id).map(({ key, value }) => ({ key, value })),
    }));
  });
}
