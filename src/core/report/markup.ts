import { contentSecurityPolicy, type Html, type HtmlValue, html } from "../words/html.js";
import { inRussian } from "./sentences.js";
import type { ReportLanguage, TextKey } from "./texts/texts.js";
import { wordingOf } from "./wording.js";

/** The texts of one report, each marked with its language if that is not the document's. */
export interface Say {
  (key: TextKey): Html;
  /** A text of a record or entry: translated if it is a sentence of holdfast, else word for word. */
  readonly told: (text: string) => Html;
}

/** How texts are put into a document of this language. */
export function speaker(language: ReportLanguage): Say {
  const marked = (text: string, written: ReportLanguage) =>
    written === language ? html`${text}` : html`<span lang="${written}">${text}</span>`;
  const say = (key: TextKey) => {
    const { text, language: written } = wordingOf(language, key);
    return marked(text, written);
  };
  const told = (text: string) => {
    const translated = language === "en" ? null : inRussian(text);
    return translated === null ? quoted(text) : html`<span class="told">${marked(translated, "ru")}</span>`;
  };
  return Object.assign(say, { told });
}

/** A row of facts; a null value leaves it out. */
export type FactRow = readonly [label: HtmlValue, value: HtmlValue];

/** Facts with their names at the left. */
export function facts(rows: readonly FactRow[]): Html {
  const shown = rows.filter(([, value]) => value !== null);
  return html`<table class="facts"><tbody>${shown.map(
    ([label, value]) => html`<tr><th scope="row">${label}</th><td>${value}</td></tr>\n`,
  )}</tbody></table>`;
}

/** A column of a table: its title and its share of the width in percent. */
export type Column = readonly [title: Html, width: number];

/** A table whose head repeats on every printed page, and whose rows become blocks on a narrow screen. */
export function grid(columns: readonly Column[], rows: readonly (readonly HtmlValue[])[]): Html {
  const head = columns.map(([title]) => title);
  const cells = (row: readonly HtmlValue[]) =>
    row.map((cell, at) => html`<td><span class="head">${head[at] ?? ""}</span>${cell}</td>`);
  return html`<table class="grid"><colgroup>${columns.map(
    ([, width]) => html`<col style="width:${width}%">`,
  )}</colgroup><thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table>`;
}

/** A section with a heading that can be linked to. `id` is a word of ours. */
export function section(id: string, title: HtmlValue, ...content: readonly HtmlValue[]): Html {
  return html`<section id="${id}"><h2>${title}</h2>\n${content}</section>\n`;
}

export function subheading(title: HtmlValue): Html {
  return html`<h3>${title}</h3>`;
}

export function note(text: HtmlValue): Html {
  return html`<p class="note">${text}</p>`;
}

export function list(items: readonly HtmlValue[]): Html {
  return html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** Digests, addresses, paths, arguments: exact text that may be broken anywhere and keeps its own direction. */
export function exact(text: string): Html {
  // A time that is broken at its hyphens is hard to compare.
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text)) return html`<code class="time">${text}</code>`;
  return html`<code dir="ltr">${text}</code>`;
}

/** Words of somebody else, in whatever script and direction they are; lines are kept, up to sixty of them. */
export function quoted(text: string): Html {
  const lines = text.split(/\r\n|\r|\n/);
  const shown = lines.slice(0, 60).map((line, at) => html`${at === 0 ? null : html`<br>`}<bdi>${line}</bdi>`);
  return html`<span class="quoted">${shown}${lines.length > 60 ? "…" : null}</span>`;
}

