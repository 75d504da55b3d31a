import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { classifyFailure, readErrorLines } from "../../../src/core/capture/failure.js";

/** The code that a run of yt-dlp gets which ended with this one error. */
function codeOf(message: string): string {
  const errors = readErrorLines(`ERROR: ${message}\n`);
  const run = { endedBy: "exited", exitCode: 1, watchdog: null, remarks: [], lastStatus: null } as const;
  return classifyFailure({ ...run, errors }).code;
}

const bug =
  "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template. Confirm you are on the latest version using  yt-dlp -U";
const cookies =
  ". Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies";

/** Sentences of yt-dlp 2026.08.19 and of the platforms that it quotes, by the code that each must get. */
const sentences: Readonly<Record<string, readonly string[]>> = {
  "bot-check": [
    "[Instagram] C: challenge_required",
    "[Instagram] C: checkpoint_required",
    "[vk] -1_1: Введите код с картинки",
    "[vk] -1_1: Подтвердите, что вы не робот",
    `[youtube] a: Sign in to confirm you’re not a bot${cookies}`,
    `[TikTok] 7: Unable to solve JS challenge${bug}`,
    `[TikTok] 7: Unable to extract challenge data${bug}`,
    "[vk] -1_1: Captcha needed",
    '[generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with  --extractor-args "generic:impersonate"',
  ],
  "login-required": [
    "[youtube:tab] x: YouTube said: This playlist is private",
    "[Instagram] C: login_required",
    '[facebook] 1: The video is not available, Facebook said: "This content is private"',
    "[twitter] 1: Protected",
    `[twitter] 1: Error(s) while querying API: Could not authenticate you${bug}`,
    "[vk] -1_1: Это видео доступно только по подписке",
    "[vk] -1_1: Владелец ограничил доступ к видео",
    "[vk] -1_1: Необходимо войти на сайт",
    "[vk] -1_1: Для просмотра видео необходимо подтвердить возраст",
    "[vk] -1_1: Unable to login, incorrect username and/or password",
    "[Odnoklassniki] 1: Автор ограничил доступ к этому видео",
    "[vimeo] 1: This video is protected by a password, use the --video-password option",
    "[vimeo] 1: Wrong password",
    "[dailymotion] x: dailymotion said: Password protected content",
    "[dailymotion] x: dailymotion said: Private content",
    "[patreon] 1: You do not have access to this post",
    "[douyin] 7: Fresh cookies (not necessarily logged in) are needed",
    `[youtube] a: Sign in to confirm your age. This video may be inappropriate for some users${cookies}`,
    "[youtube] a: Join this channel to get access to members-only content like this video, and other exclusive perks.",
    "[youtube] a: This video is available to this channel's members on level: Supporter (or any higher level). Join this channel to get access to members-only content.",
    "[youtube] a: Private video. Sign in if you've been granted access to this video",
    "[youtube] a: This video is private",
    "[youtube] a: The following content is not available on this app. Sign in",
    `[TikTok] 7: TikTok is requiring login for access to this content${cookies}`,
    `[TikTok] 7: Video not available, status code 10216${bug}`,
    "[Instagram] C: Instagram sent an empty media response. Check if this post is accessible in your browser without being logged-in. If it is not, then use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp  for how to manually pass cookies. Otherwise, if the post is accessible in browser without being logged-in, please report this issue on  https://github.com",
    `[Instagram] C: Restricted Video: You must be 18 years old or over to see this video${cookies}`,
    `[instagram:story] x: You need to log in to access this content${cookies}`,
    `[instagram:story] x: This content is unreachable${cookies}`,
    `[facebook] 1: This video is only available for registered users${cookies}`,
    "[facebook] 1: You must log in to continue",
    "[twitter] 1: Twitter API says: You’re unable to view this Post because this account owner limits who can view their Posts",
    "[twitter] 1: Twitter API says: Age-restricted adult content. This content might not be appropriate for people under 18 years old. To view this media, you’ll need to log in to Twitter",
    "[vk] -1_1: Video -1_1 is only available for registered users, use --username and --password options to provide account credentials.",
    "[vk] -1_1: Access denied to video -1_1.",
    "[vk] -1_1: Это приватное видео",
    "[vk] -1_1: Доступ к видео ограничен",
    "[vk] -1_1: Вы должны быть авторизованы",
    "[vk] -1_1: Это видео доступно только друзьям",
    `[Odnoklassniki] 1: This video is only available for registered users${cookies}`,
    "[Odnoklassniki] 1: Доступ к этому видео ограничен",
    "[Odnoklassniki] 1: Видео доступно только друзьям автора",
  ],
  gone: [
    "[youtube] a: This video isn't available anymore",
    "[twitter] 1: Suspended",
    "[twitter] 1: Twitter API says: This Post violated the X Rules",
    "[dailymotion] x: dailymotion said: Content deleted.",
    "[facebook] 1: Это видео больше недоступно",
    "[youtube] a: Video unavailable. This video is no longer available because the YouTube account associated with this video has been terminated.",
    "[youtube] a: Video unavailable. This video is no longer available because the uploader has closed their YouTube account.",
    "[youtube] a: Video unavailable. This video is no longer available due to a copyright claim by X",
    "[youtube] a: Video unavailable",
    "[youtube] a: This video has been removed for violating YouTube's policy on harassment",
    "[youtube] a: This video has been removed by the user",
    "[tiktok:live] x: This livestream has ended",
    "[twitter] 1: Requested tweet is unavailable",
    "[twitter] 1: Twitter API says: This Post is from a suspended account",
    "[twitter] 1: Twitter API says: This Post was deleted by the Post author",
    "[twitter] 1: Twitter API says: This Post is from an account that no longer exists",
    "[vk] -1_1: Video -1_1 is no longer available, because its author has been blocked.",
    "[vk] -1_1: Video -1_1 is no longer available, because it has been deleted.",
    "[vk] -1_1: Видеозапись удалена",
    "[vk] -1_1: Видеозапись недоступна, так как её автор был заблокирован.",
    "[vk] -1_1: Видео изъято по требованию правообладателя",
    "[Odnoklassniki] 1: The author of this video has not been found or is blocked",
    "[Odnoklassniki] 1: Автор этого видео не найден или заблокирован",
    "[Odnoklassniki] 1: This video has been deleted",
    "[Odnoklassniki] 1: Video has been blocked due to copyright infringement",
  ],
  "geo-blocked": [
    "[youtube] a: This content is not available on this country domain due to a court order.",
    "[twitter] 1: Twitter API says: This Post has been withheld in Kazakhstan based on a legal demand",
    "[vk] -1_1: Видео недоступно на территории Российской Федерации",
    "[vk] -1_1: Видео заблокировано на территории РФ по требованию Роскомнадзора",
    "[generic] x: Access to this webpage has been blocked by decision of the Russian government. Visit http://blocklist.rkn.gov.ru/ for a block reason.",
    "[generic] x: Access to this webpage has been blocked by Indian censorship. Use a VPN or a proxy server (with --proxy) to workaround.",
    "[dailymotion] x: Video not shown in your country. You might want to use a VPN or a proxy server (with --proxy) to workaround.",
    "[youku] x: Youku said: Sorry, this video is available in China only",
    "[svt] x: This video is only available in Sweden",
    "[youtube] a: Video unavailable. This video contains content from SME, who has blocked it in your country on copyright grounds",
    "[twitter:broadcast] 1: This video is not available from your location due to geo restriction",
    "[vk] -1_1: Video -1_1 is not available in your region.",
    "[vk] -1_1: Видео недоступно в вашем регионе",
    "[vk] -1_1: Видео недоступно для вашей страны",
    "[Odnoklassniki] 1: Видео недоступно в вашей стране",
  ],
  "rate-limited": [
    '[facebook] 1: The video is not available, Facebook said: "You\'re Temporarily Blocked. It looks like you were misusing this feature by going too fast."',
    "[Instagram] C: Please wait a few minutes before you try again.",
    "[vk] -1_1: Flood control",
    "[vk] -1_1: Вы совершаете слишком много действий. Попробуйте позже",
    "[youtube] a: This content isn't available, try again later. Your account has been rate-limited by YouTube for up to an hour.",
    "[Instagram] C: Requested content is not available, rate-limit reached or login required. Use --cookies, --cookies-from-browser",
    `[Instagram] C: The webpage request was redirected to the login page. You have exceeded the rate-limit for accessing posts anonymously${cookies}`,
    "[twitter] 1: Error(s) while querying API: Rate limit exceeded",
    "[generic] x: HTTP Error 429: Too Many Requests",
  ],
  "ip-blocked": [
    "[reddit] x: Your IP address is unable to access the Reddit API",
    "[vk] -1_1: Ваш IP-адрес заблокирован",
    "[youtube] a: All player responses are invalid. Your IP is likely being blocked by Youtube",
  ],
  "no-video": [
    "[vm.tiktok] Z: Unsupported URL: https://www.tiktok.com/",
    "[nzherald] x: This article does not have a video.",
    "[youtube:tab] x: This channel does not have a shorts tab",
    "[tiktok:user] x: This account does not have any videos posted",
    "[twitter] 1: Media #1 is not a video",
  ],
  "live-stream": [
    "[vimeo:event] 1: This live event is scheduled for 2026-12-05T10:00:00+00:00",
    "[youtube] a: Live stream offline",
    "[vk] -1_1: Трансляция начнётся 5 декабря",
    "[youtube:tab] x: The channel is not currently live",
    "[youtube] a: Premieres in 2 hours",
    "[youtube] a: This live event will begin in a few moments.",
    "[tiktok:live] x: The channel is not currently live",
    "[twitter:spaces] 1: Twitter Space not started yet",
    "[twitter:spaces] 1: Twitter Space ended but not downloadable yet",
    "[Odnoklassniki] 1: Трансляция ещё не началась",
  ],
  "downloader-failed": [
    "[Instagram] C: Post isn't available: The link may be broken, or the profile may have been removed.",
    '[facebook] 1: The video is not available, Facebook said: "The link you followed may have expired, or the page may only be visible to an audience you\'re not in."',
    "[facebook] 1: The video is not available, Facebook said: \"This content isn't available at the moment. It's usually because the owner only shared it with a small group of people, or it's been deleted.\"",
    "[vk] -1_1: Видео обрабатывается",
    "[adn] x: This video is not available yet. Release date: 2026-12-05",
    `[rcs] x: Video data not found in the page${bug}`,
    "[ivi] x: pycryptodomex not found. Please install",
    `[youtube] a: Failed to extract any player response${bug}`,
    "[youtube] a: An error occurred. Please try again later.",
    "[youtube] a: Something went wrong. Please try again later.",
    `[TikTok] 7: Video not available, status code 10231${bug}`,
    `[facebook] 1: Cannot parse data${bug}`,
    "[twitter] 1: Error(s) while querying API: Internal server error",
    "[twitter] 1: Error(s) while querying API: Dependency: Unspecified",
    "[vk] -1_1: Video -1_1 is temporarily unavailable.",
    "[vk] -1_1: Видео временно недоступно",
  ],
  forbidden: [
    "[vimeo] 1: Cannot download embed-only video without embedding URL. Please call yt-dlp with the URL of the page that embeds this video.",
    "[bunnycdn] x: This video is inaccessible. Setting a Referer header might be required to access the video",
  ],
  "impersonation-missing": [
    `[TikTok] 7: Unable to extract webpage video data${bug}`,
    '[vimeo] 1: This request has been blocked due to its TLS fingerprint. Install a required impersonation dependency if possible, or else if you are okay with compromising your security/cookies, try replacing "https:" with "http:" in the input URL. If you are using a data center IP or VPN/proxy, your IP may be blocked.',
  ],
  "js-runtime-missing": ["[youtube] a: No supported JavaScript runtime could be found"],
  "not-found": [
    `[twitter] 1: Error(s) while querying API: _Missing: No status found with that ID.${bug}`,
    "[vk] -1_1: Страница удалена либо ещё не создана",
    "[Odnoklassniki] 1: Такой страницы нет",
    "[twitter:spaces] 1: Twitter Space not found",
    "[vk] -1_1: Video -1_1 does not exist.",
    "[Odnoklassniki] 1: Видео не найдено",
  ],
  network: [
    "[generic] x: Unable to download webpage: <urlopen error [Errno -2] Name or service not known> (caused by TransportError('x'))",
    "[generic] x: Unable to download webpage: HTTPSConnection(host='x', port=443): Failed to resolve 'x' ([Errno -3] Temporary failure in name resolution) (caused by TransportError('x'))",
    "[generic] x: Unable to download webpage: [Errno 113] No route to host (caused by TransportError('x'))",
    "[generic] x: Unable to download webpage: 12 bytes read, 30 more expected (caused by IncompleteRead('x'))",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (18) Transferred a partial file. See https://curl.se (caused by IncompleteRead(x))",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to x:443 (caused by SSLError(x))",
    "[generic] x: A network error has occurred. (caused by TransportError('x'))",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (6) Could not resolve host: x. See https://curl.se/libcurl/c/libcurl-errors.html first for more details. (caused by TransportError('x'))",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (7) Failed to connect to x port 443 after 0 ms: Couldn't connect to server. See https://curl.se (caused by TransportError)",
    "[generic] x: Unable to download webpage: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer')) (caused by TransportError)",
    "[generic] x: Unable to download webpage: HTTPSConnectionPool(host='x', port=443): Read timed out. (read timeout=20.0) (caused by TransportError)",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (52) Empty reply from server. (caused by TransportError)",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (28) Operation too slow. Less than 1 bytes/sec transferred the last 20 seconds. See https://curl.se (caused by TransportError)",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (56) CONNECT tunnel failed, response 502. See https://curl.se (caused by ProxyError)",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2). See https://curl.se (caused by TransportError)",
  ],
  tls: [
    "[generic] x: Unable to download webpage: Failed to perform, curl: (60) SSL certificate problem: unable to get local issuer certificate. See https://curl.se (caused by CertificateVerifyError)",
    "unable to download video data: Failed to perform, curl: (60) SSL certificate OpenSSL verify result: self signed certificate (18). See https://curl.se",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (35) TLS connect error: error:0A000438 (caused by SSLError)",
  ],
  "private-address": [
    "[generic] x: Unable to download webpage: ('Unable to connect to proxy', OSError('Tunnel connection failed: 403 Forbidden')) (caused by ProxyError)",
    "[generic] x: Unable to download webpage: Failed to perform, curl: (56) CONNECT tunnel failed, response 403. See https://curl.se (caused by ProxyError)",
  ],
  "ffmpeg-needed": [
    "You have requested merging of multiple formats but ffmpeg is not installed. Aborting due to --abort-on-error",
    "m3u8 download detected but ffmpeg could not be found. Please install or provide the path using --ffmpeg-location",
  ],
};
const rows = Object.entries(sentences).flatMap(([code, messages]) =>
  messages.map((message) => [message, code] as const),
);

