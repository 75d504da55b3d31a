import type { CaptureRecord, Element, ElementName, ElementStatus, FileRole, RecordFile } from "./record.js";

/** What the collection was asked to do, as far as the Berkeley Protocol's list depends on it. */
export interface CollectionFacts {
  readonly method: CaptureRecord["method"];
  readonly files: readonly Pick<RecordFile, "role" | "path">[];
  readonly commentsAsked: boolean;
  /** Whether the metadata that came holds at least one comment. */
  readonly commentsCame: boolean;
  /** False when the media is known to have come only in part. */
  readonly whole: boolean;
  /** For an import: who says where the file came from; null if nobody does. */
  readonly urlClaimedBy: "person" | "file" | null;
}

/** Why a record has no picture of the page: the log and later versions of the object answer that. */
export const pageComesLater =
  "a picture of the page is taken after this record was made; the log says whether it was";

/** The eight items of the Berkeley Protocol §155, each with a status and its reason (FORMAT.md §5.4). */
export function buildElements(facts: CollectionFacts): readonly Element[] {
  const has = (...roles: FileRole[]) =>
    facts.files.filter((file) => roles.includes(file.role)).map((file) => file.path);
  const media = has("media_track", "media_segment");
  const imported = facts.method === "import";
  return [
    address(facts),
    sourceCode(imported, has("html_source")),
    element("full_page_capture", "not_attempted", pageComesLater),
    mediaFiles(media, facts.whole),
    metadata(imported, has("info_json")),
    context(facts, has("info_json", "comments")),
    collection,
    digests,
  ];
}

const collection = element(
  "collection_data",
  "captured",
  "in this record; who and on which machine in the private annex; the address the requests came from was not looked up",
);
const digests = element(
  "hash_value",
  "captured",
  "SHA-256 and SHA-512 of every file, taken as soon as it was complete",
);

/** The same list for the page of an address of which no clip was asked for. */
export function pageElements(files: CollectionFacts["files"], wall: string | null): readonly Element[] {
  const has = (...roles: FileRole[]) =>
    files.filter((file) => roles.includes(file.role)).map((file) => file.path);
  const seen = wall === null ? "" : `, of a ${wall} page that the site showed in place of what was asked for`;
  return [
    element("target_web_address", "captured", "requested, redirected and final addresses are in this record"),
    element(
      "source_code",
      "captured",
      `answers as the browser received them${seen}`,
      has("page_warc", "page_dom"),
    ),
    element("full_page_capture", "captured", `pictures of the page${seen}`, has("page_view", "page_tile")),
    element("embedded_media_files", "not_attempted", "a page was asked for, and no clip"),
    element("embedded_metadata", "not_attempted", "a page was asked for, and no clip"),
    element("contextual_data", "captured", `what the page showed${seen}`, has("page_mhtml")),
    collection,
    digests,
  ];
}

function address(facts: CollectionFacts): Element {
  const item = "target_web_address";
  if (facts.method === "ytdlp")
    return element(item, "captured", "requested, redirected and final addresses are in this record");
  const said = {
    person: "a person stated an address, see claimed_url",
    file: "the metadata beside the file claims an address, see claimed_url",
  };
  const what = facts.urlClaimedBy === null ? "no address was stated" : said[facts.urlClaimedBy];
  return element(item, "not_applicable", `imported from a file; ${what}`);
}

function mediaFiles(media: readonly string[], whole: boolean): Element {
  const item = "embedded_media_files";
  if (media.length === 0) return element(item, "failed", "no media arrived");
  return whole
    ? element(item, "captured", "every track as received", media)
    : element(item, "captured", "only part of the media arrived, kept as received; see completeness", media);
}

function context(facts: CollectionFacts, paths: readonly string[]): Element {
  const item = "contextual_data";
  if (!facts.commentsAsked) return element(item, "not_attempted", "comments were not asked for");
  return facts.commentsCame
    ? element(item, "captured", "comments as the platform gave them, in the metadata", paths)
    : element(item, "not_present", "comments were asked for and the metadata holds none");
}

function sourceCode(imported: boolean, pages: readonly string[]): Element {
  if (imported) return element("source_code", "not_applicable", "imported from a file, no page was read");
  if (pages.length > 0) {
    return element(
      "source_code",
      "captured",
      "the page as read; a redacted copy here, the raw bytes in the private annex",
      pages,
    );
  }
  return element(
    "source_code",
    "not_present",
    "the address led to media or data, the downloader read no page",
  );
}

function metadata(imported: boolean, infoJson: readonly string[]): Element {
  if (infoJson.length > 0) {
    return element(
      "embedded_metadata",
      "captured",
      imported
        ? "what a metadata file beside it stated; what the file itself holds is read after this record was made, see the derivation"
        : "what the platform stated; what the file itself holds is read after this record was made, see the derivation",
      infoJson,
    );
  }
  return imported
    ? element(
        "embedded_metadata",
        "not_attempted",
        "no metadata file was taken in; what the file itself holds is read after this record was made, see the derivation",
      )
    : element("embedded_metadata", "not_present", "the downloader wrote no metadata");
}

function element(
  item: ElementName,
  status: ElementStatus,
  reason: string,
  paths: readonly string[] = [],
): Element {
  return { item, status, reason, paths };
}
