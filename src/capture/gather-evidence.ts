import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, type Json, parseForeignJson } from "../audit/canonical-json.js";
import { FormatError } from "../audit/finding.js";
import { keptWords } from "../core/capture/downloader-words.js";
import { readPlatformFacts } from "../core/capture/info-json.js";
import { addPageFacts } from "../core/capture/page-facts.js";
import type { Redaction, SourceFacts } from "../core/capture/record.js";
import { redactInfoJson, redactText } from "../core/capture/redact.js";
import { wellFormed } from "../core/words/printable.js";
import type { FetchedFile, FetchedSidecar } from "../tools/download/fetch-types.js";
import { maxInfoJsonBytes } from "../tools/run/limits.js";
import type { Fetched, FetchTrace } from "./fetch-attempts.js";
import { type StagingArea, writeOwn } from "./hash-received.js";
import { type HashedFile, hashFile } from "./store-capture.js";

/** What a fetch or an import yields for the record: hashed files and observed facts. */
export interface Evidence {
  readonly files: readonly HashedFile[];
  readonly redactions: readonly Redaction[];
  readonly alterations: readonly string[];
  /** Raw files for the private annex, each with a fixed name, and the name on disk of one that is there alone. */
  readonly raw: readonly { readonly path: string; readonly name: string; readonly receivedAs?: string }[];
  readonly source: SourceFacts;
  /** Whether the metadata contains at least one comment. */
  readonly comments: boolean;
  readonly warnings: readonly string[];
}

/** Collects everything a fetch left, most important first. The media was hashed when its attempt ended. */
export async function gatherEvidence(fetched: Fetched, area: StagingArea): Promise<Evidence> {
  const info = await takeInfoJson(fetched.outcome.infoJson, area);
  const pages = await takePages(fetched.outcome.pages, area);
  const sidecars = await takeSidecars([...fetched.outcome.subtitles, ...fetched.outcome.thumbnails], area);
  const said = { raw: writeWords(fetched, area.folder), warnings: fetched.outcome.warnings };
  return joinEvidence(withPageFacts(info.source, pages.files), [
    fetched.hashed,
    info,
    pages,
    { files: sidecars },
    said,
  ]);
}

/** Writes what the downloader said into `folder`, for the private annex. */
export function writeWords(
  { stderr, secrets }: Pick<FetchTrace, "stderr" | "secrets">,
  folder: string,
): Evidence["raw"] {
  const name = "yt-dlp.stderr.txt";
  const path = join(folder, name);
  writeFileSync(path, keptWords(stderr, secrets), { flag: "wx" });
  return [{ path, name }];
}

/** Reads the redacted copies, so that nothing cut from a page returns through a fact. */
function withPageFacts(source: SourceFacts, pages: readonly HashedFile[]): SourceFacts {
  return pages
    .filter((page) => page.role === "html_source")
    .reduce((facts, page) => addPageFacts(facts, readFileSync(page.path, "utf8"), page.logicalPath), source);
}

/** Puts the raw info.json into the annex and a redacted copy into the object; reads the platform's claims. */
export async function takeInfoJson(info: FetchedFile | null, area: StagingArea): Promise<Evidence> {
  if (info === null) return { ...nothing, source: noFacts };
  if (info.bytes > maxInfoJsonBytes) {
    return {
      ...nothing,
      source: noFacts,
      warnings: [`an info.json of ${info.bytes} bytes was too large and was left out`],
    };
  }
  try {
    const value = parseForeignJson(readFileSync(info.path, "utf8"));
    const redacted = redactInfoJson(value, area.secrets);
    const path = "source/info.json";
    return {
      ...nothing,
      files: [await writeOwn(area, path, "info_json", `${JSON.stringify(redacted.value, null, 1)}\n`)],
      redactions: [{ path, raw_sha256: null, cut: redacted.cut }],
      raw: [{ path: info.path, name: "info.json" }],
      source: readPlatformFacts(redacted.value, "info.json"),
      comments: holdsComments(redacted.value),
    };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return {
      ...nothing,
      raw: [{ path: info.path, name: "info.json" }],
      source: noFacts,
      warnings: [`the downloader's info.json could not be read: ${error.code}`],
    };
  }
}

function holdsComments(metadata: Json): boolean {
  return isJsonObject(metadata) && Array.isArray(metadata.comments) && metadata.comments.length > 0;
}

/**
 * Puts raw pages and manifests into the annex, because a page may show the visitor's address; the object gets a
 * redacted copy.
 */
async function takePages(pages: readonly FetchedSidecar[], area: StagingArea): Promise<Evidence> {
  const parts: Pick<Evidence, "files" | "redactions" | "raw">[] = [];
  for (const page of pages) {
    const redacted = redactText(readFileSync(page.path, "utf8"), area.secrets);
    const path = `source/${page.name}`;
    parts.push({
      files: [await writeOwn(area, path, page.role, redacted.text)],
      redactions: [{ path, raw_sha256: null, cut: redacted.cut }],
      raw: [{ path: page.path, name: page.name }],
    });
  }
  return {
    ...nothing,
    source: noFacts,
    files: parts.flatMap((part) => part.files),
    redactions: parts.flatMap((part) => part.redactions),
    raw: parts.flatMap((part) => part.raw),
  };
}

/** Subtitles and thumbnails are kept as received. */
async function takeSidecars(
  sidecars: readonly FetchedSidecar[],
  area: StagingArea,
): Promise<readonly HashedFile[]> {
  const files: HashedFile[] = [];
  for (const { path, name, role } of sidecars) {
    const as = {
      logicalPath: `source/${name}`,
      role: role === "html_source" || role === "manifest" ? "sidecar" : role,
      receivedAs: null,
      asReceived: true,
    } as const;
    files.push(await hashFile(path, as, area.now));
  }
  return files;
}

export function joinEvidence(source: SourceFacts, parts: readonly Partial<Evidence>[]): Evidence {
  return {
    files: parts.flatMap((part) => part.files ?? []),
    redactions: parts.flatMap((part) => part.redactions ?? []),
    alterations: parts.flatMap((part) => part.alterations ?? []),
    raw: parts.flatMap((part) => part.raw ?? []),
    warnings: parts.flatMap((part) => part.warnings ?? []).map(wellFormed),
    comments: parts.some((part) => part.comments === true),
    source,
  };
}

/** No facts: the platform said nothing readable. */
const noFacts = readPlatformFacts({}, "info.json");

const nothing = {
  files: [],
  redactions: [],
  alterations: [],
  raw: [],
  warnings: [],
  comments: false,
} as const;
