import { extname } from "node:path";
import type { FileRole } from "../core/capture/record.js";

/** Files that belong to a media file by their name, as yt-dlp writes them. */
const roles: Readonly<Record<string, FileRole>> = {
  ".jpg": "thumbnail",
  ".jpeg": "thumbnail",
  ".png": "thumbnail",
  ".webp": "thumbnail",
  ".vtt": "subtitle",
  ".srt": "subtitle",
};

/** What a file with this name is beside a media file; null for one that does not come along. */
export function sidecarRole(name: string): FileRole | null {
  return roles[extname(name).toLowerCase()] ?? null;
}
