import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Routes, Visit } from "./site.ts";

/** Answers as the platforms give them, as far as the extractors of yt-dlp read them. Every host is led to one site. */

function sendJson(visit: Visit, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.from(JSON.stringify(value));
  visit.response
    .writeHead(200, {
      "content-type": "application/json",
      "content-length": String(bytes.length),
      ...headers,
    })
    .end(bytes);
}

function sendHtml(visit: Visit, html: string): void {
  visit.response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
}

/** The clip whose name ends the path; its bytes are those of the folder of clips. */
function sendMedia(visit: Visit, name: string): void {
  const bytes = readFileSync(join(visit.clips, name));
  const range = /^bytes=(\d+)-(\d*)$/.exec(visit.request.headers.range ?? "");
  const first = Number(range?.[1] ?? 0);
  const last = Math.min(Number(range?.[2] || bytes.length - 1), bytes.length - 1);
  visit.response
    .writeHead(range === null ? 200 : 206, {
      "content-type": "video/mp4",
      "content-length": String(last - first + 1),
      "last-modified": "Tue, 04 Aug 2026 10:00:00 GMT",
      ...(range === null ? {} : { "content-range": `bytes ${first}-${last}/${bytes.length}` }),
    })
    .end(bytes.subarray(first, last + 1));
}

/** Whether a request imitates a browser: only the imitation sends this header. */
function looksLikeBrowser({ request }: Visit): boolean {
  return request.headers["sec-ch-ua"] !== undefined;
}

const preview = { "content-type": "image/jpeg", "content-length": "4" };

/** One of the entries of a post: a clip by its name, or a photo. */
export type PostEntry = { readonly clip: string } | "photo";

function instagramMedia(entry: PostEntry, at: number) {
  const candidates = [
    { url: `https://scontent.cdninstagram.com/preview/${at}.jpg`, width: 640, height: 640 },
  ];
  return {
    pk: String(3_000_000_000_000_000_000n + BigInt(at)),
    media_type: entry === "photo" ? 1 : 2,
    image_versions2: { candidates },
    ...(entry === "photo"
      ? {}
      : {
          video_versions: [
            {
              url: `https://scontent.cdninstagram.com/media/${entry.clip}`,
              width: 320,
              height: 180,
              type: 101,
            },
          ],
          has_audio: true,
          video_duration: 2,
        }),
  };
}

/** The posts of Instagram by shortcode. Without a browser's look their data is not given. */
export function instagramRoutes(posts: Readonly<Record<string, readonly PostEntry[]>>): Routes {
  const codes = new Map(Object.keys(posts).map((code) => [idOfCode(code), code]));
  return {
    "/": (visit) => sendHtml(visit, '<script id="__eqmc" type="application/json">{"l":"lsd-token"}</script>'),
    "/api/v1/web/get_ruling_for_content/": (visit) =>
      sendJson(visit, { status: "ok" }, { "set-cookie": "csrftoken=abc; Path=/" }),
    "/api/graphql": (visit) => {
      const parts: Buffer[] = [];
      visit.request.on("data", (part: Buffer) => parts.push(part));
      visit.request.on("end", () => {
        const { media_id: id } = JSON.parse(
          new URLSearchParams(Buffer.concat(parts).toString()).get("variables") ?? "{}",
        );
        const entries = looksLikeBrowser(visit) ? posts[codes.get(String(id)) ?? ""] : undefined;
        if (entries === undefined) sendJson(visit, { data: {} });
        else
          sendJson(visit, {
            data: { xig_polaris_media: { if_not_gated_logged_out: product(String(id), entries) } },
          });
      });
    },
    "/p/": (visit) => {
      visit.response.writeHead(302, { location: "/accounts/login/?next=x" }).end();
    },
    "/accounts/login/": (visit) => sendHtml(visit, "<title>Login</title>"),
    "/media/": (visit) => sendMedia(visit, visit.url.pathname.slice("/media/".length)),
    "/preview/": (visit) => void visit.response.writeHead(200, preview).end("pict"),
  };
}

function product(id: string, entries: readonly PostEntry[]) {
  const post = {
    pk: id,
    user: { username: "aigerim", pk: "77", full_name: "Айгерім" },
    caption: { text: "Алматы, қараша" },
    taken_at: 1_793_000_000,
  };
  const media = entries.map(instagramMedia);
  return media.length === 1 ? { ...post, ...media[0], pk: id } : { ...post, carousel_media: media };
}

const codeDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function idOfCode(code: string): string {
  return [...code].reduce((sum, digit) => sum * 64n + BigInt(codeDigits.indexOf(digit)), 0n).toString();
}

/** Posts of X by number, each with these entries. */
export function xRoutes(posts: Readonly<Record<string, readonly PostEntry[]>>): Routes {
  return {
    "/1.1/guest/activate.json": (visit) => sendJson(visit, { guest_token: "1" }),
    "/i/api/graphql/": (visit) => {
      const { tweetId } = JSON.parse(visit.url.searchParams.get("variables") ?? "{}");
      const media = (posts[tweetId] ?? []).map((entry, at) => ({
        id_str: `${tweetId}${at}`,
        type: entry === "photo" ? "photo" : "video",
        media_url_https: "https://pbs.twimg.com/preview/1.jpg",
        sizes: {},
        ...(entry === "photo"
          ? {}
          : {
              video_info: {
                duration_millis: 2000,
                variants: [
                  {
                    url: `https://video.twimg.com/media/${entry.clip}`,
                    content_type: "video/mp4",
                    bitrate: 832_000,
                  },
                ],
              },
            }),
      }));
      const legacy = {
        full_text: "Видео с улицы",
        created_at: "Tue Oct 27 10:00:00 +0000 2026",
        extended_entities: { media },
        user_id_str: "5",
      };
      const user = { user_results: { result: { legacy: { name: "Witness", screen_name: "witness" } } } };
      sendJson(visit, { data: { tweetResult: { result: { __typename: "Tweet", legacy, core: user } } } });
    },
    "/media/": (visit) => sendMedia(visit, visit.url.pathname.slice("/media/".length)),
    "/preview/": (visit) => void visit.response.writeHead(200, preview).end("pict"),
  };
}

