import { sha256 } from "../../audit/digest.js";
import { webUrl } from "../capture/source-url.js";
import type { PageRecord } from "./page-record.js";
import type { Field } from "./warc.js";

/** A record of a WARC file, by its header and its place in the file. */
export interface PlacedRecord {
  /** Where its gzip member begins, and how long that is. */
  readonly offset: number;
  readonly length: number;
  readonly fields: readonly Field[];
  /** The first line and the header of the HTTP message; empty where the record holds none. */
  readonly http: readonly string[];
}

/** A file of a WACZ. */
export interface WaczPart {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const warcName = "data.warc.gz";

/**
 * The files of a WACZ 1.1.1 with the WARC of one page, in the order in which they are stored: the same for the same page.
 * Nothing in it is signed: what covers the WARC is the log of the vault. `records` are those of `warc`, in order.
 */
export function waczParts(
  page: PageRecord,
  warc: Uint8Array,
  records: readonly PlacedRecord[],
): readonly WaczPart[] {
  const parts = [
    { path: `archive/${warcName}`, bytes: warc },
    textPart("indexes/index.cdxj", indexText(records)),
    textPart("pages/pages.jsonl", pagesText(page)),
  ];
  const described = textPart("datapackage.json", `${JSON.stringify(dataPackage(page, parts), null, 2)}\n`);
  const digest = { path: described.path, hash: hashOf(described.bytes) };
  return [...parts, described, textPart("datapackage-digest.json", `${JSON.stringify(digest, null, 2)}\n`)];
}

function textPart(path: string, text: string): WaczPart {
  return { path, bytes: new TextEncoder().encode(text) };
}

function hashOf(bytes: Uint8Array): string {
  return `sha256:${sha256(bytes)}`;
}

function dataPackage(page: PageRecord, parts: readonly WaczPart[]): object {
  return {
    profile: "data-package",
    wacz_version: "1.1.1",
    title: titleOf(page),
    description: `Version ${page.version} of capture ${page.capture}. The custody log states the SHA-256 of archive/${warcName} as that of page/${page.version}/page.warc.gz.`,
    created: page.ended_at,
    mainPageUrl: page.final_url,
    mainPageDate: page.viewed_at,
    resources: parts.map(({ path, bytes }) => ({
      name: path.slice(path.lastIndexOf("/") + 1),
      path,
      hash: hashOf(bytes),
      bytes: bytes.length,
    })),
  };
}

function pagesText(page: PageRecord): string {
  const head = { format: "json-pages-1.0", id: "pages", title: "All Pages" };
  const one = {
    id: `${page.capture}-${page.version}`,
    url: page.final_url,
    ts: page.viewed_at,
    title: titleOf(page),
  };
  return `${JSON.stringify(head)}\n${JSON.stringify(one)}\n`;
}

function titleOf({ title, final_url }: PageRecord): string {
  return title?.value ?? final_url;
}

/**
 * A line for each answer to a GET, sorted by bytes. What answered another method is in the file and not in the index: a
 * player could not tell it from what the same address answered to a GET.
 */
function indexText(records: readonly PlacedRecord[]): string {
  const lines = records.flatMap((record) => indexLine(record, methodOf(record, records)) ?? []);
  return lines
    .map((line) => ({ line, key: Buffer.from(line) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ line }) => `${line}\n`)
    .join("");
}

/** The method by which a response was asked for; null where no request belongs to it. */
function methodOf(record: PlacedRecord, records: readonly PlacedRecord[]): string | null {
  const id = fieldOf(record, "WARC-Record-ID");
  const other = fieldOf(record, "WARC-Concurrent-To");
  const request = records.find(
    (one) =>
      fieldOf(one, "WARC-Type") === "request" &&
      (fieldOf(one, "WARC-Concurrent-To") === id || fieldOf(one, "WARC-Record-ID") === other),
  );
  return /^[A-Z]+/.exec(request?.http[0] ?? "")?.[0] ?? null;
}

function indexLine(record: PlacedRecord, method: string | null): string | null {
  const url = fieldOf(record, "WARC-Target-URI");
  if (fieldOf(record, "WARC-Type") !== "response" || url === null || (method ?? "GET") !== "GET") return null;
  const [status = ""] = /(?<=^HTTP\/\S+ )\d{3}/.exec(record.http[0] ?? "") ?? [];
  const type = record.http.map((line) => /^content-type:\s*([^;\s]*)/i.exec(line)?.[1]).find(Boolean);
  const digest = fieldOf(record, "WARC-Payload-Digest");
  const entry = {
    url,
    ...(type === undefined ? {} : { mime: type }),
    status,
    ...(digest === null ? {} : { digest }),
    length: String(record.length),
    offset: String(record.offset),
    filename: warcName,
  };
  const time = (fieldOf(record, "WARC-Date") ?? "").replace(/\D/g, "").slice(0, 14);
  return `${sortKey(url)} ${time} ${JSON.stringify(entry)}`;
}

function fieldOf({ fields }: PlacedRecord, wanted: string): string | null {
  return fields.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? null;
}

/** An address as indexes of web archives sort it (SURT): its host from the right, then path and sorted query. */
export function sortKey(url: string): string {
  const address = webUrl(url.toLowerCase());
  if (address === null || !/^https?:$/.test(address.protocol)) return url;
  const { hostname, port, pathname, search } = address;
  const host = hostname
    .replace(/^www\d*\./, "")
    .split(".")
    .reverse()
    .join(",");
  const query = search === "" ? "" : `?${search.slice(1).split("&").sort().join("&")}`;
  return `${host}${port === "" ? "" : `:${port}`})${pathname}${query}`;
}
