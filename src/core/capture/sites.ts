/**
 * The hosts under which one site is found. An account, its cookies and its posts belong to the site, under whichever of
 * its hosts an address was copied.
 */
const sites: readonly (readonly string[])[] = [
  ["youtube.com", "youtu.be", "youtube-nocookie.com"],
  ["facebook.com", "fb.watch", "fb.com"],
  ["instagram.com", "instagr.am"],
  ["x.com", "twitter.com", "t.co"],
  ["vk.com", "vk.ru", "vkvideo.ru"],
  ["tiktok.com"],
  ["ok.ru", "odnoklassniki.ru"],
  ["t.me", "telegram.me", "telegram.dog"],
  ["rutube.ru"],
  ["vimeo.com"],
  ["dailymotion.com", "dai.ly"],
];

/** The hosts of the site that `host` belongs to, or `host` alone where no site is known. Lower case. */
export function hostsOfSite(host: string): readonly string[] {
  const name = host.toLowerCase().replace(/\.$/, "");
  return sites.find((hosts) => hosts.some((one) => isAtOrBelow(name, one))) ?? [name];
}

/** How slowly a site wants to be asked. */
export interface SitePace {
  /** Between two requests of one look-up; null for no pause. */
  readonly requestSeconds: number | null;
  /** Between two clips of a list, at least and at most; null where the site has no wish of its own. */
  readonly betweenClipsMs: readonly [least: number, most: number] | null;
}

const noWish: SitePace = { requestSeconds: null, betweenClipsMs: null };
const countsRequests: SitePace = { requestSeconds: 0.75, betweenClipsMs: [10_000, 20_000] };

/** The pace that the site of `host` needs: some lock an address out that asks too quickly. */
export function paceOfSite(host: string): SitePace {
  const site = hostsOfSite(host)[0];
  return site === "youtube.com" || site === "instagram.com" ? countsRequests : noWish;
}

/**
 * The address to ask for what is at `url`: yt-dlp knows a Telegram post under one spelling alone, and not the one that
 * shows it in its channel (`/s/`).
 */
export function askedAddress(url: URL): string {
  const post = telegramPost(url);
  return post === null ? url.href : `https://t.me/${post}${url.search}`;
}

/** Whether `url` is a Telegram post with every video in it: one of them alone has `single` in its address. */
export function isTelegramPost(url: URL): boolean {
  return telegramPost(url) !== null && !url.searchParams.has("single");
}

/** `NAME/ID` of a Telegram post; null for any other address. */
function telegramPost(url: URL): string | null {
  if (hostsOfSite(url.hostname)[0] !== "t.me") return null;
  return /^\/(?:s\/)?(\w+\/\d+)\/?$/.exec(url.pathname)?.[1] ?? null;
}

/** Whether the site of `host` shows public posts, to who has no account, only where a request looks like a browser's. */
export function isForBrowsers(host: string): boolean {
  return hostsOfSite(host)[0] === "instagram.com";
}

/** Whether `host` is `parent` or a name below it. Both in lower case. */
export function isAtOrBelow(host: string, parent: string): boolean {
  return host === parent || host.endsWith(`.${parent}`);
}
