import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Downloader } from "../../../src/tools/download/fetch-types.js";
import { type KeptYtDlp, openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.js";
import { roundOf } from "../../soak/rounds.js";
import { bareDownloader, canCopyTools } from "../../support/copied-tools.js";
import { type FaultySite, layouts, openFaultySite } from "../../support/faulty-site.js";
import { canImpersonate, scratchFolder, testDownloader } from "../../support/yt-dlp.js";
import { type Case, networkFaults } from "../../trials/network-faults.js";
import { splices } from "../../trials/splice.js";

/*
 * Which of yt-dlp's handlers asks depends on what is installed, and each has sentences of its own for what fails. The other
 * tests run on all extras, with requests; here is a sample without them, with urllib, and one by curl-cffi. `npm run soak`
 * tries every fault with each (test/SOAK.md).
 */

const program = await testDownloader();
const { folder, clean } = scratchFolder();
let site: FaultySite;

beforeAll(async () => {
  if (program) site = await openFaultySite(folder);
});
afterAll(async () => {
  await site?.close();
  clean();
});

const sample: readonly Case[] = [
  ["none", "http"],
  ["cut, chunked", "http"],
  ["reset", "hls"],
  ["404", "hls"],
  ["429, garbage", "http"],
  ["garbage instead of HTTP", "http"],
  ["other content on retry", "hls"],
  ["TLS: self-signed", "http"],
  ["TLS: TLS 1.0", "http"],
];

const kinds: readonly {
  readonly name: string;
  readonly isThere: boolean;
  readonly take: (found: Downloader) => Downloader;
  readonly further: readonly string[];
}[] = [
  { name: "without any extras", isThere: canCopyTools, take: bareDownloader, further: [] },
  {
    name: "in the manner of a browser",
    isThere: program !== null && canImpersonate(program),
    take: (found) => found,
    further: ["--impersonate=chrome"],
  },
];

describe.each(kinds)("a network that fails for a yt-dlp $name", ({ isThere, take, further }) => {
  let kept: KeptYtDlp | null = null;
  afterAll(async () => kept?.close());

  it.skipIf(!program || !isThere)(
    "is called what it is for any other, and no file is made of two",
    async () => {
      if (!program) return;
      const taken = take(program);
      kept = openKeptYtDlp(taken);
      const met = await networkFaults(taken, kept, site, further)(roundOf(1), sample);
      expect(met).toEqual({ attempts: sample.length });
      expect((await splices(taken, kept, site, further)(roundOf(1))).accepted).toBe(layouts.length);
    },
  );
});
