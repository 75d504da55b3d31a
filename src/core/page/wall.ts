import { webUrl } from "../capture/source-url.js";
import { pageMarks } from "./marks.js";
import type { Cover, SeenPage } from "./seen.js";
import { type Wall, wallWords } from "./wall-words.js";

/** One look at a page: where it was, how its site answered, and what was to be seen. */
export interface Look {
  readonly requested: string;
  readonly final: string;
  readonly status: number | null;
  readonly page: SeenPage;
}

/** A wall and the sentences that it was recognised by. */
export interface WallVerdict {
  readonly wall: Wall;
  readonly grounds: readonly string[];
}

/** A sign of a wall. The first wall with a sign is the verdict: the table stands in the order of what tells more. */
interface Signal {
  readonly wall: Wall;
  readonly says: (look: Look) => string;
  readonly holds: (look: Look) => boolean;
}

/** A page that says no more than this can be a wall and nothing else. */
const little = 1500;
const hardlyAnything = 500;

/** The part of the window from which on whatever lies over a page stands in its place. */
const mostOfIt = 0.4;

const signals: readonly Signal[] = [
  {
    wall: "captcha",
    says: ({ final }) => `the address is one for captchas: ${placeOf(final)}`,
    holds: ({ final, requested }) => movedOn(requested, final) && isOneOf(final, captchaPlaces),
  },
  {
    wall: "captcha",
    says: ({ page }) => `a captcha of ${names(marksOf(page.marks, "captcha"))} is shown and little else`,
    holds: ({ page }) => marksOf(page.marks, "captcha").length > 0 && page.textLength < little && asks(page),
  },
  {
    wall: "captcha",
    says: ({ page }) =>
      `a captcha of ${names(marksOf(page.cover?.marks ?? [], "captcha"))} lies over the page`,
    holds: ({ page }) => isLarge(page.cover) && marksOf(page.cover.marks, "captcha").length > 0,
  },
  {
    wall: "captcha",
    says: () => "the page asks for a proof of not being a robot and says little else",
    holds: ({ page, status }) =>
      says(page, wallWords.captcha) && page.textLength < (isError(status) ? little : hardlyAnything),
  },
  {
    wall: "login",
    says: () => "the site answered with status 401",
    holds: ({ status }) => status === 401,
  },
  {
    wall: "login",
    says: ({ final }) => `the site led to its login: ${placeOf(final)}`,
    holds: ({ final, requested }) => movedOn(requested, final) && isOneOf(final, loginPlaces),
  },
  {
    wall: "error",
    says: ({ status }) => `the site answered with status ${status}`,
    holds: ({ status }) => isError(status),
  },
  {
    wall: "login",
    says: () => "a field for a password is shown and little else",
    holds: ({ page }) => page.passwords > 0 && page.textLength < little && says(page, wallWords.loginOffer),
  },
  {
    wall: "login",
    says: () => "a login lies over the page",
    holds: ({ page }) => isLarge(page.cover) && page.cover.text.length < little && isLogin(page.cover, page),
  },
  {
    wall: "login",
    says: () => "the page demands a login and says little else",
    holds: ({ page }) =>
      wallWords.loginDemand.test(`${page.title}\n${page.text}`) && page.textLength < hardlyAnything,
  },
  {
    wall: "consent",
    says: ({ final }) => `the site led to a question for consent: ${placeOf(final)}`,
    holds: ({ final, requested }) => movedOn(requested, final) && isOneOf(final, consentPlaces),
  },
  {
    wall: "consent",
    says: ({ page }) => `a question for consent ${byWhom(page.cover?.marks ?? [])}lies over the page`,
    holds: ({ page }) =>
      isLarge(page.cover) &&
      (marksOf(page.cover.marks, "consent").length > 0 ||
        (wallWords.consent.test(page.cover.text) && isApart(page.cover, page))),
  },
  {
    wall: "consent",
    says: () => "the page asks for consent and says little else",
    holds: ({ page }) => says(page, wallWords.consent) && page.textLength < 2 * hardlyAnything && asks(page),
  },
  {
    wall: "error",
    says: () => "the page says that what was asked for is not there, and little else",
    holds: ({ page }) => says(page, wallWords.gone) && page.textLength < hardlyAnything,
  },
];

/** Whether a wall was seen in place of the page, and by which signs. Null: no sign of one. */
export function wallVerdict(look: Look): WallVerdict | null {
  const found = signals.filter(({ holds }) => holds(look));
  const wall = found[0]?.wall;
  if (wall === undefined) return null;
  return { wall, grounds: found.filter((signal) => signal.wall === wall).map(({ says }) => says(look)) };
}

/** Where sites send whoever must log in: hosts of their own, or a part of the path. */
const loginPlaces =
  /^(?:accounts\.google\.[a-z.]+|login\.[^/]+|signin\.[^/]+|auth\.[^/]+|sso\.[^/]+|passport\.yandex\.[a-z.]+|id\.vk\.(?:com|ru)|oauth\.[^/]+)\/|\/(?:log-?in|sign-?in|signup|register|auth|authwall|uas\/login|checkpoint|sessions?\/new|i\/flow\/(?:login|signup))(?:[/.]|$)/i;
const captchaPlaces =
  /\/(?:showcaptcha(?:fast)?|sorry\/index|challenge\.html|captcha|cdn-cgi\/challenge-platform)(?:[/.]|$)/i;
const consentPlaces =
  /^(?:consent\.(?:youtube|google|yahoo)\.[a-z.]+|guce\.[^/]+|consent\.[^/]+|privacy-gate\.[^/]+)\/|\/(?:privacy-gate|cookie-?consent|cookiewall)(?:[/.]|$)/i;

function isOneOf(address: string, places: RegExp): boolean {
  return places.test(placeOf(address));
}

/** Host and path of an address, without what stands behind them. */
function placeOf(address: string): string {
  const url = webUrl(address);
  return url === null ? "" : `${url.hostname}${url.pathname}`;
}

function movedOn(requested: string, final: string): boolean {
  return placeOf(requested) !== placeOf(final);
}

function isError(status: number | null): boolean {
  return status !== null && status >= 400;
}

function isLarge(cover: Cover | null): cover is Cover {
  return cover !== null && cover.share >= mostOfIt;
}

/** Whether something lies over a page that says something itself; a whole page can be laid out as one fixed element. */
function isApart(cover: Cover, page: SeenPage): boolean {
  return cover.modal || page.textLength - cover.text.length > 200;
}

function isLogin(cover: Cover, page: SeenPage): boolean {
  const demands = cover.passwords > 0 || wallWords.loginDemand.test(cover.text);
  return (demands || wallWords.loginOffer.test(cover.text)) && isApart(cover, page);
}

function says({ title, text }: SeenPage, words: RegExp): boolean {
  return words.test(title) || words.test(text);
}

/** Whether the page itself, and not an article in it, asks something of whoever looks. */
function asks(page: SeenPage): boolean {
  const words = [wallWords.captcha, wallWords.consent, wallWords.loginDemand];
  return page.textLength < hardlyAnything || words.some((each) => says(page, each));
}

function marksOf(marks: readonly string[], wall: Wall): readonly string[] {
  return pageMarks.filter((mark) => mark.wall === wall && marks.includes(mark.name)).map(({ name }) => name);
}

function byWhom(marks: readonly string[]): string {
  const known = marksOf(marks, "consent");
  return known.length === 0 ? "" : `by ${names(known)} `;
}

function names(all: readonly string[]): string {
  return all.join(", ");
}
