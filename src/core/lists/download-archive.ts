/** A video that yt-dlp noted as downloaded: `youtube dQw4w9WgXcQ`. */
export interface ListedVideo {
  readonly extractor: string;
  readonly id: string;
}

/**
 * Reads a file as `yt-dlp --download-archive` writes it: an extractor and an id on each line. Null for a text with a
 * line of another form, or with no line at all.
 */
export function parseDownloadArchive(text: string): readonly ListedVideo[] | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const videos = lines.flatMap((line) => {
    const [, extractor, id] = /^([a-z0-9][a-z0-9:_+.-]{0,99}) (\S{1,500})$/.exec(line) ?? [];
    return extractor === undefined || id === undefined ? [] : [{ extractor, id }];
  });
  return videos.length > 0 && videos.length === lines.length ? videos : null;
}

/** The id in a name that yt-dlp built, `title [id].mp4`; null if there is none. */
export function idInName(name: string): string | null {
  return /\[([^[\]]+)\]\.[^.]+(?:\.[^.]+)?$/.exec(name)?.[1] ?? null;
}
