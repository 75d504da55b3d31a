import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CDXIndexer, WARCParser } from "warcio";
import { objectPath } from "../../src/audit/log-captures.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { sortKey } from "../../src/core/page/wacz.js";
import { decodedHeaders, type Field, httpMessage, recordId, warcRecord } from "../../src/core/page/warc.js";
import { exportPackage } from "../../src/handover/export.js";
import { closeVault } from "../../src/vault/vault.js";
import * as samples from "../support/samples.js";
import {
  captureText,
  foundByClock,
  openTestVault,
  pageText,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const root = at("vault");
let record: CaptureRecord;
let version: string;
let number = 0;

const random = () => {
  number += 1;
  return Uint8Array.from({ length: 16 }, (_, index) => (number * 7 + index * 13) % 256);
};
const date = "2026-11-23T18:22:05Z";
const page = samples.page.final_url;

/** A request and its answer, as the recorder writes them. */
function exchange(method: string, url: string, status: number, body: string, headers: readonly Field[]) {
  const [asked, answered] = [random(), random()];
  const uri: Field = ["WARC-Target-URI", url];
  const bytes = Buffer.from(body);
  const message = (block: Uint8Array, type: "request" | "response") => {
    const payload = type === "response" ? bytes : null;
    const other: Field = ["WARC-Concurrent-To", recordId(type === "request" ? answered : asked)];
    return warcRecord({
      ...{ type, date, block, payload, random: type === "request" ? asked : answered },
      contentType: `application/http; msgtype=${type}`,
      fields: [uri, other],
    });
  };
  const response = httpMessage(`HTTP/1.1 ${status} OK`, decodedHeaders(headers, bytes.length), bytes);
  return [
    message(response, "response"),
    message(httpMessage(`${method} / HTTP/1.1`, [["host", "video.example"]], new Uint8Array()), "request"),
  ];
}

const html: readonly Field[] = [["content-type", "text/html; charset=utf-8"]];
const records = [
  ...exchange("GET", page, 200, "<title>A post</title>", html),
  ...exchange("GET", "https://www.Video.example/b.png?z=1&a=2", 200, "\x89PNG", [
    ["content-type", "image/png"],
  ]),
  ...exchange("GET", "https://count.example:8443/a", 404, "", []),
  ...exchange("POST", page, 200, "posted", html),
];
const warc = Buffer.concat(records.map((bytes) => gzipSync(bytes)));

beforeAll(async () => {
  const vault = await openTestVault(root);
  record = captureText(vault, "a clip").record;
  ({ version } = pageText(vault, record, "the post", undefined, { status: "captured", wall: null }, warc));
  closeVault(vault);
});
afterAll(() => folder.remove());

const order = (name: string, wacz: string | null) => ({
  ...{ vault: root, ids: [record.capture], to: at(name), withAnnex: false, withAnnotations: false },
  ...{ recipients: [], seal: { proxy: null, allowPrivate: false, force: false } },
  wacz: wacz === null ? null : at(wacz),
});

/** The files of a zip, as its directory names them; throws where one is compressed or damaged. */
function unzip(zip: Buffer): ReadonlyMap<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  expect(zip.readUInt32LE(end + 16) + zip.readUInt32LE(end + 12)).toBe(end);
  const files = new Map<string, Buffer>();
  let place = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    expect(zip.readUInt32LE(place)).toBe(0x02014b50);
    const [method, crc, size] = [
      zip.readUInt16LE(place + 10),
      zip.readUInt32LE(place + 16),
      zip.readUInt32LE(place + 24),
    ];
    const nameLength = zip.readUInt16LE(place + 28);
    const name = zip.toString("ascii", place + 46, place + 46 + nameLength);
    const local = zip.readUInt32LE(place + 42);
    expect(zip.readUInt32LE(local)).toBe(0x04034b50);
    expect(zip.toString("ascii", local + 30, local + 30 + nameLength)).toBe(name);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(start, start + size);
    expect([method, crc32(bytes)], name).toEqual([0, crc]);
    files.set(name, bytes);
    place += 46 + nameLength + zip.readUInt16LE(place + 30) + zip.readUInt16LE(place + 32);
  }
  return files;
}

const sha256 = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const json = (bytes: Buffer | undefined) => JSON.parse(bytes!.toString("utf8"));

interface IndexEntry {
  readonly url: string;
  readonly offset: string;
  readonly length: string;
  readonly filename: string;
}

