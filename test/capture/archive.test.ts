import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkpointName, checkpointNamespace } from "../../src/audit/checkpoint.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import type { CaptureRecord, DerivationRecord } from "../../src/core/capture/record.js";
import { newestSigned } from "../../src/seal/checkpoint.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { closeExifTools } from "../support/kept-exiftool.js";
import { closeInterpreters } from "../support/kept-interpreter.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { growingFeed, titleOf } from "../support/site-pages.js";
import { encryptedSegment, hlsSegments } from "../support/site-streams.js";
import { foundByClock, temporaryFolder } from "../support/vaults.js";

// Between two attempts the program waits for seconds, for the sake of the other side; here only their order matters.
vi.mock("../../src/world.ts", async (original) => {
  const { pause } = await original<typeof import("../../src/world.js")>();
  return { pause: (ms: number, signal: AbortSignal) => pause(ms / 20, signal) };
});

// yt-dlp is loaded once for all command lines, where one with a single address would load its own.
vi.mock("../../src/capture/resources.ts", async (original) => {
  const resources = await original<typeof import("../../src/capture/resources.js")>();
  const openResources: typeof resources.openResources = (needs, world) => {
    const fetching = needs.fetching && { ...needs.fetching, kept: true };
    return resources.openResources({ ...needs, fetching }, world);
  };
  return { ...resources, openResources };
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
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;

beforeAll(async () => {
  makeSiteClips(clips);
  site = await openSite({ clips, visitorAddress: "203.0.113.77" });
});
afterAll(async () => {
  await closeInterpreters();
  await closeExifTools();
  await site.close();
  folder.remove();
});

async function archive(
  path: string,
  ...options: string[]
): Promise<{ results: CaptureResult[]; status: number; stderr: string }> {
  const run = await holdfast(["archive", "--json", "--vault", vault, ...options, `${site.url}${path}`]);
  return { results: run.lines as unknown as CaptureResult[], status: run.status, stderr: run.stderr };
}

async function archiveOne(path: string, ...options: string[]): Promise<CaptureResult> {
  const { results, stderr } = await archive(path, ...options);
  expect(results, stderr).toHaveLength(1);
  return results[0]!;
}

/** One command for many addresses: what came of each, and with which status it ended. */
async function archiveEach(
  paths: readonly string[],
  ...options: string[]
): Promise<{ of: (path: string) => CaptureResult; status: number; stderr: string }> {
  const urls = paths.map((path) => `${site.url}${path}`);
  const run = await holdfast(["archive", "--json", "--vault", vault, ...options, ...urls]);
  const results = run.lines as unknown as CaptureResult[];
  expect(
    results.map(({ url }) => url),
    run.stderr,
  ).toEqual(urls);
  return { of: (path) => results[paths.indexOf(path)]!, status: run.status, stderr: run.stderr };
}

function stored(result: CaptureResult, logical: string): Buffer {
  const versions = readdirSync(join(vault, result.object!)).filter((name) => /^v\d+$/.test(name));
  const paths = versions
    .map((version) => join(vault, result.object!, version, "content", logical))
    .filter((path) => existsSync(path));
  return readFileSync(paths.at(-1)!);
}

function recordOf(result: CaptureResult): CaptureRecord {
  return JSON.parse(stored(result, "record.json").toString());
}

function derivationOf(result: CaptureResult): DerivationRecord {
  return JSON.parse(stored(result, "derived/derivation.json").toString());
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const clip = (name: string) => readFileSync(join(clips, name));
const originals = (result: CaptureResult) => result.files.filter(({ path }) => path.startsWith("original/"));

// The last one ends at /page/video.
const pages = ["/page/json-ld", "/page/og", "/redirect/chain"];
/** What came of addresses of every kind in one command that asks for nothing besides. */
let plainly: Awaited<ReturnType<typeof archiveEach>>;

beforeAll(async () => {
  plainly = await archiveEach([
    ...pages,
    "/hls/plain.m3u8",
    "/hls/encrypted.m3u8",
    "/dash/whole.mpd",
    "/clips/audio.mp3",
    "/clips/clip.mp4",
    "/page/subtitles",
    "/page/visitor",
  ]);
});

describe("what is stored equals what the server served, byte for byte", () => {
  it("for a progressive MP4", () => {
    const result = plainly.of("/clips/clip.mp4");
    expect(result).toMatchObject({ status: "captured", derivation: "done", reason: null });
    expect(originals(result)).toHaveLength(1);
    expect(stored(result, originals(result)[0]!.path)).toEqual(clip("clip.mp4"));
    expect(originals(result)[0]).toMatchObject({
      sha256: sha256(clip("clip.mp4")),
      bytes: clip("clip.mp4").length,
    });
    expect(recordOf(result)).toMatchObject({
      status: "captured",
      completeness: { verdict: "whole" },
      alterations: [],
    });
  });

  it("and log/ then has a checkpoint that covers its entries, signed by the key of the log", () => {
    const { id } = plainly.of("/redirect/chain");
    const { checkpoint, text } = newestSigned(vault);
    expect(checkpoint.size).toBeGreaterThanOrEqual(showCapture(vault, id!).entries.at(-1)!.seq);
    const log = join(vault, "log");
    const signature = readFileSync(join(log, `${checkpointName(checkpoint.size)}.checkpoint.sig`), "utf8");
    const [first] = readdirSync(log)
      .sort()
      .filter((name) => name.endsWith(".jsonl"));
    const [created] = readFileSync(join(log, first!), "utf8").split("\n");
    expect(checkSignature(Buffer.from(text), signature, checkpointNamespace)).toMatchObject({
      key: { line: JSON.parse(created!).body.public_key },
    });
  });

  it("for HLS: the stored track is the segments in order, and a map names each of them", () => {
    const result = plainly.of("/hls/plain.m3u8");
    const segments = hlsSegments.map((name) => clip(`hls/${name}`));
    expect(result.status).toBe("captured");
    const [track] = originals(result);
    expect(track!.path).toBe("original/track-1.ts");
    expect(stored(result, track!.path)).toEqual(Buffer.concat(segments));
    const map = JSON.parse(stored(result, "source/track-1.segments.json").toString());
    expect(map.segments.map((segment: { sha256: string }) => segment.sha256)).toEqual(segments.map(sha256));
    expect(recordOf(result).alterations).toHaveLength(1);
    expect(derivationOf(result).playable).toBe("derived/playable.mp4");
  });

  it("for encrypted HLS: every segment is kept as it came, and the joined file is called what it is", () => {
    const result = plainly.of("/hls/encrypted.m3u8");
    expect(result.status).toBe("captured");
    const segments = recordOf(result).files.filter(({ role }) => role === "media_segment");
    expect(segments.map(({ path }) => sha256(stored(result, path)))).toEqual(
      hlsSegments.map((_, index) => sha256(encryptedSegment(clips, index))),
    );
    const joined = recordOf(result).files.find(({ role }) => role === "media_track");
    expect(joined).toMatchObject({ as_received: false });
    expect(recordOf(result).alterations.join()).toMatch(/decrypts/);
  });

  it("for picture and sound apart: both tracks as served, the playable file is a derivative", () => {
    const result = plainly.of("/dash/whole.mpd");
    expect(result.status).toBe("captured");
    const digests = originals(result)
      .map((file) => file.sha256)
      .sort();
    expect(digests).toEqual([sha256(clip("dash/picture.mp4")), sha256(clip("dash/sound.m4a"))].sort());
    const derivation = derivationOf(result);
    expect(derivation.playable).toMatch(/^derived\/playable\.m(p4|kv)$/);
    expect(derivation.derived_from.map(({ sha256: digest }) => digest).sort()).toEqual(digests);
    expect(result.keyframes).toBeGreaterThan(1);
  });

  it.each(pages)("for the video of the page %s, with what the page claims", (path) => {
    const result = plainly.of(path);
    expect(result.status).toBe("captured");
    const served = new Set(
      readdirSync(clips)
        .filter((name) => /\.(mp4|m4a)$/.test(name))
        .map((name) => sha256(clip(name))),
    );
    expect(served).toContain(originals(result)[0]!.sha256);
    const record = recordOf(result);
    expect(record.elements.find(({ item }) => item === "source_code")).toMatchObject({
      status: "captured",
    });
    expect(record.source.title).toMatchObject({ basis: "platform_claim" });
  });

  it("for a post with sound alone", () => {
    const result = plainly.of("/clips/audio.mp3");
    expect(result).toMatchObject({ status: "captured", derivation: "done", keyframes: 0 });
    expect(stored(result, originals(result)[0]!.path)).toEqual(clip("audio.mp3"));
  });
});

/** What came of the same addresses in a command that asks for subtitles, and for them again. */
let asked: Awaited<ReturnType<typeof archiveEach>>;

beforeAll(async () => {
  asked = await archiveEach(["/page/subtitles", "/clips/audio.mp3"], "--subs", "--again");
});

describe("what is asked for besides", () => {
  it("subtitles come along when asked for, as served", () => {
    expect(plainly.of("/page/subtitles").files.filter(({ role }) => role === "subtitle")).toEqual([]);
    const result = asked.of("/page/subtitles");
    const subtitles = result.files.filter(({ role }) => role === "subtitle");
    expect(subtitles.length).toBeGreaterThan(0);
    expect(stored(result, subtitles[0]!.path).toString()).toMatch(/WEBVTT/);
  });

  it("through another proxy everything goes, and nothing is looked up or asked for here", async () => {
    const { createServer, request } = await import("node:http");
    const passed: string[] = [];
    const proxy = createServer((incoming, outgoing) => {
      passed.push(incoming.url ?? "");
      const url = new URL(incoming.url ?? "");
      const onward = request(`${site.url}${url.pathname}`, { headers: { host: url.host } }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = proxy.address() as { port: number };
    const run = await holdfast([
      "archive",
      "--json",
      "--vault",
      vault,
      "--proxy",
      `http://127.0.0.1:${address.port}`,
      "http://video.example/clips/audio.mp3",
    ]);
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
    expect(run.lines, run.stderr).toMatchObject([
      { status: "captured", url: "http://video.example/clips/audio.mp3" },
    ]);
    expect(passed.length).toBeGreaterThan(0);
    expect(passed.every((url) => url.startsWith("http://video.example/"))).toBe(true);
  });
});

describe("a list of videos", () => {
  it("each video of a page with several is a capture of its own, and running again captures nothing twice", async () => {
    const { results, status } = await archive("/page/several");
    expect(status).toBe(0);
    expect(results.map((result) => result.status)).toEqual(results.map(() => "captured"));
    expect(new Set(results.map(({ files }) => files[0]!.sha256)).size).toBe(results.length);
    expect(results.length).toBeGreaterThan(1);
    expect(recordOf(results[1]!).parent).toMatchObject({ index: 2, url: `${site.url}/page/several` });
    const again = await archive("/page/several");
    expect(again.results.map((result) => result.status)).toEqual(results.map(() => "already-captured"));
    // By its id one of them is fetched once more, and none of the others.
    const run = await holdfast(["archive", "--json", "--vault", vault, "--again", results[1]!.id!]);
    const [third, ...others] = run.lines as unknown as CaptureResult[];
    expect(others).toEqual([]);
    expect(third!.id).not.toBe(results[1]!.id);
    expect([recordOf(third!).parent, originals(third!)]).toEqual([
      recordOf(results[1]!).parent,
      originals(results[1]!),
    ]);
  });

  it("a playlist is expanded into one capture each, up to the limit", async () => {
    growingFeed.paths = [1, 2, 3].map((n) => `/clips/audio.mp3?n=${n}`);
    const { results } = await archive("/growing.xml", "--limit", "2");
    expect(results).toHaveLength(2);
    expect(results.every(({ status }) => status === "captured")).toBe(true);
    expect(results.map((result) => recordOf(result).parent?.index)).toEqual([1, 2]);
  });
});

describe("a capture made before", () => {
  it("is not made again unless asked, and then beside the first", async () => {
    const first = plainly.of("/clips/audio.mp3");
    const third = asked.of("/clips/audio.mp3");
    expect(third.status).toBe("captured");
    expect(third.id).not.toBe(first.id);
    const later = await archiveOne("/clips/audio.mp3");
    expect(later).toMatchObject({ status: "already-captured", id: third.id, title: third.title });
  });
});

describe("what cannot be captured is a failed capture, logged, with nothing half stored", () => {
  const failures: readonly [string, string][] = [
    ["a page that is not there", "/status/404"],
    ["a page that is forbidden", "/status/403"],
    ["a login wall", "/page/login-401"],
    ["a page without a video", "/page/none"],
    ["a page served as .mp4", "/fault/page.mp4"],
    ["an empty body", "/fault/empty.mp4"],
    ["a protected stream", "/hls/protected.m3u8"],
    ["a redirect that never ends", "/redirect/loop"],
    ["a live stream", "/hls/live.m3u8"],
  ];
  const overTheLimit: readonly [string, string, readonly string[]][] = [
    ["a body without end", "/fault/endless.mp4", ["--max-bytes", "3M"]],
    ["a clip over the limit", "/clips/clip.mp4", ["--max-bytes", "5K", "--again"]],
  ];
  let each: Awaited<ReturnType<typeof archiveEach>>;
  beforeAll(async () => {
    each = await archiveEach(failures.map(([, path]) => path));
  });

  const expectFailed = (result: CaptureResult) => {
    expect(result).toMatchObject({ status: "failed", object: null, files: [], derivation: null });
    expect(result.reason).toMatch(/^[^\n]+$/);
    const shown = showCapture(vault, result.id!);
    expect(shown.entries.map(({ event }) => event)).toEqual(["capture-failed"]);
    expect(JSON.parse(shown.entries[0]!.line).body.runs.length).toBeGreaterThan(0);
    expect(readdirSync(join(vault, "staging")).filter((name) => /^\d{8}-/.test(name))).toEqual([]);
  };

  it.each(failures)("%s", (_, path) => {
    expect(each.status, each.stderr).toBe(4);
    expectFailed(each.of(path));
  });

  it.each(overTheLimit)("%s", async (_, path, options) => {
    const { results, status, stderr } = await archive(path, ...options);
    expect(status, stderr).toBe(4);
    expect(results).toHaveLength(1);
    expectFailed(results[0]!);
  });

  it("what is no address, or one of a kind that is not fetched, ends the command before anything is asked", async () => {
    const before = site.requests.length;
    for (const text of ["no address", "ftp://a.example/b", "file:///etc/passwd"]) {
      const urls = [`${site.url}/clips/part-1.mp4`, text];
      const run = await holdfast(["archive", "--json", "--vault", vault, "--again", ...urls]);
      expect([text, run.status, run.lines]).toEqual([text, 2, []]);
    }
    expect(site.requests.length).toBe(before);
  });

  it("a private address is refused unless allowed, and nothing reaches it", async () => {
    const before = site.requests.length;
    const run = await holdfast(["archive", "--json", "--vault", vault, `${site.url}/clips/part-2.mp4`], {
      HOLDFAST_ALLOW_PRIVATE: "",
    });
    expect(run).toMatchObject({ status: 4, lines: [{ status: "failed" }] });
    expect(site.requests.length).toBe(before);
  });
});

describe("a body that never comes whole", () => {
  const cut = ["/fault/cut-length.mp4", "/fault/cut-chunked.mp4"];
  const untold = ["/fault/cut-no-length.mp4", "/fault/length-too-small.mp4"];
  const spliced = "/drops/etag,changing/clip.mp4";
  let each: Awaited<ReturnType<typeof archiveEach>>;
  beforeAll(async () => {
    each = await archiveEach([...cut, ...untold, "/fault/changing.mp4", "/fault/busy-twice.mp4", spliced]);
  });

  it.each(cut)(
    "%s: what arrived is kept as incomplete after every attempt, and never called captured",
    (path) => {
      expect(each.status, each.stderr).toBe(4);
      const result = each.of(path);
      expect(result).toMatchObject({ status: "incomplete" });
      expect(result.reason).not.toBeNull();
      const record = recordOf(result);
      expect(record.status).toBe("incomplete");
      expect(record.runs).toHaveLength(3);
      const kept = stored(result, originals(result)[0]!.path);
      expect(kept.length).toBeGreaterThan(0);
      expect(clip("clip.mp4").subarray(0, kept.length)).toEqual(kept);
    },
  );

  it.each(untold)(
    "%s, where lengths tell nothing or a lie: the strict decode tells, and it is not called captured",
    (path) => {
      const result = each.of(path);
      expect(result).toMatchObject({ status: "incomplete", derivation: "done" });
      expect(result.reason).toMatch(/cut short/);
      expect(derivationOf(result).decode[0]).toMatchObject({ verdict: "short" });
      expect(derivationOf(result).completeness.verdict).toBe("incomplete");
    },
  );

  it("a clip that changes between attempts is never spliced", () => {
    const result = each.of("/fault/changing.mp4");
    expect(originals(result).length).toBeGreaterThan(0);
    for (const file of originals(result)) {
      const bytes = stored(result, file.path);
      const sources = ["clip.mp4", "other.mp4"].map((name) => clip(name).subarray(0, bytes.length));
      expect(sources.some((source) => source.equals(bytes))).toBe(true);
    }
  });

  it("a clip that changes while its rest is asked for is fetched anew at once, and only that is kept", () => {
    const result = each.of(spliced);
    expect(result.status).toBe("captured");
    expect(stored(result, originals(result)[0]!.path)).toEqual(clip("other.mp4"));
    expect(recordOf(result).runs.map(({ argv }) => argv.includes("--retries=0"))).toEqual([false, true]);
  });

  it("a server that is busy twice and then answers is captured whole", () => {
    const result = each.of("/fault/busy-twice.mp4");
    expect(result.status).toBe("captured");
    expect(recordOf(result).runs).toHaveLength(3);
  });
});

describe("the record", () => {
  it("states every redirect and both ends of the chain", () => {
    const record = recordOf(plainly.of("/redirect/chain"));
    expect(record.redirects.length).toBeGreaterThanOrEqual(3);
    expect(record.requested_url).toBe(`${site.url}/redirect/chain`);
    expect(record.final_url).toBe(`${site.url}/page/video`);
  });

  it("holds no cookie, no caller's address and no local path; the private annex does, and its hash is logged", async () => {
    const jar = join(folder.path, "cookies.txt");
    const host = new URL(site.url).hostname;
    writeFileSync(
      jar,
      `# Netscape HTTP Cookie File\n${host}\tFALSE\t/\tFALSE\t0\tsession\tCANARY1SECRET\n.elsewhere.example\tTRUE\t/\tFALSE\t0\tother\tCANARY2SECRET\n`,
    );
    const before = readFileSync(jar, "utf8");
    const cookie = await archiveOne("/page/cookie", "--cookies", jar);
    const visitor = plainly.of("/page/visitor");
    expect(readFileSync(jar, "utf8")).toBe(before);
    expect(site.requests.some(({ headers }) => String(headers.cookie).includes("CANARY1SECRET"))).toBe(true);
    expect(site.requests.some(({ headers }) => String(headers.cookie).includes("CANARY2SECRET"))).toBe(false);
    const forbidden = ["CANARY1SECRET", "CANARY2SECRET", "203.0.113.77", folder.path];
    const files = readdirSync(vault, { recursive: true, encoding: "utf8" }).filter(
      (path) =>
        !path.startsWith("private") && !path.startsWith("staging") && lstatSync(join(vault, path)).isFile(),
    );
    for (const path of files) {
      const bytes = readFileSync(join(vault, path));
      for (const word of forbidden) expect(bytes.includes(word), `${word} in ${path}`).toBe(false);
    }
    for (const result of [cookie, visitor]) {
      const annex = readFileSync(join(vault, "private", result.id!, "annex.json"));
      const entry = JSON.parse(showCapture(vault, result.id!).entries[0]!.line);
      expect(entry.body.annex_sha256).toBe(sha256(annex));
      expect(recordOf(result).redactions.length).toBeGreaterThan(0);
    }
    expect(
      readdirSync(join(vault, "private", visitor.id!)).some((name) =>
        readFileSync(join(vault, "private", visitor.id!, name)).includes("203.0.113.77"),
      ),
    ).toBe(true);
  });

  it("of a fetch whose cookies were for another site, or over, says so; and so did the command before it asked", async () => {
    const host = new URL(site.url).hostname;
    const rows = { other: "video.example\tTRUE\t/\tFALSE\t0", over: `${host}\tFALSE\t/\tFALSE\t1700000000` };
    for (const [name, says] of [
      ["other", `the cookie file has no cookie for ${host}`],
      ["over", `every cookie for ${host} in the cookie file has expired`],
    ] as const) {
      const jar = join(folder.path, `${name}.txt`);
      writeFileSync(jar, `${rows[name]}\tsession\tvalue\n`);
      const asked = site.requests.length;
      const { results, stderr } = await archive("/clips/audio.mp3", "--again", "--cookies", jar);
      expect([site.requests.length > asked, stderr]).toEqual([true, expect.stringContaining(says)]);
      expect(recordOf(results[0]!).warnings).toContain(says);
    }
  });

  it("of a failed attempt is its entry, and the annex keeps what the downloader said", async () => {
    const jar = join(folder.path, "failed.txt");
    writeFileSync(jar, `${new URL(site.url).hostname}\tFALSE\t/\tFALSE\t0\tsession\tCANARY3SECRET\n`);
    const { id } = await archiveOne("/status/404", "--cookies", jar);
    const words = readFileSync(join(vault, "private", id!, "yt-dlp.stderr.txt"), "utf8");
    expect(words).toMatch(/^ERROR: .*HTTP Error 404/m);
    expect(words).not.toContain("CANARY3SECRET");
    const { files } = JSON.parse(readFileSync(join(vault, "private", id!, "annex.json"), "utf8"));
    expect(files).toEqual([
      { path: "yt-dlp.stderr.txt", bytes: Buffer.byteLength(words), sha256: sha256(Buffer.from(words)) },
    ]);
  });

  it("of a stream that is served to one page alone names that page, without what may be secret in it", async () => {
    const page = `${site.url}/page/video?access_token=CANARY4SECRET`;
    expect((await archiveOne("/referred/clip.mp4")).status).toBe("failed");
    const result = await archiveOne("/referred/clip.mp4", "--referer", page);
    expect(result.status).toBe("captured");
    expect(recordOf(result).runs[0]?.argv).toContain("--referer=<referer>");
    const object = join(vault, result.object ?? "");
    for (const path of readdirSync(object, { recursive: true, encoding: "utf8" }))
      if (lstatSync(join(object, path)).isFile())
        expect([path, readFileSync(join(object, path)).includes("CANARY4SECRET")]).toEqual([path, false]);
    const plain = await archiveOne("/referred/other.mp4", "--referer", `${site.url}/page/video`);
    expect(recordOf(plain).runs[0]?.argv).toContain(`--referer=${site.url}/page/video`);
  });

  it("is not begun where the cookie file is in another format", async () => {
    const jar = join(folder.path, "cookies.json");
    writeFileSync(jar, '[{"domain": ".video.example", "name": "session", "value": "secret"}]');
    const asked = site.requests.length;
    const { status, stderr } = await archive("/clips/clip.mp4", "--again", "--cookies", jar);
    expect([status, site.requests.length]).toEqual([2, asked]);
    expect(stderr).toContain("this is JSON, not the cookies.txt format");
    expect(stderr).not.toContain("secret");
  });

  it("keeps hostile titles as received and out of every path and every line shown", async () => {
    // Each kind by itself where it may end the line or the text, the others in one title.
    const titles = ["ansi,path,arabic,emoji", "newlines", "surrogate", "long"];
    const pageOf = (names: string) => `/page/title?clip=audio.mp3&case=${names}`;
    const { of, stderr } = await archiveEach(titles.map(pageOf));
    for (const name of titles) {
      const result = of(pageOf(name));
      const title = titleOf(name);
      expect(result, `${name} ${stderr}`).toMatchObject({ status: "captured" });
      // Half a character is no text: UTF-8 has none.
      expect(recordOf(result).source.title?.value, name).toBe(Buffer.from(title).toString());
      const human = await holdfast(["show", result.id!, "--vault", vault, "--no-color"]);
      expect(human.stdout, name).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u,
      );
    }
    const names = readdirSync(vault, { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => !/^[\x21-\x7e]+$/.test(name))).toEqual([]);
  });
});

describe("after all this", () => {
  it("every original and every record is read-only, and the whole vault is as recorded", async () => {
    const files = readdirSync(join(vault, "objects"), { recursive: true, encoding: "utf8" }).filter(
      (path) => /\/v\d+\/content\//.test(path) && lstatSync(join(vault, "objects", path)).isFile(),
    );
    expect(files.filter((path) => (statSync(join(vault, "objects", path)).mode & 0o222) !== 0)).toEqual([]);
    expect(await foundByClock(vault)).toEqual(["anchor-pending"]);
  });

  it("stock tools agree with each inventory", async () => {
    const { execFileSync } = await import("node:child_process");
    const objects = readdirSync(join(vault, "objects"), { recursive: true, encoding: "utf8" }).filter(
      (path) => path.endsWith("0=ocfl_object_1.1"),
    );
    expect(objects.length).toBeGreaterThan(10);
    for (const path of objects.slice(0, 5)) {
      const cwd = join(vault, "objects", path, "..");
      execFileSync("sha512sum", ["--strict", "--quiet", "-c", "inventory.json.sha512"], {
        cwd,
        stdio: "pipe",
      });
      const { manifest } = JSON.parse(readFileSync(join(cwd, "inventory.json"), "utf8"));
      const lines = Object.entries<string[]>(manifest).flatMap(([digest, paths]) =>
        paths.map((file) => `${digest}  ${file}\n`),
      );
      execFileSync("sha512sum", ["--strict", "--quiet", "-c"], { cwd, input: lines.join(""), stdio: "pipe" });
    }
  });
});

describe("what a person typed", () => {
  const everythingPublic = () =>
    readdirSync(vault, { recursive: true, encoding: "utf8" }).filter(
      (path) => !path.startsWith("private") && lstatSync(join(vault, path)).isFile(),
    );

  it("a password or token in an address is only in the private annex, and the address is found again", async () => {
    const refused = await holdfast([
      "archive",
      "--vault",
      vault,
      `${site.url.replace("//", "//user:CANARYPASSWORD@")}/clips/audio.mp3`,
    ]);
    expect([refused.status, refused.stderr.includes("CANARY")]).toEqual([2, false]);
    const broken = await holdfast(["archive", "--vault", vault, "https://user:CANARY/PASSWORD@host/x"]);
    expect(broken.status).toBe(2);
    const path = "/clips/audio.mp3?access_token=CANARYTOKEN";
    const result = await archiveOne(path);
    expect(result).toMatchObject({ status: "captured", url: `${site.url}${path}` });
    const record = recordOf(result);
    expect(record.requested_url).toBe(`${site.url}/clips/audio.mp3?access_token=[cut]`);
    expect(record.runs[0]!.argv.at(-1)).toBe("<requested url>");
    expect(record.runs[0]!.removed).toContain("<requested url>");
    expect(record.warnings.join()).toMatch(/parts of the requested address are cut/);
    for (const file of everythingPublic())
      expect(readFileSync(join(vault, file)).includes("CANARY"), file).toBe(false);
    expect(readFileSync(join(vault, "private", result.id!, "annex.json"), "utf8")).toContain("CANARYTOKEN");
    expect((await archiveOne(path)).status).toBe("already-captured");
    expect((await archiveOne("/clips/audio.mp3?access_token=ANOTHERCANARY")).status).toBe("captured");
  });
});

describe("an earlier capture that is gone", () => {
  it("does not answer for its address: it is captured again, it is said why, and the next URL is still done", async () => {
    const first = await archiveOne("/clips/audio.mp3", "--again");
    const original = originals(first)[0]!.path;
    rmSync(join(vault, first.object!, "v1/content", original));
    const second = await archiveOne("/clips/audio.mp3");
    expect(second).toMatchObject({ status: "captured", reason: expect.stringMatching(/is gone/) });
    expect((await archiveOne("/clips/audio.mp3")).id).toBe(second.id);
    rmSync(join(vault, second.object!, "inventory.json"));
    const run = await holdfast([
      "archive",
      "--json",
      "--vault",
      vault,
      `${site.url}/clips/audio.mp3`,
      `${site.url}/page/og`,
    ]);
    expect(run.lines.map(({ status }) => status)).toEqual(["captured", expect.stringMatching(/captured/)]);
  });
});
