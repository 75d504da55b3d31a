import { gzipSync } from "node:zlib";
import type { Visit } from "./site.ts";

/** What a server can do with one piece of media: it answers this visit with `body`, or with what it makes of it. */
export type PieceFault = (visit: Visit, body: Buffer) => void;

/** A body that says it is short and grows to this many bytes. */
const bombBytes = 100 * 1024 * 1024;
let bomb: Buffer | null = null;

function head(visit: Visit, lines: readonly string[], status = "200 OK"): void {
  const all = [`HTTP/1.1 ${status}`, "Content-Type: application/octet-stream", "Connection: close", ...lines];
  visit.request.socket.write(`${all.join("\r\n")}\r\n\r\n`);
}

function drip(visit: Visit, everyMs: number, bytes: Buffer): void {
  const timer = setInterval(() => visit.request.socket.write(bytes), everyMs);
  visit.request.socket.on("close", () => clearInterval(timer));
}

const part = (body: Buffer) => body.subarray(0, Math.floor(body.length / 2));
const length = (body: Buffer) => `Content-Length: ${body.length}`;

function busy(retryAfter: string): PieceFault {
  return (visit) => visit.response.writeHead(429, { "retry-after": retryAfter }).end("slow down");
}

/** By the names of the list of faults; each leaves the piece short, late, other than it was, or not there. */
export const pieceFaults: Readonly<Record<string, PieceFault>> = {
  "cut, length right": (visit, body) => {
    head(visit, [length(body)]);
    visit.request.socket.end(part(body));
  },
  "cut, no length": (visit, body) => {
    head(visit, []);
    visit.request.socket.end(part(body));
  },
  "cut, chunked": (visit, body) => {
    head(visit, ["Transfer-Encoding: chunked"]);
    const chunk = part(body);
    visit.request.socket.write(`${chunk.length.toString(16)}\r\n`);
    visit.request.socket.end(chunk);
  },
  "length too small": (visit, body) => {
    head(visit, [length(part(body))]);
    visit.request.socket.end(body);
  },
  "length too large": (visit, body) => {
    head(visit, [`Content-Length: ${body.length * 2}`]);
    visit.request.socket.end(body);
  },
  reset: (visit, body) => {
    head(visit, [length(body)]);
    visit.request.socket.write(part(body));
    setTimeout(() => visit.request.socket.resetAndDestroy(), 50);
  },
  "slow body": (visit, body) => {
    head(visit, [length(body)]);
    visit.request.socket.write(part(body));
    drip(visit, 200, Buffer.of(0));
  },
  "slow header": (visit) => {
    visit.request.socket.write("HTTP/1.1 200 OK\r\nX-Slow: ");
    drip(visit, 200, Buffer.from("y"));
  },
  endless: (visit, body) => {
    head(visit, []);
    drip(visit, 20, Buffer.alloc(256 * 1024, body.subarray(0, 4096)));
  },
  "redirect loop": (visit) => visit.response.writeHead(302, { location: visit.url.href }).end(),
  "404": (visit) => visit.response.writeHead(404).end("not here"),
  "410": (visit) => visit.response.writeHead(410).end("not here any more"),
  "429, seconds": busy("120"),
  "429, date": busy("Wed, 01 Jan 2031 00:00:00 GMT"),
  "429, 10^9": busy("1000000000"),
  "429, garbage": busy("soon, \u00ff maybe"),
  "503 twice, then good": (visit, body) => {
    if (visit.count <= 2) visit.response.writeHead(503).end("busy");
    else visit.response.writeHead(200, { "content-length": String(body.length) }).end(body);
  },
  "garbage instead of HTTP": (visit) => visit.request.socket.end("\x16\x03\x01\x00nothing like HTTP\r\n\r\n"),
  "gzip bomb": (visit) => {
    bomb ??= gzipSync(Buffer.alloc(bombBytes));
    visit.response
      .writeHead(200, { "content-encoding": "gzip", "content-length": String(bomb.length) })
      .end(bomb);
  },
  // Half of one file, then all of another, in part where the rest is asked for: a downloader that resumes would splice.
  "other content on retry": (visit, body) => {
    if (visit.count === 1) {
      head(visit, ["Accept-Ranges: bytes", 'ETag: "one"', length(body)]);
      visit.request.socket.end(part(body));
      return;
    }
    const other = Buffer.alloc(body.length, 0x5a);
    const from = Number(/^bytes=(\d+)-/.exec(visit.request.headers.range ?? "")?.[1] ?? 0);
    const range = `bytes ${from}-${other.length - 1}/${other.length}`;
    visit.response.writeHead(from === 0 ? 200 : 206, {
      etag: '"two"',
      ...(from === 0 ? {} : { "content-range": range }),
      "content-length": String(other.length - from),
    });
    visit.response.end(other.subarray(from));
  },
};
