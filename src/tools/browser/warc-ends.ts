import { randomBytes } from "node:crypto";
import { listAt } from "../../core/page/foreign-fields.js";
import type { Field } from "../../core/page/warc.js";
import type { Chromium } from "./chromium.js";
import { type DevTools, DevToolsError } from "./devtools.js";
import { PageSession } from "./page-session.js";
import type { Recorder } from "./recorder.js";
import type { WarcFile } from "./warc-file.js";

/** What the first record of the WARC says: what made it, and in which way it differs from what went over the wire. */
export function warcHead(url: string, { browser, userAgent }: Chromium): readonly Field[] {
  return [
    ["software", `holdfast with ${browser}`],
    ["format", "WARC File Format 1.1"],
    ["conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"],
    ["isPartOf", url],
    ["http-header-user-agent", userAgent],
    [
      "description",
      "Recorded from inside the browser. Bodies are as the browser decoded them: fields that described their encoding and length are named x-orig-. Of HTTP/2 and HTTP/3 the order and spelling of header fields is not kept. Dates are when a request began.",
    ],
  ];
}

/** The most certificates that are asked for: a page can load from as many hosts as it likes. */
const mostOrigins = 200;

/**
 * Waits for the bodies on their way and writes the last two records: the certificates that sites showed, and the responses
 * and requests of which there is no body. Throws if they could not be written.
 */
export async function closeWarc(
  warc: WarcFile,
  recorder: Recorder,
  devtools: DevTools,
  now: () => Date,
  left: () => number,
): Promise<void> {
  await recorder.finish(left());
  const certificates = await certificatesOf(recorder, devtools, left);
  if (certificates.length > 0) writeJson(warc, "urn:holdfast:certificates", { certificates }, now());
  const { listed, unanswered, coverage } = recorder;
  writeJson(warc, "urn:holdfast:without-body", { coverage, listed, unanswered }, now());
}

/** Each origin with its chain, the site's own certificate first, DER in base64. */
async function certificatesOf(recorder: Recorder, devtools: DevTools, left: () => number) {
  const found: { readonly origin: string; readonly chain: readonly string[] }[] = [];
  for (const [origin, session] of [...recorder.encrypted].slice(0, mostOrigins)) {
    try {
      const asked = new PageSession(devtools, session, "");
      const answer = await asked.ask("Network.getCertificate", { origin }, left());
      const chain = listAt(answer, "tableNames").flatMap((one) => (typeof one === "string" ? [one] : []));
      if (chain.length > 0) found.push({ origin, chain });
    } catch (error) {
      if (error instanceof DevToolsError && error.over) break;
    }
  }
  return found;
}

function writeJson(warc: WarcFile, uri: string, value: object, now: Date): void {
  const block = Buffer.from(`${JSON.stringify(value)}\n`, "utf8");
  const fields: readonly Field[] = [["WARC-Target-URI", uri]];
  const [type, contentType] = ["resource" as const, "application/json"];
  warc.write({ type, date: now.toISOString(), contentType, fields, block, payload: block }, randomBytes(16));
}
