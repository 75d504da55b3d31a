import { afterAll } from "vitest";
import { openFaultySite } from "../support/faulty-site.ts";
import { scratchFolder, testDownloader } from "../support/yt-dlp.ts";
import { openNetworkFaults } from "../trials/network-faults.ts";
import { soak } from "./rounds.ts";

const program = await testDownloader();
if (program === null) throw new Error("there is no yt-dlp");
const { folder, clean } = scratchFolder();
const site = await openFaultySite(folder);
const { trial, close } = openNetworkFaults(program, site);
afterAll(async () => {
  await close();
  await site.close();
  clean();
});

soak("no fault of a network is called whole", trial);
