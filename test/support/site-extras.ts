import type { Routes, Visit } from "./site.ts";
import { sendBody, sendClip, sendPage } from "./site-files.ts";

/** The bytes of the preview picture that the site serves. */
export const previewBytes = Buffer.from(
  "\u00ff\u00d8\u00ff a preview picture, as far as anybody looked",
  "latin1",
);

/** A page with one clip and the preview picture at `picture`. */
function withPicture(visit: Visit, picture: string): void {
  const data = {
    "@context": "https://schema.org",
    "@type": "VideoObject",
    name: "a clip with a preview picture",
    contentUrl: `${visit.site}/clips/clip.mp4`,
    thumbnailUrl: `${visit.site}/extras/picture/${picture}`,
  };
  sendPage(visit, `<!doctype html><script type="application/ld+json">${JSON.stringify(data)}</script>`);
}

/** A picture; `slow.jpg` drips, `endless.jpg` never ends, `cut.jpg` breaks off, any other name that is not known is a 404. */
function picture(visit: Visit): void {
  const name = visit.url.pathname.split("/").at(-1) ?? "";
  const { socket } = visit.request;
  if (["good.jpg", "good.php", "good.mp4"].includes(name)) {
    sendBody(visit, previewBytes, "picture.jpg");
    return;
  }
  if (!["slow.jpg", "endless.jpg", "cut.jpg"].includes(name)) {
    visit.response.writeHead(404).end();
    return;
  }
  const length = name === "cut.jpg" ? `Content-Length: ${previewBytes.length + 100}\r\n` : "";
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\n${length}\r\n`);
  socket.write(previewBytes);
  if (name === "cut.jpg") {
    socket.end();
    return;
  }
  const block = Buffer.alloc(name === "slow.jpg" ? 1 : 65_536, 7);
  const timer = setInterval(() => socket.write(block), name === "slow.jpg" ? 100 : 1);
  socket.on("close", () => clearInterval(timer));
}

/** A clip with subtitles in these languages. `/extras/subtitles/MOST`: after MOST of them the site asks to slow down. */
const others =
  "af am ar az be bg bn bs ca cs cy da el es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl pa pl pt ro si sk";
/** As many as a platform's automatic translations. */
export const languages = ["kk", "ru", "en", "de", "en-US", ...others.split(" ")];

function subtitled(visit: Visit): void {
  const most = visit.url.pathname.split("/").at(-1);
  const tracks = languages.map(
    (one) => `<track kind="subtitles" srclang="${one}" src="/extras/track/${most}/${one}.vtt">`,
  );
  sendPage(visit, `<!doctype html><video src="/clips/clip.mp4">${tracks.join("")}</video>`);
}

const tracksServed = new Map<string, number>();

function track(visit: Visit): void {
  const most = visit.url.pathname.split("/").at(-2) ?? "";
  const served = tracksServed.get(visit.site + most) ?? 0;
  tracksServed.set(visit.site + most, served + 1);
  if (served >= Number(most)) visit.response.writeHead(429).end("slow down");
  else sendBody(visit, `WEBVTT\n\n00:00.000 --> 00:02.000\n${visit.url.pathname}\n`, "x.vtt");
}

export const extraRoutes: Routes = {
  "/extras/page/": (visit) => withPicture(visit, visit.url.pathname.split("/").at(-1) ?? ""),
  "/extras/picture/": picture,
  "/extras/subtitles/": subtitled,
  "/extras/track/": track,
  // The address of the media is good for one visit to the page, and the first one has expired already.
  "/extras/expired": (visit) =>
    sendPage(visit, `<!doctype html><video src="/extras/media/${visit.count}/clip.mp4"></video>`),
  "/extras/media/": (visit) => {
    if (visit.url.pathname.startsWith("/extras/media/1/")) visit.response.writeHead(403).end("expired");
    else sendClip(visit, "clip.mp4");
  },
  // As a large company in front of a site answers what does not look like a browser.
  "/extras/guarded": (visit) => {
    if (visit.request.headers["sec-ch-ua"] !== undefined)
      sendPage(visit, '<!doctype html><video src="/clips/clip.mp4"></video>');
    else
      visit.response.writeHead(403, { "cf-mitigated": "challenge" }).end("<title>Just a moment...</title>");
  },
};
