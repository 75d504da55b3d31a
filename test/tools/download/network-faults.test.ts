import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { roundOf } from "../../soak/rounds.ts";
import { holdfast } from "../../support/cli.ts";
import { type FaultySite, layouts, openFaultySite } from "../../support/faulty-site.ts";
import { scratchFolder, testDownloader } from "../../support/yt-dlp.ts";
import { type Case, networkFaults } from "../../trials/network-faults.ts";
import { splices } from "../../trials/splice.ts";

const program = await testDownloader();
const kept = program && openKeptYtDlp(program);
const { folder, clean } = scratchFolder();
let site: FaultySite;

/** Each kind of fault, and both layouts where it is called differently in them; the soak meets all in all (test/SOAK.md). */
const ofEachKind: readonly Case[] = [
  ["TLS: good", "hls"],
  ["cut, length right", "dash"],
  ["cut, no length", "hls"],
  ["cut, chunked", "hls"],
  ["length too small", "hls"],
  ["length too small", "dash"],
  ["length too large", "http"],
  ["reset", "dash"],
  ["slow body", "hls"],
  ["slow header", "http"],
  ["slow header", "dash"],
  ["endless", "dash"],
  ["redirect loop", "hls"],
  ["404", "dash"],
  ["429, seconds", "hls"],
  ["429, garbage", "http"],
  ["503 twice, then good", "dash"],
  ["garbage instead of HTTP", "http"],
  ["gzip bomb", "http"],
  ["other content on retry", "http"],
  ["TLS: self-signed", "dash"],
  ["TLS: wrong host", "http"],
  ["TLS: TLS 1.0", "hls"],
];

beforeAll(async () => {
  site = await openFaultySite(folder);
});
afterAll(async () => {
  await kept?.close();
  await site.close();
  clean();
});

describe.skipIf(!program)("a network that fails", () => {
  it("every kind of fault is called what it is, ends within its bounds, and is never called whole", async () => {
    if (!program || !kept) return;
    const trial = networkFaults(program, kept, site);
    expect(await trial(roundOf(1), ofEachKind)).toEqual({ attempts: ofEachKind.length });
  });

  it("no file is ever made of two, wherever the first breaks off, and the next attempt brings the second whole", async () => {
    if (!program || !kept) return;
    expect((await splices(program, kept, site)(roundOf(1))).accepted).toBe(layouts.length);
  });

  it("a clip that was cut is not captured whole because the server announced a length that is too small", async () => {
    // The pieces of this stream decode as if nothing were missing: only that more came tells.
    const url = site.address("hls", "length too small");
    const { lines } = await holdfast(["archive", url, "--json", "--vault", join(folder, "vault")]);
    expect(lines.map(({ status }) => status)).toEqual(["incomplete"]);
  });
});
