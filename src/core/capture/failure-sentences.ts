import type { FailureCode } from "./failure-codes.js";

/** What a line that matches the pattern means. */
export type FailureRule = readonly [pattern: RegExp, code: FailureCode];

/** What the libraries below yt-dlp say, and the class of exception that it names itself: no page writes these. */
const ofConnection: readonly FailureRule[] = [
  [/Tunnel connection failed: 403\b|CONNECT tunnel failed, response 403\b/, "private-address"],
  // A line that is cut during the handshake is no doubt about who answers.
  [/SSL_ERROR_SYSCALL/, "network"],
  [/CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSL certificate |\[SSL\b|SSL: |TLS connect/, "tls"],
  [/\(caused by (?:SSLError|CertificateVerifyError)\b/, "tls"],
  [/\(caused by (?:TransportError|ProxyError|IncompleteRead)\b/, "network"],
  [
    /\bcurl: \(\d+\)|<urlopen error |getaddrinfo|name resolution|Name or service not known|Failed to resolve '/,
    "network",
  ],
  [/[Cc]onnection (?:refused|reset|aborted|broken)|reset by peer|RemoteDisconnected|EOF occurred/, "network"],
  [
    /\btimed out\b|closed connection|Network is unreachable|No route to host|filtering software in/,
    "network",
  ],
  [
    /^(?:\S+: )?(?:A network error has occurred|Unable to connect to proxy)\b|\bTunnel connection failed/,
    "network",
  ],
];

/** What the downloader lacks. */
const ofMeans: readonly FailureRule[] = [
  [
    /\bffmpeg\b.{0,40}(?:could not be found|not found|(?:is|are) not installed)|requires? ffmpeg/i,
    "ffmpeg-needed",
  ],
  [
    /JavaScript runtime|\bn challenge\b|\bchallenge solver\b|signature (?:solving|extraction)/i,
    "js-runtime-missing",
  ],
  [
    /Unexpected response from webpage request|(?:universal|webpage video) data\b|impersonat\w+ (?:target|dependenc)/i,
    "impersonation-missing",
  ],
];

/** What a site has against who asks, or the way of asking. Any of it may pass. */
const ofAsking: readonly FailureRule[] = [
  [
    /captcha|not a (?:ro)?bot\b|(?:are|you.re) (?:a )?human|security check|unusual (?:traffic|activity)/i,
    "bot-check",
  ],
  [
    /\bchallenge\b.{0,40}(?:data|failed)|solve .{0,20}challenge|\b(?:checkpoint|challenge)_required/i,
    "bot-check",
  ],
  [/код с картинки|не робот|капч/i, "bot-check"],
  [
    /\bIP(?:[ -]?address)?\b.{0,60}\b(?:blocked|banned|unable to)\b|\b(?:blocked|banned)\b.{0,30}\bIP\b/i,
    "ip-blocked",
  ],
  [/\bIP\b.{0,40}заблокирован|заблокирован.{0,30}\bIP\b/i, "ip-blocked"],
  [
    /rate.?limit|too (?:many requests|fast|quickly|often)|flood|temporarily blocked|available, try again later|wait (?:a few|some) minutes|please wait/i,
    "rate-limited",
  ],
  [/слишком (?:много|часто|быстро)/i, "rate-limited"],
];

/** Where the site does not show it. */
const ofPlace: readonly FailureRule[] = [
  [
    /geo.?(?:restrict|block)|\b(?:in|from|for) (?:your|this|the|some) (?:country|location|region|territory)/i,
    "geo-blocked",
  ],
  [/country domain|\bwithheld in\b(?! response)/i, "geo-blocked"],
  [/blocked by (?:decision of the .{0,40}government|\w+ censorship)|blocklist\.rkn/i, "geo-blocked"],
  [/\b(?:available|licensed)(?: to users)? in (?:[A-Z]\w+ ){1,4}only\b/, "geo-blocked"],
  [/\bonly (?:available|licensed)(?: to users)? in [A-Z]\w+/, "geo-blocked"],
  [/(?:ваш\S*|этой|данной|некоторых) (?:стран|регион|территори)|на территории|Роскомнадзор/i, "geo-blocked"],
];

// yt-dlp adds this advice itself where an extractor knows that the site wants a login.
export const loginHint =
  /\. Use --cookies(,|-from-browser| for the authentication)| --cookies-from-browser or --cookies for /;

/** To whom the site shows it. */
const ofAudience: readonly FailureRule[] = [
  [/\bDRM\b/, "drm"],
  ...ofPlace,
  [loginHint, "login-required"],
  [
    /log(?:ged)?[ -]?in\b.{0,20}\b(?:to|for|from|required|details)\b|log-?in_?(?: is )?required|unable to log ?in\b|sign(?:ed)?[ -]in\b|registered users/i,
    "login-required",
  ],
  [
    /\b(?:requires|not) authenticat|authenticate you|credentials|cookies .{0,40}(?:needed|required)|refresh .{0,10}cookies/i,
    "login-required",
  ],
  [
    /\b(?:private|protected) (?:video|account|group|post|profile|playlist|content|event)|\b(?:is|are) (?:now |in a )?private\b|\bis protected\b(?! by)/i,
    "login-required",
  ],
  [
    /\b(?:by a|wrong|incorrect|invalid)(?: username)?[ \w/]{0,12} ?pass(?:word|code)|login failed|password[ -](?:protected|required)|^(?:\S+: )?Protected$/i,
    "login-required",
  ],
  [
    /members?.only|join this channel|\bage\b.{0,20}(?:restrict|verif)|confirm your age|inappropriate|mature|must be (?:over )?\d+/i,
    "login-required",
  ],
  [
    /requires? (?:payment|purchase|authentication|a subscription|a? ?log-?in)|(?:purchase|subscription) (?:is )?(?:required|needed)|have to pay|not have access|not subscribed|\b(?:is )?paid\b|\bpremium\b|(?:subscribers|friends|followers) only|only .{0,20}(?:subscribers|friends|followers)|subscribe to/i,
    "login-required",
  ],
  [
    /access (?:to .{1,80} )?(?:is |was )?(?:denied|restricted)|no access to|not authori[sz]ed|permission to (?:view|watch)|limits who can/i,
    "login-required",
  ],
  [
    /для взрослых|доступ\S* .{0,40}(?:ограничен|закрыт|запрещ|подписк|друз)|ограничил\S* доступ|нет доступа|только (?:друз|подписчик|участник)/i,
    "login-required",
  ],
  [/войдите|войти|авториз|приватн|подписчик|платн|парол|возраст/i, "login-required"],
  [/privacy settings|embed-only|made available to anyone|\breferer\b/i, "forbidden"],
];

/** What is not there yet. */
const ofTime: readonly FailureRule[] = [
  [
    /live event will begin|premieres? (?:in|will begin)|not (?:yet )?started|will begin (?:in|shortly)|will start (?:in|soon)|event is scheduled/i,
    "live-stream",
  ],
  [
    /is offline|stream offline|not (?:currently )?live\b|not downloadable yet|ещ[её] не начал|начн[её]тся/i,
    "live-stream",
  ],
  [
    /try again later|\bsession\b|temporar|time.?out error|something went wrong|an error occurred|process(?:ed|ing)\b|in progress/i,
    "downloader-failed",
  ],
  [/временно|позже|позднее|обрабатывается/i, "downloader-failed"],
];

/** Where a site gives reasons to choose from, none of them is a statement. */
const doubt =
  /\b(?:may|might|could) (?:have|only|be)\b|\busually\b|\bprobably\b|\bperhaps\b|возможно|может быть/i;

/** A plain statement of removal. A batch never asks for such a clip again, so a line with a doubt in it is none. */
function removal(...statements: readonly RegExp[]): readonly FailureRule[] {
  return statements.map(({ source }) => {
    return [new RegExp(`^(?!.*(?:${doubt.source})).*(?:${source})`, "i"), "gone"];
  });
}

const ofRemoval: readonly FailureRule[] = [
  [/удал[её]н\S* (?:либо|или) ещ[её] не создан/i, "not-found"],
  ...removal(
    /(?:has|have|was|were|been) (?:removed|deleted|taken down|terminated|suspended|banned|closed)/,
    /no longer (?:exists?|available)|available any ?(?:more|longer)|больше не(?: |)доступ/,
    /\b(?:content|video|post|tweet|account|channel) (?:deleted|removed|terminated|suspended)\b/,
    /violate[ds] (?:the|our|X)\b|withheld in response to .{0,40}copyright/,
    /(?:recording|replay) is (?:not available|disabled)|(?:livestream|broadcast) has ended/,
    /(?:^|\. |: )(?:Suspended|Deleted)$|suspended account/,
    /account .{0,40}blocked|(?:author .{0,40}is|video has been) blocked/,
    /удал[её]н|заблокирован|изъят/,
  ),
];

/** What is no video, and what is nowhere. */
const ofContent: readonly FailureRule[] = [
  [/Requested format is not available/, "format-unavailable"],
  [/\bnot found\. Please install\b/, "downloader-failed"],
  [
    /No video formats found|no (?:video|media|downloadable)|not a video|no playable|only images are available/i,
    "no-video",
  ],
  [/does(?: not|n.t) (?:have|contain) (?:a \S+ tab|(?:a |any )?videos?)\b|has no videos/i, "no-video"],
  [/is not a valid URL/, "not-a-url"],
  [
    /\bnot (?:be )?found\b|\bno \w+ found with|does(?: not|n.t) exist|не найден|не существует|страницы нет/i,
    "not-found",
  ],
  ...removal(
    /(?:tweet|video) is (?:un|not )available\.?$|said: "(?:Sorry, )?this content isn.t available/,
    /^(?:\S+: )?(?:Video unavailable|Видео(?:запись)? недоступн[оа])\.?$/,
  ),
];

/**
 * What the sentences of extractors and sites mean, the surest first. What may pass comes before what is for good, and
 * `gone` only for a plain statement of removal: a batch never asks for such a clip again.
 */
export const siteErrors: readonly FailureRule[] = [
  [/^(?:\S+: )?Unsupported URL: /, "no-video"],
  ...ofConnection,
  ...ofMeans,
  ...ofAsking,
  ...ofAudience,
  ...ofTime,
  ...ofRemoval,
  ...ofContent,
];
