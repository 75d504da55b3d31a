/** Why something that was seen in a folder was not taken. */
export type LeftOutWhy =
  | "picture"
  | "text"
  | "web-page"
  | "playlist"
  | "download-list"
  | "no-footage"
  | "empty"
  | "unfinished"
  | "unreadable"
  | "folder-unreadable"
  | "dead-link"
  | "link-in-circle"
  | "link-too-large"
  | "link-outside"
  | "link-to-own"
  | "special"
  | "vault"
  | "package";

/** One file or folder that was not taken. */
export interface LeftOutFile {
  /** Its place below the folder that was named. */
  readonly name: string;
  readonly why: LeftOutWhy;
}

/** The reason as a sentence about one of them, and what its owner can do. */
export const leftOutWords: Readonly<
  Record<LeftOutWhy, { readonly reason: string; readonly hint: string | null }>
> = {
  picture: {
    reason: "a picture that belongs to no video here",
    hint: "to keep it all the same: import it by its name",
  },
  text: { reason: "text that belongs to no video here", hint: null },
  "web-page": {
    reason: "a web page, not a video",
    hint: "if it should be a video, the download gave the page instead: fetch it again",
  },
  playlist: {
    reason: "a playlist: the addresses or names of videos, not the videos",
    hint: "the videos themselves are elsewhere",
  },
  "download-list": {
    reason: "text in the form of yt-dlp's list of downloads: read for its ids, not kept",
    hint: "to keep it: import it by its name",
  },
  "no-footage": {
    reason: "neither video nor sound, as far as its bytes and ffprobe tell",
    hint: "to keep it all the same: import it by its name; an archive: unpack it first",
  },
  empty: { reason: "the file is empty", hint: "copy it from its source again" },
  unfinished: {
    reason: "a download that was not finished",
    hint: "to keep what is there: import it by its name",
  },
  unreadable: { reason: "it may not be read", hint: "check its permissions, then import it again" },
  "folder-unreadable": {
    reason: "the folder may not be opened",
    hint: "check its permissions, then import it again",
  },
  "dead-link": {
    reason: "a link to what is not there",
    hint: "bring what it leads to, then import it again",
  },
  "link-in-circle": { reason: "a link that leads in a circle", hint: null },
  "link-too-large": {
    reason: "a link to a folder with more files than anyone can intend",
    hint: "import the folder that it leads to, or subfolders of it, by name",
  },
  "link-outside": {
    reason: "a link out of the folder, and not to video or sound",
    hint: "if it belongs to a video here: put what it leads to beside the video, in place of the link",
  },
  "link-to-own": {
    reason: "a link into this vault or to the keys of holdfast, which are never taken in",
    hint: "look who put it there; to see what the vault holds: holdfast list",
  },
  special: { reason: "a pipe, socket or device, not a file", hint: null },
  vault: {
    reason: "another vault of holdfast: evidence that is logged there",
    hint: "hand it over with: holdfast export",
  },
  package: {
    reason: "a package of holdfast: evidence with its own log",
    hint: "check it with: holdfast verify; its originals can be imported by their names",
  },
};
