import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";

/** Serves a page with one clip on it, on loopback. Returns the page's address and how to close the server. */
export async function servePage(clip) {
  const { urls, close } = await servePages([clip]);
  return { url: urls[0], close };
}

/** Serves a page for each clip, on loopback. Returns the pages' addresses and how to close the server. */
export async function servePages(clips) {
  const server = createServer((request, response) => answer(request, response, clips));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const site = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { urls: clips.map((_, index) => `${site}/watch/${index + 1}`), close };
}

function answer(request, response, clips) {
  const [, kind, number] = /^\/(watch|media)\/(\d+)(?:\.\w+)?$/.exec(request.url ?? "") ?? [];
  const clip = clips[Number(number) - 1];
  if (clip === undefined) {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("not here\n");
  } else if (kind === "media") {
    response.writeHead(200, { "Content-Type": typeOf(clip), "Content-Length": statSync(clip).size });
    if (request.method === "HEAD") response.end();
    else createReadStream(clip).pipe(response);
  } else {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(page(`http://${request.headers.host}/media/${number}${extname(clip)}`));
  }
}

/** As servers know them by their names. */
const types = {
  ".avi": "video/x-msvideo",
  ".mkv": "video/x-matroska",
  ".mov": "video/quicktime",
  ".3gp": "video/3gpp",
};

function typeOf(clip) {
  return types[extname(clip)] ?? "video/mp4";
}

function page(video) {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>bench clip</title><meta property="og:video" content="${video}"></head>
<body><video controls src="${video}"></video></body>
</html>
`;
}
