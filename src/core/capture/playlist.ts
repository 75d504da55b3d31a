/**
 * Whether a manifest describes a broadcast that has not ended: an HLS media playlist without `#EXT-X-ENDLIST` that is not
 * said to be complete (RFC 8216 §4.3.3), or a dynamic MPD (ISO/IEC 23009-1 §5.3.1.2). A list of renditions is neither.
 */
export function isUnendedPlaylist(text: string): boolean {
  if (/^\s*(?:\ufeff)?#EXTM3U/.test(text)) {
    return /^#EXTINF:/m.test(text) && !/^#EXT-X-(?:ENDLIST|PLAYLIST-TYPE:VOD)\b/m.test(text);
  }
  const [root = ""] = /<MPD\b[^>]{0,4000}>/.exec(text) ?? [];
  return /\stype\s*=\s*(?:"dynamic"|'dynamic')/.test(root);
}
