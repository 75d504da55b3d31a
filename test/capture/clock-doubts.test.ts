import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveUrls } from "../../src/capture/archive.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { importFiles } from "../../src/capture/import.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { doctor, vaultState } from "../../src/upkeep/doctor.js";
import { initVault } from "../../src/upkeep/init.js";
import type { World } from "../../src/world.js";
import { holdfast } from "../support/cli.js";
import { goToMachineOf } from "../support/machines.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { audit, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const clip = join(folder.path, "clip.mp4");
const day = 86_400_000;
let site: Site;

beforeAll(async () => {
  makeSiteClips(folder.path);
  site = await openSite({ clips: folder.path });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

/** A world whose clock is wrong by so much, and what it told a person, each with the number of captures before it. */
function wrongBy(ms: number, at = () => Date.now()) {
  const told: string[] = [];
  const world: World = {
    ...testWorld(),
    now: () => new Date(at() + ms),
    env: process.env,
    tell: (line) => told.push(line),
  };
  return { world, told };
}

async function imported(
  vault: string,
  world: World,
  onResult: (result: CaptureResult) => void = () => undefined,
) {
  goToMachineOf(vault);
  const request = { sourceUrl: null, receivedFrom: null, again: true, deep: false, keepName: false };
  const { results } = await importFiles({ ...request, vault, files: [clip] }, world, { onResult });
  return results[0]!;
}

function recordOf(vault: string, { object }: CaptureResult): CaptureRecord {
  return JSON.parse(readFileSync(join(vault, object!, "v1/content/record.json"), "utf8"));
}

describe("a clock that is wrong", () => {
  it.each([
    ["a day behind the log", -day, ["log"]],
    ["in 1970", -Date.now(), ["log", "program"]],
  ])("%s is told before the first capture, in doctor and in the record", async (name, ms, by) => {
    const vault = join(folder.path, name);
    const right = wrongBy(0);
    const first = await imported(vault, right.world);
    expect(right.told.filter((line) => line.includes("clock"))).toEqual([]);
    expect(recordOf(vault, first).clock).not.toHaveProperty("contradicted_by");

    const { world, told } = wrongBy(ms);
    let toldBefore: readonly string[] = [];
    const result = await imported(vault, world, () => {
      toldBefore = [...told];
    });
    expect(toldBefore.filter((line) => line.startsWith("this clock says"))).toHaveLength(by.length);
    expect(toldBefore.at(-1)).toContain("set the clock");
    const { clock } = recordOf(vault, result);
    expect(clock.contradicted_by?.map((doubt) => doubt.by)).toEqual(by);

    // Its own entries are now the last ones, and do not make it right.
    const report = await doctor(vault, world, () => vaultState(vault, process.env));
    const findings = report.findings.filter(
      ({ what, severity }) => what === "clock" && severity === "problem",
    );
    // By the day: between the two a minute may have passed.
    const daysIn = (line: string) => line.replaceAll(/ \d\d:\d\d UTC/g, "");
    expect(findings.map(({ detail }) => daysIn(detail))).toEqual(
      toldBefore.slice(-1 - by.length, -1).map(daysIn),
    );
    const shown = await holdfast(["show", result.id!, "--vault", vault]);
    expect(shown.stdout).toContain("IN DOUBT: this clock says");
    const errors = (await audit(vault)).findings.filter(({ severity }) => severity === "error");
    expect(errors).toEqual([]);
  });

  it("is told by init too, which signs with it", async () => {
    const vault = join(folder.path, "new");
    goToMachineOf(vault);
    const { world, told } = wrongBy(-Date.now());
    const seal = { proxy: null, allowPrivate: false, force: false };
    await initVault(vault, { file: null, passphrase: false }, seal, world);
    expect(told[0]).toMatch(/^this clock says 1970-01-01/);
  });

  it.each([
    ["two days behind", -2 * day],
    ["two days ahead", 2 * day],
  ])("%s of the site is in the record, although nobody was asked for the time", async (name, ms) => {
    const vault = join(folder.path, name);
    goToMachineOf(vault);
    const request = {
      vault,
      urls: [`${site.url}/clips/clip.mp4`],
      captures: [],
      cookies: null,
      allowOldYtDlp: true,
      page: null,
      format: null,
      referer: null,
      proxy: null,
      subs: null,
      comments: false,
      again: false,
      limit: null,
      since: null,
      maxBytes: null,
      maxMs: null,
      allowPrivate: true,
      deep: false,
    };
    const [wrong] = await archiveUrls(request, wrongBy(ms).world, () => undefined);
    const { clock } = recordOf(vault, wrong!);
    expect(clock.contradicted_by?.map((doubt) => doubt.by)).toEqual(["site"]);
    goToMachineOf(`${vault}, right`);
    const [right] = await archiveUrls(
      { ...request, vault: `${vault}, right` },
      wrongBy(0).world,
      () => undefined,
    );
    expect(recordOf(`${vault}, right`, right!).clock).not.toHaveProperty("contradicted_by");
  });
});
