import type { Channel, Signal, SignalCode } from "./signal.js";

/** Why a request got no answer at all. */
export type AnswerFault = "name" | "tls" | "time-out" | "connection" | "private-address";

/** One answer to a request that follows no redirect, with what is kept of it. */
export interface Answer {
  /** Null where there was no answer. */
  readonly status: number | null;
  /** Set where `status` is null. */
  readonly fault: AnswerFault | null;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, or the beginning of it; null where it was not read. */
  readonly body: string | null;
}

/** What the post's own address answered. */
function readAddress(answer: Answer): readonly Signal[] {
  const code = statusSignal(answer);
  const hint = answer.body !== null && removalWords.test(answer.body.slice(0, wordsWithin));
  return [{ by: "address", code }, ...(hint ? [wordsHint] : [])];
}

/** What the platform's oEmbed endpoint answered. Nothing but a description of the post shows that it is there. */
function readOembed(answer: Answer): readonly Signal[] {
  const code = statusSignal(answer);
  if (code !== "answered") return [{ by: "oembed", code: secondary(code) }];
  return [{ by: "oembed", code: isOembed(answer.body ?? "") ? "found" : "not-understood" }];
}

/** What Telegram shows of a post to a page that embeds it. Its status is 200 for posts that are not there too. */
function readTelegramEmbed(answer: Answer): readonly Signal[] {
  const code = statusSignal(answer);
  if (code !== "answered") return [{ by: "embed", code: secondary(code) }];
  return [{ by: "embed", code: telegramCode(answer.body ?? "") }];
}

/** What the thumbnail's host answered. A picture says nothing: such hosts keep copies of what is gone. */
function readThumbnail(answer: Answer): readonly Signal[] {
  return [{ by: "thumbnail", code: secondary(statusSignal(answer)) }];
}

const wordsHint: Signal = { by: "words", code: "removed" };

/** The part of a body in which words are looked for. */
const wordsWithin = 65_536;

const removalWords =
  /\b(?:has|have|was|were|been) (?:removed|taken down|deleted)|no longer (?:exists?|available)|isn.t available|page not found|удал[её]н|не найден|недоступн|жойылды|табылмады/i;

/**
 * What a status means by itself. A request to come back later is a refusal of this asker, whatever the status beside it,
 * and a page that a service for fending off robots puts in the way is none of the site's.
 */
function statusSignal({ status, fault, headers, body }: Answer): SignalCode {
  if (status === null) return fault ?? "connection";
  if (headers["cf-mitigated"] !== undefined) return "bot-check";
  if (status === 429) return "rate";
  if (asksToWait(headers)) return "retry-after";
  if (status >= 200 && status < 300) return body === "" ? "empty" : "answered";
  if (status >= 300 && status < 400) return redirectSignal(headers.location ?? "");
  if (status >= 500) return "site-fault";
  return clientStatuses[status] ?? "refused";
}

const clientStatuses: Readonly<Record<number, SignalCode>> = {
  401: "login",
  404: "not-there",
  410: "not-there",
  // Of a proxy or a captive network, and not of the site.
  407: "connection",
  408: "time-out",
  451: "country",
};

/** Whether the field is there at all: one that cannot be read asks no less. */
function asksToWait(headers: Answer["headers"]): boolean {
  return headers["retry-after"] !== undefined;
}

const loginPlaces = /\/(?:accounts\/)?(?:log-?in|sign-?in|auth)(?:[/?.]|$)|\bServiceLogin\b/i;
const botPlaces = /\/(?:sorry|captcha|challenge|checkpoint|recaptcha|showcaptcha)(?:[/?.]|$)/i;

/** A redirect says where it leads and never that something is gone: sites send strangers to their front page. */
function redirectSignal(location: string): SignalCode {
  const path = location.replace(/^[a-z]+:\/\/[^/]*/i, "").split(/[?#]/)[0] ?? "";
  if (botPlaces.test(path)) return "bot-check";
  return loginPlaces.test(path) ? "login" : "redirected";
}

/** What a second channel's refusal is worth: oEmbed answers 401 and 403 for posts that may not be embedded. */
function secondary(code: SignalCode): SignalCode {
  return code === "login" || code === "country" ? "refused" : code;
}

const oembedTypes: readonly unknown[] = ["video", "rich", "photo", "link"];

function isOembed(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "type" in value && oembedTypes.includes(value.type);
  } catch {
    return false;
  }
}

function telegramCode(html: string): SignalCode {
  if (/class="[^"]*\btgme_widget_message_error\b[^"]*"[^>]*>\s*Post not found\s*</.test(html))
    return "not-there";
  const shown = /class="[^"]*\btgme_widget_message_(?:video|roundvideo|photo_wrap|text|grouped)/.test(html);
  return shown ? "found" : "not-understood";
}

/** The answers of one channel, and how they are read. */
export const readers: Readonly<
  Record<Exclude<Channel, "look-up" | "words">, (answer: Answer) => readonly Signal[]>
> = {
  address: readAddress,
  oembed: readOembed,
  embed: readTelegramEmbed,
  thumbnail: readThumbnail,
};
