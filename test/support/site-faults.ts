import type { Routes, Visit } from "./site.ts";
import { clipBytes, sendClip } from "./site-files.ts";

function raw(visit: Visit, head: string, ...parts: readonly Buffer[]): void {
  const { socket } = visit.request;
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\n${head}\r\n\r\n`);
  for (const part of parts) socket.write(part);
}

const clip = (visit: Visit) => clipBytes(visit.clips, "clip.mp4");
const half = (body: Buffer) => body.subarray(0, Math.floor(body.length / 2));

export const faultRoutes: Routes = {
  "/fault/page.mp4": (visit) => {
    const body = "<!doctype html><html><title>please log in</title><body>not a video</body></html>".repeat(
      20,
    );
    visit.response
      .writeHead(200, { "content-type": "video/mp4", "content-length": String(body.length) })
      .end(body);
  },
  "/fault/empty.mp4": (visit) =>
    visit.response.writeHead(200, { "content-type": "video/mp4", "content-length": "0" }).end(),
  "/fault/endless.mp4": (visit) => {
    raw(visit, "X-Length: none");
    const block = clip(visit);
    const pour = () => {
      while (!visit.request.socket.destroyed && visit.request.socket.write(block));
      if (!visit.request.socket.destroyed) visit.request.socket.once("drain", pour);
    };
    pour();
  },
  "/fault/cut-length.mp4": (visit) => {
    raw(visit, `Content-Length: ${clip(visit).length}`, half(clip(visit)));
    visit.request.socket.end();
  },
  "/fault/cut-no-length.mp4": (visit) => {
    raw(visit, "X-Length: none", half(clip(visit)));
    visit.request.socket.end();
  },
  "/fault/cut-chunked.mp4": (visit) => {
    const body = half(clip(visit));
    raw(visit, "Transfer-Encoding: chunked", Buffer.from(`${body.length.toString(16)}\r\n`), body);
    visit.request.socket.end();
  },
  "/fault/length-too-small.mp4": (visit) => {
    raw(visit, `Content-Length: ${half(clip(visit)).length}`, clip(visit));
    visit.request.socket.end();
  },
  "/fault/reset.mp4": (visit) => {
    raw(visit, `Content-Length: ${clip(visit).length}`, half(clip(visit)));
    setTimeout(() => visit.request.socket.resetAndDestroy(), 100);
  },
  "/fault/slow.mp4": (visit) => {
    raw(visit, `Content-Length: ${clip(visit).length}`, half(clip(visit)));
    const timer = setInterval(() => visit.request.socket.write(Buffer.from([0])), 200);
    visit.request.socket.on("close", () => clearInterval(timer));
  },
  // One file is begun, another is there when the downloader comes back for the rest.
  "/fault/changing.mp4": (visit) => {
    if (visit.count > 2) {
      sendClip(visit, "other.mp4");
      return;
    }
    raw(visit, `Accept-Ranges: bytes\r\nContent-Length: ${clip(visit).length}`, half(clip(visit)));
    visit.request.socket.end();
  },
  "/fault/busy-twice.mp4": (visit) => {
    if (visit.count > 2) {
      sendClip(visit, "clip.mp4");
      return;
    }
    visit.response.writeHead(503, { "retry-after": "1" }).end("busy");
  },
  // Asks to be left alone for a second, then serves.
  "/fault/slow-down.mp4": (visit) => {
    if (visit.count > 2) sendClip(visit, "clip.mp4");
    else visit.response.writeHead(429, { "retry-after": "1" }).end("slow down");
  },
  "/fault/redirect-loop.mp4": (visit) =>
    visit.response.writeHead(302, { location: `${visit.site}/fault/redirect-loop.mp4` }).end(),
  // The reason phrase and the page say one thing, the status another.
  "/fault/words.mp4": (visit) => {
    visit.request.socket.end(
      "HTTP/1.1 404 login required \u001b[31m DRM\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry",
    );
  },
};
