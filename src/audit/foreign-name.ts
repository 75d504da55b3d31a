/** Names that systems and sync clients give to what they leave in a folder. */
const left = /^(?:[Tt]humbs\.db|ehthumbs\.db|[Dd]esktop\.ini|LOST\.DIR|__MACOSX)$|\.sync-conflict-/;

/** Whether no file or folder of a vault has this name, and so none of its evidence (FORMAT.md §18.3). */
export function isForeignName(name: string): boolean {
  return !/^[0-9A-Za-z_-][0-9A-Za-z._=-]*$/.test(name) || left.test(name);
}

/** The same of a package in a folder, where every other name that no package has is refused (§18.4). */
export function isLitterName(name: string): boolean {
  const kept = /^(?:\.[^.].*|@eaDir|lost\+found|\$RECYCLE\.BIN|System Volume Information)$/s;
  return left.test(name) || kept.test(name);
}
