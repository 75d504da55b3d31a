import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseForeignJson } from "./core/canonical-json.js";
import { FormatError } from "./core/format-error.js";
import { readPlatformFacts } from "./core/info-json.js";
import { addPageFacts } from "./core/page-facts.js";
import type { Redaction, SourceFacts } from "./core/record.js";
import { redactInfoJson, redactText } from "./core/redact.js";
import { wellFormed } from "./core/well-formed.js";
import type { Fetched } from "./fetch-attempts.js";
import { type HashedFile, hashFile } from "./preserve.js";
import type { FetchedFile, FetchedSidecar, FetchedTrack } from "./tools/fetch-types.js";
import { digestSequence } from "./vault/digest-file.js";

/** What a fetch or an import yields before it is put together: hashed files and what was learnt on the way. */
export interface Evidence {
  readonly files: readonly HashedFile[];
  readonly redactions: readonly Redaction[];
  readonly alterations: readonly string[];
  /** Raw files for the private annex, by fixed name. */
  readonly raw: readonly { readonly path: string; readonly name: string }[];
  readonly source: SourceFacts;
  readonly warnings: readonly string[];
}

/** Where evidence is prepared: a folder of the attempt, the secrets to cut, the clock. */
export interface Desk {
  readonly folder: string;
  readonly secrets: readonly string[];
  readonly now: () => Date;
}

/** Everything a fetch left, hashed in the order of importance: the media before anything else is opened. */
export function gatherEvidence(fetched: Fetched, desk: Desk): Evidence {
  const tracks = hashTracks(fetched.tracks, desk);
  const info = takeInfoJson(fetched.outcome.infoJson, desk);
  const pages = takePages(fetched.outcome.pages, desk);
  const sidecars = takeSidecars([...fetched.outcome.subtitles, ...fetched.outcome.thumbnails], desk);
  const stderr = join(desk.folder, "yt-dlp.stderr.txt");
  writeFileSync(stderr, fetched.stderr, { flag: "wx" });
  const said = { raw: [{ path: stderr, name: "yt-dlp.stderr.txt" }], warnings: fetched.outcome.warnings };
  return joinEvidence(withPageFacts(info.source, pages.files), [
    tracks,
    info,
    pages,
    { files: sidecars },
    said,
  ]);
}

/** The redacted copies are read, so that nothing cut from a page can come back through a fact. */
function withPageFacts(source: SourceFacts, pages: readonly HashedFile[]): SourceFacts {
  return pages
    .filter((page) => page.role === "html_source")
    .reduce((facts, page) => addPageFacts(facts, readFileSync(page.path, "utf8"), page.logicalPath), source);
}

/** Hashes the tracks first, before anything reads them for any other purpose. */
export function hashTracks(
  tracks: readonly FetchedTrack[],
  desk: Desk,
): Pick<Evidence, "files" | "alterations"> {
  const parts = tracks.map((track) =>
    track.segments ? hashSegments(track, track.segments, desk) : hashTrack(track, desk),
  );
  return {
    files: parts.flatMap((part) => part.files),
    alterations: parts.flatMap((part) => part.alterations),
  };
}

function hashTrack(track: FetchedTrack, desk: Desk): Pick<Evidence, "files" | "alterations"> {
  const as = { logicalPath: `original/${track.name}`, role: "media_track", asReceived: true } as const;
  return {
    files: [hashFile(track.path, { ...as, receivedAs: receivedName(track) }, desk.now)],
    alterations: [],
  };
}

/**
 * A track that came in segments. Where the downloader's joined file is exactly the segments put together, that file is
 * the original and a map names each segment in it; where it is not (encrypted segments), every segment is kept as
 * received and the joined file is kept as what it is, an alteration by the downloader.
 */
function hashSegments(
  track: FetchedTrack,
  segments: readonly FetchedFile[],
  desk: Desk,
): Pick<Evidence, "files" | "alterations"> {
  const digests = digestSequence(segments.map((segment) => segment.path));
  const base = track.name.replace(/\.[^.]*$/, "");
  const receivedAs = receivedName(track);
  const joined = hashFile(
    track.path,
    { logicalPath: `original/${track.name}`, role: "media_track", receivedAs, asReceived: true },
    desk.now,
  );
  if (joined.digest.sha256 === digests.joined) {
    const map = segmentMap(joined.logicalPath, digests.each);
    return {
      files: [joined, writeOwn(desk, `source/${base}.segments.json`, "segment_map", map)],
      alterations: [
        `the ${segments.length} segments of ${track.name} were put together in order, nothing else was changed`,
      ],
    };
  }
  const kept = segments.map((segment, index) =>
    hashFile(
      segment.path,
      {
        logicalPath: `original/${base}/${String(index + 1).padStart(6, "0")}.seg`,
        role: "media_segment",
        receivedAs: null,
        asReceived: true,
      },
      desk.now,
    ),
  );
  return {
    files: [{ ...joined, asReceived: false }, ...kept],
    alterations: [
      `${track.name} was joined from ${segments.length} segments by the downloader and is not their plain sequence (it decrypts or drops parts); the segments are kept as received`,
    ],
  };
}

