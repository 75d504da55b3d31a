import type { Routes, Visit } from "./site.ts";
import { sendBody, sendPage } from "./site-files.ts";

/**
 * Pages of an outside site that lead a downloader to another server, by every way that yt-dlp follows by itself:
 * `/lead/WAY?to=http://server`. What it finds there is the same wherever it is: the other routes of the site.
 */
export const leadingRoutes: Routes = {
  "/lead/redirect.mp4": (visit) => redirect(visit, `${to(visit)}/clips/clip.mp4`),
  "/lead/redirect-of-page": (visit) => redirect(visit, `${to(visit)}/page/video`),
  "/lead/refresh": (visit) =>
    page(visit, `<meta http-equiv="refresh" content="0; url=${to(visit)}/page/video">`),
  "/lead/video": (visit) => page(visit, "", `<video src="${to(visit)}/clips/clip.mp4"></video>`),
  "/lead/og": (visit) =>
    page(
      visit,
      `<meta property="og:title" content="a"><meta property="og:video" content="${to(visit)}/clips/clip.mp4">`,
    ),
  "/lead/json-ld": (visit) => {
    const data = {
      "@context": "https://schema.org",
      "@type": "VideoObject",
      name: "a",
      contentUrl: `${to(visit)}/clips/clip.mp4`,
      thumbnailUrl: `${to(visit)}/thumbnail.jpg`,
    };
    page(visit, `<script type="application/ld+json">${JSON.stringify(data)}</script>`);
  },
  "/lead/embed": (visit) => page(visit, `<meta name="twitter:player" content="${to(visit)}/page/video">`),
  "/lead/subtitles": (visit) =>
    page(
      visit,
      `<meta property="og:image" content="${to(visit)}/thumbnail.jpg">`,
      `<video src="/clips/clip.mp4" poster="${to(visit)}/poster.jpg"><track kind="subtitles" srclang="kk" src="${to(visit)}/subtitles.vtt"></video>`,
    ),
  "/lead/hls-variant.m3u8": (visit) =>
    playlist(visit, `#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x120\n${to(visit)}/hls/plain.m3u8`),
  "/lead/hls-segment.m3u8": (visit) =>
    playlist(visit, segments(["/hls/segment-0.ts", `${to(visit)}/hls/segment-1.ts`])),
  "/lead/hls-segment-redirect.m3u8": (visit) =>
    playlist(
      visit,
      segments([
        "/hls/segment-0.ts",
        `/lead/segment.ts?to=${encodeURIComponent(`${to(visit)}/hls/segment-1.ts`)}`,
      ]),
    ),
  "/lead/segment.ts": (visit) => redirect(visit, to(visit)),
  "/lead/hls-key.m3u8": (visit) =>
    playlist(
      visit,
      `#EXT-X-KEY:METHOD=AES-128,URI="${to(visit)}/hls/key.bin"\n${segments(["/hls/encrypted/0.ts"])}`,
    ),
  "/lead/hls-sample-key.m3u8": (visit) =>
    playlist(
      visit,
      `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="${to(visit)}/hls/key.bin"\n${segments(["/hls/segment-0.ts"])}`,
    ),
  "/lead/hls-map.m3u8": (visit) =>
    playlist(visit, `#EXT-X-MAP:URI="${to(visit)}/hls/segment-0.ts"\n${segments(["/hls/segment-1.ts"])}`),
  "/lead/dash-redirect.mpd": (visit) => {
    const picture = encodeURIComponent(`${to(visit)}/dash/picture.mp4`);
    manifest(visit, "", "", `/lead/segment.mp4?to=${picture}`);
  },
  "/lead/segment.mp4": (visit) => redirect(visit, to(visit)),
  "/lead/dash.mpd": (visit) => manifest(visit, `<BaseURL>${to(visit)}/dash/</BaseURL>`, ""),
  "/lead/dash-entity.mpd": (visit) =>
    manifest(
      visit,
      `<BaseURL>${to(visit)}/dash/&there;</BaseURL>`,
      `<!DOCTYPE MPD [<!ENTITY there SYSTEM "${to(visit)}/entity">]>`,
    ),
  "/lead/feed.xml": (visit) =>
    sendBody(
      visit,
      `<?xml version="1.0"?><rss version="2.0"><channel><title>a</title><link>${visit.site}/</link><item><title>b</title><link>${to(visit)}/page/video</link></item></channel></rss>`,
      "feed.xml",
    ),
  "/lead/other-scheme": (visit) => redirect(visit, to(visit)),
};

const to = (visit: Visit) => visit.url.searchParams.get("to") ?? "";

function redirect(visit: Visit, location: string): void {
  visit.response.writeHead(302, { location, "content-length": "0" }).end();
}

function page(visit: Visit, head: string, body = ""): void {
  sendPage(
    visit,
    `<!doctype html><html><head><meta charset="utf-8"><title>a</title>${head}</head><body>${body}</body></html>`,
  );
}

function playlist(visit: Visit, lines: string): void {
  sendBody(visit, `#EXTM3U\n#EXT-X-VERSION:6\n${lines}\n`, "index.m3u8");
}

function segments(addresses: readonly string[]): string {
  const list = addresses.map((address) => `#EXTINF:1.0,\n${address}`);
  return ["#EXT-X-TARGETDURATION:2", ...list, "#EXT-X-ENDLIST"].join("\n");
}

function manifest(visit: Visit, base: string, doctype: string, picture = "picture.mp4"): void {
  sendBody(
    visit,
    `<?xml version="1.0"?>${doctype}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">${base}<Period><AdaptationSet mimeType="video/mp4" contentType="video"><Representation id="picture" bandwidth="100000" codecs="avc1.64000b" width="160" height="120"><BaseURL>${picture}</BaseURL><SegmentBase indexRange="0-99"/></Representation></AdaptationSet></Period></MPD>`,
    "manifest.mpd",
  );
}
