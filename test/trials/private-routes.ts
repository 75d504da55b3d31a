import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import type { Figures } from "../soak/rounds.js";
import { leadingRoutes } from "../support/leading-pages.ts";
import type { NameAnswer } from "../support/name-server.ts";
import { openNetwork, type Ran } from "../support/open-network.ts";
import { openSite, type Site } from "../support/site.ts";
import { makeSiteClips } from "../support/site-clips.ts";
import { clipBytes } from "../support/site-files.ts";
import { socksDoor } from "../support/socks-door.ts";

/*
 * The real program in a network of its own, where 11.0.0.0/8 stands for the internet and every other address for what is
 * inside. Every server there answers everything: what is not captured was not reached.
 */

const holdfast = [process.execPath, join(import.meta.dirname, "../../bin/holdfast.js")];
export const socksPort = 1080;

/** A network with a site and its clips, and what came to it. */
export interface Inside {
  readonly at: (name: string) => string;
  /** `address port` of every connection that came to a port or an address of the inside. */
  readonly hits: readonly string[];
  /** The same of those that came to the internet. */
  readonly outside: readonly string[];
  /** Whom the SOCKS proxy was asked for. */
  readonly asked: readonly string[];
  /** Names that were looked up, in the order of time. */
  readonly lookedUp: () => readonly string[];
  /** Runs holdfast in the network, below the command line `before`. */
  readonly run: (
    argv: readonly string[],
    env?: Readonly<Record<string, string>>,
    before?: readonly string[],
  ) => Promise<Ran>;
  readonly close: () => Promise<void>;
}

