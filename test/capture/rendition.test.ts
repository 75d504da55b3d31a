import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { mappedTools } from "../support/mapped-downloader.js";
import { openSite, type Routes, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { sendClip } from "../support/site-files.js";
import { hlsSegments, mediaPlaylist } from "../support/site-streams.js";
import { audit, temporaryFolder } from "../support/vaults.js";
import { type YouTubeStream, youTubeRoutes } from "../support/youtube-pages.js";

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;
let tools: string;

const streams: readonly YouTubeStream[] = [
  { itag: 137, mimeType: 'video/mp4; codecs="avc1.640028"', quality: "hd1080", height: 1080, file: null },
  {
    itag: 134,
    mimeType: 'video/mp4; codecs="avc1.4d401e"',
    quality: "medium",
    height: 360,
    file: "picture.mp4",
  },
  { itag: 140, mimeType: 'audio/mp4; codecs="mp4a.40.2"', quality: "tiny", height: null, file: "sound.m4a" },
];

/** Of one video the page names streams, and gives the address of none. */
const streamsOf = (id: string) =>
  id === "nothinghere" ? streams.filter(({ file }) => file === null) : streams;

/** A page of news with a stream in it; what the list of renditions leads to has no end. */
const newsRoutes: Routes = {
  "/news": ({ response }) => {
    response
      .setHeader("content-type", "text/html")
      .end(
        '<html><title>News</title><video><source src="/window/master.m3u8" type="application/x-mpegURL"></video></html>',
      );
  },
  "/window/master.m3u8": ({ response }) => {
    response.end(
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x120,CODECS="avc1.42c00b,mp4a.40.2"\nlist.m3u8\n',
    );
  },
  "/window/list.m3u8": ({ response }) => {
    response.end(
      mediaPlaylist(
        hlsSegments.map((name) => `/hls/${name}`),
        "",
        false,
      ),
    );
  },
};

const youTube = "https://www.youtube.com/watch?v=abcdefghijk";
const addresses = () => [youTube, `${site.url}/news`, `${site.url}/clips/clip.mp4`];
const given = new Map<string, CaptureResult>();
let said: string;
let ended: number;
const of = (at: number) => given.get(addresses()[at] ?? "")!;
const shown = (at: number) => showCapture(vault, of(at).id ?? "");
const source = (at: number, name: string) =>
  readFileSync(join(vault, of(at).object ?? "", "v1/content/source", name), "utf8");

function run(args: readonly string[]) {
  return holdfast([...args, "--vault", vault], { HOLDFAST_TOOLS: tools });
}

/** Without a vault: the folder that is named is not there, and stays so. */
function formats(url: string, ...options: readonly string[]) {
  const allowed = options.includes("--no-private") ? "0" : "1";
  const argv = ["formats", ...options.filter((option) => option !== "--no-private"), url];
  return holdfast([...argv, "--vault", join(folder.path, "nowhere")], {
    HOLDFAST_TOOLS: tools,
    HOLDFAST_ALLOW_PRIVATE: allowed,
  });
}

beforeAll(async () => {
  mkdirSync(clips);
  makeSiteClips(clips);
  const send = youTubeRoutes(streamsOf, (visit, file) => sendClip(visit, `dash/${file}`));
  site = await openSite({ clips, routes: { ...newsRoutes, ...send } });
  tools = mappedTools(folder.path, site.url);
  const { stdout, lines, stderr, status } = await run(["archive", "--json", ...addresses()]);
  said = stderr;
  ended = status;
  expect(lines, stdout + stderr).toHaveLength(3);
  for (const line of lines as unknown as CaptureResult[]) given.set(line.url, line);
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

describe("a clip of which the platform kept formats back", () => {
  it("is kept and called reduced, by the words of the real downloader, and the command still did its work", () => {
    expect(of(0)).toMatchObject({
      status: "captured",
      rendition: { grade: "reduced", reasons: expect.arrayContaining(["server-abr-only"]) },
    });
    expect(shown(0).record).toMatchObject({
      status: "captured",
      rendition: { ...of(0).rendition, formats: ["134", "140"] },
    });
    expect(ended).toBe(0);
    expect(said).toContain("1 stored reduced");
  });

  it("has the whole table of formats in its metadata, with the addresses of streams", () => {
    const info = JSON.parse(source(0, "info.json"));
    const table = info.formats.map(({ format_id, height, url }: Record<string, unknown>) => [
      format_id,
      height,
      url,
    ]);
    expect(table).toEqual([
      ["140", null, "https://rr1.googlevideo.com/videoplayback/sound.m4a"],
      ["134", 360, "https://rr1.googlevideo.com/videoplayback/picture.mp4"],
    ]);
  });

  it("is never shown like one that is the best: not in the list, by show or in the report", async () => {
    const { id = "" } = of(0);
    const listed = await run(["list"]);
    expect(listed.stdout).toMatch(new RegExp(`^${id} .* captured, reduced `, "m"));
    expect(listed.stderr).toContain("1 capture reduced");
    const reduced = await run(["list", "--json", "--status", "reduced"]);
    expect(reduced.lines.map((line) => [line.id, line.rendition])).toEqual([[id, of(0).rendition]]);
    const page = await run(["show", id ?? ""]);
    expect(page.stdout).toMatch(/judged +reduced\n/);
    expect(page.stdout).toMatch(new RegExp(`holdfast archive --vault \\S+ --again ${id}`));
    for (const [language, words] of [
      ["en", "REDUCED: the platform has formats"],
      ["ru", "СНИЖЕНО: у платформы есть форматы"],
      ["kk", "СНИЖЕНО: у платформы есть форматы"],
    ] as const) {
      const to = join(folder.path, `report-${language}.html`);
      await run(["report", id ?? "", "--lang", language, "--to", to]);
      expect(readFileSync(to, "utf8")).toContain(words);
    }
  });

  it("leaves the downloader's debug lines in the private annex, without the password of the egress guard", () => {
    const words = readFileSync(join(vault, "private", of(0).id ?? "", "yt-dlp.stderr.txt"), "utf8");
    expect(words).toMatch(/^\[debug\] Command-line config: /);
    expect(words).toMatch(/^\[debug\] Proxy map: .*http:\/\/holdfast:<blanked>@127\.0\.0\.1/m);
  });
});

describe("a clip of which nothing was kept back", () => {
  it("is called the best, and the summary needs no word about it", () => {
    expect(of(2)).toMatchObject({ status: "captured", rendition: { grade: "best", reasons: [] } });
  });
});

describe("one window of a broadcast", () => {
  const ground = expect.stringMatching(/^one window of a broadcast: /);

  it("is not whole by its lengths, and not by decoding either", () => {
    const { record, derivation } = shown(1);
    expect(record?.completeness).toMatchObject({
      verdict: "unknown",
      grounds: expect.arrayContaining([ground]),
    });
    expect(derivation?.completeness).toMatchObject({
      verdict: "unknown",
      grounds: expect.arrayContaining([ground]),
    });
  });

  it("is captured, and the command says in its result what it is", () => {
    expect(of(1)).toMatchObject({ status: "captured", reason: ground });
  });

  it("is never shown like a whole clip: not in the list, by show, in the report or in the results of a batch", async () => {
    const { id = "" } = of(1);
    const listed = await run(["list"]);
    expect(listed.stdout).toMatch(new RegExp(`^${id} .* captured, one window `, "m"));
    const line = (await run(["list", "--json"])).lines.find((one) => one.id === id);
    expect(line).toMatchObject({ status: "captured", reason: ground });
    const page = await run(["show", id ?? ""]);
    expect(page.stdout).toMatch(/judged +unknown\n/);
    expect(page.stdout).toContain("one window of a broadcast: ");
    const words = {
      en: "one window of a broadcast: ",
      ru: "один отрезок трансляции: ",
      kk: "один отрезок трансляции: ",
    };
    for (const [language, said] of Object.entries(words)) {
      const to = join(folder.path, `window-${language}.html`);
      await run(["report", id ?? "", "--lang", language, "--to", to]);
      expect(readFileSync(to, "utf8")).toContain(said);
    }
    const [list, to] = [join(folder.path, "news.txt"), join(folder.path, "results")];
    writeFileSync(list, `${site.url}/news\n`);
    const { stdout } = await run(["batch", list, "--to", to, "--keep-free", "1"]);
    expect(stdout).toMatch(/already captured, one window .*\(one window of a broadcast: /);
    expect(readFileSync(join(to, "results.csv"), "utf8")).toContain("one window of a broadcast: ");
  });

  it("is judged by the playlist as it was fetched, which is kept", () => {
    const lists = (shown(1).record?.files ?? []).filter(({ role }) => role === "manifest");
    expect(
      lists
        .map(({ path }) => source(1, path.replace("source/", "")))
        .filter((text) => text.includes("#EXTINF")),
    ).toEqual([expect.not.stringContaining("#EXT-X-ENDLIST")]);
  });
});

describe("holdfast formats", () => {
  it("lists what there is, what a capture takes of it and what was refused; downloads nothing, needs no vault and leaves nothing behind", async () => {
    const before = site.requests.length;
    // Other files of tests run at the same time and make such folders too.
    const temporary = join(folder.path, "temporary");
    mkdirSync(temporary);
    vi.stubEnv("TMPDIR", temporary);
    const places = readdirSync(folder.path).sort();
    const { stdout, stderr, status } = await formats(youTube);
    expect(status).toBe(0);
    const table = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/).slice(0, 5));
    expect(table).toEqual([
      ["", "FORMAT", "FILE", "HOLDS", "SIZE OF PICTURE"],
      ["*", "140", "m4a", "sound", "mp4a.40.2"],
      ["*", "134", "mp4", "picture", "480 × 360"],
    ]);
    expect(stderr).toContain("A square, evening: 2 formats; a capture takes 140 + 134 (*)");
    expect(stderr).toMatch(
      /^not all: the platform gave some formats only by its own streaming .* \(server-abr-only\)$/m,
    );
    const asked = site.requests.slice(before).map(({ path }) => path);
    expect(asked.filter((path) => path.startsWith("/videoplayback"))).toEqual([]);
    vi.unstubAllEnvs();
    expect([readdirSync(folder.path).sort(), readdirSync(temporary)]).toEqual([places, []]);
  });

  it("marks what --format would take", async () => {
    const { lines } = await formats(youTube, "--json", "--format", "140");
    expect(lines.map(({ id, taken, rendition }) => [id, taken, rendition])).toEqual([
      ["140", true, undefined],
      ["134", false, undefined],
      [undefined, undefined, { grade: "reduced", reasons: expect.arrayContaining(["user-choice"]) }],
    ]);
  });

  it.each([
    ["a broadcast", () => `${site.url}/hls/live.m3u8`, /a live stream that has not ended/],
    ["a page that leads to a login", () => `${site.url}/page/members`, /the site led to its login page/],
    [
      "a video of which every stream was kept back, without blaming a --format that nobody gave",
      () => "https://www.youtube.com/watch?v=nothinghere",
      /only to who runs its JavaScript|offered no stream that yt-dlp can fetch/,
    ],
  ])("ends as a capture would, with its reason: %s", async (_, url, words) => {
    const { stdout, stderr, status } = await formats(url(), "--json");
    expect([stdout, status]).toEqual(["", 4]);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain("--format");
  });

  it("asks nobody inside this machine unless that is allowed", async () => {
    const before = site.requests.length;
    const { status, stderr } = await formats(`${site.url}/clips/clip.mp4`, "--no-private");
    expect([status, site.requests.length]).toEqual([4, before]);
    expect(stderr).toContain("--allow-private");
  });
});

it("the vault is as recorded, and the index says of each rendition what its record says", async () => {
  expect((await audit(vault)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
