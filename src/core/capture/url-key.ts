import { hostsOfSite } from "./sites.js";

/**
 * A key that is equal for addresses of the same clip, to answer "captured already?". `url` must be a parsed http or
 * https address. Spellings are joined, and parameters cut, only by rules of the site that the address is on: on any other
 * host `ref`, `app` or what follows `#` may be what names the clip. Two captures of one clip are better than one of two.
 * The key says nothing about what is shown at the address.
 */
export function urlKey(url: URL): string {
  const host = plainHost(url);
  const path = url.pathname.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
  const hosts = hostsOfSite(host);
  const [site = ""] = hosts;
  const key = sites[site]?.({ host, path, query: url.searchParams });
  return key ?? plainKey(onOneHost(host, hosts), path, url, addedBySites[site] ?? nothing);
}

/** An address on the host of a known site: the host without `www.`, and the path without an empty end. */
interface SiteAddress {
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

function plainHost(url: URL): string {
  return url.host
    .toLowerCase()
    .replace(/\.(?=:|$)/, "")
    .replace(/^www\.(?=[^.]+\.)/, "");
}

/** Names that a network adds to whatever address its users share or its advertisements lead to. */
const addedByNetworks = /^(?:utm_[a-z_]+|fbclid|gclid|dclid|yclid|msclkid|twclid|ttclid|mc_[ce]id)$/;

/** What the sites themselves add to links that are shared, and that names nothing. */
const addedBySites: Readonly<Record<string, RegExp>> = {
  "youtube.com": /^(?:si|feature|pp|ab_channel)$/,
  "facebook.com": /^(?:mibextid|rdid|share_url|ref|refsrc|sfnsn|fs|_rdr|_rdc|__tn__|__cft__.*|__xts__.*)$/,
  "instagram.com": /^(?:igsh|igshid|hl)$/,
  "x.com": /^(?:s|t|ref_src|ref_url)$/,
  "tiktok.com": /^(?:_r|_t|_d|k|is_from_webapp|sender_device|web_id|share_\w+|u_code|tt_from)$/,
  "vimeo.com": /^share$/,
};
const nothing = /^$/;

/** The host that a site has for telephones is the site's; of any other host it may be another place. */
function onOneHost(host: string, hosts: readonly string[]): string {
  const short = host.replace(/^(?:m|mobile|web|touch)\./, "");
  return hosts.includes(short) ? short : host;
}

function plainKey(host: string, path: string, url: URL, bySite: RegExp): string {
  const kept = [...url.searchParams].filter(
    ([name]) => !addedByNetworks.test(name.toLowerCase()) && !bySite.test(name),
  );
  const query = new URLSearchParams(kept.sort(byNameAndValue)).toString();
  return `${host}${path === "/" ? "" : path}${query === "" ? "" : `?${query}`}${url.hash}`;
}

function byNameAndValue(a: readonly [string, string], b: readonly [string, string]): number {
  const left = `${a[0]}=${a[1]}`;
  const right = `${b[0]}=${b[1]}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** For each site, by its first host: the key of a clip or post; null for any other address on it. */
const sites: Readonly<Record<string, (address: SiteAddress) => string | null>> = {
  "youtube.com": ({ host, path, query }) => {
    const id =
      host === "youtu.be"
        ? path.slice(1)
        : path === "/watch"
          ? query.get("v")
          : first(/^\/(?:shorts|embed|live|v)\/([^/]+)$/, path);
    return id !== null && /^[\w-]{6,}$/.test(id) ? `youtube.com/watch?v=${id}` : null;
  },
  // Several videos of one post have addresses that differ by `single`, and a comment is a message of its own.
  "t.me": ({ path, query }) => {
    const post = first(/^\/(?:s\/)?([^/]+\/\d+)$/, path);
    if (post === null) return null;
    const [comment, single] = [query.get("comment"), query.has("single") ? "?single" : ""];
    return `t.me/${post.toLowerCase()}${comment === null ? single : `?comment=${comment}`}`;
  },
  "x.com": ({ path }) => {
    const [, id, video] =
      /^\/(?:[^/]+|i\/web)\/status(?:es)?\/(\d+)(?:\/video\/(\d+)|\/photo\/\d+)?$/.exec(path) ?? [];
    if (id === undefined) return null;
    return `x.com/status/${id}${video === undefined || video === "1" ? "" : `/video/${video}`}`;
  },
  "instagram.com": ({ path }) => {
    const code = first(/^\/(?:(?!share\/)[\w.]+\/)?(?:p|reels?|tv)\/([\w-]+)$/, path);
    return code === null ? null : `instagram.com/p/${code}`;
  },
  "facebook.com": ({ path, query }) => {
    const id = /^\/(?:watch|video\.php|watch\/live)$/.test(path)
      ? query.get("v")
      : first(/^\/(?:reel|[^/]+\/videos(?:\/[^/]+)?)\/(\d+)$/, path);
    return id !== null && /^\d+$/.test(id) ? `facebook.com/watch?v=${id}` : null;
  },
  "tiktok.com": ({ path }) => {
    const id = first(/^\/(?:@[^/]*\/video|embed(?:\/v2)?|v)\/(\d+)(?:\.html)?$/, path);
    return id === null ? null : `tiktok.com/video/${id}`;
  },
  "vk.com": ({ path, query }) => {
    const named = /^(?:video|clip)(-?\d+_\d+)/;
    const id = first(named, path.slice(1)) ?? first(named, query.get("z") ?? "");
    return id === null ? null : `vk.com/video${id}`;
  },
  "rutube.ru": ({ path }) => {
    const id = first(/^\/(?:(?:live\/)?video(?:\/private)?|(?:play\/)?embed)\/([\da-f]{32})$/, path);
    return id === null ? null : `rutube.ru/video/${id}`;
  },
  // What is not listed has a second part in its address, which is kept.
  "vimeo.com": ({ path }) => {
    const id = first(/^\/(?:video\/|channels\/[^/]+\/)?(\d+)$/, path);
    return id === null ? null : `vimeo.com/${id}`;
  },
  "dailymotion.com": ({ host, path }) => {
    const id = host === "dai.ly" ? path.slice(1) : first(/^\/(?:embed\/)?video\/([^/_]+)/, path);
    return id !== null && /^x\w+$/.test(id) ? `dailymotion.com/video/${id}` : null;
  },
  "ok.ru": ({ path }) => {
    const id = first(/^\/(?:video|videoembed)\/(\d+)$/, path);
    return id === null ? null : `ok.ru/video/${id}`;
  },
};

function first(pattern: RegExp, text: string): string | null {
  return pattern.exec(text)?.[1] ?? null;
}
