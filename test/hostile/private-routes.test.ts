import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import { leadingRoutes } from "../support/leading-pages.ts";
import type { NameAnswer } from "../support/name-server.ts";
import { canOpenNetworks, type OpenNetwork, openNetwork } from "../support/open-network.ts";
import { openSite, type Site } from "../support/site.ts";
import { makeSiteClips } from "../support/site-clips.ts";
import { clipBytes } from "../support/site-files.ts";
import { socksDoor } from "../support/socks-door.ts";
import { temporaryFolder } from "../support/vaults.ts";
import { testDownloader } from "../support/yt-dlp.ts";

/*
 * The real program in a network of its own, where 11.0.0.0/8 stands for the internet and every other address for what is
 * inside. Every server there answers everything: what is not captured was not reached.
 */

const program = await testDownloader();
const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const holdfast = [process.execPath, join(import.meta.dirname, "../../bin/holdfast.js")];
const socksPort = 1080;
let site: Site;
let network: OpenNetwork;
/** `address port` of every connection that came to a port or an address of the inside. */
const hits: string[] = [];
const outside: string[] = [];
const socks = socksDoor((caller) => site.receive(caller));

function receive(caller: Socket, port: number): void {
  const address = caller.localAddress ?? "";
  if (port === socksPort) {
    socks.receive(caller);
    return;
  }
  const isOutside = /^(::ffff:)?11\./.test(address) && port === 80;
  (isOutside ? outside : hits).push(`${address} ${port}`);
  site.receive(caller);
}

function answer(name: string, count: number): NameAnswer {
  const known: Readonly<Record<string, NameAnswer>> = {
    "site.example": { addresses: ["11.0.0.1"] },
    "media.example": { addresses: ["11.0.0.2"] },
    "inside.example": { addresses: ["127.0.0.2"] },
    "office.example": { addresses: ["10.0.0.7"] },
    "alias.example": { alias: "intranet.example", addresses: ["192.168.1.1"] },
    // Leads outside where it is looked up for the page, and inside where it is looked up for the clip.
    "rebound.example": { addresses: [count === 1 ? "11.0.0.2" : "127.0.0.2"] },
    "steady.example": { addresses: ["11.0.0.2"] },
  };
  return known[name] ?? "no such name";
}

beforeAll(async () => {
  if (!canOpenNetworks || !program) return;
  makeSiteClips(at("clips"));
  site = await openSite({ clips: at("clips"), routes: leadingRoutes });
  const addresses = ["11.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254"];
  network = await openNetwork({ addresses, ports: [80, 443, 8080, 21, 1935, socksPort], receive, answer });
});
afterAll(async () => {
  await network?.close();
  await site?.close();
  folder.remove();
});
beforeEach(() => {
  hits.length = 0;
});

const lead = (way: string, to: string, host = "site.example") =>
  `http://${host}/lead/${way}?to=${encodeURIComponent(to)}`;

/** Ways by which a page leads to what can be captured there. */
const ways = [
  "redirect.mp4",
  "redirect-of-page",
  "refresh",
  "video",
  "og",
  "json-ld",
  "embed",
  "hls-variant.m3u8",
  "hls-segment.m3u8",
  "hls-segment-redirect.m3u8",
  "hls-key.m3u8",
  "dash.mpd",
  "dash-redirect.mpd",
  "feed.xml",
];

const internal = "http://127.0.0.2";

/** Those of pages and of schemes, some of which never go through a proxy. */
const pagesInward = [
  ...[...ways, "hls-map.m3u8", "hls-sample-key.m3u8", "dash-entity.mpd"].map((way) => lead(way, internal)),
  ...["ftp://127.0.0.2/clip.mp4", "file:///etc/hostname", "rtmp://127.0.0.2:1935/live/clip"].map((to) =>
    lead("other-scheme", to),
  ),
  ...["rtmp://127.0.0.2:1935/live", "ftp://127.0.0.2", "file:///etc"].map((to) => lead("video", to)),
];

