import { readFileSync } from "node:fs";
import type { FailureCode } from "../../core/capture/failure-codes.js";
import { hostsOfSite } from "../../core/capture/sites.js";
import { readTelegramPost, type TelegramPost } from "../../core/capture/telegram-post.js";
import type { FetchedSidecar } from "./fetch-types.js";

/** What the page of a Telegram post shows, as the downloader read it; null if none was read, or of another site. */
export function telegramPostOf(url: string, pages: readonly FetchedSidecar[]): TelegramPost | null {
  const page = pages.find(({ role }) => role === "html_source");
  if (page === undefined || hostsOfSite(new URL(url).hostname)[0] !== "t.me") return null;
  return readTelegramPost(readFileSync(page.path, "utf8"));
}

/** What it means that a post has no video, where its page is known; null stands for any other page. */
export function codeOfEmptyPost(post: TelegramPost | null): FailureCode {
  if (post?.isMissing) return "not-found";
  return post !== null && post.unshown > 0 ? "not-on-web" : "no-video";
}
