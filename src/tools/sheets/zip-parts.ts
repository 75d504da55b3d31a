import { inflateRawSync } from "node:zlib";
import { HoldfastError } from "../../core/words/error.js";

/** One file of a ZIP archive. Sizes in bytes, as the archive's directory states them. */
export interface ZipPart {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly isEncrypted: boolean;
  /** Where its local header stands. */
  readonly at: number;
}

/** What a spreadsheet may unpack to (SECURITY §4): one table of the largest size fits, a bomb does not. */
export const unpackedLimits = { parts: 10_000, part: 256 * 1024 * 1024 } as const;

const signatures = {
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
  entry: 0x02014b50,
  local: 0x04034b50,
};

/**
 * The files of a ZIP archive by name, from the directory at its end. Nothing is unpacked. Throws `usage` for an archive that
 * is cut short, names a file twice, or has more files than `unpackedLimits`.
 */
export function zipParts(bytes: Uint8Array): ReadonlyMap<string, ZipPart> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = new Map<string, ZipPart>();
  inBounds(() => {
    const { count, offset } = directoryOf(view);
    if (count > unpackedLimits.parts) throw damaged("it has too many parts");
    let at = offset;
    for (let index = 0; index < count; index += 1) {
      if (view.getUint32(at, true) !== signatures.entry) throw damaged("its directory cannot be read");
      const lengths = [28, 30, 32].map((field) => view.getUint16(at + field, true));
      const [nameLength = 0, extraLength = 0, commentLength = 0] = lengths;
      const name = new TextDecoder().decode(part(bytes, at + 46, nameLength));
      const extra = part(bytes, at + 46 + nameLength, extraLength);
      if (parts.has(name)) throw damaged("it has one part twice");
      const [size = 0, packed = 0, local = 0] = largeFields(
        [24, 20, 42].map((field) => view.getUint32(at + field, true)),
        extra,
      );
      const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
      parts.set(name, { name, method, packed, size, isEncrypted: (flags & 1) === 1, at: local });
      at += 46 + nameLength + extraLength + commentLength;
    }
  });
  return parts;
}

/** The bytes of one file. Throws `usage` if it is damaged, or larger than it states or than `unpackedLimits`. */
export function unpacked(bytes: Uint8Array, { name, method, packed, size, at }: ZipPart): Uint8Array {
  if (size > unpackedLimits.part) {
    const most = unpackedLimits.part / 1024 / 1024;
    throw new HoldfastError(
      "usage",
      `reading the spreadsheet: its part ${name} unpacks to more than ${most} MiB`,
      "split the list into smaller ones, or save the sheet as CSV UTF-8",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return inBounds(() => {
    if (view.getUint32(at, true) !== signatures.local) throw damaged(`${name} is not where it should be`);
    const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
    const stored = part(bytes, start, packed);
    const content = method === 0 ? stored : method === 8 ? inflated(stored, size) : null;
    if (content === null) throw damaged(`${name} is packed in a way that is not read here`);
    if (content.length !== size) throw damaged(`${name} does not unpack to its stated length`);
    return content;
  });
}

function inflated(stored: Uint8Array, size: number): Uint8Array {
  try {
    return inflateRawSync(stored, { maxOutputLength: Math.max(1, size) });
  } catch {
    return new Uint8Array(size + 1);
  }
}

/** Number of entries, and where the first one stands. */
function directoryOf(view: DataView): { readonly count: number; readonly offset: number } {
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  const offset = view.getUint32(end + 16, true);
  if (count !== 0xffff && offset !== 0xffffffff) return { count, offset };
  if (view.getUint32(end - 20, true) !== signatures.locator) throw damaged("its directory cannot be read");
  const at = Number(view.getBigUint64(end - 12, true));
  if (view.getUint32(at, true) !== signatures.end64) throw damaged("its directory cannot be read");
  return {
    count: Number(view.getBigUint64(at + 32, true)),
    offset: Number(view.getBigUint64(at + 48, true)),
  };
}

function endOf(view: DataView): number {
  const longestComment = 65_535;
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - longestComment; at -= 1) {
    if (view.getUint32(at, true) === signatures.end) return at;
  }
  throw damaged("it is cut short");
}

/** Fields that do not fit 32 bits stand in an extra field, in this order, each only if it is needed. */
function largeFields(fields: readonly number[], extra: Uint8Array): readonly number[] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    return fields.map((field) => {
      if (field !== 0xffffffff) return field;
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    });
  }
  return fields;
}

function part(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (from + length > bytes.length) throw damaged("it is cut short");
  return bytes.subarray(from, from + length);
}

/** A directory may point anywhere: `DataView` refuses to look beyond its bytes. */
function inBounds<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw damaged("it is cut short");
    throw error;
  }
}

/** The error for a spreadsheet that cannot be read; `what` says what is wrong with it. */
export function damaged(what: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `reading the spreadsheet: the file is damaged: ${what}`,
    "open it in the spreadsheet program, save it anew as .xlsx or as CSV UTF-8, and give that",
  );
}
