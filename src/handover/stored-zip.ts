import { crc32 } from "node:zlib";

/** A file of a zip that is stored as it is. */
export interface ZipPart {
  /** ASCII. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The largest number that fits where no 64-bit extension is used. */
const mostBytes = 0xffff_ffff;

/**
 * The bytes of a zip (APPNOTE 6.3) that compresses nothing, so that a part of any file can be read where it lies. All
 * files have one time, in UTC to two seconds, as the format has it.
 */
export function storedZip(parts: readonly ZipPart[], at: Date): readonly Uint8Array[] {
  const placed: { readonly part: ZipPart; readonly head: Buffer; readonly offset: number }[] = [];
  let offset = 0;
  for (const part of parts) {
    const head = commonHead(part, at);
    placed.push({ part, head, offset });
    offset += 4 + head.length + part.path.length + part.bytes.length;
  }
  const listed = placed.map((entry) => directoryEntry(entry));
  const size = listed.reduce((sum, entry) => sum + entry.length, 0);
  if (offset + size > mostBytes) throw new Error("a zip without 64-bit extensions cannot be this large");
  return [
    ...placed.flatMap(({ part, head }) => [signed(0x04034b50), head, Buffer.from(part.path), part.bytes]),
    ...listed,
    endOf(parts.length, size, offset),
  ];
}

/** What a file's own header and its entry in the directory have alike: from the version to the lengths. */
function commonHead({ path, bytes }: ZipPart, at: Date): Buffer {
  const head = Buffer.alloc(26);
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  head.writeUInt16LE(10, 0);
  head.writeUInt16LE(time, 6);
  head.writeUInt16LE(date, 8);
  head.writeUInt32LE(crc32(bytes), 10);
  head.writeUInt32LE(bytes.length, 14);
  head.writeUInt32LE(bytes.length, 18);
  head.writeUInt16LE(path.length, 22);
  return head;
}

function directoryEntry({
  part,
  head,
  offset,
}: {
  readonly part: ZipPart;
  readonly head: Buffer;
  readonly offset: number;
}): Buffer {
  const start = signed(0x02014b50);
  const madeBy = Buffer.from([10, 0]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([start, madeBy, head, rest, Buffer.from(part.path)]);
}

function endOf(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([signed(0x06054b50), end]);
}

function signed(signature: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return bytes;
}