/** All ways inside: those of spelling, of names and of ports too. */
const inward = [
  ...pagesInward,
  ...["127.0.0.2", "2130706434", "0x7f000002", "[::ffff:127.0.0.2]"].map(
    (host) => `http://${host}/clips/clip.mp4`,
  ),
  ...[
    "2130706434",
    "0x7f000002",
    "0177.0.0.2",
    "127.2",
    "[::ffff:127.0.0.2]",
    "[::1]",
    "localhost",
    "10.0.0.7",
    "169.254.169.254",
  ].map((host) => lead("video", `http://${host}`)),
  ...["inside", "office", "alias"].map((name) => lead("redirect.mp4", `http://${name}.example`)),
  "http://inside.example/clips/clip.mp4",
  lead("video", "http://rebound.example", "rebound.example"),
  lead("video", "http://media.example:8080"),
  lead("video", "https://127.0.0.2"),
  lead("subtitles", internal),
  `${lead("video", "http://media.example")}#__youtubedl_smuggle=%7B%22http_headers%22%3A%7B%22Ytdl-request-proxy%22%3A%22${encodeURIComponent(internal)}%22%7D%7D`,
];

/** Everything that tells a program to go past a proxy. */
const strayEnvironment = {
  HOLDFAST_OFFLINE: "1",
  HOLDFAST_ALLOW_PRIVATE: "",
  NO_PROXY: "*",
  no_proxy: "127.0.0.2,site.example",
  http_proxy: "http://127.0.0.2",
  ALL_PROXY: "http://127.0.0.2",
};

interface Row {
  readonly url: string;
  readonly status: string;
  readonly reason: string | null;
  readonly id: string;
  readonly object: string | null;
  readonly files: readonly { readonly role: string; readonly sha256: string }[];
}

const quick = ["--delay", "0", "--per-host", "4", "--attempts", "1", "--keep-free", "1M"];

async function batch(
  urls: readonly string[],
  name: string,
  more: readonly string[] = [],
  before: readonly string[] = [],
) {
  writeFileSync(at(`${name}.txt`), urls.join("\n"));
  const argv = ["batch", at(`${name}.txt`), "--vault", at(name), "--json", "--to", at(`${name}-results`)];
  const ran = await network.run([...before, ...holdfast, ...argv, ...quick, ...more], strayEnvironment);
  const rows = ran.stdout
    .trim()
    .split("\n")
    .map((line): Row => JSON.parse(line))
    .filter(({ url }) => url !== undefined);
  expect(rows.length, ran.stderr).toBeGreaterThanOrEqual(urls.length);
  return rows;
}

/** The newest private annex of a capture. */
function annexOf(
  vault: string,
  id: string,
): { readonly connections: readonly { readonly address: string | null; readonly bytes_in: number }[] } {
  return JSON.parse(readFileSync(join(vault, "private", id, "annex.json"), "utf8"));
}

function recordOf(vault: string, object: string): { readonly text: string; readonly verdict: string } {
  const path = readdirSync(join(vault, object), { recursive: true, encoding: "utf8" }).find((one) =>
    one.endsWith("record.json"),
  );
  const text = readFileSync(join(vault, object, path ?? ""), "utf8");
  return { text, verdict: JSON.parse(text).completeness.verdict };
}

