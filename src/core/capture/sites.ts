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
];

/** The hosts of the site that `host` belongs to, or `host` alone where no site is known. Lower case. */
export function hostsOfSite(host: string): readonly string[] {
  const name = host.toLowerCase().replace(/\.$/, "");
  return sites.find((hosts) => hosts.some((one) => isAtOrBelow(name, one))) ?? [name];
}

/** Whether `host` is `parent` or a name below it. Both in lower case. */
export function isAtOrBelow(host: string, parent: string): boolean {
  return host === parent || host.endsWith(`.${parent}`);
}
