import { join } from "node:path";
import { afterAll } from "vitest";
import { openKeptYtDlp } from "../../src/tools/download/kept-yt-dlp.js";
import { openSite } from "../support/site.ts";
import { makeSiteClips } from "../support/site-clips.ts";
import { scratchFolder, testDownloader } from "../support/yt-dlp.ts";
import { addresses, forkAgrees, zipIsKept } from "../trials/kept-yt-dlp.ts";
import { soak } from "./rounds.ts";

const program = await testDownloader();
if (program === null) throw new Error("there is no yt-dlp");
const { folder, clean } = scratchFolder();
const clips = join(folder, "clips");
makeSiteClips(clips);
const site = await openSite({ clips });
const kept = openKeptYtDlp(program);
afterAll(async () => {
  await kept.close();
  await site.close();
  clean();
});

soak("a yt-dlp that stays loaded gives what a process of its own gives", async () => {
  for (const path of addresses) await forkAgrees(program, kept, site, folder, path);
  await zipIsKept(program, site, folder);
  return { addresses: addresses.length };
});
