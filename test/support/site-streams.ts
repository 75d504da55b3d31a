import { createCipheriv } from "node:crypto";
import type { Routes, Visit } from "./site.ts";
import { clipBytes, sendBody, sendClip } from "./site-files.ts";

/** The key of the encrypted stream: a test fixture, public by nature. */
const key = Buffer.from("00112233445566778899aabbccddeeff", "hex");
export const hlsSegments = ["segment-0.ts", "segment-1.ts", "segment-2.ts"] as const;

/** A segment as the encrypted stream serves it: AES-128-CBC, IV = its sequence number. */
export function encryptedSegment(clips: string, index: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(index, 12);
  const cipher = createCipheriv("aes-128-cbc", key, iv);
  return Buffer.concat([cipher.update(clipBytes(clips, `hls/${hlsSegments[index]}`)), cipher.final()]);
}

export function mediaPlaylist(segments: readonly string[], extra = "", end = true): string {
  const list = segments.map((segment) => `#EXTINF:1.0,\n${segment}\n`).join("");
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n${extra}${list}${end ? "#EXT-X-ENDLIST\n" : ""}`;
}

const wholeFilesManifest = `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S" minBufferTime="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>
<AdaptationSet mimeType="video/mp4" contentType="video"><Representation id="picture" bandwidth="100000" codecs="avc1.64000b" width="160" height="120"><BaseURL>picture.mp4</BaseURL><SegmentBase indexRange="0-99"/></Representation></AdaptationSet>
<AdaptationSet mimeType="audio/mp4" contentType="audio"><Representation id="sound" bandwidth="64000" codecs="mp4a.40.2"><BaseURL>sound.m4a</BaseURL><SegmentBase indexRange="0-99"/></Representation></AdaptationSet>
</Period></MPD>`;

const sendPlaylist = (visit: Visit, text: string) => sendBody(visit, text, "index.m3u8");

export const streamRoutes: Routes = {
  "/hls/plain.m3u8": (visit) => sendPlaylist(visit, mediaPlaylist(hlsSegments)),
  "/hls/master.m3u8": (visit) =>
    sendPlaylist(
      visit,
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x120,CODECS="avc1.42c00b,mp4a.40.2"\nplain.m3u8\n',
    ),
  "/hls/encrypted.m3u8": (visit) =>
    sendPlaylist(
      visit,
      mediaPlaylist(
        [0, 1, 2].map((index) => `encrypted/${index}.ts`),
        '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"\n',
      ),
    ),
  "/hls/key.bin": (visit) => sendBody(visit, key, "key.bin"),
  "/hls/encrypted/": (visit) => {
    const index = Number(/(\d)\.ts$/.exec(visit.url.pathname)?.[1]);
    sendBody(visit, encryptedSegment(visit.clips, index), "x.ts");
  },
  "/hls/missing.m3u8": (visit) =>
    sendPlaylist(visit, mediaPlaylist([hlsSegments[0], "not-there.ts", hlsSegments[2]])),
  "/hls/protected.m3u8": (visit) =>
    sendPlaylist(
      visit,
      mediaPlaylist(
        hlsSegments,
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery"\n',
      ),
    ),
  "/hls/live.m3u8": (visit) => {
    const first = visit.count;
    const list = [0, 1, 2].map((n) => `segment-${n}.ts?i=${first + n}`);
    const text = mediaPlaylist(list, "", false).replace("SEQUENCE:0", `SEQUENCE:${first}`);
    sendPlaylist(visit, text);
  },
  "/hls/": (visit) => {
    const name = visit.url.pathname.slice("/hls/".length);
    if (hlsSegments.some((segment) => segment === name)) sendClip(visit, `hls/${name}`);
    else visit.response.writeHead(404).end();
  },
  "/dash/whole.mpd": (visit) => sendBody(visit, wholeFilesManifest, "whole.mpd"),
  "/dash/": (visit) => sendClip(visit, visit.url.pathname.slice(1)),
};
