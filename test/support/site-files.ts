import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Routes, Visit } from "./site.ts";

const types: Readonly<Record<string, string>> = {
  ".mp4": "video/mp4",
  ".m4a": "audio/mp4",
  ".m4s": "video/iso.segment",
  ".mp3": "audio/mpeg",
  ".wav": "audio/wav",
  ".ts": "video/mp2t",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".xml": "application/rss+xml",
  ".vtt": "text/vtt",
};

/** The bytes of a clip by its path below the folder of clips. */
export function clipBytes(clips: string, name: string): Buffer {
  return readFileSync(join(clips, name));
}

/** Sends a body whole, with its length and a type by extension. */
export function sendBody(
  visit: Visit,
  body: Buffer | string,
  name: string,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.from(body);
  visit.response.writeHead(200, {
    "content-type": types[extname(name)] ?? "application/octet-stream",
    "content-length": String(bytes.length),
    ...headers,
  });
  visit.response.end(visit.request.method === "HEAD" ? undefined : bytes);
}

/** Sends an HTML page. */
export function sendPage(visit: Visit, html: string, status = 200): void {
  const bytes = Buffer.from(html);
  visit.response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-length": String(bytes.length),
  });
  visit.response.end(bytes);
}

/** Serves a clip as an ordinary web server does: with its length, and in part when asked for a range. */
export function sendClip(visit: Visit, name: string): void {
  const body = clipBytes(visit.clips, name);
  const range = /^bytes=(\d+)-(\d*)$/.exec(visit.request.headers.range ?? "");
  if (range === null) {
    sendBody(visit, body, name, { "last-modified": "Tue, 04 Aug 2026 10:00:00 GMT" });
    return;
  }
  const start = Number(range[1]);
  const end = range[2] === "" ? body.length - 1 : Math.min(Number(range[2]), body.length - 1);
  const part = body.subarray(start, end + 1);
  visit.response.writeHead(206, {
    "content-type": types[extname(name)] ?? "application/octet-stream",
    "content-length": String(part.length),
    "content-range": `bytes ${start}-${end}/${body.length}`,
  });
  visit.response.end(part);
}

/** `/clips/<path>`: any file of the folder; names of the tests' own making only. */
export const fileRoutes: Routes = {
  "/clips/": (visit) => {
    const name = decodeURIComponent(visit.url.pathname.slice("/clips/".length));
    if (name.includes("..") || !existsSync(join(visit.clips, name))) visit.response.writeHead(404).end();
    else sendClip(visit, name);
  },
  "/referred/": (visit) => {
    const page = `${visit.site}/page/video`;
    if (visit.request.headers.referer?.startsWith(page)) sendClip(visit, "clip.mp4");
    else visit.response.writeHead(403).end();
  },
  "/chunked.mp4": (visit) => {
    visit.response.writeHead(200, { "content-type": "video/mp4" });
    visit.response.end(clipBytes(visit.clips, "clip.mp4"));
  },
};