function segmentMap(
  path: string,
  each: readonly { readonly bytes: number; readonly sha256: string }[],
): string {
  let offset = 0;
  const segments = each.map(({ bytes, sha256 }, index) => {
    const segment = { index: index + 1, offset, bytes, sha256 };
    offset += bytes;
    return segment;
  });
  return `${JSON.stringify({ v: 1, path, segments }, null, 1)}\n`;
}

/** Keeps the raw info.json for the annex and a redacted copy for the object; reads what the platform claims. */
export function takeInfoJson(info: FetchedFile | null, desk: Desk): Evidence {
  if (info === null) return { ...nothing, source: noFacts };
  const raw = hashFile(
    info.path,
    { logicalPath: "", role: "info_json", receivedAs: null, asReceived: true },
    desk.now,
  );
  try {
    const value = parseForeignJson(readFileSync(info.path, "utf8"));
    const redacted = redactInfoJson(value, desk.secrets);
    const path = "source/info.json";
    return {
      ...nothing,
      files: [writeOwn(desk, path, "info_json", `${JSON.stringify(redacted.value, null, 1)}\n`)],
      redactions: [{ path, raw_sha256: raw.digest.sha256, cut: redacted.cut }],
      raw: [{ path: info.path, name: "info.json" }],
      source: readPlatformFacts(redacted.value, "info.json"),
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

/** Pages and manifests: raw into the annex, because a page may show the visitor's address; a redacted copy to keep. */
export function takePages(pages: readonly FetchedSidecar[], desk: Desk): Evidence {
  const parts = pages.map((page) => {
    const raw = hashFile(
      page.path,
      { logicalPath: "", role: "html_source", receivedAs: null, asReceived: true },
      desk.now,
    );
    const redacted = redactText(readFileSync(page.path, "utf8"), desk.secrets);
    const path = `source/${page.name}`;
    return {
      files: [writeOwn(desk, path, page.role, redacted.text)],
      redactions: [{ path, raw_sha256: raw.digest.sha256, cut: redacted.cut }],
      raw: [{ path: page.path, name: page.name }],
    };
  });
  return {
    ...nothing,
    source: noFacts,
    files: parts.flatMap((part) => part.files),
    redactions: parts.flatMap((part) => part.redactions),
    raw: parts.flatMap((part) => part.raw),
  };
}

/** Subtitles and thumbnails are kept as received. */
export function takeSidecars(sidecars: readonly FetchedSidecar[], desk: Desk): readonly HashedFile[] {
  return sidecars.map((sidecar) =>
    hashFile(
      sidecar.path,
      {
        logicalPath: `source/${sidecar.name}`,
        role: sidecar.role === "html_source" || sidecar.role === "manifest" ? "sidecar" : sidecar.role,
        receivedAs: null,
        asReceived: true,
      },
      desk.now,
    ),
  );
}

export function joinEvidence(source: SourceFacts, parts: readonly Partial<Evidence>[]): Evidence {
  return {
    files: parts.flatMap((part) => part.files ?? []),
    redactions: parts.flatMap((part) => part.redactions ?? []),
    alterations: parts.flatMap((part) => part.alterations ?? []),
    raw: parts.flatMap((part) => part.raw ?? []),
    warnings: parts.flatMap((part) => part.warnings ?? []).map(wellFormed),
    source,
  };
}

/** The server's own name for a track; half a surrogate pair has no exact form in JSON. */
function receivedName(track: FetchedTrack): string | null {
  return track.receivedAs === null ? null : wellFormed(track.receivedAs);
}

/** A file that holdfast itself makes, hashed like the others and marked as not received. */
function writeOwn(desk: Desk, logicalPath: string, role: HashedFile["role"], text: string): HashedFile {
  const path = join(desk.folder, logicalPath.replaceAll("/", "."));
  writeFileSync(path, text, { flag: "wx" });
  return hashFile(path, { logicalPath, role, receivedAs: null, asReceived: false }, desk.now);
}

/** Every fact absent: the platform said nothing that can be read. */
const noFacts = readPlatformFacts({}, "info.json");

const nothing = { files: [], redactions: [], alterations: [], raw: [], warnings: [] } as const;
