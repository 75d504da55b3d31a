import type { Json } from "../../src/audit/canonical-json.js";
import type { Routes, Visit } from "./site.js";

/** A stream of a video: `file` is the name of a clip; null for one of which the page gives no address. */
export interface YouTubeStream {
  readonly itag: number;
  readonly mimeType: string;
  readonly quality: string;
  readonly height: number | null;
  readonly file: string | null;
}

/** Routes of a site that answers YouTube's extractor as far as it reads: a page to watch and one player's answer. */
export function youTubeRoutes(
  streams: (id: string) => readonly YouTubeStream[],
  send: (visit: Visit, file: string) => void,
): Routes {
  return {
    "/watch": ({ response }) => {
      response
        .setHeader("content-type", "text/html; charset=utf-8")
        .end(
          '<html><title>A square</title><script>var ytInitialData = {"contents":{"twoColumnWatchNextResults":{}}};</script></html>',
        );
    },
    "/youtubei/v1/player": ({ request, response }) => {
      let asked = "";
      request.on("data", (chunk) => {
        asked += String(chunk);
      });
      request.on("end", () => {
        const id = /"videoId": ?"([\w-]{11})"/.exec(asked)?.[1] ?? "";
        response
          .setHeader("content-type", "application/json")
          .end(JSON.stringify(playerAnswer(id, streams(id))));
      });
    },
    "/videoplayback/": (visit) => send(visit, visit.url.pathname.slice("/videoplayback/".length)),
  };
}

function playerAnswer(id: string, streams: readonly YouTubeStream[]): Json {
  return {
    playabilityStatus: { status: "OK" },
    videoDetails: { videoId: id, title: "A square, evening", lengthSeconds: "3", author: "The channel" },
    streamingData: {
      formats: [],
      adaptiveFormats: streams.map(({ itag, mimeType, quality, height, file }) => ({
        itag,
        mimeType,
        quality,
        bitrate: 100_000,
        approxDurationMs: "3000",
        ...(height === null ? {} : { height, width: (height * 4) / 3 }),
        ...(file === null ? {} : { url: `https://rr1.googlevideo.com/videoplayback/${file}` }),
      })),
    },
  };
}
