import { exactText, latin1 } from "./bytes.js";
import { demand } from "./finding.js";
import { packagePathProblem } from "./package-paths.js";

/** A tar file made by anybody. `read` returns exactly these bytes; it is never asked for any beyond the end. */
export interface TarSource {
  /** Of the whole file, in bytes. */
  readonly length: number;
  readonly read: (at: number, length: number) => Uint8Array;
}

/** A file or folder in a tar file. */
export interface TarMember {
  readonly kind: "file" | "folder";
  /** Inside the one folder that all names begin with, or in `./`; empty for that folder itself. A byte is one character. */
  readonly path: string;
  readonly size: number;
  /** Of the first byte of its content in the tar file. */
  readonly offset: number;
}

/** tar fills its last record with zeros; this is more than any record has. */
const longestPadding = 1024 * 1024;

/**
 * What is in a tar file, from its headers alone: no content is read (FORMAT.md §17). Ends when the tar file does, with
 * nothing but zeros after the last member. Throws FormatError `tar-malformed` as soon as readers could differ.
 */
export function* tarMembers(source: TarSource): Generator<TarMember> {
  const walk = new TarWalk(source);
  let top: string | null = null;
  let dot: boolean | null = null;
  for (let header = walk.next(); header !== null; header = walk.next()) {
    const { kind, size, offset } = header;
    const name = kind === "folder" ? header.name.replace(/\/$/, "") : header.name;
    const words = "the names in it do not begin with one folder, the same for all";
    const isDotted = name.startsWith("./") || (name === "." && kind === "folder");
    must(isDotted === (dot ?? isDotted), words);
    dot = isDotted;
    if (name === ".") continue;
    const parts = name.slice(isDotted ? 2 : 0).split("/");
    top ??= isDotted && isOfPackage(parts, kind) ? "" : (parts[0] ?? "");
    if (top !== "") {
      const isInside = parts.shift() === top && (kind === "folder" || parts.length > 0);
      must(isInside && packagePathProblem(top) === null, words);
    }
    yield { kind, path: parts.join("/"), size, offset };
  }
}

/** Whether this is a name in the folder of a package itself, which holds files and two folders, and not that of such a folder. */
function isOfPackage(parts: readonly string[], kind: TarMember["kind"]): boolean {
  return (kind === "file" && parts.length === 1) || parts[0] === "data" || parts[0] === "proof";
}

class TarWalk {
  private readonly source: TarSource;
  private at = 0;

  constructor(source: TarSource) {
    this.source = source;
  }

  /** The next file or folder; null at the end. Its content is skipped. */
  next(): { kind: "file" | "folder"; name: string; size: number; offset: number } | null {
    const first = parseTarHeader(this.read(tarBlock));
    if (first === null) {
      this.readEnd();
      return null;
    }
    const header = this.extended(first);
    const offset = this.at;
    must(header.size <= this.source.length - offset, "it breaks off");
    this.at += header.size;
    this.skipPadding(header.size);
    return { ...header, offset };
  }

  /** A header with what the extended header before it says about it. */
  private extended(first: TarHeader): { kind: "file" | "folder"; name: string; size: number } {
    if (first.kind === "file" || first.kind === "folder") return { ...first, kind: first.kind };
    const said = this.readExtension(first);
    const header = parseTarHeader(this.read(tarBlock));
    must(header !== null, "an extended header is followed by nothing");
    const { kind, size } = header;
    must(kind === "file" || kind === "folder", "an extended header is followed by another");
    // BusyBox skips extended pax headers, and must read the same.
    must((said.size ?? size) === size, "a header and the extended header before it state two sizes");
    const name = said.name ?? header.name;
    const isOneName = first.kind !== "pax" || name === header.name;
    must(isOneName, "a header and the extended header before it state two names");
    return { kind, name, size };
  }

  private readExtension({ kind, size }: TarHeader): TarExtension {
    must(size <= largestExtension, "an extended header is too large");
    const content = this.read(size);
    this.skipPadding(size);
    return kind === "pax" ? parsePaxHeader(content) : { name: parseLongName(content), size: null };
  }

