import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readSourceList } from "../../src/core/lists/source-list.js";
import { holdfast } from "../support/cli.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { until } from "../support/until.js";
import { audit, temporaryFolder } from "../support/vaults.js";

vi.mock("../../src/tools/download/yt-dlp.ts", async (original) => {
  const { limitedAt } = await import("../support/time-limits.js");
  return limitedAt(/slow/, await original<typeof import("../../src/tools/download/yt-dlp.js")>());
});

const folder = temporaryFolder();
const program = join(import.meta.dirname, "../../bin/holdfast.js");
const rounds = 8;
let site: Site;

beforeAll(async () => {
  makeSiteClips(join(folder.path, "clips"));
  site = await openSite({ clips: join(folder.path, "clips") });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

function start(vault: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...commandLine(vault, ...args)], {
    env: { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1" },
    stdio: "ignore",
  });
}

function commandLine(vault: string, ...args: string[]): string[] {
  const to = ["--to", join(folder.path, "results")];
  const pace = ["--delay", "0", "--retry-wait", "100ms", "--keep-free", "1M", "--per-host", "2"];
  return ["batch", ...args, "--quiet", "--vault", vault, ...to, ...pace];
}

/** A row for each address, and between them some that cannot be captured, all with a word of their own. */
function writeList(name: string, count: number): { readonly path: string; readonly bad: number } {
  const path = join(folder.path, name);
  const lines = Array.from({ length: count }, (_, n) => {
    if (n % 10 === 7) return `${site.url}/clips/none-${n}.mp4,word-${n}`;
    if (n % 20 === 9) return `${site.url}/clips/part-1.mp4?n=${n - 1}#again,word-${n}`;
    return `${site.url}/clips/part-1.mp4?n=${n},word-${n}`;
  });
  writeFileSync(path, `url,word\n${lines.join("\n")}\n`);
  return { path, bad: lines.filter((line) => line.includes("none-")).length };
}

function results(): readonly Readonly<Record<string, string>>[] {
  const { columns, rows } = readSourceList(readFileSync(join(folder.path, "results/results.csv")), {
    name: "results.csv",
    column: "url",
  });
  return rows.map(({ cells }) =>
    Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ""])),
  );
}

async function capturesByUrl(vault: string): Promise<ReadonlyMap<string, number>> {
  const listed = await holdfast(["list", "--json", "--status", "captured", "--vault", vault]);
  const counts = new Map<string, number>();
  for (const { url } of listed.lines) counts.set(String(url), (counts.get(String(url)) ?? 0) + 1);
  return counts;
}

async function expectSound(vault: string): Promise<void> {
  const report = await audit(vault);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
}

describe("a list of sixty rows", () => {
  it("killed at eight moments by chance ends with one result for each row, each clip once, and a vault as recorded", async () => {
    const vault = join(folder.path, "killed");
    const { path, bad } = writeList("sixty.csv", 60);
    for (let round = 0; round < rounds; round += 1) {
      const child = start(vault, path);
      const ended = once(child, "exit");
      // However busy the machine: behind some request by chance, at once or while what it brought is worked on.
      const moment = site.requests.length + Math.random() * 24;
      await until(() => child.exitCode !== null || site.requests.length >= moment);
      const timer = setTimeout(() => child.kill("SIGKILL"), Math.random() * 400);
      await ended;
      clearTimeout(timer);
      if (existsSync(join(vault, "vault.db")) && round % 4 === 0) await expectSound(vault);
    }
    // The same command goes on where the last one was struck.
    const last = await holdfast(commandLine(vault, path), {});
    expect(last.status, last.stderr).toBe(4);
    await expectSound(vault);
    const rows = results();
    expect(rows).toHaveLength(60);
    expect(rows.map(({ word }) => word)).toEqual(Array.from({ length: 60 }, (_, n) => `word-${n}`));
    expect(rows.filter(({ status }) => status === "failed")).toHaveLength(bad);
    expect(rows.filter(({ status }) => status === "captured" || status === "already-captured")).toHaveLength(
      60 - bad,
    );
    const captures = await capturesByUrl(vault);
    expect([...captures.values()].every((count) => count === 1)).toBe(true);
    const named = new Set(rows.filter(({ status }) => status !== "failed").map(({ capture }) => capture));
    expect(named.size).toBe(captures.size);
    const underived = await holdfast(["list", "--json", "--vault", vault]);
    expect(underived.lines.filter(({ derivation }) => derivation === "pending")).toEqual([]);
    expect(readdirSync(join(vault, "staging")).filter((name) => /^\d{8}-/.test(name))).toEqual([]);
  }, 1_200_000);
});

describe("Ctrl-C", () => {
  it("puts aside what runs, ends with 130 and no program running, and the batch goes on from there", async () => {
    const vault = join(folder.path, "interrupted");
    const { path, bad } = writeList("twelve.csv", 12);
    const child = start(vault, path);
    const ended = once(child, "exit");
    await until(async () => existsSync(join(vault, "vault.db")) && (await capturesByUrl(vault)).size > 1);
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    const parked = results();
    expect(parked.filter(({ status }) => status === "waiting").length).toBeGreaterThan(0);
    await expectSound(vault);
    const resumed = await holdfast(commandLine(vault, "--resume"));
    expect(resumed.status, resumed.stderr).toBe(4);
    const rows = results();
    expect(rows.filter(({ status }) => status === "failed")).toHaveLength(bad);
    expect(rows.filter(({ status }) => status === "waiting")).toEqual([]);
    expect([...(await capturesByUrl(vault)).values()].every((count) => count === 1)).toBe(true);
  }, 600_000);

  it("pressed a second time ends at once, and the batch still goes on from there", async () => {
    const vault = join(folder.path, "pressed-twice");
    const path = join(folder.path, "slow.csv");
    writeFileSync(path, `url\n${site.url}/fault/slow.mp4\n${site.url}/clips/other.mp4\n`);
    const child = start(vault, path);
    const ended = once(child, "exit");
    const staged = () =>
      existsSync(join(vault, "staging"))
        ? readdirSync(join(vault, "staging"), { recursive: true, encoding: "utf8" }).join()
        : "";
    await until(() => staged().includes("received/media"));
    child.kill("SIGINT");
    child.kill("SIGINT");
    const [status, signal] = await ended;
    expect(status === 130 || signal === "SIGINT").toBe(true);
    writeFileSync(path, readFileSync(path));
    const resumed = await holdfast([
      ...commandLine(vault, "--resume"),
      "--max-time",
      "3s",
      "--attempts",
      "1",
    ]);
    expect(resumed.status, resumed.stderr).toBe(4);
    expect(results().map(({ status }) => status)).toEqual(["failed", "captured"]);
    await expectSound(vault);
  }, 600_000);
});
