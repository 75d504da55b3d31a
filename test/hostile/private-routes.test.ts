import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareTools, canCopyTools } from "../support/copied-tools.ts";
import { canOpenNetworks } from "../support/open-network.ts";
import { temporaryFolder } from "../support/vaults.ts";
import { testDownloader } from "../support/yt-dlp.ts";
import {
  type Inside,
  internal,
  lead,
  leadBothWays,
  leadUnlocked,
  openInside,
  smuggled,
  socksPort,
} from "../trials/private-routes.ts";

// `npm run soak` goes by every way; here is one of each kind.

const program = await testDownloader();
const folder = temporaryFolder();
let inside: Inside;

beforeAll(async () => {
  if (canOpenNetworks && program) inside = await openInside(folder.path);
});
afterAll(async () => {
  await inside?.close();
  folder.remove();
});

/** A page, a name, a part of a stream, a list, another scheme, a spelling, a port, and what lies beside a clip. */
const inward = [
  lead("video", internal),
  lead("redirect.mp4", "http://alias.example"),
  lead("hls-map.m3u8", internal),
  lead("dash.mpd", internal),
  lead("feed.xml", internal),
  lead("other-scheme", "ftp://127.0.0.2/clip.mp4"),
  lead("video", "rtmp://127.0.0.2:1935/live"),
  lead("video", "ws://127.0.0.2"),
  "http://0x7f000002/clips/clip.mp4",
  lead("video", "http://[::ffff:127.0.0.2]"),
  lead("video", "http://rebound.example", "rebound.example"),
  lead("video", "http://media.example:8080"),
  lead("subtitles", internal),
  smuggled,
];
const outward = [lead("og", "http://media.example")];

describe.skipIf(!canOpenNetworks || !program)("a page that leads into the user's own network", () => {
  it("finds nobody there by any way that the downloader follows, and every refusal is written down, while a page that leads outside is captured whole, with every address that was dialled in the private annex alone", async () => {
    await leadBothWays(inside, inward, outward);
  });

  it.skipIf(!canCopyTools)(
    "finds nobody there without any extras of yt-dlp either, and what lies outside is captured",
    async () => {
      const [into, out] = [inward.slice(0, 3), lead("og", "http://media.example")];
      const { stdout, stderr } = await inside.run(
        ["archive", "--json", "--vault", inside.at("bare"), ...into, out],
        { HOLDFAST_TOOLS: bareTools() },
      );
      const results = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(
        results.map(({ status }) => status),
        stderr,
      ).toEqual([...into.map(() => "failed"), "captured"]);
      expect(inside.hits).toEqual([]);
    },
  );

  it("finds nobody there where the downloader cannot be locked in, though rtmpdump is installed and any format will do", async () => {
    await leadUnlocked(inside, [
      lead("hls-segment.m3u8", internal),
      lead("other-scheme", "rtmp://127.0.0.2:1935/live/clip"),
      lead("video", "ws://127.0.0.2"),
    ]);
  });
});

describe.skipIf(!canOpenNetworks || !program)("with --proxy socks5://", () => {
  it("the proxy is asked for names, for the time-stamp authorities too, no name is looked up here and nobody is asked directly", async () => {
    const [names, hits, outside] = [inside.lookedUp().length, inside.hits.length, inside.outside.length];
    const url = lead("redirect.mp4", "http://streetclips7hidden.onion", "hidden.example");
    const proxy = ["--proxy", `socks5://11.0.0.1:${socksPort}`];
    const { status, stderr } = await inside.run(["archive", url, ...proxy, "--vault", inside.at("hidden")], {
      HOLDFAST_OFFLINE: "",
    });
    expect(status, stderr).toBe(0);
    expect([...new Set(inside.asked)].sort()).toEqual([
      "name hidden.example:80",
      "name streetclips7hidden.onion:80",
      "name timestamp.digicert.com:80",
      "name timestamp.sectigo.com:80",
    ]);
    expect(inside.lookedUp().slice(names)).toEqual([]);
    expect([...inside.outside.slice(outside), ...inside.hits.slice(hits)]).toEqual([]);
  });
});
