import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { holdfast } from "../support/cli.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { until } from "../support/until.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const program = join(import.meta.dirname, "../../bin/holdfast.js");
let site: Site;
let vaults = 0;

beforeAll(async () => {
  const clips = join(folder.path, "clips");
  makeSiteClips(clips);
  site = await openSite({ clips });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

function newVault(): string {
  vaults += 1;
  return join(folder.path, `vault-${vaults}`);
}

/** Starts the real program as a process of its own. */
function start(vault: string, url: string): ChildProcess {
  const env = { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1" };
  return spawn(process.execPath, [program, "archive", "--quiet", "--vault", vault, url], {
    env,
    stdio: "ignore",
  });
}

/** Kills the process, as `kill -9` would, once `ready` holds; false when it was over before. */
async function killWhen(child: ChildProcess, ready: () => boolean): Promise<boolean> {
  const ended = once(child, "exit");
  // As often as can be: some of these moments are short.
  while (child.exitCode === null && !ready()) await new Promise((resolve) => setTimeout(resolve, 2));
  const alive = child.exitCode === null;
  child.kill("SIGKILL");
  await ended;
  return alive;
}

/** Paths in staging, relative to it, deepest included. */
function staged(vault: string): readonly string[] {
  try {
    return readdirSync(join(vault, "staging"), { recursive: true, encoding: "utf8" });
  } catch {
    // The folder changes while it is read.
    return [];
  }
}

/** Processes of any kind whose command line or working folder is in this vault. */
function survivors(vault: string): readonly string[] {
  if (!existsSync("/proc/self/cmdline")) return [];
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(join(vault, "staging"));
      } catch {
        return false;
      }
    });
}

async function expectSound(vault: string): Promise<void> {
  const report = await audit(vault);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
}

/** The same command again: it must finish the work, whatever was left. */
async function finish(vault: string, url: string): Promise<void> {
  const again = await holdfast(["archive", "--json", "--vault", vault, url]);
  const [result] = again.lines as unknown as CaptureResult[];
  expect(again.status, again.stderr).toBe(0);
  expect(["captured", "already-captured"]).toContain(result!.status);
  expect(result!.derivation).toBe("done");
  await expectSound(vault);
  const listed = await holdfast(["list", "--json", "--vault", vault]);
  expect(listed.lines.filter(({ status }) => status === "captured")).toHaveLength(1);
  expect(staged(vault).filter((path) => path !== "writer.lock" && path !== "scratch")).toEqual([]);
}

describe("kill -9", () => {
  const moments: readonly [string, string, (vault: string) => boolean][] = [
    [
      "during the download",
      "/fault/slow.mp4",
      (vault) => staged(vault).some((path) => /received\/media.*part/.test(path)),
    ],
    [
      "as the media is taken out of the download folder",
      "/clips/part-1.mp4",
      (vault) => staged(vault).some((path) => /content\/original/.test(path)),
    ],
    ["during the commit", "/clips/part-1.mp4", (vault) => staged(vault).some((path) => /commit/.test(path))],
    [
      "during the derivation",
      "/clips/clip.mp4",
      (vault) => staged(vault).some((path) => /scratch\/(keyframes|decode)/.test(path)),
    ],
  ];
  it.each(moments)(
    "%s leaves a vault without an error and no program running, and the same command finishes the work",
    async (when, path, ready) => {
      const vault = newVault();
      const killed = await killWhen(start(vault, `${site.url}${path}`), () => ready(vault));
      // The moment of a commit is short: a machine may be past it before it is seen. killed-ingest.test.ts strikes it by chance.
      if (when !== "during the commit" && !when.startsWith("as the media")) expect(killed).toBe(true);
      await expectSound(vault);
      await until(() => survivors(vault).length === 0);
      if (path !== "/fault/slow.mp4") await finish(vault, `${site.url}${path}`);
      else await finish(vault, `${site.url}/clips/part-2.mp4`);
    },
  );
});

describe("an interrupt from the keyboard", () => {
  it("ends with status 130, is logged as an attempt, and leaves no program running", async () => {
    const vault = newVault();
    const child = start(vault, `${site.url}/fault/slow.mp4`);
    const ended = once(child, "exit");
    await until(() => staged(vault).some((path) => /received\/media.*part/.test(path)));
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    expect(survivors(vault)).toEqual([]);
    const listed = await holdfast(["list", "--json", "--vault", vault]);
    expect(listed.lines).toMatchObject([{ status: "failed", reason: expect.stringMatching(/interrupt/) }]);
    await expectSound(vault);
  });
});
