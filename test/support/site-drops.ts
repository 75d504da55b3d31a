import type { Routes, Visit } from "./site.ts";
import { clipBytes, sendClip } from "./site-files.ts";

/** How a server that drops its line behaves; the address says it, `/drops/ways,of,dropping/clip.mp4`. */
type Way = "etag" | "modified" | "weak" | "none" | "changing" | "whole" | "busy" | "416";

/** How many bytes an answer carries before the line drops. */
export const dropAfter = 20_000;

const validators: Readonly<Record<string, (version: string) => Readonly<Record<string, string>>>> = {
  etag: (version) => ({ ETag: `"${version}"` }),
  weak: (version) => ({ ETag: `W/"${version}"` }),
  modified: () => ({ "Last-Modified": "Tue, 04 Aug 2026 10:00:00 GMT" }),
};

function headersOf(ways: readonly string[], version: string): Readonly<Record<string, string>> {
  return Object.assign({}, ...ways.map((way) => validators[way]?.(version) ?? {}));
}

/**
 * A server that drops the line after `dropAfter` bytes of each answer. `changing`: once the downloader, whose page reader asks first, comes for the rest, it has another
 * file, which it then sends whole; `whole`: it knows no ranges; `busy`: the first request for the rest gets a 503; `416`:
 * it refuses the rest.
 */
function drop(visit: Visit): void {
  const [, , list = "", name = ""] = visit.url.pathname.split("/");
  const ways = list.split(",") as Way[];
  const changed = ways.includes("changing") && visit.count > 2;
  const body = clipBytes(visit.clips, changed ? "other.mp4" : name);
  const { socket } = visit.request;
  if (changed && visit.count > 3) {
    sendClip(visit, "other.mp4");
    return;
  }
  if (ways.includes("busy") && visit.count === 3) {
    visit.response.writeHead(503, { connection: "close" }).end("busy");
    return;
  }
  const asked = ways.includes("whole") ? null : /^bytes=(\d+)-/.exec(visit.request.headers.range ?? "");
  const from = Number(asked?.[1] ?? 0);
  if (asked && ways.includes("416")) {
    visit.response.writeHead(416, { connection: "close" }).end("no such part");
    return;
  }
  const head = {
    "Content-Type": "video/mp4",
    "Content-Length": String(body.length - from),
    Connection: "close",
    ...headersOf(ways, changed ? "second" : "first"),
    ...(asked ? { "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
  };
  const lines = Object.entries(head).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${asked ? "206 Partial Content" : "200 OK"}\r\n${lines.join("")}\r\n`);
  socket.end(body.subarray(from, from + dropAfter));
}

export const dropRoutes: Routes = { "/drops/": drop };
