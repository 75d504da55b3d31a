import { afterAll } from "vitest";
import { openKeptYtDlp } from "../../src/tools/download/kept-yt-dlp.js";
import { openFaultySite } from "../support/faulty-site.ts";
import { scratchFolder, testDownloader } from "../support/yt-dlp.ts";
import { splices } from "../trials/splice.ts";
import { soak } from "./rounds.ts";

const program = await testDownloader();
if (program === null) throw new Error("there is no yt-dlp");
const { folder, clean } = scratchFolder();
const site = await openFaultySite(folder);
const kept = openKeptYtDlp(program);
afterAll(async () => {
  await kept.close();
  await site.close();
  clean();
});

soak("no file is made of two", splices(program, kept, site));
