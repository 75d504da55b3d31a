import { hostsOfSite } from "../capture/sites.js";
import type { Channel } from "./signal.js";

/** One request beside the look-up. */
export interface ChannelQuestion {
  readonly by: Exclude<Channel, "look-up" | "words">;
  readonly url: string;
}

/** What tells of a site's post beside its own address: one question for each channel that the site has. */
const oembeds: Readonly<Record<string, string>> = {
  "youtube.com": "https://www.youtube.com/oembed?format=json&url=",
  "tiktok.com": "https://www.tiktok.com/oembed?url=",
  "x.com": "https://publish.x.com/oembed?omit_script=1&url=",
  "vimeo.com": "https://vimeo.com/api/oembed.json?url=",
  "dailymotion.com": "https://www.dailymotion.com/services/oembed?format=json&url=",
};

/**
 * Hosts of thumbnails whose addresses hold for as long as the post does. Elsewhere they are signed and expire, and the
 * answer to one that has expired is the answer to one that is gone.
 */
const thumbnailHosts: Readonly<Record<string, string>> = { "youtube.com": "i.ytimg.com" };

/**
 * What to ask beside the look-up for the post at `url`, and where the thumbnail that came with it was. A second channel is of
 * the platform itself: nobody else learns which post is watched.
 */
export function questionsFor(url: URL, thumbnail: URL | null): readonly ChannelQuestion[] {
  const [site = ""] = hostsOfSite(url.hostname);
  const oembed = oembeds[site];
  return [
    { by: "address", url: url.href },
    ...(oembed === undefined
      ? []
      : [{ by: "oembed" as const, url: `${oembed}${encodeURIComponent(url.href)}` }]),
    ...(site === "t.me" ? [{ by: "embed" as const, url: embedOf(url) }] : []),
    ...(thumbnail === null || thumbnail.hostname !== thumbnailHosts[site]
      ? []
      : [{ by: "thumbnail" as const, url: thumbnail.href }]),
  ];
}

function embedOf(url: URL): string {
  const path = url.pathname.replace(/^\/s\//, "/");
  return `https://t.me${path}?embed=1`;
}
