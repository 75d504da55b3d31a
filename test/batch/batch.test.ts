import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runBatch } from "../../src/batch/batch.js";
import { readSourceList, type SourceList } from "../../src/core/lists/source-list.js";
import { readList } from "../../src/tools/sheets/read-list.js";
import { annotationsOf } from "../../src/vault/index/annotations.js";
import { linesFrom } from "../../src/vault/log.js";
import { readVault } from "../../src/vault/reader.js";
import type { World } from "../../src/world.js";
import { type CliRun, holdfast } from "../support/cli.js";
import { heldClip } from "../support/held-clip.js";
import { closeExifTools } from "../support/kept-exiftool.js";
import { closeInterpreters } from "../support/kept-interpreter.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { growingFeed } from "../support/site-pages.js";
import { audit, temporaryFolder } from "../support/vaults.js";
import { writeSound } from "../trials/faulted-commands.js";

// Who finds the vault held waits for it for a quarter of a minute; here only what comes of that matters.
vi.mock("../../src/vault/writer-lock.ts", async (original) => {
  const lock = await original<typeof import("../../src/vault/writer-lock.js")>();
  const takeWriterLock: typeof lock.takeWriterLock = (path, waitMs, onWait) =>
    lock.takeWriterLock(path, () => waitMs() - 59_000, onWait);
  return { ...lock, takeWriterLock };
});

vi.mock("../../src/tools/download/yt-dlp.ts", async (original) => {
  const { limitedAt } = await import("../support/time-limits.js");
  return limitedAt(/slow/, await original<typeof import("../../src/tools/download/yt-dlp.js")>());
});

vi.mock("../../src/tools/download/kept-yt-dlp.ts", async (original) => {
  const { loadedOnce } = await import("../support/kept-interpreter.js");
  return loadedOnce(await original<typeof import("../../src/tools/download/kept-yt-dlp.js")>());
});

vi.mock("../../src/tools/media/exiftool.ts", async (original) => {
  const { startedOnce } = await import("../support/kept-exiftool.js");
  return startedOnce(await original<typeof import("../../src/tools/media/exiftool.js")>());
});

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
let site: Site;
let lists = 0;
const held = heldClip("part-1.mp4");

beforeAll(async () => {
  makeSiteClips(at("clips"));
  // Where it does not matter what a video holds: a sound is worked on sooner.
  for (const [n, name] of ["clip", "other", "part-1", "part-2", "part-3"].entries())
    writeSound(at(`clips/${name}.wav`), 200 * (n + 1));
  site = await openSite({ clips: at("clips"), routes: { "/held/clip.mp4": held.serve } });
});
afterAll(async () => {
  await closeInterpreters();
  await closeExifTools();
  await site.close();
  folder.remove();
});

const quick = ["--delay", "0", "--retry-wait", "100ms", "--keep-free", "1M"];

interface Batch extends CliRun {
  readonly results: readonly Readonly<Record<string, string>>[];
  readonly failed: string;
}

/** Writes a list and works through it. `$` in it stands for the site's address. */
async function batch(vault: string, list: string, ...options: string[]): Promise<Batch> {
  lists += 1;
  const path = at(`list-${lists}.csv`);
  writeFileSync(path, list.replaceAll("$", site.url));
  return run(vault, path, ...options);
}

async function run(vault: string, ...args: string[]): Promise<Batch> {
  const to = at(`results-${lists}`);
  const ran = await holdfast(["batch", ...args, "--json", "--vault", vault, "--to", to, ...quick]);
  return {
    ...ran,
    results: table(join(to, "results.csv")),
    failed: existsSync(join(to, "failed.csv")) ? join(to, "failed.csv") : "",
  };
}

/** A table as rows of cells by column. */
function table(path: string): readonly Readonly<Record<string, string>>[] {
  if (!existsSync(path)) return [];
  const list = readSourceList(readFileSync(path), { name: path, column: "url" });
  const { columns, rows } = list;
  if (path.endsWith("results.csv")) {
    const workbook = path.replace(/\.csv$/, ".xlsx");
    const sheet = readList(readFileSync(workbook), { name: workbook, column: "url" });
    const cellsOf = (list: SourceList) => [list.columns, list.rows.map(({ cells }) => cells)];
    expect(cellsOf(sheet)).toEqual(cellsOf(list));
  }
  return rows.map(({ cells }) =>
    Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ""])),
  );
}

const statuses = (ran: Batch) => ran.results.map(({ status }) => status);

async function expectSound(vault: string): Promise<void> {
  const report = await audit(vault);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
}