describe("what yt-dlp and the platforms say of a failure", () => {
  test.each(rows)("%s", (message, code) => expect(codeOf(message)).toBe(code));

  test("a removal that may have been is none", () => {
    for (const doubtful of [
      "may have been removed",
      "could have been deleted",
      "was usually deleted by its author",
    ])
      expect(codeOf(`[x] 1: The post ${doubtful}`)).toBe("downloader-failed");
    expect(codeOf("[x] 1: Запись удалена")).toBe("gone");
    expect(codeOf("[x] 1: Возможно, запись удалена")).toBe("downloader-failed");
  });

  test("a sentence that leaves hope is never called gone", () => {
    const removed = "[youtube] a: This video has been removed by the uploader";
    expect(codeOf(removed)).toBe("gone");
    for (const hope of [
      "try again later",
      "rate-limited",
      "captcha",
      "session",
      "temporarily",
      "in your country",
    ])
      expect([hope, codeOf(`[x] 1: Video unavailable. It has been removed, or: ${hope}`)]).not.toContain(
        "gone",
      );
  });
});

/** Collected beside the repository, with nine extractors' messages. */
const collected = new URL("../../../../shared/platforms/messages.tsv", import.meta.url);

describe.skipIf(!existsSync(collected))("the collected messages of nine platforms", () => {
  const lines = existsSync(collected) ? readFileSync(collected, "utf8").trim().split("\n").slice(1) : [];
  test.each(lines.map((line) => line.split("\t")))("%s is %s: %s", (_platform, code, message) =>
    expect(codeOf(message ?? "")).toBe(code),
  );
});
