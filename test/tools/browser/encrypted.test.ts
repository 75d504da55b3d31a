import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { startChromium } from "../../../src/tools/browser/chromium.ts";
import { visitLimits } from "../../../src/tools/browser/chromium-command.ts";
import { ExchangeWriter } from "../../../src/tools/browser/exchange-writer.ts";
import { settle } from "../../../src/tools/browser/pace.ts";
import { Recorder } from "../../../src/tools/browser/recorder.ts";
import { Targets } from "../../../src/tools/browser/targets.ts";
import { closeWarc, warcHead } from "../../../src/tools/browser/warc-ends.ts";
import { WarcFile } from "../../../src/tools/browser/warc-file.ts";
import { openEgressGuard } from "../../../src/tools/network/egress-guard.ts";
import { chromium } from "../../support/page-visits.ts";
import { makeSiteCertificates } from "../../support/site-certificates.ts";
import { temporaryFolder } from "../../support/vaults.ts";
import { recordsOf } from "../../support/warc-records.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe.skipIf(chromium === null)("of an encrypted connection", () => {
  it("the site's own certificate, the protocols and the decoded body are kept, and every cookie that was set", async () => {
    const certificates = makeSiteCertificates(join(folder.path, "made"));
    const { key, cert } = certificates.of("good");
    const server = createSecureServer({ key, cert }, (_, response) => {
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "br" });
      response.end(brotliCompressSync("<title>Encrypted</title><p>Қазақша</p>"));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await record(`${origin}/page?x=1`);
    server.close();

    const records = await recordsOf(join(folder.path, "page.warc.gz"));
    expect(records.filter(({ damage }) => damage !== null)).toEqual([]);
    const response = records.find(({ type }) => type === "response");
    expect(response?.text).toBe("<title>Encrypted</title><p>Қазақша</p>");
    expect(response?.head).toMatch(/WARC-Protocol: h2\r?\nWARC-Protocol: tls\/1\.3\r?\nWARC-Cipher-Suite: /);
    expect(response?.http).toMatch(/x-orig-content-encoding: br/i);
    expect(response?.http).toMatch(/set-cookie: a=1[\s\S]*set-cookie: b=2/i);
    const request = records.find(({ type }) => type === "request");
    expect(request?.http).toMatch(/^GET \/page\?x=1 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
    expect(request?.http).not.toMatch(/^:/m);
    const kept = JSON.parse(records.find(({ uri }) => uri === "urn:holdfast:certificates")?.text ?? "{}");
    const [first] = kept.certificates;
    expect(first.origin).toBe(origin);
    const own = new X509Certificate(Buffer.from(first.chain[0], "base64"));
    expect(own.fingerprint256).toBe(new X509Certificate(cert).fingerprint256);
  });
});

/** As a visit does it, but for a site whose root no browser knows. */
async function record(url: string): Promise<void> {
  const guard = await openEgressGuard({ allowPrivate: true, upstream: null }, "doors");
  const browser = await startChromium({
    chromium: chromium ?? { path: "", version: "" },
    door: { python: "/usr/bin/python3", receive: guard.receive },
    scratch: folder.path,
    limits: visitLimits,
    signal: new AbortController().signal,
    mustEnd: () => null,
  });
  if ("code" in browser) throw new Error(browser.reason);
  const { devtools } = browser;
  const now = () => new Date();
  const warc = new WarcFile(join(folder.path, "page.warc.gz"));
  warc.begin(now().toISOString(), warcHead(url, browser));
  const recorder = new Recorder({
    devtools,
    writer: new ExchangeWriter(warc, () => true),
    now,
    guardMark: guard.mark,
  });
  const page = await new Targets(devtools).openPage();
  await page.ask("Security.setIgnoreCertificateErrors", { ignore: true }, 20_000);
  await page.ask("Page.navigate", { url }, 20_000);
  await settle(
    recorder,
    () => true,
    () => false,
    20_000,
  );
  await closeWarc(warc, recorder, devtools, now, () => 20_000);
  warc.close();
  await browser.close();
  await guard.close();
}