describe("each row of a list has its own result, whatever its neighbours do", () => {
  const vault = at("faults");
  let ran: Batch;

  beforeAll(async () => {
    ran = await batch(
      vault,
      [
        "url,place",
        "$/clips/clip.wav,first",
        "$/clips/missing.mp4,gone",
        "$/fault/busy-twice.mp4,busy",
        "$/fault/slow-down.mp4,asked to wait",
        "$/fault/redirect-loop.mp4,round and round",
        "$/fault/reset.mp4,reset",
        "$/fault/cut-length.mp4,cut",
        "$/fault/length-too-small.mp4,longer than it says",
        "$/fault/endless.mp4,without end",
        "$/fault/slow.mp4,nearly still",
        "$/fault/page.mp4,a page",
        "$/fault/empty.mp4,nothing in it",
        "ftp://files.example/clip.mp4,not for us",
        "--exec=touch pwned,not for us",
        ",no address",
        "$/page/several,three videos",
        "$/clips/other.wav,last",
        "",
      ].join("\n"),
      "--max-time",
      "6s",
      "--max-bytes",
      "20M",
      "--per-host",
      "4",
    );
  }, 600_000);

  const expected: readonly (readonly [place: string, status: string, reason: RegExp])[] = [
    ["first", "captured", /^$/],
    ["gone", "failed", /nothing at this address/],
    ["busy", "captured", /^$/],
    ["asked to wait", "captured", /^$/],
    ["round and round", "failed", /fault of its own/],
    ["reset", "incomplete", /./],
    ["cut", "incomplete", /./],
    ["without end", "failed", /larger than the limit/],
    ["nearly still", "failed", /time it may take/],
    ["a page", "failed", /not a video/],
    ["nothing in it", "failed", /no bytes/],
    ["no address", "refused", /no address in A\d+ \(url\)/],
    ["last", "captured", /^$/],
  ];
  it.each(expected)("%s: %s", (place, status, reason) => {
    const rows = ran.results.filter((row) => row.place === place);
    expect(rows.map((row) => row.status)).toEqual([status]);
    expect(rows[0]?.reason).toMatch(reason);
  });

  it("what is no web address is refused and never handed to a program", () => {
    const rows = ran.results.filter((row) => row.place === "not for us");
    expect(rows.map((row) => row.status)).toEqual(["refused", "refused"]);
    expect(existsSync("pwned")).toBe(false);
    const log = readdirSync(join(vault, "log")).filter((name) => name.endsWith(".jsonl"));
    expect(log.map((name) => readFileSync(join(vault, "log", name), "utf8")).join("")).not.toContain("pwned");
  });

  it("a body longer than it says is not called captured", () => {
    const [row] = ran.results.filter(({ place }) => place === "longer than it says");
    expect(["incomplete", "failed"]).toContain(row?.status);
  });

  it("a page with three videos gives three captures, two of them in rows of their own", () => {
    const rows = ran.results.filter(({ place }) => place === "three videos");
    expect(rows.map(({ status }) => status)).toEqual(["captured", "captured", "captured"]);
    expect(new Set(rows.map(({ capture }) => capture)).size).toBe(3);
    expect(new Set(rows.map(({ sha256 }) => sha256)).size).toBe(3);
  });

  it("the exit status says that some failed, and failed.csv is a list of just those", () => {
    expect(ran.status).toBe(4);
    const failed = table(ran.failed).map(({ place }) => place);
    const bad = ran.results.filter(({ status = "" }) => ["failed", "refused", "incomplete"].includes(status));
    expect(failed).toEqual(bad.map(({ place }) => place));
    expect(failed).not.toContain("first");
  });

  it("the other columns are in the table as they were, and the vault is as recorded", async () => {
    expect(ran.results[0]).toMatchObject({ place: "first", row: "2" });
    expect(ran.results[0]?.capture).toMatch(/^\d{8}-[0-9A-Z]{8}$/);
    await expectSound(vault);
  });

  it("each row's private file names only the hosts that this row asked for", () => {
    const annex = (id: string) => readFileSync(join(vault, "private", id, "annex.json"), "utf8");
    const [first] = ran.results;
    const { connections } = JSON.parse(annex(first?.capture ?? ""));
    expect(connections.length).toBeGreaterThan(0);
    expect(connections.length).toBeLessThan(10);
  });
});

