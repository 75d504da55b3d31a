/**
 * Headers that hold what lets somebody in: of the account, of the page's other visitors, or of the egress guard. libcurl
 * writes those of HTTP/2 in brackets too.
 */
const secretHeader =
  /^([ \t<>*]*(?:\[HTTP\/\d\] \[\d+\] \[)?(?:set-cookie2?|cookie|(?:proxy-)?authorization)[ \t]*:).*$/gim;

/** libcurl's own line about a cookie that a site set, with its value. */
const cookieSet = /^(\* (?:Added|Replaced) cookie [^\n="]*=).*$/gm;

/**
 * What a downloader said on stderr, as it is kept in the private annex: each secret and the value of each header that
 * holds one is blanked, every other byte stays. libcurl writes such headers among its words.
 */
export function keptWords(stderr: Uint8Array, secrets: readonly string[]): Uint8Array {
  // Latin-1 has one character for each byte, so that what is not blanked is written as it came.
  let text = Buffer.from(stderr).toString("latin1");
  text = text.replace(secretHeader, "$1 <blanked>").replace(cookieSet, "$1<blanked>");
  for (const secret of secrets) {
    if (secret !== "") text = text.replaceAll(Buffer.from(secret, "utf8").toString("latin1"), "<blanked>");
  }
  return Buffer.from(text, "latin1");
}
