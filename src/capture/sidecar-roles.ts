import { extname } from "node:path";
import type { FileRole } from "../core/capture/record.js";

/** Extensions of the files that yt-dlp, cameras and telephones put beside a media file. */
const roles: Readonly<Record<string, FileRole>> = {
  ".jpg": "thumbnail",
  ".jpeg": "thumbnail",
  ".png": "thumbnail",
  ".webp": "thumbnail",
  ".heic": "thumbnail",
  ".thm": "thumbnail",
  ".vtt": "subtitle",
  ".srt": "subtitle",
  ".ass": "subtitle",
  ".aae": "sidecar",
  ".json": "sidecar",
  ".json3": "sidecar",
  ".xml": "sidecar",
  ".xmp": "sidecar",
  ".gpx": "sidecar",
  ".csv": "sidecar",
  ".txt": "sidecar",
  ".html": "sidecar",
  ".description": "sidecar",
  ".gif": "sidecar",
};

/** The role of a file with this name beside a media file; null for a name that says nothing. */
export function sidecarRole(name: string): FileRole | null {
  return roles[extname(name).toLowerCase()] ?? null;
}
