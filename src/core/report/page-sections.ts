import { type PageTaken, pageInForce } from "../page/page-taken.js";
import { wallSentences } from "../page/wall-sentences.js";
import { type Html, html } from "../words/html.js";
import type { ReportFacts, ReportPictures } from "./facts.js";
import { fileTable } from "./file-sections.js";
import { exact, facts, note, png, quoted, type Say, section, subheading } from "./markup.js";

/** The picture of the page that speaks for the capture, on a printed page of its own; nothing where no page is kept. */
export function pageFigure({ pages }: ReportFacts, { page }: ReportPictures, say: Say): Html | null {
  const shown = pageInForce(pages);
  if (shown === null) return null;
  if (page === null) return note(say("noPageView"));
  return html`<figure class="page-view">${png(page, shown.version ?? "")}<figcaption>${say("pageView")}, ${exact(shown.at)}. ${wallOf(shown, say)}</figcaption></figure>\n`;
}

/** The pages around a clip and the attempts at them, each with its files; nothing where nobody tried. */
export function pagesSection(of: ReportFacts, say: Say): Html | null {
  if (of.pages.length === 0) return null;
  return section(
    "pages",
    say("pages"),
    note(say("pagesNote")),
    of.pages.map((page) => onePage(page, of, say)),
  );
}

function onePage(page: PageTaken, { files }: ReportFacts, say: Say): Html {
  const { version, at, status, url, title, coverage, reason, entry } = page;
  const own = files.filter((file) => file.version === version && version !== "v1");
  return html`${subheading(html`${version ?? say(`page.${status}`)}`)}${facts([
    [say("status"), html`<strong>${say(`page.${status}`)}</strong>${wallOf(page, say)}`],
    [say("pageSeen"), exact(at)],
    [say("requested"), exact(url)],
    [say("claim.title"), title === null ? null : quoted(title)],
    [say("pageAnswers"), coverage === null ? null : `${coverage.with_body} / ${coverage.responses}`],
    [say("reason"), reason === null ? null : say.told(reason)],
    [say("statedIn"), entry],
  ])}${own.length === 0 ? null : fileTable(own, say)}`;
}

function wallOf({ wall }: PageTaken, say: Say): Html | null {
  return wall === null ? null : say.told(wallSentences[wall]);
}
