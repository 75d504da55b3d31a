import type { Routes, Visit } from "./site.ts";
import { sendBody, sendPage } from "./site-files.ts";

/** Titles that break file names, terminals and lines when they are taken for what they say. */
export const hostileTitles: Readonly<Record<string, string>> = {
  kazakh: "Көшеде ұсталған жігітті әскерге алып кетті — Алматы, 2026",
  russian: "Молодого человека увезли в военкомат прямо с улицы",
  arabic: "اعتقال شاب في الشارع ونقله إلى مكتب التجنيد",
  emoji: "🚨👨‍👩‍👧‍👦 video 🇰🇿",
  long: "ы".repeat(10_000),
  newlines: "first line\nERROR: [generic] forged: second line\r\n[download] Destination: /etc/passwd",
  ansi: "\u001b[2J\u001b[31mred\u0007\u009b0m",
  path: "../../../../tmp/escaped/../x",
  surrogate: "half \ud83d character",
};

/** The titles of these names, which commas part, one after the other. */
export function titleOf(names: string): string {
  return names
    .split(",")
    .map((name) => hostileTitles[name] ?? "")
    .join(" ");
}

export const subtitles = "WEBVTT\n\n00:00.000 --> 00:02.000\nТоқтат!\n";

function videoObject(visit: Visit, name: string, clip: string): string {
  const data = {
    "@context": "https://schema.org",
    "@type": "VideoObject",
    name,
    description: "filmed from a balcony",
    contentUrl: `${visit.site}/clips/${clip}`,
    uploadDate: "2026-10-01T12:00:00+05:00",
    duration: "PT2S",
    author: { "@type": "Person", name: "Айгерім" },
  };
  return `<script type="application/ld+json">${JSON.stringify(data).replaceAll("</", "<\\/")}</script>`;
}

function html(head: string, body = ""): string {
  return `<!doctype html><html><head><meta charset="utf-8">${head}</head><body>${body}</body></html>`;
}

export const pageRoutes: Routes = {
  "/page/json-ld": (visit) =>
    sendPage(visit, html(`<title>JSON-LD</title>${videoObject(visit, "Видео с улицы", "clip.mp4")}`)),
  "/page/og": (visit) =>
    sendPage(
      visit,
      html(
        `<title>og</title><meta property="og:title" content="An og video"><meta property="og:video" content="${visit.site}/clips/clip.mp4"><meta property="og:video:type" content="video/mp4">`,
      ),
    ),
  "/page/video": (visit) =>
    sendPage(visit, html("<title>plain</title>", '<video src="/clips/clip.mp4" controls></video>')),
  "/page/several": (visit) =>
    sendPage(
      visit,
      html(
        "<title>three</title>",
        [1, 2, 3].map((n) => `<video src="/clips/part-${n}.mp4"></video>`).join(""),
      ),
    ),
  "/page/several-one-gone": (visit) =>
    sendPage(
      visit,
      html(
        "<title>three</title>",
        ["taken-away", "part-2", "part-3"].map((name) => `<video src="/clips/${name}.mp4"></video>`).join(""),
      ),
    ),
  "/page/several-for-one-page": (visit) => {
    if (visit.request.headers.referer === "https://news.example/story")
      sendPage(visit, '<video src="/clips/part-1.mp4"></video><video src="/clips/part-2.mp4"></video>');
    else visit.response.writeHead(403).end();
  },
  "/page/subtitles": (visit) =>
    sendPage(
      visit,
      html(
        "<title>subtitled</title>",
        '<video src="/clips/clip.mp4"><track kind="subtitles" srclang="kk" src="/subtitles.vtt"></video>',
      ),
    ),
  "/subtitles.vtt": (visit) => sendBody(visit, subtitles, "subtitles.vtt"),
  "/page/none": (visit) => sendPage(visit, html("<title>text</title>", "<p>video removed, re-upload</p>")),
  "/page/removed-words": (visit) =>
    sendPage(
      visit,
      html(
        "<title>video removed</title>",
        '<p>This video has been removed</p><video src="/clips/clip.mp4"></video>',
      ),
    ),
  "/page/title": (visit) => {
    const { searchParams } = visit.url;
    const title = titleOf(searchParams.get("case") ?? "");
    sendPage(visit, html(videoObject(visit, title, searchParams.get("clip") ?? "clip.mp4")));
  },
  "/page/visitor": (visit) =>
    sendPage(
      visit,
      html(
        "<title>hello visitor</title>",
        `<p>Your address is ${visit.visitorAddress}</p><video src="/clips/clip.mp4?ip=${visit.visitorAddress}&sig=SIGNATURE0123456789"></video>`,
      ),
    ),
  "/page/cookie": (visit) =>
    sendPage(
      visit,
      html(
        "<title>session</title>",
        `<p>cookie: ${visit.request.headers.cookie ?? "none"}</p><video src="/clips/clip.mp4"></video>`,
      ),
    ),
  "/page/members": ({ response }) =>
    response.writeHead(302, { location: "/accounts/login/token-of-this-visit?next=%2Fpage%2Fmembers" }).end(),
  "/accounts/login/": (visit) => sendPage(visit, html("<title>log in</title>", "please log in")),
  "/page/login-401": (visit) => sendPage(visit, html("<title>log in</title>", "please log in"), 401),
  "/page/login-403": (visit) => sendPage(visit, html("<title>log in</title>", "please log in"), 403),
  "/status/": (visit) =>
    sendPage(
      visit,
      html("<title>answer</title>", "an answer"),
      Number(visit.url.pathname.slice("/status/".length)),
    ),
  "/rss.xml": (visit) => sendBody(visit, rss(visit), "rss.xml"),
  "/growing.xml": (visit) => sendBody(visit, feedOf(visit, growingFeed.paths), "growing.xml"),
  "/redirect/chain": (visit) => redirect(visit, "/redirect/second?ip=46.182.111.39"),
  "/redirect/second": (visit) => redirect(visit, `${visit.site}/page/video`),
  "/redirect/loop": (visit) => redirect(visit, `/redirect/loop?${visit.count}`),
  "/redirect/media.mp4": (visit) => redirect(visit, "/clips/clip.mp4"),
};

function redirect(visit: Visit, location: string): void {
  visit.response
    .writeHead(302, { location, "content-length": "0", "set-cookie": "track=TRACKING-1234" })
    .end();
}

/** What `/growing.xml` holds; a test may add to it. */
export const growingFeed: { paths: readonly string[] } = { paths: [] };

function feedOf(visit: Visit, paths: readonly string[]): string {
  const items = paths.map((path, at) => `<item><title>${at}</title><link>${visit.site}${path}</link></item>`);
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Арна</title><link>${visit.site}/</link>${items.join("")}</channel></rss>`;
}

function rss(visit: Visit): string {
  const items = ["json-ld", "og", "video"].map(
    (name) => `<item><title>Entry ${name}</title><link>${visit.site}/page/${name}</link></item>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Канал</title><link>${visit.site}/</link>${items.join("")}</channel></rss>`;
}
