import type { Failure, FailureCode } from "./failure-codes.js";
import { hostsOfSite } from "./sites.js";

const app = "get the file with Telegram's app, then: holdfast import FILE";
const account = "--cookies FILE of an account that you keep for this";

/** What to do next on one platform, by the first host of its site, where that is more than what helps anywhere. */
const hints: Readonly<Record<string, Readonly<Partial<Record<FailureCode, string>>>>> = {
  "youtube.com": {
    "bot-check": `wait at least an hour, or try another connection with --proxy, or ${account}: here cookies need a JavaScript runtime, see holdfast doctor`,
    "login-required": `give ${account}: here cookies need a JavaScript runtime, see holdfast doctor`,
    "rate-limited":
      "wait an hour, for so long YouTube counts, then run the same command; --proxy does not wait",
  },
  "instagram.com": {
    "login-required": `stories and private posts need ${account}`,
    "rate-limited": `wait an hour, or try another connection with --proxy, or give ${account}`,
  },
  "tiktok.com": {
    "ip-blocked": "try a connection in another country with --proxy, then run the same command",
    "login-required": `give ${account}; where a browser plays it without a login, run npm run setup for curl_cffi`,
  },
  "facebook.com": {
    "login-required": `give ${account}: Facebook shows most posts to accounts alone`,
    "downloader-failed": `give ${account}: Facebook shows most posts to accounts alone`,
    "no-video": `copy the address of the video itself, or give ${account}`,
  },
  "x.com": { "login-required": `what is marked as sensitive needs ${account}` },
  "vk.com": { "login-required": `what is not public needs ${account}` },
  "ok.ru": { "login-required": `what is not public needs ${account}` },
  "t.me": {
    "not-on-web": app,
    "login-required": `a private channel has no public page; ${app}`,
    "not-found": `check the post in Telegram: a private channel has no public page; ${app}`,
  },
};

/** The failure with the hint for the platform that was asked. */
export function withHint(failure: Failure, host: string): Failure {
  const [site = ""] = hostsOfSite(host);
  return { ...failure, hint: hints[site]?.[failure.code] ?? failure.hint };
}
