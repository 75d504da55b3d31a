import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { WARCParser } from "warcio";

/** A record of a WARC as another program reads it. */
export interface ReadRecord {
  readonly type: string;
  readonly uri: string;
  /** The header of the record and, in it, that of HTTP. */
  readonly head: string;
  readonly http: string;
  readonly bytes: Buffer;
  /** The same, as UTF-8. */
  readonly text: string;
  /** What its digest of the payload says, where that is wrong. */
  readonly damage: string | null;
}

export async function recordsOf(path: string): Promise<readonly ReadRecord[]> {
  const records: ReadRecord[] = [];
  for await (const record of new WARCParser(createReadStream(path), { keepHeadersCase: true })) {
    const payload = Buffer.from(await record.readFully(false));
    const [expected, actual] = [
      record.warcPayloadDigest,
      `sha256:${createHash("sha256").update(payload).digest("hex")}`,
    ];
    records.push({
      type: record.warcType ?? "",
      uri: record.warcTargetURI ?? "",
      head: record.warcHeaders.toString(),
      http: record.httpHeaders?.toString() ?? "",
      bytes: payload,
      text: payload.toString("utf8"),
      damage: expected && expected !== actual ? `${expected}, but ${actual}` : null,
    });
  }
  return records;
}