  /** Two blocks of zeros, and nothing but zeros after them. */
  private readEnd(): void {
    const second = this.read(tarBlock);
    const rest = this.source.length - this.at;
    must(!isEmpty(second) || rest <= longestPadding, "there is too much after its end");
    must(isEmpty(second) && isEmpty(this.read(rest)), "there is something after its end");
  }

  private read(length: number): Uint8Array {
    must(this.at + length <= this.source.length, "it breaks off");
    this.at += length;
    return this.source.read(this.at - length, length);
  }

  /** Content fills whole blocks. The rest of the last block belongs to nothing, so it must be zeros. */
  private skipPadding(size: number): void {
    const rest = (tarBlock - (size % tarBlock)) % tarBlock;
    must(rest === 0 || isEmpty(this.read(rest)), "there is something between its files");
  }
}

/** What one header of a tar file announces. */
export interface TarHeader {
  /** `pax` and `long-name` say something about the header after them. */
  readonly kind: "file" | "folder" | "pax" | "long-name";
  /** As in the header, with the prefix before it; a byte is one character. */
  readonly name: string;
  /** Of the content that follows, in bytes. */
  readonly size: number;
}

/** Bytes of a header; contents fill whole blocks of as many. */
export const tarBlock = 512;

/** Largest extended header that is read: it holds a name and a few numbers. */
const largestExtension = 65_536;

/** Throws unless what all readers need holds. */
function must(holds: boolean, words: string): asserts holds {
  demand(holds, "tar-malformed", words);
}

/**
 * Reads one header block, 512 bytes made by anybody; null for a block of zeros. Of what POSIX.1-2001 (ustar, pax) and
 * GNU tar write for files and folders, it reads only what GNU tar, bsdtar, BusyBox and Python's tarfile understand
 * alike (FORMAT.md §17). Throws FormatError `tar-malformed`.
 */
export function parseTarHeader(bytes: Uint8Array): TarHeader | null {
  if (isEmpty(bytes)) return null;
  must(checksumOf(bytes) === octal(bytes.subarray(148, 156)), "a header does not have its checksum");
  const magic = latin1(bytes.subarray(257, 265));
  const isUstar = magic === "ustar\u000000";
  must(isUstar || magic === "ustar  \u0000", "a header is of another form than ustar, pax or GNU");
  for (const [from, to] of numbers) checkNumber(bytes.subarray(from, to));
  must(isEmpty(bytes.subarray(157, 257)), "a file or folder in it has a link's target");
  // GNU tar has a prefix in neither place, and some of its readers look for one in both.
  const unused = bytes.subarray(isUstar ? 500 : 345);
  must(isEmpty(unused), "a header has something in a place that its form leaves empty");
  const kind = kinds.get(String.fromCharCode(bytes[156] ?? 0));
  must(kind !== undefined, "it holds something that is not a file or folder");
  const size = sizeOf(bytes.subarray(124, 136));
  must(size === 0 || kind !== "folder", "a folder in it has content");
  const prefix = isUstar ? nameOf(bytes.subarray(345, 500)) : "";
  const name = nameOf(bytes.subarray(0, 100));
  // BusyBox takes it for the end.
  must(name !== "", "a header has no name");
  return { kind, name: prefix === "" ? name : `${prefix}/${name}`, size };
}

/** Mode, owner, group, time and device: nothing here rests on them, but tarfile ends at one that it cannot read. */
const numbers = [
  [100, 108],
  [108, 116],
  [116, 124],
  [136, 148],
  [329, 337],
  [337, 345],
] as const;

function checkNumber(field: Uint8Array): void {
  // A time or owner that no system has stops some of the unpackers. Only the time can be below zero.
  const sign = field[0] === 0xff && field.length === 12 ? 0xff : 0;
  const isBinary = (field[0] ?? 0) === (sign || 0x80) && field.subarray(1, -4).every((byte) => byte === sign);
  const isOctal = /^ *[0-7]*[ \u0000]+$/.test(latin1(field));
  must(isBinary || isOctal, "a header has a number that cannot be read");
}