/** One clip of TikTok by number, which only what looks like a browser is shown. */
export function tikTokRoutes(clips: Readonly<Record<string, string>>): Routes {
  return {
    "/@witness/video/": (visit) => {
      const id = visit.url.pathname.split("/").at(-1) ?? "";
      const item = {
        id,
        desc: "Видео с улицы",
        createTime: "1793000000",
        author: { uniqueId: "witness", nickname: "Witness", id: "7", secUid: "x" },
        video: {
          width: 320,
          height: 180,
          duration: 2,
          playAddr: `https://v16.tiktokcdn.com/media/${clips[id]}`,
          cover: "https://p16.tiktokcdn.com/preview/1.jpg",
        },
        music: { title: "sound", authorName: "w" },
      };
      const scope = { "webapp.video-detail": { statusCode: 0, itemInfo: { itemStruct: item } } };
      const data = looksLikeBrowser(visit) ? { __DEFAULT_SCOPE__: scope } : {};
      sendHtml(
        visit,
        `<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">${JSON.stringify(data)}</script>`,
      );
    },
    "/media/": (visit) => sendMedia(visit, visit.url.pathname.slice("/media/".length)),
    "/preview/": (visit) => void visit.response.writeHead(200, preview).end("pict"),
  };
}

/** A format of YouTube: its number, the clip it plays, how high it is, and what is asked of whoever fetches it. */
interface YouTubeFormat {
  readonly itag: number;
  readonly clip: string;
  readonly height: number;
  readonly challenge: string | null;
}

const plainFormat: YouTubeFormat = { itag: 18, clip: "part-1.mp4", height: 360, challenge: null };
const bestFormat: YouTubeFormat = { itag: 22, clip: "clip.mp4", height: 1080, challenge: "abcdefghijklmno" };

/** What the clients of the player are given, by name. Those for accounts work only with the player's own script. */
const youTubeFormats: Readonly<Record<string, readonly YouTubeFormat[]>> = {
  VISIONOS: [plainFormat, bestFormat],
  WEB_EMBEDDED_PLAYER: [plainFormat, bestFormat],
};

/** One clip of YouTube, whose best rendition asks for a sum that only a JavaScript runtime can do. */
export function youTubeRoutes(id: string): Routes {
  const response = (name: string) => {
    const formats = youTubeFormats[name];
    if (formats === undefined)
      return {
        playabilityStatus: { status: "LOGIN_REQUIRED", reason: "Sign in" },
        videoDetails: { videoId: id },
      };
    return {
      playabilityStatus: { status: "OK" },
      videoDetails: {
        videoId: id,
        title: "Видео с улицы",
        lengthSeconds: "2",
        author: "Witness",
        channelId: "UC1",
      },
      streamingData: {
        expiresInSeconds: "21540",
        formats: formats.map(({ itag, clip, height, challenge }) => ({
          itag,
          url: `https://rr1.googlevideo.com/media/${clip}${challenge === null ? "" : `?n=${challenge}`}`,
          mimeType: 'video/mp4; codecs="avc1.42001E, mp4a.40.2"',
          width: Math.round((height * 16) / 9),
          height,
          fps: 25,
          quality: height > 400 ? "hd1080" : "medium",
          qualityLabel: `${height}p`,
          bitrate: height * 1000,
          approxDurationMs: "2000",
        })),
      },
    };
  };
  const player = "/s/player/00000000/player_ias.vflset/en_US/base.js";
  const configOf = (clientName: string, number: number) => ({
    PLAYER_JS_URL: player,
    INNERTUBE_API_KEY: "k",
    INNERTUBE_CONTEXT: {
      client: { clientName, clientVersion: "2.20260708.00.00", hl: "en", visitorData: "v" },
    },
    INNERTUBE_CONTEXT_CLIENT_NAME: number,
    VISITOR_DATA: "v",
    STS: 20_000,
  });
  const around = { contents: { twoColumnWatchNextResults: { results: {} } } };
  return {
    "/watch": (visit) =>
      sendHtml(
        visit,
        `<script>ytcfg.set(${JSON.stringify(configOf("WEB", 1))});</script><script>var ytInitialPlayerResponse = ${JSON.stringify(response("WEB"))};</script><script>var ytInitialData = ${JSON.stringify(around)};</script>`,
      ),
    "/embed/": (visit) =>
      sendHtml(visit, `<script>ytcfg.set(${JSON.stringify(configOf("WEB_EMBEDDED_PLAYER", 56))});</script>`),
    "/youtubei/v1/next": (visit) => sendJson(visit, around),
    "/youtubei/v1/player": (visit) => {
      const parts: Buffer[] = [];
      visit.request.on("data", (part: Buffer) => parts.push(part));
      visit.request.on("end", () => {
        const { context } = JSON.parse(Buffer.concat(parts).toString());
        sendJson(visit, response(context.client.clientName));
      });
    },
    [player]: (visit) =>
      void visit.response
        .writeHead(200, { "content-type": "text/javascript" })
        .end("var signatureTimestamp=20000;(function(g){g.n=function(a){return a}})({});"),
    "/media/": (visit) => sendMedia(visit, visit.url.pathname.slice("/media/".length)),
    "/preview/": (visit) => void visit.response.writeHead(200, preview).end("pict"),
  };
}
