import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roundOf } from "../../soak/rounds.ts";
import { holdfast } from "../../support/cli.ts";
import { type FaultySite, layouts, openFaultySite } from "../../support/faulty-site.ts";
import { scratchFolder, testDownloader } from "../../support/yt-dlp.ts";
import { openNetworkFaults } from "../../trials/network-faults.ts";
import { openSplices } from "../../trials/splice.ts";

const program = await testDownloader();
const { folder, clean } = scratchFolder();
let site: FaultySite;

beforeAll(async () => {
  site = await openFaultySite(folder);
});
afterAll(async () => {
  await site.close();
  clean();
});

describe.skipIf(!program)("a network that fails", () => {
  it("every fault in every layout is called what it is, ends within its bounds, and is never called whole", async () => {
    if (!program) return;
    const { trial, close } = openNetworkFaults(program, site);
    try {
      expect(await trial(roundOf(1))).toEqual({ attempts: 78 });
    } finally {
      await close();
    }
  });

  it("no file is ever made of two, wherever the first breaks off, and the next attempt brings the second whole", async () => {
    if (!program) return;
    const { trial, close } = openSplices(program, site);
    try {
      for (const seed of [1, 2]) expect((await trial(roundOf(seed))).accepted).toBe(layouts.length);
    } finally {
      await close();
    }
  });

  it("a clip that was cut is not captured whole because the server announced a length that is too small", async () => {
    const urls = layouts.map((layout) => site.address(layout, "length too small"));
    const { lines } = await holdfast(["archive", ...urls, "--json", "--vault", join(folder, "vault")]);
    expect(lines.map(({ status }) => status)).toEqual(urls.map(() => "incomplete"));
  });
});
