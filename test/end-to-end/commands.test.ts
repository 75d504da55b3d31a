import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DerivationRecord } from "../../src/core/capture/record.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { until } from "../support/until.js";
import { audit, captureText, foundByClock, openTestVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;

beforeAll(async () => {
  makeSiteClips(clips);
  site = await openSite({ clips });
  const urls = ["/page/json-ld", "/clips/other.mp4", "/status/404"].map((path) => `${site.url}${path}`);
  await holdfast(["archive", "--quiet", "--vault", vault, ...urls]);
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

async function listed(...options: string[]): Promise<readonly Record<string, unknown>[]> {
  const run = await holdfast(["list", "--json", "--vault", vault, ...options]);
  expect(run.status, run.stderr).toBe(0);
  return run.lines;
}

describe("list", () => {
  it("shows every capture, failed attempts included", async () => {
    expect((await listed()).map(({ status }) => status).sort()).toEqual(["captured", "captured", "failed"]);
  });

  it("filters by status, host, date and words of title and description, in any letter case", async () => {
    const [titled] = (await listed("--status", "captured")).filter(({ url }) =>
      String(url).endsWith("/page/json-ld"),
    );
    const word = String(titled!.title).split(/\s+/)[0]!;
    expect(await listed("--text", word.toUpperCase())).toHaveLength(1);
    expect(await listed("--text", "surelynotthere")).toHaveLength(0);
    expect(await listed("--text", 'not" OR title:*')).toHaveLength(0);
    expect(await listed("--status", "failed")).toHaveLength(1);
    expect(await listed("--host", "127.0.0.1")).toHaveLength(3);
    expect(await listed("--host", "elsewhere.example")).toHaveLength(0);
    expect(await listed("--since", "2100-01-01")).toHaveLength(0);
    const today = new Date().toISOString().slice(0, 10);
    expect((await listed("--until", today)).length).toBe(3);
    const uploader = String(titled!.uploader ?? "");
    if (uploader !== "null" && uploader !== "")
      expect(await listed("--uploader", uploader.slice(1).toUpperCase())).toHaveLength(1);
  });

  it("sorts by what is asked, the largest first and the other way with --reverse", async () => {
    const sizes = (await listed("--sort", "bytes")).map(({ bytes }) => Number(bytes));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const reversed = (await listed("--sort", "bytes", "--reverse")).map(({ bytes }) => Number(bytes));
    expect(reversed).toEqual([...sizes].reverse());
  });
});

describe("show", () => {
  it("finds a capture by any part of its id that no other has, and prints the whole record with its keyframes", async () => {
    const [captured] = await listed("--status", "captured");
    const part = String(captured!.id).slice(-6).toLowerCase();
    const run = await holdfast(["show", "--json", part, "--vault", vault]);
    expect(run.status).toBe(0);
    const [record] = run.lines;
    expect(record).toMatchObject({
      capture: captured!.id,
      status: "captured",
      elements: expect.any(Array),
      keyframes: expect.any(Array),
    });
    const keyframes = (record!.keyframes ?? []) as readonly Record<string, string>[];
    expect(keyframes.length).toBeGreaterThan(1);
    for (const frame of keyframes) {
      expect(frame).toMatchObject({
        pts_time: expect.stringMatching(/^-?\d+\.\d{6}$/),
        dhash: expect.stringMatching(/^[0-9a-f]{16}$/),
        frame_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(frame.path).toContain(String(frame.pts_time));
    }
  });

  it("says what an id that is unknown or not unique lacks", async () => {
    expect(await holdfast(["show", "ZZZZZZ", "--vault", vault])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no capture/),
    });
    expect(await holdfast(["show", "2", "--vault", vault])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/several/),
    });
  });
});

describe("derive", () => {
  it("makes the next version, keeps the older one, and hashes decoded pictures with --deep", async () => {
    const [captured] = await listed("--status", "captured");
    const run = await holdfast(["derive", "--json", "--deep", String(captured!.id), "--vault", vault]);
    expect(run.status, run.stderr).toBe(0);
    const object = join(vault, String(run.lines[0]!.object));
    const derivation = (version: string): DerivationRecord =>
      JSON.parse(readFileSync(join(object, version, "content/derived/derivation.json"), "utf8"));
    expect(derivation("v2").stream_hashes.every(({ decoded_sha256 }) => decoded_sha256 === null)).toBe(true);
    const deep = derivation("v3").stream_hashes;
    expect(deep.find(({ type }) => type === "v")!.decoded_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(derivation("v3").keyframes.map((frame) => frame.sha256)).toEqual(
      derivation("v2").keyframes.map((frame) => frame.sha256),
    );
    expect(await foundByClock(vault)).toEqual(["anchor-pending"]);
  });

  it("without an id finishes what is pending, and says when nothing is", async () => {
    const made = join(folder.path, "pending");
    const opened = await openTestVault(made);
    captureText(opened, "not a video at all");
    closeVault(opened);
    const run = await holdfast(["derive", "--json", "--vault", made]);
    expect(run.lines).toMatchObject([{ derivation: "done" }]);
    expect((await holdfast(["derive", "--json", "--vault", made])).lines).toEqual([]);
  });
});

describe("init", () => {
  it("makes a vault once and leaves one that is there as it is", async () => {
    const made = join(folder.path, "made");
    expect((await holdfast(["init", "--vault", made])).status).toBe(0);
    const settings = readFileSync(join(made, "holdfast.json"), "utf8");
    expect((await holdfast(["init", "--vault", made])).status).toBe(0);
    expect(readFileSync(join(made, "holdfast.json"), "utf8")).toBe(settings);
    expect((await audit(made)).checked.entries).toBe(1);
  });

  it("does not take a folder that holds something else for a vault", async () => {
    expect(await holdfast(["init", "--vault", clips])).toMatchObject({ status: 5 });
    expect(existsSync(join(clips, "vault.db"))).toBe(false);
  });
});

describe("what is missing or busy", () => {
  it("no vault here is status 5, also for verify", async () => {
    const nowhere = join(folder.path, "nowhere");
    for (const argv of [["list"], ["verify"], ["show", "X"]]) {
      expect(await holdfast([...argv, "--vault", nowhere]), argv[0]).toMatchObject({ status: 5 });
    }
    expect(existsSync(nowhere)).toBe(false);
  });

  it("a missing program is status 3 with what to type, and no vault is made", async () => {
    const empty = join(folder.path, "empty");
    mkdirSync(empty);
    const target = join(folder.path, "no-programs");
    const run = await holdfast(["archive", "--vault", target, `${site.url}/clips/clip.mp4`], {
      PATH: empty,
      HOLDFAST_TOOLS: join(empty, "tools"),
      HOME: empty,
    });
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/is not installed[\s\S]*hint: .*npm run setup/);
    expect(existsSync(target)).toBe(false);
  });

  it("a proxy that is no address, or a cookie file that cannot be read, is a usage error before anything is fetched", async () => {
    const target = join(folder.path, "unused");
    for (const option of [
      ["--proxy", "nonsense"],
      ["--proxy", "ftp://a.example"],
      ["--cookies", folder.path],
    ]) {
      const before = site.requests.length;
      expect(
        await holdfast(["archive", "--vault", target, ...option, `${site.url}/clips/clip.mp4`]),
        option.join(" "),
      ).toMatchObject({ status: 2 });
      expect(site.requests.length).toBe(before);
    }
  });

  it("a second writer waits, and goes on when the first is done", async () => {
    const busy = join(folder.path, "busy");
    const first = await openTestVault(busy);
    const module = new URL("../../dist/vault/writer-lock.js", import.meta.url);
    const path = JSON.stringify(first.layout.writerLock);
    const lock = `import { takeWriterLock } from "${module}";
      (await takeWriterLock(${path}, () => 3_600_000, () => console.log("waits"))).release();
      console.log("goes on");`;
    const second = spawn(process.execPath, ["--input-type=module", "-e", lock], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    second.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(second, "close");
    await until(() => said.includes("\n") || second.exitCode !== null);
    expect(said).toBe("waits\n");
    closeVault(first);
    expect([(await ended)[0], said]).toEqual([0, "waits\ngoes on\n"]);
    rmSync(busy, { recursive: true });
  });
});
