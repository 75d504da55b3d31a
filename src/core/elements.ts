import type { Element, ElementName, ElementStatus, FileRole, RecordFile } from "./record.js";

/** What the collection was asked to do, as far as the list of the Berkeley Protocol depends on it. */
export interface CollectionFacts {
  readonly method: "ytdlp" | "import";
  readonly files: readonly Pick<RecordFile, "role" | "path">[];
  readonly commentsAsked: boolean;
  /** For an import: whether somebody said where the file came from. */
  readonly urlClaimed: boolean;
}

/** The eight items of the Berkeley Protocol §155, each with a status and its reason (FORMAT.md §5.4). */
export function buildElements(facts: CollectionFacts): readonly Element[] {
  const has = (...roles: FileRole[]) =>
    facts.files.filter((file) => roles.includes(file.role)).map((file) => file.path);
  const media = has("media_track", "media_segment");
  const imported = facts.method === "import";
  return [
    imported
      ? facts.urlClaimed
        ? element(
            "target_web_address",
            "not_applicable",
            "imported from a file; a person stated an address, see claimed_url",
          )
        : element("target_web_address", "not_applicable", "imported from a file; no address was stated")
      : element(
          "target_web_address",
          "captured",
          "requested, redirected and final addresses are in this record",
        ),
    sourceCode(imported, has("html_source")),
    element("full_page_capture", "not_attempted", "this version of holdfast takes no picture of the page"),
    media.length > 0
      ? element("embedded_media_files", "captured", "every track as received", media)
      : element("embedded_media_files", "failed", "no media arrived"),
    metadata(imported, has("info_json")),
    facts.commentsAsked
      ? element(
          "contextual_data",
          "captured",
          "comments as the platform gave them, in the metadata",
          has("info_json", "comments"),
        )
      : element("contextual_data", "not_attempted", "comments were not asked for"),
    element(
      "collection_data",
      "captured",
      "in this record; who and on which machine in the private annex; the address the requests came from was not looked up",
    ),
    element("hash_value", "captured", "SHA-256 and SHA-512 of every file, taken as soon as it was complete"),
  ];
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
      "what the platform stated, and what the file itself holds after derivation",
      infoJson,
    );
  }
  return imported
    ? element("embedded_metadata", "not_present", "no .info.json lay beside the file")
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
