import type { PageRecord } from "../page/page-record.js";
import { wallSentences } from "../page/wall-sentences.js";
import { exact, facts, note, subheading } from "../report/markup.js";
import { english } from "../report/texts/en.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import type { CaptureFacts } from "./facts.js";
import { claimed, picture, utc } from "./page-markup.js";
import type { DescribedFile } from "./roles.js";

/** The pages around a clip: the picture of each, where and when it was seen, and what of it was kept. */
export function pagesAround({ pages }: CaptureFacts, files: readonly DescribedFile[]): HtmlValue {
  if (pages.length === 0) return null;
  return [subheading(english.pages), note(english.pagesNote), pages.map((page) => onePage(page, files))];
}

function onePage(page: PageRecord, files: readonly DescribedFile[]): Html {
  const { version, status, wall, coverage, viewed_at, requested_url, final_url, title } = page;
  const path = page.files.find(({ kind }) => kind === "page_view")?.path;
  const view = files.find(({ logicalPath }) => logicalPath === path);
  const words = `the page at ${viewed_at}`;
  return html`<figure class="sheet">${view === undefined ? note(english.noPageView) : picture(view, words)}
<figcaption>${english.pageView}, ${utc(viewed_at)}. ${wall === null ? null : wallSentences[wall]}</figcaption></figure>
${facts([
  [english.version, exact(version)],
  [
    english.status,
    wall === null ? english[`page.${status}`] : html`${english[`page.${status}`]}: ${wallSentences[wall]}`,
  ],
  [english.requested, exact(requested_url)],
  [english.final, final_url === requested_url ? null : exact(final_url)],
  [english["claim.title"], claimed(title)],
  [english.pageAnswers, `${coverage.with_body} of ${coverage.responses}`],
])}
`;
}
