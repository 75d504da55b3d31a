/**
 * Whether no file or folder of a vault or package can have this name: it begins with a dot, has other characters than
 * theirs, or is one that systems and sync clients give. Who opens a folder leaves such files in it (FORMAT.md §18.3).
 */
export function isForeignName(name: string): boolean {
  return (
    !/^[0-9A-Za-z_-][0-9A-Za-z._=-]*$/.test(name) ||
    /^(?:(?:eh)?thumbs\.db|desktop\.ini|lost\.dir|__macosx)$|\.sync-conflict-/i.test(name)
  );
}
