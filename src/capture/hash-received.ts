import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { wellFormed } from "../core/words/printable.js";
import type { FetchedFile, FetchedTrack } from "../tools/download/fetch-types.js";
import { blocksOf, type FileDigest } from "../vault/digest-file.js";
import { type HashedFile, hashFile } from "./store-capture.js";

/** Hashed tracks, and what the downloader did to them. */
export interface HashedTracks {
  readonly files: readonly HashedFile[];
  readonly alterations: readonly string[];
}

/** Where evidence is prepared: a folder of the attempt, the secrets to cut, the clock. */
export interface StagingArea {
  readonly folder: string;
  readonly secrets: readonly string[];
  readonly now: () => Date;
}

/** Hashes the tracks before anything else reads them. */
export async function hashTracks(
  tracks: readonly FetchedTrack[],
  area: Omit<StagingArea, "secrets">,
): Promise<HashedTracks> {
  const parts: HashedTracks[] = [];
  for (const track of tracks)
    parts.push(await (track.segments ? hashSegments(track, track.segments, area) : hashTrack(track, area)));
  return {
    files: parts.flatMap((part) => part.files),
    alterations: parts.flatMap((part) => part.alterations),
  };
}

async function hashTrack(track: FetchedTrack, area: Omit<StagingArea, "secrets">): Promise<HashedTracks> {
  const as = { logicalPath: `original/${track.name}`, role: "media_track", asReceived: true } as const;
  return {
    files: [await hashFile(track.path, { ...as, receivedAs: receivedName(track) }, area.now)],
    alterations: [],
  };
}

/**
 * Hashes a track that arrived in segments. If the downloader's joined file is exactly the segments in sequence, that file
 * is the original, and a map names each segment in it. Otherwise (encrypted segments, for instance) every segment is kept
 * as received, and the joined file is kept too, marked as altered by the downloader.
 */
async function hashSegments(
  track: FetchedTrack,
  segments: readonly FetchedFile[],
  area: Omit<StagingArea, "secrets">,
): Promise<HashedTracks> {
  const digests = await digestSequence(segments.map((segment) => segment.path));
  const base = track.name.replace(/\.[^.]*$/, "");
  const receivedAs = receivedName(track);
  const joined = await hashFile(
    track.path,
    { logicalPath: `original/${track.name}`, role: "media_track", receivedAs, asReceived: true },
    area.now,
  );
  if (joined.digest.sha256 === digests.joined) {
    const map = segmentMap(joined.logicalPath, digests.each);
    return {
      files: [joined, await writeOwn(area, `source/${base}.segments.json`, "segment_map", map)],
      alterations: [
        `the downloader joined the ${segments.length} segments of ${track.name} in order and changed nothing else`,
      ],
    };
  }
  const kept: HashedFile[] = [];
  for (const [index, segment] of segments.entries()) {
    const logicalPath = `original/${base}/${String(index + 1).padStart(6, "0")}.seg`;
    const as = { logicalPath, role: "media_segment", receivedAs: null, asReceived: true } as const;
    kept.push(await hashFile(segment.path, as, area.now));
  }
  return {
    files: [{ ...joined, asReceived: false }, ...kept],
    alterations: [
      `the downloader joined ${track.name} from ${segments.length} segments, and the result is not their plain sequence (it decrypts or drops parts); the segments are kept as received`,
    ],
  };
}

/**
 * Takes the digests of each file, and the SHA-256 of all of them concatenated in order, in one read of each. Other work can
 * run between two files.
 */
async function digestSequence(paths: readonly string[]): Promise<{
  readonly each: readonly Pick<FileDigest, "bytes" | "sha256">[];
  readonly joined: string;
}> {
  const joined = createHash("sha256");
  const each: Pick<FileDigest, "bytes" | "sha256">[] = [];
  for (const path of paths) {
    const own = createHash("sha256");
    let bytes = 0;
    for (const block of blocksOf(path)) {
      bytes += block.length;
      own.update(block);
      joined.update(block);
    }
    each.push({ bytes, sha256: own.digest("hex") });
    await setImmediate();
  }
  return { each, joined: joined.digest("hex") };
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

/** The server's name for a track, without lone surrogates, which JSON cannot state exactly. */
function receivedName(track: FetchedTrack): string | null {
  return track.receivedAs === null ? null : wellFormed(track.receivedAs);
}

/** Writes a file that holdfast makes itself: hashed like the others and marked as not received. */
export function writeOwn(
  area: Pick<StagingArea, "folder" | "now">,
  logicalPath: string,
  role: HashedFile["role"],
  text: string | Uint8Array,
): Promise<HashedFile> {
  const path = join(area.folder, logicalPath.replaceAll("/", "."));
  writeFileSync(path, text, { flag: "wx" });
  return hashFile(path, { logicalPath, role, receivedAs: null, asReceived: false }, area.now);
}
