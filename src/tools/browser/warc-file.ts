import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Field, type WarcRecord, warcFields, warcRecord } from "../../core/page/warc.js";

/** The part of a record that is not the same for all records of its kind. */
export type NewRecord = Omit<WarcRecord, "random">;

/** A WARC/1.1 file as it is written: each record a gzip member of its own, so that each can be read alone. */
export class WarcFile {
  /** Bytes on the disk so far. */
  bytes = 0;
  private readonly fd: number;

  /** Makes the file, which must not exist yet. */
  constructor(path: string) {
    this.fd = openSync(path, "wx", 0o644);
  }

  /** The first record: what made the file, and how to read it. */
  begin(date: string, fields: readonly Field[]): void {
    const block = warcFields(fields);
    const contentType = "application/warc-fields";
    this.write({ type: "warcinfo", date, contentType, fields: [], block, payload: null }, randomBytes(16));
  }

  /** Writes a record whose id is made of `random`, which others may refer to. */
  write(record: NewRecord, random: Uint8Array): void {
    const member = gzipSync(warcRecord({ ...record, random }));
    for (let at = 0; at < member.length; ) at += writeSync(this.fd, member, at);
    this.bytes += member.length;
  }

  close(): void {
    closeSync(this.fd);
  }
}