describe("a WACZ beside a package", () => {
  let files: ReadonlyMap<string, Buffer>;
  let index: readonly { readonly key: string; readonly entry: IndexEntry }[];

  beforeAll(async () => {
    const { wacz } = await exportPackage(order("package", "wacz"), testWorld());
    expect(wacz).toEqual([at(`wacz/${record.capture}-${version}.wacz`)]);
    files = unzip(readFileSync(wacz[0]!));
    index = files
      .get("indexes/index.cdxj")!
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [key = "", time, ...rest] = line.split(" ");
        expect(time).toBe("20261123182205");
        return { key, entry: JSON.parse(rest.join(" ")) };
      });
  });

  it("has the WARC of the page byte for byte, so that its digest is the one in the log", () => {
    expect(files.get("archive/data.warc.gz")).toEqual(warc);
    const inPackage = at(`package/data/${record.capture}/page/${version}/page.warc.gz`);
    expect(readFileSync(inPackage)).toEqual(warc);
  });

  it("has the parts that WACZ 1.1.1 asks for, each with its size and digest in the data package", () => {
    expect([...files.keys()].sort()).toEqual([
      "archive/data.warc.gz",
      "datapackage-digest.json",
      "datapackage.json",
      "indexes/index.cdxj",
      "pages/pages.jsonl",
    ]);
    const described = json(files.get("datapackage.json"));
    expect(described).toMatchObject({ profile: "data-package", wacz_version: "1.1.1" });
    const stated = described.resources.map(({ path, hash, bytes }: Record<string, unknown>) => [
      path,
      hash,
      bytes,
    ]);
    expect(stated).toEqual(
      ["archive/data.warc.gz", "indexes/index.cdxj", "pages/pages.jsonl"].map((path) => {
        const bytes = files.get(path)!;
        return [path, sha256(bytes), bytes.length];
      }),
    );
    expect(json(files.get("datapackage-digest.json"))).toEqual({
      path: "datapackage.json",
      hash: sha256(files.get("datapackage.json")!),
    });
  });

  it("names the page with the time at which it was seen, at an address that the index leads to", () => {
    const [head, one] = files.get("pages/pages.jsonl")!.toString("utf8").trimEnd().split("\n");
    expect(JSON.parse(head!)).toMatchObject({ format: "json-pages-1.0" });
    expect(JSON.parse(one!)).toMatchObject({ url: page, ts: samples.page.viewed_at, title: "A post" });
    expect(index.map(({ entry }) => entry.url)).toContain(page);
  });

  it("leads from each address to the gzip member with the answer to a GET, in order of its keys", () => {
    expect(index.map(({ key }) => key)).toEqual([
      "example,count:8443)/a",
      "example,video)/b.png?a=2&z=1",
      "example,video)/v/811",
    ]);
    for (const { entry } of index) {
      const from = Number(entry.offset);
      const member = files.get("archive/data.warc.gz")!.subarray(from, from + Number(entry.length));
      const text = gunzipSync(member).toString("latin1");
      expect(text).toMatch(/^WARC\/1\.1\r\nWARC-Type: response\r\n/);
      expect(text).toContain(`WARC-Target-URI: ${entry.url}\r\n`);
      expect(text.match(/WARC-Type/g)).toHaveLength(1);
      expect(text).not.toContain("posted");
    }
  });

  it("has an index that agrees with the one another program makes of the WARC", async () => {
    const stream = () => [{ filename: "data.warc.gz", reader: new Blob([warc]).stream() }];
    const theirs: Record<string, unknown>[] = [];
    for await (const one of new CDXIndexer({ format: "cdxj" }).iterIndex(stream())) theirs.push(one);
    for (const { key, entry } of index) {
      const one = theirs.find(({ offset }) => String(offset) === entry.offset);
      expect(one).toMatchObject({ url: entry.url, urlkey: key });
      expect(String(one!.length)).toBe(entry.length);
    }
    const types: (string | null)[] = [];
    for await (const read of new WARCParser(new Blob([warc]).stream())) types.push(read.warcType);
    expect(types).toHaveLength(records.length);
  });

  it("is the same each time it is made of the same page", async () => {
    const [first] = readdirSync(at("wacz"));
    await exportPackage(order("package-2", "wacz-2"), testWorld());
    expect(readFileSync(at(`wacz-2/${first}`))).toEqual(readFileSync(at(`wacz/${first}`)));
  });
});

describe("where a WACZ is not made", () => {
  it.each([
    ["in the package", "package-3", "package-3/wacz"],
    ["in the vault", "package-3", "vault/wacz"],
    ["in a folder that is not there", "package-3", "nowhere/wacz"],
    ["over what is there", "package-3", "wacz"],
    ["beside an encrypted package", "package-3.tar.age", "wacz-3"],
  ])("%s: nothing is made at all", async (_, to, wacz) => {
    const key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    const recipients = to.endsWith(".age") ? [key] : [];
    await expect(exportPackage({ ...order(to, wacz), recipients }, testWorld())).rejects.toMatchObject({
      code: "usage",
    });
    expect(existsSync(at(to))).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  it("of a WARC that is not the one in the log: no package, no WACZ, nothing left", async () => {
    const path = join(root, `${objectPath(record.capture)}/${version}/content/page/${version}/page.warc.gz`);
    writeFileSync(path, Buffer.concat([warc.subarray(0, -1), Buffer.from([warc.at(-1)! ^ 1])]));
    await expect(exportPackage(order("package-4", "wacz-4"), testWorld())).rejects.toMatchObject({
      code: "not-as-recorded",
    });
    writeFileSync(path, warc);
    expect(readdirSync(folder.path).filter((name) => /4|unfinished/.test(name))).toEqual([]);
    expect((await foundByClock(root)).filter((code) => code.startsWith("file"))).toEqual([]);
  });
});

describe("the key by which an index is sorted", () => {
  it.each([
    ["https://www2.Example.com/A?b=2&a=1", "com,example)/a?a=1&b=2"],
    ["http://example.com:8080/", "com,example:8080)/"],
    ["urn:x", "urn:x"],
  ])("%s", (url, key) => expect(sortKey(url)).toBe(key));
});