export async function openInside(folder: string): Promise<Inside> {
  const at = (name: string) => join(folder, name);
  const hits: string[] = [];
  const outside: string[] = [];
  makeSiteClips(at("clips"));
  const site: Site = await openSite({ clips: at("clips"), routes: leadingRoutes });
  const socks = socksDoor((caller) => site.receive(caller));
  const receive = (caller: Socket, port: number): void => {
    const address = caller.localAddress ?? "";
    if (port === socksPort) {
      socks.receive(caller);
      return;
    }
    const isOutside = /^(::ffff:)?11\./.test(address) && port === 80;
    (isOutside ? outside : hits).push(`${address} ${port}`);
    site.receive(caller);
  };
  const addresses = ["11.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254"];
  const ports = [80, 443, 8080, 21, 1935, socksPort];
  const network = await openNetwork({ addresses, ports, receive, answer });
  return {
    ...{ at, hits, outside, asked: socks.asked },
    lookedUp: () => network.names.questions.map((question) => question.split(" ")[0] ?? ""),
    run: (argv, env = {}, before = []) =>
      network.run([...before, ...holdfast, ...argv], { ...strayEnvironment, ...env }),
    close: async () => {
      await network.close();
      await site.close();
    },
  };
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

export const lead = (way: string, to: string, host = "site.example") =>
  `http://${host}/lead/${way}?to=${encodeURIComponent(to)}`;

/** Ways by which a page leads to what can be captured there. */
export const ways = [
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

export const internal = "http://127.0.0.2";

/** Those of pages and of schemes, some of which never go through a proxy. */
export const pagesInward = [
  ...[...ways, "hls-map.m3u8", "hls-sample-key.m3u8", "dash-entity.mpd"].map((way) => lead(way, internal)),
  ...[
    "ftp://127.0.0.2/clip.mp4",
    "file:///etc/hostname",
    "rtmp://127.0.0.2:1935/live/clip",
    "ws://127.0.0.2/clip.mp4",
  ].map((to) => lead("other-scheme", to)),
  ...["rtmp://127.0.0.2:1935/live", "ftp://127.0.0.2", "file:///etc", "ws://127.0.0.2"].map((to) =>
    lead("video", to),
  ),
];

/** A way that an address carries with it in words that yt-dlp understands. */
export const smuggled = `${lead("video", "http://media.example")}#__youtubedl_smuggle=%7B%22http_headers%22%3A%7B%22Ytdl-request-proxy%22%3A%22${encodeURIComponent(internal)}%22%7D%7D`;

/** All ways inside: those of spelling, of names and of ports too. */
export const inward = [
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
  smuggled,
];

/** Ways to what lies outside. */
export const outward = [
  ...ways.map((way) => lead(way, "http://media.example")),
  lead("video", "http://steady.example", "steady.example"),
  lead("video", "http://184549378"),
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
  inside: Inside,
  name: string,
  urls: readonly string[],
  more: readonly string[],
  before: readonly string[] = [],
): Promise<readonly Row[]> {
  const { at } = inside;
  writeFileSync(at(`${name}.txt`), urls.join("\n"));
  const argv = ["batch", at(`${name}.txt`), "--vault", at(name), "--json", "--to", at(`${name}-results`)];
  const ran = await inside.run([...argv, ...quick, ...more], {}, before);
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

/**
 * Pages that lead inside, among them those that the claims name, and pages that lead outside, in one list: nobody inside
 * is asked and every refusal is written down; those outside are captured whole, with every address that was dialled in
 * the private annex alone.
 */
export async function leadBothWays(
  inside: Inside,
  into: readonly string[],
  out: readonly string[],
): Promise<Figures> {
  const vault = inside.at("led");
  const rows = await batch(inside, "led", [...into, ...out], ["--subs"]);
  expect(inside.hits).toEqual([]);
  // Nobody was looked up but who stands in a page that was asked for.
  const named = decodeURIComponent([...into, ...out].join(" ")).match(/[a-z]+\.example/g) ?? [];
  expect([...new Set(inside.lookedUp())].sort()).toEqual([...new Set(named)].sort());
  // A feed gives its one entry, under an address of its own.
  const isOut = ({ url }: Row) => out.includes(url) || url.startsWith("http://media.example/");
  expectRefused(
    vault,
    rows.filter((row) => !isOut(row)),
  );
  const captured = rows.filter((row) => isOut(row) && row.object !== null);
  expect(captured.length).toBe(out.length);
  expectWhole(vault, captured, sha256(clipBytes(inside.at("clips"), "clip.mp4")));
  return { "ways inside": into.length, "ways outside": out.length };
}

function expectRefused(vault: string, rows: readonly Row[]): void {
  // Of this one the clip lies outside: only its subtitles, poster and thumbnail lead inside.
  const [clip, ...others] = rows.filter(({ status }) => status === "captured");
  expect([clip?.url, others]).toEqual([lead("subtitles", internal), []]);
  expect(recordOf(vault, clip?.object ?? "").text).toContain(
    '"the subtitles could not be downloaded: the address leads into this machine or a private network"',
  );
  const { id = "" } = rows.find(({ url }) => url === lead("video", internal)) ?? {};
  expect(annexOf(vault, id).connections).toMatchObject([
    { host: "site.example", address: "11.0.0.1", refused: null },
    { host: "127.0.0.2", port: 80, address: null, bytes_in: 0, bytes_out: 0, refused: "private address" },
  ]);
  // A stream of which only a piece leads inside is not called broken off: trying again would not help.
  expect(rows.find(({ url }) => url === lead("hls-map.m3u8", internal))?.reason).toMatch(/private network$/);
}

function expectWhole(vault: string, rows: readonly Row[], clip: string): void {
  for (const { url, status, object, id, files } of rows) {
    const { text, verdict } = recordOf(vault, object ?? "");
    expect([status, verdict], url).toEqual(["captured", "whole"]);
    if (!/m3u8|mpd/.test(url)) expect(files.map((file) => file.sha256)).toContain(clip);
    expect(text).not.toMatch(/11\.0\.0\.[12]/);
    const { connections } = annexOf(vault, id);
    expect(connections.every(({ address }) => /^11\.0\.0\.[12]$/.test(address ?? ""))).toBe(true);
    expect(Math.max(...connections.map(({ bytes_in }) => bytes_in))).toBeGreaterThan(5000);
  }
}

/** Pages that lead inside where bwrap fails, rtmpdump is installed and any format will do: nobody is asked there either. */
export async function leadUnlocked(inside: Inside, into: readonly string[]): Promise<Figures> {
  const programs = inside.at("programs");
  mkdirSync(programs);
  const knock = "import socket; socket.create_connection(('127.0.0.2', 1935))";
  // yt-dlp asks each program that it could use for its version: that is no visit.
  const asked = '[ "$*" = --help ] && exit 1';
  writeFileSync(join(programs, "rtmpdump"), `#!/bin/sh\n${asked}\nexec python3 -c "${knock}"\n`);
  writeFileSync(join(programs, "bwrap"), "#!/bin/sh\nexit 1\n");
  for (const name of ["rtmpdump", "bwrap"]) chmodSync(join(programs, name), 0o755);
  const overlay = `mount -t overlay -o lowerdir=${programs}:/usr/bin overlay /usr/bin && exec "$@"`;
  const before = ["unshare", "-m", "sh", "-c", overlay, "sh"];
  const rows = await batch(inside, "unlocked", into, ["--format", "best"], before);
  expect(inside.hits).toEqual([]);
  expect(rows.filter(({ status }) => status === "captured")).toEqual([]);
  return { "ways inside, not locked in": into.length };
}
