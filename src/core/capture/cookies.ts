/** A Netscape cookie jar cut down to one site, and the values that must never reach a record. */
export interface SiteCookies {
  readonly jar: string;
  readonly secrets: readonly string[];
}

/**
 * Keeps the lines of a Netscape cookie file whose domain is `host`, a parent of it, or below it. Comments other than
 * the format's own `#HttpOnly_` prefix are dropped.
 */
export function cookiesForHost(text: string, host: string): SiteCookies {
  const kept = text.split(/\r?\n/).filter((line) => belongs(line, host.toLowerCase()));
  return {
    jar: ["# Netscape HTTP Cookie File", ...kept, ""].join("\n"),
    secrets: kept.map((line) => line.split("\t")[6] ?? "").filter((value) => value.length >= 4),
  };
}

function belongs(line: string, host: string): boolean {
  const fields = line.replace(/^#HttpOnly_/, "").split("\t");
  if (fields.length < 7 || line.startsWith("# ")) return false;
  const domain = (fields[0] ?? "").replace(/^\./, "").toLowerCase();
  if (domain === host) return true;
  // A parent domain must contain a dot: a cookie for "com" belongs to nobody.
  return (domain.includes(".") && host.endsWith(`.${domain}`)) || domain.endsWith(`.${host}`);
}
