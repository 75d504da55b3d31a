import { afterAll } from "vitest";
import { openKeptYtDlp } from "../../src/tools/download/kept-yt-dlp.js";
import { openFaultySite } from "../support/faulty-site.ts";
import { canImpersonate, scratchFolder, testDownloader } from "../support/yt-dlp.ts";
import { faultsForImitation, networkFaults } from "../trials/network-faults.ts";
import { splices } from "../trials/splice.ts";
import { soak } from "./rounds.ts";

const program = await testDownloader();
if (program === null || !canImpersonate(program)) throw new Error("there is no yt-dlp with curl-cffi");
const { folder, clean } = scratchFolder();
const site = await openFaultySite(folder);
const kept = openKeptYtDlp(program);
afterAll(async () => {
  await kept.close();
  await site.close();
  clean();
});

const asBrowser = ["--impersonate=chrome"];
soak("a request that imitates a browser meets every fault as any other does", async (round) => ({
  faults: (await networkFaults(program, kept, site, asBrowser)(round, faultsForImitation)).attempts ?? 0,
  ...(await splices(program, kept, site, asBrowser)(round)),
}));
