import { HoldfastError } from "../words/error.js";
import { printable } from "../words/printable.js";
import { holdsOnlyAddresses } from "./cell-address.js";

/** Headers that name a web address and nothing else, the likeliest first. */
const certainNames = [
  ["url", "video url", "source url", "post url", "media url", "page url", "webpage url", "original url"],
  ["link", "video link", "source link", "post link", "link to video", "href", "uri", "permalink"],
  ["urls", "links", "url адрес", "url видео", "видео url"],
  ["ссылка", "ссылка на видео", "ссылка на источник", "ссылка на пост", "ссылка на публикацию", "ссылки"],
  ["сілтеме", "видео сілтемесі", "бейне сілтемесі", "дереккөз сілтемесі", "сілтемелер"],
].flat();

/** Headers that may equally stand over a street, a name or a remark: the cells below have to agree. */
const likelyNames = [
  ["web address", "address", "веб адрес", "адрес страницы", "адрес", "веб мекенжай", "мекенжай", "мекенжайы"],
  ["source", "источник", "дереккөз", "video", "видео", "бейне", "post", "пост", "публикация", "жазба"],
].flat();

const namesAnAddress = /(?<!\p{L})(?:urls?|links?|ссылк\p{L}*|сілтеме\p{L}*)(?!\p{L})/u;

function normalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[\s_:-]+/g, " ")
    .trim();
}

/** True for a header that can only stand over web addresses. */
export function namesAddresses(header: string): boolean {
  return certainNames.includes(normalName(header));
}

/** True for a header that says something of addresses, whatever else it says. */
export function mayNameAddresses(header: string): boolean {
  return header.length <= 100 && !holdsOnlyAddresses(header) && namesAnAddress.test(normalName(header));
}

/** Index of the column that `wanted` means: by its name, else by its name in any case, else by its number from 1. */
export function columnNamed(columns: readonly string[], wanted: string): number | null {
  const plain = (name: string) => name.trim().toLowerCase();
  const exact = columns.indexOf(wanted);
  const found = exact === -1 ? columns.findIndex((name) => plain(name) === plain(wanted)) : exact;
  if (found !== -1) return found;
  const number = /^\s*\d+\s*$/.test(wanted) ? Number(wanted) : 0;
  return number >= 1 && number <= columns.length ? number - 1 : null;
}

/** Rows examined to choose a column: enough to tell, few enough for a list of any size. */
const sample = 1000;

/**
 * Index of the column that holds the addresses: the one `wanted`, else the one whose header names them, else the one
 * with the most cells that are addresses. `rows` are aligned to `columns`. Throws `usage` if there is none; `elsewhere` then
 * says where else they may be.
 */
export function urlColumnOf(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  wanted: string | null,
  elsewhere: string,
): number {
  const noColumn = (message: string) => notFound(message, columns, elsewhere);
  const isEmpty = (index: number) => rows.length > 0 && rows.every((row) => (row[index] ?? "").trim() === "");
  if (wanted !== null) {
    const named = columnNamed(columns, wanted);
    if (named === null) throw noColumn(`the list has no column ${printable(wanted, 60)}`);
    if (isEmpty(named)) throw noColumn(`the column ${printable(wanted, 60)} is empty in every row`);
    return named;
  }
  const names = columns.map(normalName);
  const headed = certainNames.map((name) => names.indexOf(name)).filter((index) => index !== -1);
  const certain = headed.find((index) => !isEmpty(index));
  if (certain !== undefined) return certain;
  const counts = columns.map((_, index) => addressCount(rows, index));
  const likely = [
    ...names.flatMap((name, index) => (namesAnAddress.test(name) ? [index] : [])),
    ...likelyNames.map((name) => names.indexOf(name)).filter((index) => index !== -1),
  ];
  const agreed = likely.find((index) => rows.length === 0 || (counts[index] ?? 0) > 0);
  if (agreed !== undefined) return agreed;
  const most = Math.max(0, ...counts);
  const [empty] = headed;
  if (most === 0 && empty !== undefined)
    throw noColumn(`the column ${printable(columns[empty] ?? "", 60)} is empty in every row`);
  if (most === 0) throw noColumn("no column of the list holds web addresses");
  return counts.indexOf(most);
}

/** How many cells of a column are addresses; 0 unless they are at least half of those that are not blank. */
function addressCount(rows: readonly (readonly string[])[], index: number): number {
  const cells = rows
    .slice(0, sample)
    .map((row) => row[index] ?? "")
    .filter((cell) => cell.trim() !== "");
  const addresses = cells.filter(holdsOnlyAddresses).length;
  return addresses * 2 >= cells.length ? addresses : 0;
}

function notFound(message: string, columns: readonly string[], elsewhere: string): HoldfastError {
  const names = columns.map((name, index) => `${index + 1} ${printable(name, 30)}`);
  return new HoldfastError(
    "usage",
    message,
    `give the address column by its name or number: ${printable(names.join(", "), 500)}; ${elsewhere}`,
  );
}