describe.skipIf(!canOpenNetworks || !program)("a page that leads into the user's own network", () => {
  it("finds nobody there by any way that the downloader follows, and every refusal is written down", async () => {
    const rows = await batch(inward, "inward", ["--subs"]);
    expect(hits).toEqual([]);
    // Of this one the clip lies outside: only its subtitles, poster and thumbnail lead inside.
    const [clip, ...others] = rows.filter(({ status }) => status === "captured");
    expect([clip?.url, others]).toEqual([lead("subtitles", internal), []]);
    expect(recordOf(at("inward"), clip?.object ?? "").text).toContain(
      '"the subtitles could not be downloaded: the address leads into this machine or a private network"',
    );
    const { id = "" } = rows.find(({ url }) => url === lead("video", internal)) ?? {};
    expect(annexOf(at("inward"), id).connections).toMatchObject([
      { host: "site.example", address: "11.0.0.1", refused: null },
      { host: "127.0.0.2", port: 80, address: null, bytes_in: 0, bytes_out: 0, refused: "private address" },
    ]);
    // A stream of which only a piece leads inside is not called broken off: trying again would not help.
    expect(rows.find(({ url }) => url === lead("hls-map.m3u8", internal))?.reason).toMatch(
      /private network$/,
    );
  });

  it("while the same pages, leading outside, are captured whole, with every address that was dialled in the private annex alone", async () => {
    const urls = [
      ...ways.map((way) => lead(way, "http://media.example")),
      lead("video", "http://steady.example", "steady.example"),
      lead("video", "http://184549378"),
    ];
    const before = network.names.questions.length;
    const rows = (await batch(urls, "outward")).filter(({ object }) => object !== null);
    expect(hits).toEqual([]);
    // Nobody was looked up but who stands in a page that was asked for.
    const hosts = new Set(network.names.questions.slice(before).map((question) => question.split(" ")[0]));
    expect([...hosts].sort()).toEqual(["media.example", "site.example", "steady.example"]);
    // A feed gives its one entry.
    expect(rows.length).toBe(urls.length);
    const clip = sha256(clipBytes(at("clips"), "clip.mp4"));
    for (const { url, status, object, id, files } of rows) {
      const { text, verdict } = recordOf(at("outward"), object ?? "");
      expect([status, verdict], url).toEqual(["captured", "whole"]);
      if (!/m3u8|mpd/.test(url)) expect(files.map((file) => file.sha256)).toContain(clip);
      expect(text).not.toMatch(/11\.0\.0\.[12]/);
      const { connections } = annexOf(at("outward"), id);
      expect(connections.every(({ address }) => /^11\.0\.0\.[12]$/.test(address ?? ""))).toBe(true);
      expect(Math.max(...connections.map(({ bytes_in }) => bytes_in))).toBeGreaterThan(5000);
    }
  });

  it("finds nobody there where the downloader cannot be locked in, though rtmpdump is installed and any format will do", async () => {
    mkdirSync(at("programs"));
    const knock = "import socket; socket.create_connection(('127.0.0.2', 1935))";
    writeFileSync(at("programs/rtmpdump"), `#!/bin/sh\nexec python3 -c "${knock}"\n`);
    writeFileSync(at("programs/bwrap"), "#!/bin/sh\nexit 1\n");
    for (const name of ["rtmpdump", "bwrap"]) chmodSync(at(`programs/${name}`), 0o755);
    const overlay = `mount -t overlay -o lowerdir=${at("programs")}:/usr/bin overlay /usr/bin && exec "$@"`;
    const rows = await batch(
      pagesInward,
      "unlocked",
      ["--format", "best"],
      ["unshare", "-m", "sh", "-c", overlay, "sh"],
    );
    expect(hits).toEqual([]);
    expect(rows.filter(({ status }) => status === "captured")).toEqual([]);
  });
});

describe.skipIf(!canOpenNetworks || !program)("with --proxy socks5://", () => {
  it("the proxy is asked for names, for the time-stamp authorities too, no name is looked up here and nobody is asked directly", async () => {
    const before = network.names.questions.length;
    outside.length = 0;
    const url = lead("redirect.mp4", "http://streetclips7hidden.onion", "hidden.example");
    const proxy = ["--proxy", `socks5://11.0.0.1:${socksPort}`];
    const { status, stderr } = await network.run(
      [...holdfast, "archive", url, ...proxy, "--vault", at("hidden")],
      { ...strayEnvironment, HOLDFAST_OFFLINE: "" },
    );
    expect(status, stderr).toBe(0);
    expect([...new Set(socks.asked)].sort()).toEqual([
      "name hidden.example:80",
      "name streetclips7hidden.onion:80",
      "name timestamp.digicert.com:80",
      "name timestamp.sectigo.com:80",
    ]);
    expect(network.names.questions.slice(before)).toEqual([]);
    expect([...outside, ...hits]).toEqual([]);
  });
});
