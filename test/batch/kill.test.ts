import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { roundOf } from "../soak/rounds.js";
import { until } from "../support/until.js";
import { temporaryFolder } from "../support/vaults.js";
import { batchPlace, capturesByUrl, expectSound, killBatch } from "../trials/killed-batch.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Downloads that are at work in this vault. */
function unfinished(vault: string): readonly string[] {
  try {
    return readdirSync(join(vault, "staging"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith("received/media.mp4.part"),
    );
  } catch {
    // The folder changes while it is read, or is not there yet.
    return [];
  }
}

/** Processes of any kind whose command line names this folder. */
function programsIn(path: string): readonly string[] {
  if (!existsSync("/proc/self/cmdline")) return [];
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

describe("a list of ten rows", () => {
  // `npm run soak` kills lists of sixty rows at eight moments.
  it("killed at two moments by chance ends with one result for each row, each clip once, and a vault as recorded", async () => {
    await killBatch(10, 2, roundOf(1), folder.path);
  });
});

describe("Ctrl-C", () => {
  it("puts aside what runs, ends with 130 and no program running, and the batch goes on from there", async () => {
    const place = batchPlace(join(folder.path, "interrupted"));
    const path = join(place.folder, "rows.csv");
    const names = ["clip-1", "none-2", "clip-3", "held-4", "held-5", "clip-6"];
    writeFileSync(path, `url\n${names.map((name) => `https://video.example/${name}.mp4\n`).join("")}`);
    writeFileSync(place.held, "");
    const child = place.start(path);
    const ended = once(child, "exit");
    await until(() => unfinished(place.vault).length === 2);
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    expect(programsIn(place.folder)).toEqual([]);
    const waiting = place.results().filter(({ status }) => status === "waiting");
    // Perhaps one before them too, of which something was still to be done.
    expect(waiting.map(({ url }) => url)).toEqual(
      expect.arrayContaining(
        ["held-4", "held-5", "clip-6"].map((name) => `https://video.example/${name}.mp4`),
      ),
    );
    await expectSound(place.vault, "interrupted");
    rmSync(place.held);
    const resumed = await place.run("--resume");
    expect(resumed.status, resumed.stderr).toBe(4);
    const statuses = place.results().map(({ status }) => status);
    expect(statuses).toEqual(names.map((name) => (name === "none-2" ? "failed" : "captured")));
    expect([...(await capturesByUrl(place.vault)).values()]).toEqual([1, 1, 1, 1, 1]);
  });

  it("pressed a second time ends at once, and the batch still goes on from there", async () => {
    const place = batchPlace(join(folder.path, "pressed-twice"));
    const path = join(place.folder, "rows.csv");
    writeFileSync(path, "url\nhttps://video.example/held.mp4\nhttps://video.example/other.mp4\n");
    writeFileSync(place.held, "");
    const child = place.start(path);
    const ended = once(child, "exit");
    await until(() => unfinished(place.vault).length === 1);
    child.kill("SIGINT");
    child.kill("SIGINT");
    const [status, signal] = await ended;
    expect(status === 130 || signal === "SIGINT").toBe(true);
    rmSync(place.held);
    const resumed = await place.run("--resume");
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(place.results().map(({ status: result }) => result)).toEqual(["captured", "captured"]);
    await expectSound(place.vault, "pressed twice");
  });
});
