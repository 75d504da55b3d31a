/** Where this person stands and lives: absolute paths. */
export interface OwnFolders {
  readonly cwd: string;
  readonly home: string | null;
}

/**
 * Words with this person's folders named as a shell takes them: below the current folder without it, the home folder as
 * `~`. A terminal is photographed and pasted into messages, and a home folder often bears the name of its owner.
 */
export function withoutOwnFolders(words: string, { cwd, home }: OwnFolders): string {
  const near = isNamed(cwd) ? words.replaceAll(beginning(`${cwd}/`), "") : words;
  return home !== null && isNamed(home) ? near.replaceAll(beginning(home, "(?![^/\\s:;,)'\"])"), "~") : near;
}

/** Not the root, and nothing that would stand in other words. */
function isNamed(folder: string): boolean {
  return /^\/[^/]/.test(folder);
}

/** A path where it begins: not in the middle of a longer one. */
function beginning(path: string, end = ""): RegExp {
  const literal = path.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`(?<![^\\s:;,('"=])${literal}${end}`, "gu");
}
