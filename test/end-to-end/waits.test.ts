import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { holdfast } from "../support/cli.js";
import { openSite, type Site, type Visit } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { clipBytes, sendBody } from "../support/site-files.js";
import { until } from "../support/until.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const program = join(import.meta.dirname, "../../bin/holdfast.js");
let site: Site;
let clip: Buffer;

/** The first download breaks off after so many bytes; the second one brings more and never ends. */
const firstBytes = 10_000;
const secondBytes = 40_000;

/** The page reader asks before each download. */
function betterLater(visit: Visit): void {
  const isFirst = visit.count <= 2;
  const head = `Content-Type: video/mp4\r\nContent-Length: ${clip.length}\r\nConnection: close\r\n\r\n`;
  visit.request.socket.write(`HTTP/1.1 200 OK\r\n${head}`);
  visit.request.socket.write(clip.subarray(0, isFirst ? firstBytes : secondBytes));
  if (isFirst) visit.request.socket.end();
}

beforeAll(async () => {
  const clips = at("clips");
  makeSiteClips(clips);
  clip = clipBytes(clips, "clip.mp4");
  const routes = {
    "/better-later.mp4": betterLater,
    "/next.mp4": (visit: Visit) => sendBody(visit, clip, "x.mp4"),
  };
  site = await openSite({ clips, routes });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

interface Started {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
  readonly ended: Promise<number | null>;
}

/** Starts the real program, with its output in a file's place. */
function start(...argv: readonly string[]): Started {
  const env = { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1" };
  const child = spawn(process.execPath, [program, ...argv], { env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += chunk));
  child.stderr.on("data", (chunk) => (said.err += chunk));
  return { child, said, ended: once(child, "close").then(([status]) => status) };
}

const resultsOf = ({ said }: Started): CaptureResult[] =>
  said.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const recordOf = (vault: string, { object }: CaptureResult): CaptureRecord =>
  JSON.parse(readFileSync(join(vault, object ?? "", "v1/content/record.json"), "utf8"));

/** Files of the download folders of attempt `number`. */
function received(vault: string, number: number): readonly string[] {
  try {
    return readdirSync(join(vault, "staging"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.includes(`attempt-${number}/received/media`))
      .map((path) => join(vault, "staging", path));
  } catch {
    // The folder changes while it is read.
    return [];
  }
}

function holds(
  path: string,
  what: (file: { readonly size: number; readonly mode: number }) => boolean,
): boolean {
  const file = statSync(path, { throwIfNoEntry: false });
  return file !== undefined && what(file);
}

async function expectSound(vault: string): Promise<void> {
  expect((await audit(vault)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
}

describe("who waits for a further attempt", () => {
  it("is told at once what came, and with Ctrl-C has it as a capture like after the last attempt, with its status", async () => {
    const vault = at("kept");
    const run = start("archive", "--json", "--vault", vault, `${site.url}/fault/cut-length.mp4`);
    await until(() => run.said.err.includes("Ctrl-C keeps what came"));
    const asked = site.requests.length;
    run.child.kill("SIGINT");
    expect(await run.ended, run.said.err).toBe(4);
    expect(site.requests).toHaveLength(asked);
    expect(run.said.err).toMatch(
      /^http:\S+cut-length\.mp4: the transfer broke off before the end; 16\.4 kB of 6\d\.\d kB have come so far; trying again in 1 second, 2 attempts left; /m,
    );
    expect(run.said.err).toContain(
      "holdfast: no further attempt: what came is being stored; once more stops at once\n",
    );
    expect(run.said.err).not.toContain("interrupted");
    const [result, ...more] = resultsOf(run);
    expect([result, more]).toMatchObject([{ status: "incomplete", derivation: "done" }, []]);
    const record = recordOf(vault, result!);
    expect(record.runs).toHaveLength(1);
    expect(record.completeness.verdict).toBe("incomplete");
    expect(record.warnings).toContain("the person who waited for it ended the further attempts");
    const [original] = result!.files;
    const stored = readFileSync(join(vault, result!.object!, "v1/content", original!.path));
    expect(stored).toEqual(clip.subarray(0, stored.length));
    await expectSound(vault);
  });

  it("has with Ctrl-C during a later attempt what that one brought, where it is more", async () => {
    const vault = at("better");
    const run = start("archive", "--json", "--vault", vault, `${site.url}/better-later.mp4`);
    await until(() => received(vault, 2).some((path) => holds(path, ({ size }) => size > firstBytes)));
    run.child.kill("SIGINT");
    expect(await run.ended, run.said.err).toBe(4);
    const [result] = resultsOf(run);
    expect(result).toMatchObject({
      status: "incomplete",
      reason: expect.stringContaining("holdfast was interrupted"),
    });
    expect(result!.files[0]!.bytes).toBeGreaterThan(firstBytes);
    expect(recordOf(vault, result!).runs).toHaveLength(2);
    await expectSound(vault);
  });

  it("ends with Ctrl-C where nothing came with the failure that was seen, and begins no other address: status 130", async () => {
    const vault = at("nothing");
    const urls = [`${site.url}/fault/empty.mp4`, `${site.url}/next.mp4`];
    const run = start("archive", "--json", "--vault", vault, ...urls);
    await until(() => run.said.err.includes("Ctrl-C leaves it at that"));
    run.child.kill("SIGINT");
    expect(await run.ended, run.said.err).toBe(130);
    expect(resultsOf(run)).toMatchObject([{ status: "failed", reason: "the server sent no bytes" }]);
    expect(site.requests.filter(({ path }) => path === "/next.mp4")).toEqual([]);
    expect(run.said.err).toMatch(/^ {2}hint: run the same command again to finish the work$/m);
    await expectSound(vault);
  });

  it("has the clip whole where nobody stops it, one line of JSON and the same words", async () => {
    const vault = at("waited");
    const run = start("archive", "--json", "--vault", vault, `${site.url}/fault/busy-twice.mp4`);
    expect(await run.ended, run.said.err).toBe(0);
    const [result, ...more] = resultsOf(run);
    expect([result, more]).toMatchObject([{ status: "captured", derivation: "done" }, []]);
    expect(run.said.err.match(/trying again in .*$/gm)).toEqual([
      "trying again in 1 second, 2 attempts left; Ctrl-C leaves it at that",
      "trying again in 4 seconds, 1 attempt left; Ctrl-C leaves it at that",
    ]);
    expect(recordOf(vault, result!).warnings).toEqual([]);
  });
});

describe("a batch that is stopped while a row waits for its next attempt", () => {
  it("keeps what came of the row, says so, ends with 130, and takes the row again", async () => {
    const vault = at("batch");
    writeFileSync(at("list.txt"), `${site.url}/fault/cut-length.mp4?row\n`);
    const argv = ["batch", at("list.txt"), "--to", at("results"), "--keep-free", "1", "--vault", vault];
    const run = start(...argv, "--retry-wait", "1h");
    // Read-only: the attempt is over, and what it brought is hashed.
    await until(() => received(vault, 1).some((path) => holds(path, ({ mode }) => (mode & 0o222) === 0)));
    run.child.kill("SIGINT");
    expect(await run.ended, run.said.err).toBe(130);
    expect(run.said.err).toMatch(
      /^ {2}in part +1 row not finished: what came is kept as an incomplete capture/m,
    );
    const listed = await holdfast(["list", "--json", "--vault", vault]);
    expect(listed.lines).toMatchObject([{ status: "incomplete" }]);
    await expectSound(vault);
    const resumed = await holdfast([...argv, "--json", "--attempts", "1"]);
    expect(resumed.lines).toMatchObject([{ row_status: "incomplete" }, { counts: { incomplete: 1 } }]);
  });
});
