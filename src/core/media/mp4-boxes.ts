/** Reads `length` bytes of a file from `offset` on; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** What a copy's container may hold: where the pictures and sounds lie and how they are decoded, and nothing else. */
const allowed: ReadonlySet<string> = new Set(
  [
    "ftyp free mdat moov moov/mvhd moov/trak moov/udta moov/udta/meta",
    "moov/trak/tkhd moov/trak/edts moov/trak/edts/elst moov/trak/mdia",
    "moov/trak/mdia/mdhd moov/trak/mdia/hdlr moov/trak/mdia/minf",
    "moov/trak/mdia/minf/vmhd moov/trak/mdia/minf/smhd moov/trak/mdia/minf/dinf moov/trak/mdia/minf/stbl",
    ...["stsd", "stts", "ctts", "stss", "stsc", "stsz", "stco", "co64", "sgpd", "sbgp", "sdtp", "cslg"].map(
      (name) => `moov/trak/mdia/minf/stbl/${name}`,
    ),
  ].flatMap((line) => line.split(" ")),
);

const containers: ReadonlySet<string> = new Set([
  "moov",
  "moov/trak",
  "moov/udta",
  "moov/trak/edts",
  "moov/trak/mdia",
  "moov/trak/mdia/minf",
  "moov/trak/mdia/minf/stbl",
]);

/** Size of the `meta` box of a muxer that has nothing to say: a handler and an empty list. */
const emptyMeta = 53;

/**
 * What an MP4 file holds that is not needed to play it: any box not in `allowed`, a list of tags that is not empty,
 * free space with bytes in it, bytes outside any box. Empty for a clean file. Never throws because of what the file
 * holds.
 */
export function foreignBoxes(read: ReadAt, size: number): readonly string[] {
  const found: string[] = [];
  walk(read, { path: "", offset: 0, end: size }, found);
  return found;
}

interface Span {
  readonly path: string;
  readonly offset: number;
  readonly end: number;
}

function walk(read: ReadAt, span: Span, found: string[]): void {
  let offset = span.offset;
  while (offset < span.end && found.length < 20) {
    const box = boxAt(read, offset, span);
    if (box === null) {
      found.push(`${span.path === "" ? "the file" : span.path} has bytes outside any box`);
      return;
    }
    judge(read, box, found);
    offset = box.end;
  }
}

function judge(read: ReadAt, box: Span & { readonly start: number }, found: string[]): void {
  const length = box.end - box.start;
  if (!allowed.has(box.path)) found.push(`a box ${box.path}`);
  else if (box.path === "moov/udta/meta" && length > emptyMeta) found.push("a list of tags");
  else if (box.path === "free" && read(box.offset, box.end - box.offset).some((byte) => byte !== 0)) {
    found.push("free space with bytes in it");
  } else if (containers.has(box.path)) walk(read, box, found);
}

/** The box that begins at `start`: `offset` is where its content begins. Null if none fits into the span. */
function boxAt(read: ReadAt, start: number, { path, end }: Span): (Span & { readonly start: number }) | null {
  const head = read(start, 16);
  if (head.length < 8) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const short = view.getUint32(0);
  if (short === 1 && head.length < 16) return null;
  const size = short === 1 ? Number(view.getBigUint64(8)) : short;
  const name = String.fromCharCode(...head.subarray(4, 8)).replace(/[^A-Za-z0-9]/g, "?");
  if (size < (short === 1 ? 16 : 8) || start + size > end) return null;
  const content = start + (short === 1 ? 16 : 8);
  return { path: path === "" ? name : `${path}/${name}`, start, offset: content, end: start + size };
}
