import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { readSourceList } from "../../src/core/lists/source-list.js";
import type { Figures, Round } from "../soak/rounds.js";
import { holdfast } from "../support/cli.js";
import { machineOf } from "../support/machines.js";
import { scriptDownloader } from "../support/scripted-downloader.js";
import { until } from "../support/until.js";
import { audit } from "../support/vaults.js";
import { writeSound } from "./faulted-commands.js";

const program = join(import.meta.dirname, "../../bin/holdfast.js");

/** A folder with a vault and the results of a batch in it, and a downloader that reaches nobody. */
export function batchPlace(folder: string) {
  mkdirSync(folder, { recursive: true });
  const clip = join(folder, "clip.wav");
  writeSound(clip, 400);
  const { env, begun, held } = scriptDownloader(join(folder, "downloader"), clip);
  const [vault, to] = [join(folder, "vault"), join(folder, "results")];
  const words = (...args: readonly string[]) => {
    const pace = ["--delay", "0", "--retry-wait", "100ms", "--keep-free", "1M", "--per-host", "2"];
    return ["batch", ...args, "--quiet", "--vault", vault, "--to", to, ...pace];
  };
  return {
    ...{ folder, vault, held, env },
    /** How many downloads were begun. */
    begun: () => (existsSync(begun) ? readFileSync(begun, "utf8").split("\n").length - 1 : 0),
    start: (...args: readonly string[]): ChildProcess =>
      spawn(process.execPath, [program, ...words(...args)], {
        env: { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1", XDG_CONFIG_HOME: machineOf(vault), ...env },
        stdio: "ignore",
      }),
    run: (...args: readonly string[]) => holdfast(words(...args), env),
    results: (): readonly Readonly<Record<string, string>>[] => {
      const { columns, rows } = readSourceList(readFileSync(join(to, "results.csv")), {
        name: "results.csv",
        column: "url",
      });
      return rows.map(({ cells }) =>
        Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ""])),
      );
    },
  };
}

export type BatchPlace = ReturnType<typeof batchPlace>;

/** A row for each address, and between them some that give no video, all with a word of their own. */
export function writeRows(place: BatchPlace, count: number): { readonly path: string; readonly bad: number } {
  const path = join(place.folder, "rows.csv");
  const lines = Array.from({ length: count }, (_, n) => {
    if (n % 10 === 7) return `https://video.example/none-${n}.mp4,word-${n}`;
    if (n % 20 === 9) return `https://video.example/clip.mp4?n=${n - 1}#again,word-${n}`;
    return `https://video.example/clip.mp4?n=${n},word-${n}`;
  });
  writeFileSync(path, `url,word\n${lines.join("\n")}\n`);
  return { path, bad: lines.filter((line) => line.includes("none-")).length };
}

/**
 * A batch of so many rows, killed at so many moments by chance, each behind the beginning of some download, while it
 * runs or while what it brought is worked on. The same command then goes on where the last one was struck, and ends with
 * one result for each row, each clip once, nothing unfinished and a vault as recorded.
 */
export async function killBatch(rows: number, kills: number, round: Round, folder: string): Promise<Figures> {
  const place = batchPlace(join(folder, `seed-${round.seed}`));
  const { path, bad } = writeRows(place, rows);
  let struck = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const child = place.start(path);
    const ended = once(child, "exit");
    const moment = place.begun() + 1 + Math.floor(round.random() * (rows / kills) * 0.8);
    await until(() => child.exitCode !== null || place.begun() >= moment);
    const timer = setTimeout(() => child.kill("SIGKILL"), round.random() * 400);
    if ((await ended)[1] === "SIGKILL") struck += 1;
    clearTimeout(timer);
    if (existsSync(join(place.vault, "vault.db"))) await expectSound(place.vault, `kill ${kill}`);
  }
  const where = `seed ${round.seed}`;
  const last = await place.run(path);
  expect(last.status, `${where}\n${last.stderr}`).toBe(4);
  await expectSound(place.vault, where);
  const results = place.results();
  expect(
    results.map(({ word }) => word),
    where,
  ).toEqual(Array.from({ length: rows }, (_, n) => `word-${n}`));
  expect(
    results.filter(({ status }) => status === "failed"),
    where,
  ).toHaveLength(bad);
  const good = results.filter(({ status }) => status === "captured" || status === "already-captured");
  expect(good, where).toHaveLength(rows - bad);
  const captures = await capturesByUrl(place.vault);
  expect([...captures.values()].filter((count) => count !== 1)).toEqual([]);
  expect(new Set(good.map(({ capture }) => capture)).size, where).toBe(captures.size);
  const underived = await holdfast(["list", "--json", "--vault", place.vault]);
  expect(
    underived.lines.filter(({ derivation }) => derivation === "pending"),
    where,
  ).toEqual([]);
  const left = readdirSync(join(place.vault, "staging")).filter((name) => /^\d{8}-/.test(name));
  expect(left, where).toEqual([]);
  rmSync(place.folder, { recursive: true, force: true });
  return { "kills of a batch": struck, "rows of batches": rows, captures: captures.size };
}

export async function capturesByUrl(vault: string): Promise<ReadonlyMap<string, number>> {
  const listed = await holdfast(["list", "--json", "--status", "captured", "--vault", vault]);
  const counts = new Map<string, number>();
  for (const { url } of listed.lines) counts.set(String(url), (counts.get(String(url)) ?? 0) + 1);
  return counts;
}

export async function expectSound(vault: string, where: string): Promise<void> {
  const report = await audit(vault);
  expect(
    report.findings.filter(({ severity }) => severity === "error"),
    where,
  ).toEqual([]);
}
