import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { closeResources, openResources } from "../../src/capture/resources.js";
import { versionLimits } from "../../src/tools/run/limits.js";
import { until } from "../support/until.js";
import { temporaryFolder, testWorld } from "../support/vaults.js";
import { testDownloader } from "../support/yt-dlp.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** The command lines of every process on this machine that name this folder. */
function commandsNaming(path: string): readonly string[] {
  const commands = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        return "";
      }
    });
  return commands.filter((command) => command.includes(path));
}

const downloads = process.platform === "linux" && (await testDownloader()) !== null;

describe.skipIf(!downloads)("what a command holds open while it captures", () => {
  it("starts what a derivation needs beside the first download, not before one and not after it, and ends it at the end", async () => {
    const vault = join(folder.path, "vault");
    const fetching = { allowPrivate: true, allowOldYtDlp: true, proxy: null, kept: false };
    const needs = { vault, command: "archive", capturing: true, fetching } as const;
    const world = testWorld();
    const resources = await openResources(needs, { ...world, env: { ...process.env, ...world.env } });
    const { scratch, runDownloader } = resources;
    const [exiftool, drawing] = ["-stay_open", "picture-worker"];
    const isRunning = (word: string) => commandsNaming(scratch).some((command) => command.includes(word));
    expect(commandsNaming(scratch)).toEqual([]);

    const controller = new AbortController();
    const waiting = runDownloader?.({
      program: "/usr/bin/sleep",
      argv: ["300"],
      cwd: folder.path,
      limits: { ...versionLimits, wallMs: 300_000 },
      signal: controller.signal,
    });
    await until(() => isRunning(exiftool) && isRunning(drawing));
    controller.abort();
    expect((await waiting)?.endedBy).toBe("aborted");

    await closeResources(resources, world);
    await until(() => commandsNaming(scratch).length === 0);
  });
});
