import { counted } from "../words/counted.js";
import { leftOutSentence } from "./left-out.js";

/** What the public page of a Telegram post shows. Whoever wrote the post, or the page, controls all of it. */
export interface TelegramPost {
  /** The addresses of its videos, each a message of its own, in their order. */
  readonly videos: readonly string[];
  /** Videos that the page names and does not show: Telegram keeps large ones to its apps. */
  readonly unshown: number;
  readonly photos: number;
  readonly files: number;
  /** Whether the page says that there is no such post. */
  readonly isMissing: boolean;
}

const mostText = 4 * 1024 * 1024;

/** Reads the page that Telegram embeds elsewhere (`t.me/NAME/ID?embed=1`). */
export function readTelegramPost(html: string): TelegramPost {
  const text = html.slice(0, mostText);
  const players = [
    ...text.matchAll(/<a class="(tgme_widget_message_video_player[^"]{0,300})"([^>]{0,2000})>/g),
  ];
  const shown = players.filter(([, classes = ""]) => !/\bnot_supported\b/.test(classes));
  const hrefs = shown.map(
    ([, , rest = ""]) => /\bhref="(https:\/\/t\.me\/[\w]{1,64}\/\d{1,16})(?:[?"])/.exec(rest)?.[1],
  );
  return {
    videos: hrefs.filter((href) => href !== undefined),
    unshown: players.length - shown.length,
    photos: count(text, /<a class="tgme_widget_message_photo_wrap\b/g),
    files: count(text, /<a class="tgme_widget_message_document_wrap\b/g),
    isMissing: /class="tgme_widget_message_error"/.test(text),
  };
}

/**
 * In words, what of a post is not fetched: what is no video or is not shown, and its other videos where one was named
 * alone. One sentence; null where there is nothing else in it. With `othersToo`, each of its videos is fetched.
 */
export function restOfPost(
  { videos, photos, files, unshown }: TelegramPost,
  othersToo: boolean,
): string | null {
  const others = othersToo ? 0 : videos.length - 1;
  const parts = [
    ...(others <= 0 ? [] : [counted(others, "other video")]),
    ...(photos === 0 ? [] : [counted(photos, "photo")]),
    ...(files === 0 ? [] : [counted(files, "file")]),
    ...(unshown === 0 ? [] : [`${counted(unshown, "video")} that only Telegram's apps show`]),
  ];
  return parts.length === 0 ? null : leftOutSentence(parts);
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}
