import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";

/** Serves a page with one MP4 on it, on loopback. Returns the page's address and how to close the server. */
export async function servePage(clip) {
  const server = createServer((request, response) => answer(request, response, clip));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/watch/1`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, close };
}

function answer(request, response, clip) {
  if (request.url === "/media/clip.mp4") {
    response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": statSync(clip).size });
    if (request.method === "HEAD") response.end();
    else createReadStream(clip).pipe(response);
  } else if (request.url === "/watch/1") {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(page(`http://${request.headers.host}/media/clip.mp4`));
  } else {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("not here\n");
  }
}

function page(video) {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>bench clip</title><meta property="og:video" content="${video}"></head>
<body><video controls src="${video}"></video></body>
</html>
`;
}
