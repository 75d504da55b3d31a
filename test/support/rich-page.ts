import { crc32, deflateSync, gzipSync } from "node:zlib";
import type { Routes, Visit } from "./site.ts";

/**
 * What a browser asks `/rich` for, each once: style sheets, scripts, pictures that are loaded only when they are scrolled
 * to, frames of this and of another origin, workers, a part of a file, compressed and streamed bodies. The redirects come
 * on top.
 */
export const richPagePaths: readonly string[] = [
  ...["", "/look.css", "/module.mjs", "/imported.mjs", "/frame", "/frame.js", "/other-frame", "/other.css"],
  ...["/other.json", "/worker.js", "/worker-part.js", "/worker.json", "/part.bin", "/arrived.png"],
  ...["/streamed.txt", "/packed.json", "/posted", "/sound.wav"],
  ...numbered("/script-", 4, ".js"),
  ...numbered("/styled-", 5, ".png"),
  ...numbered("/answer-", 9, ".json"),
  ...numbered("/lazy-", 24, ".png"),
].map((path) => `/rich${path}`);

/** A page of some sixty resources at `/rich`. `otherHost` is another name for the same site. */
export function richPage(otherHost: string): Routes {
  return {
    "/rich": (visit) =>
      send(visit, "text/html; charset=utf-8", page(`http://${otherHost}:${visit.url.port}`)),
    "/rich/": numberedResource,
    "/rich/look.css": body("text/css", styles),
    "/rich/module.mjs": body(
      "text/javascript",
      'import { word } from "./imported.mjs"; document.title += word;',
    ),
    "/rich/imported.mjs": body("text/javascript", 'export const word = "!";'),
    "/rich/frame": body("text/html", '<p>A frame</p><script src="/rich/frame.js"></script>'),
    "/rich/frame.js": body("text/javascript", "document.body.append('of this site');"),
    "/rich/other-frame": body("text/html", otherFrame),
    "/rich/other.css": body("text/css", "p { color: teal }"),
    "/rich/other.json": body("application/json", '{"of":"another site"}'),
    "/rich/worker.js": body("text/javascript", worker),
    "/rich/worker-part.js": body("text/javascript", "self.part = 1;"),
    "/rich/worker.json": body("application/json", '{"of":"a worker"}'),
    "/rich/part.bin": ({ response }) =>
      response
        .writeHead(206, { "content-range": "bytes 100-199/1000", "content-type": "application/octet-stream" })
        .end(Buffer.alloc(100, 7)),
    "/rich/moved.png": ({ response }) => response.writeHead(302, { location: "/rich/arrived.png" }).end(),
    "/rich/arrived.png": body("image/png", picture(1)),
    "/rich/streamed.txt": ({ response }) => {
      response.writeHead(200, { "content-type": "text/plain" }).write("first part, ");
      setImmediate(() => {
        response.write("second part, ");
        setImmediate(() => response.end("last part"));
      });
    },
    "/rich/packed.json": ({ response }) =>
      response
        .writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
        .end(gzipSync('{"packed":true}')),
    "/rich/posted": ({ request, response }) => {
      request
        .resume()
        .once("end", () => response.writeHead(200, { "content-type": "text/plain" }).end("kept"));
    },
    "/rich/sound.wav": (visit) => ranged(visit, "audio/wav", silence),
    "/favicon.ico": body("image/png", picture(2)),
  };
}

const asked = `
const ask = (address, options) => fetch(address, options).then((answer) => answer.text());
for (let n = 1; n <= 9; n += 1) ask("/rich/answer-" + n + ".json");
ask("/rich/part.bin", { headers: { range: "bytes=100-199" } });
ask("/rich/streamed.txt");
ask("/rich/packed.json");
ask("/rich/posted", { method: "POST", body: "a=1&b=two" });
new Worker("/rich/worker.js");`;

const otherFrame = `<link rel=stylesheet href="/rich/other.css"><p>Another site</p>
<script>fetch("/rich/other.json").then((answer) => answer.json());</script>`;

const worker = `importScripts("/rich/worker-part.js");
fetch("/rich/worker.json").then((answer) => answer.text()).then((text) => postMessage(text));`;

const styles = numbered("", 5, "")
  .map((n) => `.styled-${n} { height: 20px; background: url(/rich/styled-${n}.png) }`)
  .join("\n");

function page(other: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A rich page</title>
<link rel="stylesheet" href="/rich/look.css">
${numbered('<script src="/rich/script-', 4, '.js"></script>').join("\n")}
<script type="module" src="/rich/module.mjs"></script></head>
<body><h1>A post with many parts</h1>
${numbered('<div class="styled-', 5, '"></div>').join("\n")}
<img src="/rich/moved.png" alt=""><audio src="/rich/sound.wav" preload="auto"></audio>
<iframe src="/rich/frame"></iframe><iframe src="${other}/rich/other-frame"></iframe>
${numbered('<p style="height: 1500px"><img loading="lazy" width="60" height="60" alt="" src="/rich/lazy-', 24, '.png"></p>').join("\n")}
<script>${asked}</script></body></html>`;
}

function body(type: string, content: string | Buffer): (visit: Visit) => void {
  return (visit) => send(visit, type, content);
}

function send({ response }: Visit, type: string, content: string | Buffer): void {
  response
    .writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(content) })
    .end(content);
}

function numberedResource(visit: Visit): void {
  const [, kind, number] = /^\/rich\/(script|styled|answer|lazy)-(\d+)\./.exec(visit.url.pathname) ?? [];
  if (kind === "script") send(visit, "text/javascript", `window.part${number} = ${number};`);
  else if (kind === "answer") send(visit, "application/json", `{"answer":${number}}`);
  else if (kind !== undefined) send(visit, "image/png", picture(Number(number) + 3));
  else visit.response.writeHead(404).end();
}

function ranged({ request, response }: Visit, type: string, content: Buffer): void {
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const [start, end] = [Number(from), to === "" ? content.length - 1 : Number(to)];
  const headers = { "content-type": type, "accept-ranges": "bytes", "content-length": end - start + 1 };
  const range = { "content-range": `bytes ${start}-${end}/${content.length}` };
  const isPart = request.headers.range !== undefined;
  response.writeHead(isPart ? 206 : 200, isPart ? { ...headers, ...range } : headers);
  response.end(content.subarray(start, end + 1));
}

/** A second of silence. */
const silence = (() => {
  const header = Buffer.from(
    "524946460000000057415645666d74201000000001000100401f0000401f0000010008006461746100000000",
    "hex",
  );
  const samples = Buffer.alloc(8000, 0x80);
  header.writeUInt32LE(36 + samples.length, 4);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
})();

/** A PNG picture of one grey pixel, different for each shade. */
function picture(shade: number): Buffer {
  return pngOf(1, 1, 0, deflateSync(Buffer.from([0, shade])));
}

/** A PNG of eight bits a channel: `colours` 0 for grey, 2 for red, green and blue. */
export function pngOf(width: number, height: number, colours: 0 | 2, packed: Buffer): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, colours, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", packed),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function numbered(before: string, count: number, after: string): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${before}${n + 1}${after}`);
}
