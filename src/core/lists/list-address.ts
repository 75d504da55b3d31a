import { webUrl } from "../capture/source-url.js";
import { HoldfastError } from "../words/error.js";
import { printable } from "../words/printable.js";

/** Where a list is fetched from. */
export interface ListAddress {
  readonly url: string;
  /** A file name by whose end the list's format is told, without anything of the address. */
  readonly name: string;
}

const formats = ["csv", "tsv", "xlsx", "txt", "jsonl", "ndjson"] as const;
type Format = (typeof formats)[number];

/**
 * The address of a list on the web, if a text that names a list is one; null for the name of a file. What is fetched is never
 * guessed: the address itself must say that it leads to a table, by the end of its path or by the format that it asks for.
 * Throws `usage` for any other address, and says for a Google Sheet which address it has as a table.
 */
export function listAddress(text: string): ListAddress | null {
  if (!/^https?:\/\//i.test(text)) return null;
  const url = webUrl(text);
  if (url === null) throw noList(text, "it cannot be read as an address", "give a file, or a whole address");
  const format = formatOf(url);
  if (format !== null) return { url: url.href, name: `list.${format}` };
  throw sheetRefusal(text, url) ?? otherRefusal(text);
}

function formatOf({ pathname, searchParams }: URL): Format | null {
  const asked = [
    searchParams.get("output"),
    searchParams.get("format"),
    /\bout:(\w+)/.exec(searchParams.get("tqx") ?? "")?.[1],
    // A Sheet is no file, whatever its name ends with.
    pathname.startsWith("/spreadsheets/") ? null : /\.(\w+)$/.exec(pathname)?.[1],
  ].find((one) => one !== null && one !== undefined);
  return formats.find((format) => format === asked?.toLowerCase()) ?? null;
}

/** For the addresses that a browser shows of a Google Sheet. Its table has another one, which leads to one tab of it. */
function sheetRefusal(text: string, url: URL): HoldfastError | null {
  const published = /^\/spreadsheets\/(?:u\/\d+\/)?d\/e\/([\w-]+)\//.exec(url.pathname)?.[1];
  const tab = /\bgid=(\d+)/.exec(`${url.hash} ${url.search}`)?.[1];
  if (published !== undefined) {
    const part = tab === undefined ? "" : `gid=${tab}&single=true&`;
    const table = `${url.origin}/spreadsheets/d/e/${published}/pub?${part}output=csv`;
    return noList(
      text,
      "it is the web page of a published sheet",
      `give its table: holdfast batch '${table}'`,
    );
  }
  const own = /^\/spreadsheets\/(?:u\/\d+\/)?d\/([\w-]+)/.exec(url.pathname)?.[1];
  if (own === undefined) return null;
  const table = `${url.origin}/spreadsheets/d/${own}/export?format=csv${tab === undefined ? "" : `&gid=${tab}`}`;
  return noList(
    text,
    "it is the page on which a sheet is edited, not its table",
    `publish the sheet as CSV (File, Share, Publish to web), which lets everybody who has the address read it, and give that address; or, where anyone with the link may see the sheet: holdfast batch '${table}'; or download it as .xlsx`,
  );
}

function otherRefusal(text: string): HoldfastError {
  return noList(
    text,
    "nothing in the address says that it leads to a table",
    "to capture it: holdfast archive ADDRESS; an address of a list ends with .csv, .tsv, .txt or .xlsx, or asks for output=csv or format=csv",
  );
}

function noList(text: string, why: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `reading the list ${printable(text, 200)}: ${why}`, hint);
}
