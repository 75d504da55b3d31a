import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll } from "vitest";
import { openKeptYtDlp } from "../../src/tools/download/kept-yt-dlp.js";
import { bareDownloader, bareTools } from "../support/copied-tools.ts";
import { openFaultySite } from "../support/faulty-site.ts";
import { scratchFolder, testDownloader } from "../support/yt-dlp.ts";
import { networkFaults } from "../trials/network-faults.ts";
import { splices } from "../trials/splice.ts";
import { soak } from "./rounds.ts";

const found = await testDownloader();
if (found === null) throw new Error("there is no yt-dlp");
const program = bareDownloader(found);
const { folder, clean } = scratchFolder();
const site = await openFaultySite(folder);
const kept = openKeptYtDlp(program);
afterAll(async () => {
  await kept.close();
  await site.close();
  clean();
});

/** The tests that depend on which handler of yt-dlp asks: those of faults, of the jail, of private routes and of secrets. */
const suites = [
  "tools/download/",
  "hostile/private-routes",
  "hostile/pages",
  "hostile/programs",
  "capture/archive",
  "end-to-end/canary",
];

/** Runs these tests in a process of its own, where the tools folder has none of the extras. */
async function suitesPass(): Promise<void> {
  const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  const config = join(import.meta.dirname, "../vitest.config.ts");
  const child = spawn(process.execPath, [vitest, "run", "--config", config, ...suites], {
    env: { ...process.env, HOLDFAST_TOOLS: bareTools() },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [words, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(words.slice(-20_000));
}

soak("without any extras of yt-dlp, everything holds that holds with them", async (round) => {
  await suitesPass();
  return {
    faults: (await networkFaults(program, kept, site)(round)).attempts ?? 0,
    ...(await splices(program, kept, site)(round)),
    suites: suites.length,
  };
});