describe("the same address is one capture", () => {
  it("in two spellings, and each row points to it", async () => {
    const vault = at("twice");
    const ran = await batch(
      vault,
      "url\n$/clips/clip.wav\n$/clips//clip.wav?utm_source=x\n$/clips/clip.wav/\n",
    );
    expect(statuses(ran)).toEqual(["captured", "already-captured", "already-captured"]);
    expect(new Set(ran.results.map(({ capture }) => capture)).size).toBe(1);
    expect(ran.status).toBe(0);
    expect(ran.failed).toBe("");
    const listed = await holdfast(["list", "--json", "--vault", vault]);
    expect(listed.lines).toHaveLength(1);
  });

  it("when it was captured before", async () => {
    const vault = at("before");
    const first = await holdfast(["archive", "--json", "--vault", vault, `${site.url}/clips/clip.wav`]);
    const ran = await batch(vault, "url\n$/clips/clip.wav\n");
    expect(statuses(ran)).toEqual(["already-captured"]);
    expect(ran.results[0]?.capture).toBe(first.lines[0]?.id);
  });

  it("and where the first fails, so do the others, each with the reason", async () => {
    const ran = await batch(at("both-fail"), "url\n$/clips/none.wav\n$/clips/none.wav?utm_source=x\n");
    expect(statuses(ran)).toEqual(["failed", "failed"]);
    expect(ran.results[1]?.reason).toMatch(/nothing at this address/);
  });
});

describe("going on", () => {
  it("with a finished list does nothing and writes the tables again", async () => {
    const vault = at("finished");
    const list = at("finished.txt");
    writeFileSync(list, `${site.url}/clips/clip.wav\n${site.url}/clips/missing.wav\n`);
    const first = await run(vault, list);
    const entries = (await holdfast(["list", "--json", "--vault", vault])).lines.length;
    const asked = site.requests.length;
    const again = await run(vault, list, "--resume");
    expect(again.results).toEqual(first.results);
    expect(site.requests.length).toBe(asked);
    expect((await holdfast(["list", "--json", "--vault", vault])).lines).toHaveLength(entries);
  });

  it("tries again what failed for a reason that can pass, and only that", async () => {
    const vault = at("passing");
    const list = at("passing.txt");
    const paths = ["/clips/clip.wav", "/clips/missing.wav", "/fault/changing.mp4"];
    writeFileSync(list, paths.map((path) => `${site.url}${path}\n`).join(""));
    const first = await run(vault, list, "--attempts", "1");
    expect(statuses(first).slice(0, 2)).toEqual(["captured", "failed"]);
    expect(statuses(first)[2]).toBe("incomplete");
    const asked = () => site.requests.filter(({ path }) => path === "/clips/missing.wav").length;
    const before = asked();
    const resumed = await run(vault, "--resume");
    expect(statuses(resumed)).toEqual(["captured", "failed", "captured"]);
    expect(asked()).toBe(before);
  });

  it("with the failed rows alone works from failed.csv", async () => {
    const vault = at("failed-again");
    const ran = await batch(
      vault,
      'url,note\n$/clips/clip.wav,good\n$/clips/missing.wav,"=HYPERLINK(""x"")"\n',
    );
    const again = await run(vault, ran.failed);
    expect(again.results.map(({ note }) => note)).toEqual(['=HYPERLINK("x")']);
  });

  it("of a list that was fetched through a proxy is refused without one", async () => {
    const vault = at("proxied");
    const list = at("proxied.txt");
    writeFileSync(list, `${site.url}/clips/clip.wav\n`);
    await run(vault, list, "--proxy", "http://127.0.0.1:9", "--attempts", "1");
    const asked = site.requests.length;
    const again = await run(vault, list, "--resume");
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("--proxy")]);
    expect(site.requests.length).toBe(asked);
  });
});

