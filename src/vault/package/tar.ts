import { closeSync, fstatSync, readSync } from "node:fs";
import { type Finding, FormatError } from "../../audit/finding.js";
import { packagePathProblem, pathFinding } from "../../audit/package-paths.js";
import {
  largestExtension,
  parseLongName,
  parsePaxHeader,
  parseTarHeader,
  type TarExtension,
  type TarHeader,
  tarBlock,
} from "../../audit/tar-header.js";
import { openNamedQuietly } from "../digest-file.js";
import type { PackageIndex, PackageIndexFile, PackageLimits } from "./entries.js";

/** tar fills its last record with zeros; this is more than any record has. */
const longestPadding = 1024 * 1024;

/**
 * Where each file of a package lies in a tar file, from the headers alone: nothing is unpacked, and no content is read
 * before its size is known to be wanted. Throws only on an abort and where the tar file itself cannot be read.
 */
export function indexTar(path: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
  const descriptor = openNamedQuietly(path);
  try {
    const walk = new TarWalk(path, descriptor, fstatSync(descriptor).size);
    const unreadable = walk.run(limits, signal);
    const { files, folders, findings } = walk;
    return { form: "tar", files, folders, findings, unreadable };
  } finally {
    closeSync(descriptor);
  }
}

class TarWalk {
  readonly files: PackageIndexFile[] = [];
  readonly folders: string[] = [];
  readonly findings: Finding[] = [];
  private readonly path: string;
  private readonly descriptor: number;
  private readonly length: number;
  private at = 0;
  private top: string | null = null;
  /** What the headers before the next one said of it. */
  private said: TarExtension | null = null;
  private saidBy: TarHeader["kind"] | null = null;

  constructor(path: string, descriptor: number, length: number) {
    this.path = path;
    this.descriptor = descriptor;
    this.length = length;
  }

  /** Why the tar cannot be read to its end; null when it can. */
  run(limits: PackageLimits, signal: AbortSignal): string | null {
    try {
      for (let seen = 0; ; seen += 1) {
        signal.throwIfAborted();
        const header = parseTarHeader(this.read(tarBlock));
        if (header === null) return this.readEnd();
        if (seen >= 2 * limits.files || this.files.length >= limits.files) {
          return `it holds more than ${limits.files} names`;
        }
        this.take(header);
      }
    } catch (error) {
      if (error instanceof FormatError) return error.message;
      throw error;
    }
  }

  private take(header: TarHeader): void {
    if (header.kind === "pax" || header.kind === "long-name") {
      if (this.said !== null) throw malformed("an extended header is followed by another");
      this.said = this.readExtension(header);
      this.saidBy = header.kind;
      return;
    }
    const { name, size } = { name: this.said?.name ?? header.name, size: this.said?.size ?? header.size };
    this.said = null;
    // BusyBox passes extended headers of pax over, and must read the same.
    if (size !== header.size) throw malformed("a header and the extended header before it state two sizes");
    if (this.saidBy === "pax" && name !== header.name) {
      throw malformed("a header and the extended header before it state two names");
    }
    if (size > 0 && header.kind !== "file") throw malformed("a folder in it has content");
    this.place(header.kind, name, size);
    this.skip(size);
  }

  private readExtension({ kind, size }: TarHeader): TarExtension {
    if (size > largestExtension) throw malformed("an extended header is too large");
    const content = this.read(size);
    this.skipPadding(size);
    return kind === "pax" ? parsePaxHeader(content) : { name: parseLongName(content), size: null };
  }

  private place(kind: "file" | "folder", name: string, size: number): void {
    const whole = kind === "folder" ? name.replace(/\/$/, "") : name;
    const [top = "", ...parts] = whole.split("/");
    this.top ??= top;
    if (top !== this.top || packagePathProblem(top) !== null || (kind === "file" && parts.length === 0)) {
      throw malformed("the names in it do not begin with one folder, the same for all");
    }
    const path = parts.join("/");
    if (parts.length === 0) return;
    const problem = packagePathProblem(path);
    if (problem !== null) this.findings.push(pathFinding(path, problem));
    else if (kind === "folder") this.folders.push(path);
    else {
      this.files.push({ path, bytes: size, container: this.path, offset: this.at });
    }
  }

  /** Two blocks of zeros, and nothing but zeros behind them. */
  private readEnd(): string | null {
    if (this.said !== null) return "an extended header is followed by nothing";
    if (this.read(tarBlock).some((byte) => byte !== 0)) return "there is something behind its end";
    const rest = this.length - this.at;
    if (rest > longestPadding) return "there is too much behind its end";
    return this.read(rest).some((byte) => byte !== 0) ? "there is something behind its end" : null;
  }

  private read(length: number): Buffer {
    if (this.at + length > this.length) throw malformed("it breaks off");
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const read = readSync(this.descriptor, bytes, done, length - done, this.at + done);
      if (read === 0) throw malformed("it breaks off");
      done += read;
    }
    this.at += length;
    return bytes;
  }

  private skip(size: number): void {
    if (size > this.length - this.at) throw malformed("it breaks off");
    this.at += size;
    this.skipPadding(size);
  }

  /** Content fills whole blocks. What stands in the rest of the last one belongs to nothing, so it must be zeros. */
  private skipPadding(size: number): void {
    const rest = (tarBlock - (size % tarBlock)) % tarBlock;
    if (this.read(rest).some((byte) => byte !== 0)) throw malformed("there is something between its files");
  }
}

function malformed(message: string): FormatError {
  return new FormatError("tar-malformed", message);
}
