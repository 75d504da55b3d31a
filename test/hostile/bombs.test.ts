import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureRecord, DerivationRecord } from "../../src/core/capture/record.js";
import { decodeLimits, ffprobeLimits } from "../../src/tools/run/limits.js";
import { encodedBombs, smallBombs, writeBombs } from "../support/bombs.js";
import { type CliRun, holdfast } from "../support/cli.js";
import { processesNaming } from "../support/jails.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
let bombs: ReadonlyMap<string, string>;
let imported: CliRun;
const stored = new Map<string, { readonly record: CaptureRecord; readonly derivation: DerivationRecord }>();

beforeAll(async () => {
  const place = join(folder.path, "bombs");
  mkdirSync(place);
  bombs = writeBombs(place);
  imported = await holdfast(["import", "--json", "--vault", vault, ...bombs.values()]);
  for (const [at, claim] of [...bombs.keys()].entries()) {
    const content = (version: string, name: string) =>
      JSON.parse(
        readFileSync(join(vault, String(imported.lines[at]?.object), version, "content", name), "utf8"),
      );
    stored.set(claim, {
      record: content("v1", "record.json"),
      derivation: content("v2", "derived/derivation.json"),
    });
  }
});
afterAll(() => folder.remove());

describe("a small file that would take all memory or time", () => {
  it("ends the import of many of them with an answer for each, and nothing is left running", () => {
    expect(imported.lines.filter(({ id }) => id !== undefined)).toHaveLength(bombs.size);
    expect([0, 4]).toContain(imported.status);
    expect(processesNaming(join(folder.path, "bombs")) + processesNaming(vault)).toBe(0);
  });

  it.each([...Object.keys(smallBombs), ...Object.keys(encodedBombs)])(
    "%s: is kept as it came, hashed and logged",
    (claim) => {
      const { record } = stored.get(claim) ?? {};
      const bytes = readFileSync(bombs.get(claim) ?? "");
      const original = record?.files.find(({ role }) => role === "media_track");
      expect(original).toMatchObject({
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
    },
  );

  it.each([...Object.keys(smallBombs), ...Object.keys(encodedBombs)])(
    "%s: no program goes past its bound over it, and each says how it ended",
    (claim) => {
      const { runs = [] } = stored.get(claim)?.derivation ?? {};
      expect(runs.length).toBeGreaterThan(0);
      for (const run of runs) {
        const seconds = (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000;
        const bound = run.program === "ffprobe" ? ffprobeLimits : decodeLimits(0);
        if (seconds > bound.wallMs / 1000 + 5) expect(run.ended_by, run.program).not.toBe("exited");
        expect(["exited", "wall-time", "output-limit"]).toContain(run.ended_by);
      }
    },
  );

  it.each([...Object.keys(smallBombs), "B-10 frames of 8,192 by 8,192"])(
    "%s: has no pictures, is never called sound, and it is said why",
    (claim) => {
      const { derivation } = stored.get(claim) ?? {};
      const [decode] = derivation?.decode ?? [];
      expect(decode?.verdict).toBe("unknown");
      expect(decode?.grounds.join()).toMatch(/refused the file|no decodable stream/);
      expect(derivation?.keyframes ?? []).toEqual([]);
      const made = derivation?.steps.filter(({ status }) => status === "captured").map(({ step }) => step);
      for (const step of ["keyframes", "decode", "stream_hashes", "playable"] as const)
        expect(made).not.toContain(step);
    },
  );

  it("of three frames in 55 hours has three pictures and not one for every second", () => {
    const { derivation } = stored.get("B-12 three frames in 55 hours") ?? {};
    expect(derivation?.keyframes?.map(({ pts_time }) => Math.round(Number(pts_time)))).toEqual([
      0, 100_000, 200_000,
    ]);
  });

  it("leaves a vault in which everything is as recorded", async () => {
    expect((await audit(vault)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});