describe("what the researcher's other columns say", () => {
  it("is an entry of the log for each capture, with the row it came from, and never said twice", async () => {
    const vault = at("asserted");
    const list = at("asserted.csv");
    writeFileSync(
      list,
      `адрес;Место;Дата;lat;case\n${site.url}/clips/clip.wav;Алматы;2026-11-12;43.2389;KZ-14\n` +
        `${site.url}/clips/other.wav;Астана;вчера;431;KZ-15\n${site.url}/clips/none.wav;нигде;;;KZ-16\n`,
    );
    const to = ["--to", at("asserted-results")];
    const ran = await holdfast(["batch", list, "--json", "--vault", vault, ...to, ...quick]);
    expect(ran.stderr).toMatch(/row 3: .*Дата/);
    const of = (id: unknown) =>
      readVault(vault, ({ database }) =>
        Object.fromEntries(annotationsOf(database, String(id)).map(({ key, value }) => [key, value])),
      );
    const id = (row: number) => ran.lines.find((line) => line.row === row)?.id;
    expect(of(id(2))).toEqual({
      place: "Алматы",
      incident_date: "2026-11-12",
      lat: "43.2389",
      case: "KZ-14",
    });
    // What has not its form is kept all the same, under a name that says so.
    expect(of(id(3))).toEqual({
      place: "Астана",
      "unchecked.incident_date": "вчера",
      "unchecked.lat": "431",
      case: "KZ-15",
    });
    const lines = readVault(vault, ({ database }) =>
      [...linesFrom(database, 1)].filter((line) => line.includes('"event":"annotate"')),
    );
    expect(lines).toHaveLength(2);
    const digest = createHash("sha256").update(readFileSync(list)).digest("hex");
    // Whichever row came first.
    const from = lines.map((line) => JSON.parse(line).body.from).sort();
    expect(from).toEqual([`list ${digest}, row 2`, `list ${digest}, row 3`]);
    await holdfast(["batch", list, "--json", "--vault", vault, ...to, ...quick]);
    const after = readVault(vault, ({ database }) => [...linesFrom(database, 1)]);
    expect(after.filter((line) => line.includes('"event":"annotate"'))).toEqual(lines);
    await expectSound(vault);
  });
});

describe("a batch that takes long", () => {
  it("is sealed now and then while it goes on, and every checkpoint holds", async () => {
    const vault = at("sealed");
    const heads: number[] = [];
    const rows = ["clip", "other", "part-1", "part-2"].map((name) => `${site.url}/clips/${name}.wav\n`);
    const nothing = () => undefined;
    const world: World = {
      now: () => new Date(),
      monotonic: () => performance.now(),
      random: (bytes) => randomBytes(bytes),
      signal: new AbortController().signal,
      env: process.env,
      tool: "holdfast/0.0.0",
      progress: nothing,
      tell: nothing,
    };
    const report = await runBatch(
      {
        ...{ format: null, proxy: null, subs: null, comments: false, again: false, limit: null },
        ...{ referer: null, since: null, maxBytes: null, maxMs: null, allowPrivate: true, deep: false },
        ...{ vault, resume: false, cookies: null, allowOldYtDlp: true, page: null },
        list: {
          bytes: Buffer.from(rows.join("")),
          name: "list.txt",
          column: null,
          sheet: null,
          dateOrder: null,
        },
        rules: {
          ...{ jobs: 1, derivations: 1, perHost: 1, delayMs: 0, firstWaitMs: 100, attempts: 1 },
          ...{ maxBytes: null, keepFree: 1_000_000, sealEveryMs: 1 },
        },
        resultsFolder: () => at("sealed-results"),
      },
      world,
      {
        ...{ onBegin: nothing, onRowBegin: nothing, onProgress: nothing, onRow: nothing },
        ...{ onAdded: nothing, onParked: nothing, onProblem: nothing },
        onHead: (head) => heads.push(head.size ?? 0),
      },
    );
    expect(report.counts).toMatchObject({ captured: 4, waiting: 0 });
    expect(new Set(heads).size).toBeGreaterThan(1);
    expect(readdirSync(join(vault, "log")).filter((name) => name.endsWith(".checkpoint")).length).toBe(
      new Set(heads).size,
    );
    await expectSound(vault);
  });
});

describe("a list inside the list", () => {
  it("becomes rows of its own, with what the row says; next week only what is new is captured", async () => {
    const vault = at("feed");
    growingFeed.paths = ["/page/video", "/clips/part-1.wav"];
    const first = await batch(vault, "url,place\n$/growing.xml,Алматы\n$/clips/part-1.wav,Астана\n");
    expect(
      first.results.map(({ url, status, place }) => [url?.replace(site.url, ""), status, place]),
    ).toEqual([
      ["/growing.xml", "expanded", "Алматы"],
      ["/page/video", "captured", "Алматы"],
      ["/clips/part-1.wav", "already-captured", "Алматы"],
      ["/clips/part-1.wav", "captured", "Астана"],
    ]);
    expect(first.status).toBe(0);
    growingFeed.paths = [...growingFeed.paths, "/clips/part-2.wav"];
    const second = await run(vault, at(`list-${lists}.csv`));
    expect(second.results.map(({ status }) => status)).toEqual([
      "expanded",
      "already-captured",
      "already-captured",
      "captured",
      "already-captured",
    ]);
    const listed = await holdfast(["list", "--json", "--vault", vault]);
    expect(listed.lines).toHaveLength(3);
    const shown = await holdfast(["show", "--json", "--vault", vault, second.results[3]?.capture ?? ""]);
    expect(shown.lines[0]).toMatchObject({
      parent: { url: `${site.url}/growing.xml`, title: "Арна", index: 3 },
    });
  });

  it("gives at most as many rows as was asked, and none that the site says is older", async () => {
    growingFeed.paths = ["/page/json-ld", "/page/video", "/clips/part-2.wav"];
    const ran = await batch(at("young"), "url\n$/growing.xml\n", "--since", "2026-11-01", "--limit", "2");
    expect(ran.results.map(({ status, reason }) => [status, reason])).toEqual([
      ["expanded", expect.stringContaining("2 videos")],
      ["skipped", expect.stringContaining("before the requested day")],
      ["captured", ""],
    ]);
    expect(ran.status).toBe(0);
  });
});

