import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** What the secret film says of itself; found in every copy of it. */
export const secretMark = "only-for-the-family-7f3a9c";

/** A film of the operator's own beside the clip, which no clip may get at. Returns its path. */
export function makeSecret(folder: string, name: string): string {
  const path = join(folder, name);
  execFileSync("ffmpeg", [
    ...["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "color=red:s=64x64:r=10:d=2"],
    ...["-c:v", "libx264", "-pix_fmt", "yuv420p", "-metadata", `service_name=${secretMark}`],
    ...["-metadata", `title=${secretMark}`, path],
  ]);
  return path;
}

/** Texts that call themselves a clip and name the secret: what ffmpeg does with each of them on its own is to read it. */
export const disguises: Readonly<Record<string, (secret: string) => string>> = {
  "an HLS playlist": (secret) =>
    `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${secret}\n#EXT-X-ENDLIST\n`,
  "an ffconcat script": (secret) => `ffconcat version 1.0\nfile ${basename(secret)}\n`,
  "a DASH manifest": (secret) =>
    [
      '<?xml version="1.0"?>',
      '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S" minBufferTime="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">',
      '<Period><AdaptationSet contentType="video" mimeType="video/mp4">',
      `<Representation id="1" bandwidth="1000" codecs="avc1.64000a" width="64" height="64"><BaseURL>file://${secret}</BaseURL></Representation>`,
      "</AdaptationSet></Period></MPD>\n",
    ].join("\n"),
};

/** Writes such a text as `clip.mp4`. Returns its path. */
export function disguise(folder: string, text: string): string {
  const path = join(folder, "clip.mp4");
  writeFileSync(path, text);
  return path;
}
