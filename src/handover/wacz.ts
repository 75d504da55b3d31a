import { existsSync, lstatSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInflateRaw } from "node:zlib";
import type { PageRecord } from "../core/page/page-record.js";
import { type PlacedRecord, waczParts } from "../core/page/wacz.js";
import type { Field } from "../core/page/warc.js";
import { HoldfastError } from "../core/words/error.js";
import { readChecked } from "../vault/checked-read.js";
import { syncFolder } from "../vault/disk-niceties.js";
import { makeFolder, writeNewFileInParts } from "../vault/durable.js";
import { pageRecordsOf } from "../vault/objects.js";
import type { ChosenCapture, PackagedSource } from "../vault/package/content.js";
import { discardPackage } from "../vault/package/folder.js";
import { storedZip } from "./stored-zip.js";

/** WACZ files that were written beside their place, and wait until the package is there. */
export interface GrownWaczs {
  /** Gives the folder its name. Returns the absolute paths of the files, in order of capture and version. */
  place(): readonly string[];
  discard(): void;
}

/**
 * Writes a WACZ of each page of these captures into a new folder beside `to` (FORMAT.md §17). Each WARC is compared with
 * what the log states before anything of it counts. Throws `usage` for a place that is taken, `not-as-recorded`.
 */
export async function growWaczs(
  captures: readonly ChosenCapture[],
  to: string,
  signal: AbortSignal,
): Promise<GrownWaczs> {
  const growing = join(dirname(to), `.${basename(to)}.unfinished`);
  for (const path of [to, growing]) if (lstatSync(path, { throwIfNoEntry: false })) throw taken(path);
  const names: string[] = [];
  const discard = () => discardPackage(growing);
  try {
    makeFolder(growing);
    for (const { id, object, files } of captures) {
      for (const record of pageRecordsOf(object)) {
        const source = files.find(({ path }) => path === `data/${id}/page/${record.version}/page.warc.gz`);
        if (source === undefined) continue;
        const name = `${id}-${record.version}.wacz`;
        writeNewFileInParts(join(growing, name), await waczOf(record, source, signal), 0o644);
        names.push(name);
      }
    }
  } catch (error) {
    discard();
    throw error;
  }
  const place = () => {
    if (existsSync(to)) throw taken(to);
    renameSync(growing, to);
    syncFolder(dirname(to));
    return names.map((name) => join(to, name));
  };
  return { place, discard };
}

async function waczOf(
  record: PageRecord,
  source: PackagedSource,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const blocks: Buffer[] = [];
  await readChecked(source, async (block) => void blocks.push(block), signal);
  const warc = Buffer.concat(blocks);
  return storedZip(waczParts(record, warc, await recordsIn(warc)), new Date(record.ended_at));
}

/** The records of a WARC of gzip members, one a record, as holdfast writes it. */
async function recordsIn(warc: Buffer): Promise<readonly PlacedRecord[]> {
  const records: PlacedRecord[] = [];
  for (let offset = 0; offset < warc.length; ) {
    const engine = createInflateRaw();
    // The header of a member without a name, and behind its data a checksum and a length.
    engine.end(warc.subarray(offset + 10));
    const parts: Buffer[] = [];
    for await (const part of engine) parts.push(part);
    const length = 10 + engine.bytesWritten + 8;
    records.push({ offset, length, ...headsOf(Buffer.concat(parts)) });
    offset += length;
  }
  return records;
}

function headsOf(record: Buffer): Pick<PlacedRecord, "fields" | "http"> {
  const [head, rest] = split(record);
  const fields = head.slice(1).flatMap((line): Field[] => {
    const at = line.indexOf(":");
    return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
  });
  const isHttp = fields.some(
    ([name, value]) => name.toLowerCase() === "content-type" && /^application\/http/i.test(value),
  );
  return { fields, http: isHttp ? split(rest)[0] : [] };
}

function split(bytes: Buffer): readonly [head: readonly string[], rest: Buffer] {
  const end = bytes.indexOf("\r\n\r\n");
  const head = bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
  return [head.split("\r\n"), end === -1 ? Buffer.alloc(0) : bytes.subarray(end + 4)];
}

function taken(path: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `writing WACZ files to ${path}: a file or folder with this name already exists`,
    "choose a new name with --wacz",
  );
}
