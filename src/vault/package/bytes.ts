import type { PackagedFile } from "../../audit/bag.js";
import { FormatError, readOrNull } from "../../audit/finding.js";
import { measureFiles } from "../check/measure.js";
import { blocksOf } from "../digest-file.js";
import type { PackageIndexFile } from "./scan.js";

/**
 * The content of a file of a package, block by block; each block is overwritten by the next. Throws FormatError
 * `file-unreadable` if the system refuses or the file is not as long as the index says.
 */
export function* readBlocks({ place, bytes }: PackageIndexFile): Generator<Buffer> {
  try {
    yield* blocksOf(place, bytes);
  } catch {
    const message = "the system refuses to read it, or it changed while it was read";
    throw new FormatError("file-unreadable", message);
  }
}

/** A small file as a whole; null if it cannot be read. The caller bounds its size. */
export function readWhole(file: PackageIndexFile): Buffer | null {
  return readOrNull(() => Buffer.concat([...copiesOf(readBlocks(file))]));
}

function* copiesOf(blocks: Iterable<Buffer>): Generator<Buffer> {
  for (const block of blocks) yield Buffer.from(block);
}

const lineFeed = 0x0a;

/** Lines with their line feed; the last may have none. Null for a line longer than `longest`, and nothing after it. */
export function* linesOf(blocks: Iterable<Buffer>, longest: number): Generator<Buffer | null> {
  let begun: Buffer[] = [];
  let length = 0;
  for (const block of blocks) {
    for (let start = 0; start < block.length; ) {
      const end = block.indexOf(lineFeed, start);
      const part = block.subarray(start, end === -1 ? block.length : end + 1);
      begun.push(Buffer.from(part));
      length += part.length;
      if (length > longest) {
        yield null;
        return;
      }
      if (end !== -1) {
        yield Buffer.concat(begun);
        [begun, length] = [[], 0];
      }
      start += part.length;
    }
  }
  if (length > 0) yield Buffer.concat(begun);
}

/**
 * Digests of files, in the order given, on all cores if there is much to read. A file that cannot be read is a result.
 * An abort throws the signal's reason.
 */
export async function measurePackage(
  files: readonly PackageIndexFile[],
  quick: boolean,
  onDone: (files: number) => void,
  signal: AbortSignal,
): Promise<readonly PackagedFile[]> {
  const places = files.map(({ place }) => place);
  const measured = await measureFiles(places, quick, onDone, signal);
  return files.map(({ bytes }, at) => {
    const now = measured[at] ?? { problem: "not measured" };
    if ("problem" in now) return unread(bytes, now.problem);
    if (now.bytes !== bytes) return unread(bytes, "it changed while it was read");
    return { ...now, problem: null };
  });
}

/** A file of which only the size is known. */
export function unread(bytes: number, problem: string | null): PackagedFile {
  return { bytes, sha256: null, sha512: null, problem };
}