function isEmpty(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

const kinds: ReadonlyMap<string, TarHeader["kind"]> = new Map([
  ["0", "file"],
  ["\u0000", "file"],
  ["5", "folder"],
  ["x", "pax"],
  ["L", "long-name"],
]);

/** What an extended header may say that changes what the next header means. */
export interface TarExtension {
  readonly name: string | null;
  readonly size: number | null;
}

const time = /^-?\d{1,11}(\.\d{1,20})?$/;
const owner = /^\d{1,9}$/;
const words = /^[^\n\u0000]*$/;

/**
 * Says nothing about what is in the file or how its name is read. A value of another form stops some of the unpackers.
 */
const harmless: ReadonlyMap<string, RegExp> = new Map([
  ["atime", time],
  ["ctime", time],
  ["mtime", time],
  ["LIBARCHIVE.creationtime", time],
  ["uid", owner],
  ["gid", owner],
  ["uname", words],
  ["gname", words],
  ["comment", words],
]);

/**
 * Reads a pax extended header (POSIX.1-2001, pax): lines of `<length> <key>=<value>`. A key that gives a file other
 * content, like those of sparse files, is refused, and so is any unknown key. Throws FormatError `tar-malformed`.
 */
export function parsePaxHeader(bytes: Uint8Array): TarExtension {
  must(exactText(bytes) !== null, "an extended header is not UTF-8");
  const said = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const record = takePaxRecord(bytes.subarray(at));
    must(!said.has(record.key), "an extended header says something twice");
    const form = record.key === "path" || record.key === "size" ? words : harmless.get(record.key);
    must(form !== undefined, "an extended header says something that no package needs");
    // Some readers take it line by line, or a value up to its NUL.
    must(form.test(record.value), "an extended header cannot be read");
    said.set(record.key, record.value);
    at += record.length;
  }
  const size = said.get("size");
  const isSize = /^(0|[1-9]\d{0,15})$/.test(size ?? "0");
  must(isSize, "an extended header has a size that cannot be read");
  return { name: said.get("path") ?? null, size: size === undefined ? null : safe(Number(size)) };
}

function takePaxRecord(bytes: Uint8Array): {
  readonly key: string;
  readonly value: string;
  readonly length: number;
} {
  const space = bytes.subarray(0, 7).indexOf(0x20);
  const digits = latin1(bytes.subarray(0, Math.max(0, space)));
  const length = Number(digits);
  const fits = /^[1-9]\d*$/.test(digits) && length <= bytes.length && bytes[length - 1] === lineFeed;
  const text = fits ? latin1(bytes.subarray(space + 1, length - 1)) : "";
  const equals = text.indexOf("=");
  must(equals >= 1, "an extended header cannot be read");
  return { key: text.slice(0, equals), value: text.slice(equals + 1), length };
}

/** GNU's long name: the name and a NUL. */
export function parseLongName(content: Uint8Array): string {
  const text = latin1(content);
  return text.endsWith("\u0000") ? text.slice(0, -1) : text;
}

const lineFeed = 0x0a;

/** A name up to its NUL. What follows is kept, so that no name can be hidden there. */
function nameOf(field: Uint8Array): string {
  return latin1(field).replace(/\u0000+$/, "");
}

/** Octal digits, or binary with the highest bit set if the size is too large for digits. */
function sizeOf(field: Uint8Array): number {
  if (field[0] !== 0x80) return octal(field);
  must(isEmpty(field.subarray(1, 4)), "a size is too large");
  return safe(field.subarray(4).reduce((value, byte) => value * 0x100 + byte, 0));
}

function octal(field: Uint8Array): number {
  // BusyBox reads a number without an end on into the next field.
  const digits = /^ *([0-7]+)[ \u0000]+$/.exec(latin1(field))?.[1];
  must(digits !== undefined, "a header has a number that cannot be read");
  return safe(Number.parseInt(digits, 8));
}

function safe(size: number): number {
  must(Number.isSafeInteger(size), "a size is too large");
  return size;
}

/** What a header must state as its checksum. */
export function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < tarBlock; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}
