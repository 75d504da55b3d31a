import { extname } from "node:path";
import type { FileRole } from "../core/capture/record.js";

/** Extensions of the files that yt-dlp writes beside a media file. */
const roles: Readonly<Record<string, FileRole>> = {
  ".jpg": "thumbnail",
  ".jpeg": "thumbnail",
  ".png": "thumbnail",
  ".webp": "thumbnail",
  ".vtt": "subtitle",
  ".srt": "subtitle",
};

/** The role of a file with this name beside a media file; null for a file that is not imported with it. */
export function sidecarRole(name: string): FileRole | null {
  return roles[extname(name).toLowerCase()] ?? null;
}