describe("before and beside a run", () => {
  it("a dry run says what would happen to each row and leaves nothing behind", async () => {
    const vault = at("planned");
    await holdfast(["archive", "--quiet", "--vault", vault, `${site.url}/clips/clip.wav`]);
    const list = at("planned.csv");
    const rows = ["url", "/clips/clip.wav", "/clips/other.wav", "/clips/other.wav?utm_source=x"];
    writeFileSync(list, `${rows.join(`\n${site.url}`)}\nftp://x.example/\n`);
    const asked = site.requests.length;
    const ran = await holdfast(["batch", list, "--dry-run", "--json", "--vault", vault]);
    expect(ran.lines.map(({ row, plan }) => [row, plan])).toEqual([
      [2, "already-captured"],
      [3, "capture"],
      [4, "duplicate"],
      [5, "refused"],
    ]);
    expect(ran.status).toBe(0);
    expect(site.requests.length).toBe(asked);
    const none = await holdfast(["batch", list, "--dry-run", "--json", "--vault", at("no-vault")]);
    expect([none.status, existsSync(at("no-vault"))]).toEqual([0, false]);
  });

  it("a list is read from standard input too", () => {
    const program = join(import.meta.dirname, "../../bin/holdfast.js");
    const ran = spawnSync(
      process.execPath,
      [program, "batch", "-", "--dry-run", "--json", "--vault", at("no-vault")],
      { input: "Сілтеме;Орны\nhttps://video.example/1;Алматы\nне адрес;\n", encoding: "utf8" },
    );
    const lines = ran.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ row, plan }) => [row, plan])).toEqual([
      [2, "capture"],
      [3, "refused"],
    ]);
  });

  it("a second batch on the same vault takes its turns between those of the first, which is not disturbed", async () => {
    const vault = at("busy");
    const first = batch(vault, "url\n$/held/clip.mp4\n$/clips/other.wav\n");
    await held.asked;
    const list = at("second.txt");
    writeFileSync(list, `${site.url}/clips/part-1.wav\n`);
    const to = at("second-results");
    const second = await holdfast(["batch", list, "--vault", vault, "--to", to, ...quick]);
    expect(second.status).toBe(0);
    const listed = await holdfast(["list", "--vault", vault]);
    expect(listed.status).toBe(0);
    held.release();
    expect(statuses(await first)).toEqual(["captured", "captured"]);
  });

  it("no row begins once the disk has less room than it must keep, and the rest is done later", async () => {
    const vault = at("crowded");
    const list = at("crowded.txt");
    writeFileSync(list, `${site.url}/clips/clip.wav\n`);
    const to = at("crowded-results");
    const common = ["batch", list, "--json", "--vault", vault, "--to", to, "--delay", "0"];
    const full = await holdfast([...common, "--keep-free", "900T"]);
    expect(full.status).toBe(4);
    expect(full.lines.at(-1)).toMatchObject({ stopped: "disk", counts: { waiting: 1 } });
    const later = await holdfast([...common, "--keep-free", "1M"]);
    expect([later.status, later.lines.at(-1)]).toEqual([
      0,
      expect.objectContaining({ stopped: null, batch: full.lines.at(-1)?.batch }),
    ]);
  });

  it("no row begins once as much is stored as was allowed", async () => {
    const ran = await batch(
      at("bounded"),
      "url\n$/clips/clip.wav\n$/clips/other.wav\n$/clips/part-1.wav\n$/clips/part-2.wav\n$/clips/part-3.wav\n",
      "--max-disk",
      "1K",
      "--jobs",
      "1",
    );
    expect(ran.lines.at(-1)).toMatchObject({ stopped: "max-disk" });
    expect(statuses(ran)).toContain("captured");
    expect(statuses(ran)).toContain("waiting");
  });
});
