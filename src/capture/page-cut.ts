import {
  closeSync,
  createReadStream,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip, gzipSync } from "node:zlib";
import type { Redaction } from "../core/capture/record.js";
import { cutBody } from "../core/page/cut-body.js";
import { cutMhtml } from "../core/page/mhtml-cut.js";
import { type Field, warcHeader } from "../core/page/warc.js";
import { cookieValues, cutRecord, type ReadRecord } from "../core/page/warc-cut.js";

/** A file of a page that is ready for the object, and what is kept of it in the annex alone. */
export interface CutFile {
  /** Absolute path of the file for the object; null for one that could not be searched and is in the annex alone. */
  readonly kept: string | null;
  /** Absolute path of the file as the browser gave it; null where nothing was cut, and `kept` is that file. */
  readonly raw: string | null;
  readonly cut: readonly string[];
}

export interface CutPage {
  readonly files: ReadonlyMap<string, CutFile>;
  /** What was cut by its value: the secrets that were known before, and cookies. */
  readonly secrets: readonly string[];
}

/** A larger file of this kind is not searched: it would have to be held in memory as a text. */
const longestMhtml = 64 * 1024 * 1024;
const mostPlaces = 2000;

/**
 * Cuts cookies, addresses of machines, signing parameters and `secrets` from the texts that a browser gave of a page
 * (FORMAT.md §6.2). `folder` holds the files under their names; cut copies are written beside them. Pictures are left alone.
 * A cookie whose value is a part of one of `known` is cut nowhere by its value: it would blank the page's own address.
 */
export async function cutPageFiles(
  folder: string,
  names: readonly string[],
  secrets: readonly string[],
  known: readonly string[],
): Promise<CutPage> {
  const warc = join(folder, "page.warc.gz");
  const cookies = names.includes("page.warc.gz") ? await cookiesIn(warc) : [];
  const all = [...secrets, ...cookies.filter((value) => !known.some((text) => text.includes(value)))];
  const files = new Map<string, CutFile>();
  for (const name of names) {
    const path = join(folder, name);
    if (name === "page.warc.gz") files.set(name, await cutWarc(path, all));
    else if (name === "page.mhtml") files.set(name, cutWholeMhtml(path, all));
    else if (name === "dom.html") files.set(name, cutDocument(path, all));
    else files.set(name, { kept: path, raw: null, cut: [] });
  }
  return { files, secrets: all };
}

/** What a record says of the files of which something was cut; `folder` is that of the page in the object. */
export function redactionsOf(files: ReadonlyMap<string, CutFile>, folder: string): readonly Redaction[] {
  return [...files]
    .filter(([, { raw }]) => raw !== null)
    .map(([name, { cut }]) => ({ path: `${folder}/${name}`, raw_sha256: null, cut }));
}

async function cookiesIn(path: string): Promise<readonly string[]> {
  const values = new Set<string>();
  for await (const record of recordsOf(path)) for (const value of cookieValues(record)) values.add(value);
  return [...values];
}

async function cutWarc(path: string, secrets: readonly string[]): Promise<CutFile> {
  const to = `${path}.cut`;
  const places: string[] = [];
  let more = 0;
  const file = openSync(to, "wx", 0o600);
  try {
    let number = 0;
    for await (const record of recordsOf(path)) {
      number += 1;
      const { fields, block, cut } = cutRecord(record, secrets);
      for (const place of cut) {
        if (places.length < mostPlaces) places.push(`record ${number}: ${place}`);
        else more += 1;
      }
      writeSync(file, gzipSync(Buffer.concat([warcHeader(fields), block, Buffer.from("\r\n\r\n")])));
    }
  } finally {
    closeSync(file);
  }
  return cutOrAsIs(path, to, more === 0 ? places : [...places, `and ${more} more places`]);
}

function cutWholeMhtml(path: string, secrets: readonly string[]): CutFile {
  if (statSync(path).size > longestMhtml)
    return { kept: null, raw: path, cut: ["all of it: too long to search"] };
  const { text, cut } = cutMhtml(readFileSync(path, "latin1"), secrets);
  const to = `${path}.cut`;
  writeFileSync(to, text, { encoding: "latin1", flag: "wx" });
  return cutOrAsIs(path, to, cut);
}

function cutDocument(path: string, secrets: readonly string[]): CutFile {
  const { bytes, cut } = cutBody(readFileSync(path), "text/html", secrets);
  const to = `${path}.cut`;
  writeFileSync(to, bytes, { flag: "wx" });
  return cutOrAsIs(path, to, cut);
}

/** The raw file moves aside, so that the copy has the name. */
function cutOrAsIs(path: string, copy: string, cut: readonly string[]): CutFile {
  if (cut.length === 0) return { kept: path, raw: null, cut };
  const raw = `${path}.raw`;
  renameSync(path, raw);
  renameSync(copy, path);
  return { kept: path, raw, cut };
}

/** The records of a WARC file of gzip members, which holdfast wrote itself. Throws for one that breaks off. */
async function* recordsOf(path: string): AsyncGenerator<ReadRecord> {
  let held: Buffer = Buffer.alloc(0);
  let wanted: { readonly fields: readonly Field[]; readonly from: number; readonly bytes: number } | null =
    null;
  const pieces: Buffer[] = [];
  let waiting = 0;
  // The loop below is told of what ends either of them; an error of a file has no other listener.
  const unpacked = pipeline(createReadStream(path), createGunzip(), () => undefined);
  for await (const chunk of unpacked) {
    if (!Buffer.isBuffer(chunk)) continue;
    pieces.push(chunk);
    waiting += chunk.length;
    // A long block is joined once, when it is complete.
    if (wanted !== null && held.length + waiting < wanted.from + wanted.bytes + closing) continue;
    held = Buffer.concat([held, ...pieces.splice(0)]);
    waiting = 0;
    for (;;) {
      wanted ??= headerIn(held);
      if (wanted === null || held.length < wanted.from + wanted.bytes + closing) break;
      const end = wanted.from + wanted.bytes;
      yield { fields: wanted.fields, block: held.subarray(wanted.from, end) };
      held = held.subarray(end + closing);
      wanted = null;
    }
  }
  if (held.length + waiting > 0) throw new Error("the WARC file of the page breaks off");
}

/** The two line ends behind a block. */
const closing = 4;

function headerIn(
  bytes: Buffer,
): { readonly fields: readonly Field[]; readonly from: number; readonly bytes: number } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [, ...lines] = bytes.toString("utf8", 0, end).split("\r\n");
  const fields = lines.map((line): Field => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const length = Number(fields.find(([name]) => name.toLowerCase() === "content-length")?.[1]);
  if (!Number.isSafeInteger(length)) throw new Error("a record of the WARC file of the page has no length");
  return { fields, from: end + closing, bytes: length };
}
