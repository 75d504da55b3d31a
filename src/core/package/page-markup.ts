import { packagePathProblem } from "../../audit/package-paths.js";
import type { Claim } from "../capture/record.js";
import { exact, quoted } from "../report/markup.js";
import { english } from "../report/texts/en.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import type { DescribedFile } from "./roles.js";

/** What a browser would run: the page of a platform is not to be opened by a slip. */
const runs = /\.(?:x?html?|xml|svg|mht(?:ml)?)$/i;

/**
 * A link to a file of the package; plain words if its path is not one that §17 allows, or if the file is a page itself.
 */
export function fileLink(file: DescribedFile, words: HtmlValue, kind = "file"): Html {
  if (packagePathProblem(file.path) !== null || runs.test(file.path)) return html`${words}`;
  return html`<a class="${kind}" href="${file.path}">${words}</a>`;
}

/** A picture of the package that links to itself in full size; its description if it cannot be shown. */
export function picture(file: DescribedFile, words: string): Html {
  if (packagePathProblem(file.path) !== null) return html`${words}`;
  return html`<a href="${file.path}"><img loading="lazy" src="${file.path}" alt="${words}"></a>`;
}

/** The address of a file beside the page, for a player; null if its path is not one that §17 allows. */
export function playerUrl(file: DescribedFile): string | null {
  return packagePathProblem(file.path) === null ? file.path : null;
}

/** Somebody's words, with whose they are and where they were read. */
export function claimed(claim: Claim<string | number | readonly string[]> | null): Html | null {
  if (claim === null) return null;
  const value = typeof claim.value === "object" ? claim.value.join(", ") : String(claim.value);
  return html`${quoted(value)}<span class="small">${english[`basis.${claim.basis}`]} (${claim.from})</span>`;
}

/** A time of the log or record for a reader, UTC; anything else as it stands. */
export function utc(at: string): Html {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(at);
  if (parts === null) return exact(at);
  return html`<span class="time">${parts[1]} ${parts[2]} UTC</span>`;
}

/** Decimal seconds as minutes, seconds and thousandths, such as `1:02.500`; anything else as it stands. */
export function position(seconds: string): string {
  const parts = /^(-?)(\d{1,9})(?:\.(\d+))?$/.exec(seconds);
  if (parts === null) return seconds;
  const whole = Number(parts[2]);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const head = hours === 0 ? String(minutes) : `${hours}:${two(minutes)}`;
  const fraction = (parts[3] ?? "").padEnd(3, "0").slice(0, 3);
  return `${parts[1] === "-" ? "−" : ""}${head}:${two(whole % 60)}.${fraction}`;
}

/** A size for a reader: `2.4 MB`. */
export function shortSize(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** A size to the byte: `2,372,712 bytes`. */
export function fullSize(bytes: number): string {
  return `${String(bytes).replace(/\B(?=(\d{3})+$)/g, ",")} bytes`;
}

/** Rules for the players of a page. */
export const playerStyle = html`
video { display: block; max-width: 100%; max-height: 70vh; background: #000; margin: .8rem 0 }
audio { display: block; width: 100%; margin: .8rem 0 }
@media print { video, audio { display: none } }
`;

/** Rules of the package's page on top of those of every document. */
export const packageStyle = html`
h1 { margin-top: .2rem }
.kicker { color: #555; font-size: .88em; margin: 0 }
.clip { margin-top: 3rem }
.clip > h2 { font-size: 1.5rem; margin: 0; padding-top: .5rem; border-top: 4px solid #111 }
.clip > h2 .kicker { display: block; font-weight: 400; font-size: .9rem }
.sheet { margin: 1rem 0 .5rem }
.sheet img { width: auto; max-height: 56rem }
.doors { display: flex; flex-wrap: wrap; gap: .6rem; margin: .8rem 0 1.2rem }
.doors a { border: 2px solid #111; padding: .4rem .8rem; font-weight: 600; color: #111; text-decoration: none }
.doors a.main { background: #111; color: #fff }
.doors .size { font-weight: 400 }
a.file { color: #0b3d91 }
.frames { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .5rem; list-style: none; padding: 0 }
.frames li { margin: 0; font-size: .85em; text-align: center }
.frames img { width: 100%; height: 8rem; object-fit: contain; background: #f2f2f2 }
.files code { font-size: .8em }
.files .role { display: block; color: #555; font-size: .9em }
.files td:nth-child(2) { white-space: nowrap }
summary { cursor: pointer; margin: .8rem 0 .4rem; font-weight: 600 }
.stamp { border-left: 4px solid #111; padding: .4rem .8rem; margin: .8rem 0 }
@media (max-width: 40rem) {
  .frames { grid-template-columns: repeat(3, 1fr) }
  .doors a { flex: 1 1 100%; text-align: center }
}
@media print {
  .clip { margin-top: 1.5rem }
  .clip + .clip { break-before: page; margin-top: 0 }
  .sheet img { width: auto; max-height: 130mm; margin: 0 auto }
  .doors { display: none }
  .frames { grid-template-columns: repeat(7, 1fr) }
  .frames img { height: 24mm }
  details::details-content { content-visibility: visible; display: block; height: auto; opacity: 1 }
  .files code { font-size: .68em }
  a, a.file { color: inherit; text-decoration: none }
}
`;