/** A name or title on one line, whose direction changes nothing around it. */
export function name(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** A notice nobody should miss. */
export function banner(kind: "bad" | "warn" | "plain", text: HtmlValue): Html {
  return html`<p class="banner ${kind}" role="note">${text}</p>\n`;
}

/** Ruled lines to write on by hand. */
export function ruled(lines: number): Html {
  return html`${Array.from({ length: lines }, () => html`<span class="rule"></span>`)}`;
}

/** A picture inside the document. */
export function jpeg(base64: string, description: string): Html {
  return html`<img alt="${description}" src="data:image/jpeg;base64,${inParts(base64)}">`;
}

/** The same of a PNG file. */
export function png(base64: string, description: string): Html {
  return html`<img alt="${description}" src="data:image/png;base64,${inParts(base64)}">`;
}

/** `html` bounds each value it is given. */
function inParts(base64: string): readonly string[] {
  return base64.match(/.{1,1500}/g) ?? [];
}

interface Document {
  readonly language: ReportLanguage;
  readonly title: string;
  /** The text at the foot of every printed page: an id of ours. */
  readonly foot: string;
  /** What stands above the content: the `header`, and a `nav` where it comes first. */
  readonly top: HtmlValue;
  readonly body: HtmlValue;
  /** What the document may load; nothing but itself if this is left out. */
  readonly policy?: string;
  /** Rules that only this document needs. */
  readonly ownStyle?: Html;
}

/**
 * A whole document that runs nothing and loads what its policy allows. All of it stands in landmarks, so that who listens
 * to a page can go to its content.
 */
export function documentText({ language, title, foot, top, body, policy, ownStyle }: Document): string {
  return html`<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy ?? contentSecurityPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light">
<title>${title}</title>
<style>${style}${ownStyle}
${pageFoot(foot)}</style>
</head>
<body>
${top}<main>
${body}</main>
</body>
</html>
`.text;
}

/**
 * Page numbers, and what the pages are about. Letters, digits and hyphens only: nothing else may enter a style sheet.
 */
function pageFoot(foot: string): Html {
  const safe = foot.replace(/[^A-Za-z0-9-]/g, "");
  return html`@page { size: A4; margin: 18mm 16mm 20mm;
  @bottom-left { content: "holdfast  ${safe}"; font: 8pt sans-serif; color: #444 }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #444 } }`;
}

const style = html`
* { box-sizing: border-box }
html { background: #fff; color: #111; -webkit-text-size-adjust: 100% }
body { font: 15px/1.5 "Noto Sans", "Liberation Sans", "DejaVu Sans", Arial, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.2rem 0 .6rem; padding-top: .5rem; border-top: 2px solid #111 }
h3 { font-size: 1rem; margin: 1.3rem 0 .4rem }
p { margin: .4rem 0 }
.lead { color: #333 }
.note { color: #444; font-size: .9em }
.banner { border: 2px solid #111; padding: .6rem .8rem; margin: .8rem 0; font-weight: 600 }
.bad { border-color: #a00000; color: #a00000; background: #fff3f3 }
.warn { border-color: #8a5a00; color: #5c3c00; background: #fff9ec }
code { font: .86em/1.45 "DejaVu Sans Mono", "Liberation Mono", Consolas, monospace; overflow-wrap: anywhere; unicode-bidi: isolate }
.time { white-space: nowrap }
.argv code { border: 1px solid #ccc; padding: 0 .2em; -webkit-box-decoration-break: clone; box-decoration-break: clone }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem }
th, td { text-align: left; vertical-align: top; padding: .32rem .5rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; hyphens: manual }
.facts th { width: 15rem; font-weight: 600; color: #333 }
.grid thead th { border-bottom: 2px solid #111; font-size: .85em; overflow-wrap: normal }
.grid { font-size: .94em; table-layout: fixed }
.grid .head { display: none }
.told { display: block }
.quoted { display: block; border-left: 3px solid #bbb; padding-left: .5rem }
.fail { color: #a00000; font-weight: 700 }
.digest { display: block; margin-top: .15rem }
.small { color: #555; font-size: .88em }
ul, ol { margin: .4rem 0; padding-left: 1.5rem }
li { margin: .25rem 0 }
nav ol { columns: 2; column-gap: 2rem }
nav a { color: #111 }
figure { margin: 1rem 0 }
img { display: block; max-width: 100%; max-height: 230mm; border: 1px solid #ccc }
figcaption { color: #444; font-size: .9em }
.statements > li { margin: 1.1rem 0 }
.rule { display: block; border-bottom: 1px solid #111; height: 2.1em }
.choice { padding-left: 0; list-style: none }
.box { display: inline-block; width: .9em; height: .9em; border: 1px solid #111; margin-right: .5em; vertical-align: -.08em }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem }
@media (max-width: 40rem) {
  body { padding: .8rem }
  nav ol, .sign { columns: 1; display: block }
  .facts, .grid { display: block }
  col { display: none }
  .facts tbody, .facts tr, .facts th, .facts td, .grid tbody, .grid tr, .grid td { display: block; width: 100% }
  .facts th { border: 0; padding: .45rem 0 0; font-size: .88em }
  .facts td { padding: 0 0 .45rem }
  .grid thead { display: none }
  .grid tr { border-bottom: 2px solid #999; padding: .5rem 0 }
  .grid td { border: 0; padding: .12rem 0 }
  .grid .head { display: block; color: #555; font-size: .85em }
}
@media print {
  body { font-size: 9.5pt; line-height: 1.4; max-width: none; padding: 0 }
  h2 { break-after: avoid } h3 { break-after: avoid }
  thead { display: table-header-group }
  .note { break-after: avoid }
  .grid code { font-size: .75em }
  img { max-height: 115mm }
  .page-view { break-before: page }
  .page-view img { max-height: 225mm }
  tr, li, figure, .banner { break-inside: avoid }
  nav { display: none }
  .facts th { width: 44mm }
  .bad, .warn { background: none }
}
`;
