/** The user's current folder and home folder, as absolute paths. */
export interface OwnFolders {
  readonly cwd: string;
  readonly home: string | null;
}

/**
 * Shortens the user's folders in a text to what a shell accepts: removes the current folder, and writes the home folder as
 * `~`. People photograph terminals and paste their text, and a home folder often contains its owner's name.
 */
export function withoutOwnFolders(words: string, { cwd, home }: OwnFolders): string {
  const near = isNamed(cwd) ? words.replaceAll(beginning(`${cwd}/`), "") : words;
  if (home === null || !isNamed(home)) return near;
  // A shell puts the home folder in the place of a `~` outside quotes alone.
  const unquoted = near.replaceAll(`'${home}/`, "~/'");
  return unquoted.replaceAll(beginning(home, "(?![^/\\s:;,)'\"])"), "~");
}

/** Whether the folder is neither the root nor so short that it would match inside other words. */
function isNamed(folder: string): boolean {
  return /^\/[^/]/.test(folder);
}

/** Matches a path at its beginning, not in the middle of a longer path. */
function beginning(path: string, end = ""): RegExp {
  const literal = path.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`(?<![^\\s:;,('"=])${literal}${end}`, "gu");
}
