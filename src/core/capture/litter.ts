/** Files that file managers, systems and sync clients leave in every folder they touch. */
const litterFiles = new Set([
  ".DS_Store",
  ".localized",
  ".directory",
  ".nomedia",
  ".hidden",
  ".dropbox",
  ".stignore",
  ".picasa.ini",
  ".metadata_never_index",
  ".VolumeIcon.icns",
  "Icon\r",
  "Thumbs.db",
  "Thumbs.db:encryptable",
  "ehthumbs.db",
  "ehthumbs_vista.db",
  "desktop.ini",
  "Desktop.ini",
  "folder.ini",
  "Picasa.ini",
  "autorun.inf",
  "IndexerVolumeGuid",
  "WPSettings.dat",
]);

/** Folders in which systems and programs keep their own things: an index, thumbnails, the history of a repository. */
const machineFolders = new Set([
  ".git",
  ".hg",
  ".svn",
  ".dvc",
  ".Spotlight-V100",
  ".fseventsd",
  ".TemporaryItems",
  ".DocumentRevisions-V100",
  ".thumbnails",
  ".stfolder",
  "@eaDir",
  "__MACOSX",
  "System Volume Information",
]);

/**
 * Whether a file is litter by its name. What the Finder writes beside a file (`._clip.mp4`) has that file's ending, so
 * its first bytes decide.
 */
export function isLitterFile(name: string, start: () => Uint8Array): boolean {
  if (litterFiles.has(name) || /^\.thumbdata|^~\$|^\.~lock\..*#$/.test(name)) return true;
  if (!name.startsWith("._")) return false;
  const [a, b, c] = start();
  return a === 0 && b === 5 && c === 0x16;
}

export function isMachineFolder(name: string): boolean {
  return machineFolders.has(name);
}
