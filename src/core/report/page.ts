import { type Html, html } from "../words/html.js";
import {
  authorityOf,
  checksSection,
  custodySection,
  limitsSection,
  outsideTimeSection,
} from "./custody-sections.js";
import { isUnjudged, type ReportFacts, type ReportPictures } from "./facts.js";
import {
  derivativesSection,
  derivedFiles,
  derivedFilesSection,
  filesSection,
  originals,
  packageSection,
  renditionSection,
  servicesSection,
  wholenessSection,
} from "./file-sections.js";
import { banner, documentText, exact, facts, jpeg, note, quoted, type Say, speaker } from "./markup.js";
import { pageFigure, pagesSection } from "./page-sections.js";
import {
  claimedTitle,
  claimsSection,
  collectorSection,
  elementsSection,
  failureRows,
  targetSection,
} from "./source-sections.js";
import type { ReportLanguage, TextKey } from "./texts/texts.js";
import { wordingOf } from "./wording.js";

/**
 * The technical report of one capture (Berkeley Protocol §156, Annex IV) as one HTML document that loads nothing and
 * runs nothing. Everything in it follows from `of` alone; the language changes words and never a fact.
 */
export function reportDocument(of: ReportFacts, pictures: ReportPictures, language: ReportLanguage): string {
  const say = speaker(language);
  return documentText({
    language,
    title: `${of.capture} · ${wordingOf(language, "title").text}`,
    foot: of.capture,
    top: head(of, say),
    body: [
      summary(of, say),
      sheet(of, pictures, say),
      pageFigure(of, pictures, say),
      contents(of, say),
      sections(of, say),
    ],
  });
}

function head(of: ReportFacts, say: Say): Html {
  return html`<header>
<h1>${say("title")}</h1>
<p class="lead">${exact(of.capture)}${claimedTitle(of) === null ? null : html` · ${claimedTitle(of)}`}</p>
<p class="lead">${say("subtitle")}</p>
${languageNote(say)}${notices(of, say)}
${note(say("about"))}${note(html`${say("quoted")} ${say("cut")}`)}
</header>
`;
}

/** Empty in the languages that have every text. */
export function languageNote(say: Say): Html | null {
  const words = say("languageNote");
  return words.text === "" || words.text.endsWith("></span>") ? null : note(words);
}

/** What nobody may overlook: a failed, incomplete or damaged capture, a failed check, names of people. */
export function notices(of: ReportFacts, say: Say): readonly (Html | null)[] {
  return [
    of.collector.annex === null ? null : banner("bad", say("private")),
    of.outcome === "captured" ? null : banner("bad", say(`outcome.${of.outcome}`)),
    isUnjudged(of) ? banner("warn", say("unjudged")) : null,
    of.check.ok ? null : banner("bad", say("notAsRecorded")),
  ];
}

function summary(of: ReportFacts, say: Say): Html {
  const { record, failed } = of;
  const media = originals(of).filter(({ kind }) => kind === "media_track");
  const earliest = of.existed_not_later_than.find(({ gen_time }) => gen_time !== null);
  const requested = record?.requested_url ?? failed?.url ?? null;
  return html`<h2>${say("summary")}</h2>
${facts([
  [say("status"), say(`outcome.${of.outcome}`)],
  [say("capture"), exact(of.capture)],
  [say("vault"), exact(of.vault_id)],
  [say("requested"), requested === null ? null : exact(requested)],
  [
    say("claim.title"),
    record?.source.title
      ? html`${quoted(record.source.title.value)}<span class="small">(${say(`basis.${record.source.title.basis}`)})</span>`
      : null,
  ],
  [say("start"), record ? exact(record.started_at) : null],
  ...(failed ? failureRows(failed, say) : []),
  [
    "SHA-256",
    media.length === 0
      ? null
      : media.map(({ path, sha256 }) => html`<span class="digest">${exact(path)}<br>${exact(sha256)}</span>`),
  ],
  [
    say("existed"),
    earliest
      ? html`${exact(earliest.gen_time ?? "")} (${say("by")} ${exact(authorityOf(earliest, of))})`
      : say("outsideTimeNone"),
  ],
  [say("made"), html`${exact(of.made_at)}, ${exact(of.tool)}`],
  [say("checks"), say(of.check.ok ? "asRecorded" : "notAsRecorded")],
])}`;
}

function sheet(of: ReportFacts, { contactSheet }: ReportPictures, say: Say): Html | null {
  if (of.record === null) return null;
  if (contactSheet === null) return note(say("noSheet"));
  return html`<figure>${jpeg(contactSheet, of.capture)}<figcaption>${say("sheet")}</figcaption></figure>\n`;
}

/** The sections that the document has, by the anchors they carry. */
function contents(of: ReportFacts, say: Say): Html {
  const kept: readonly (readonly [string, TextKey])[] = [
    ["claims", "claims"],
    ["files", "files"],
    ["whole", "wholeness"],
    ...(of.record?.method === "ytdlp" ? ([["rendition", "rendition"]] as const) : []),
    ["package", "package"],
  ];
  const links: readonly (readonly [string, TextKey])[] = [
    ["collector", "collector"],
    ["target", "target"],
    ["elements", of.failed ? "failure" : "elements"],
    ...(of.record ? kept : []),
    ...(of.pages.length > 0 ? ([["pages", "pages"]] as const) : []),
    ["services", "services"],
    ...(of.derivation ? ([["derivatives", "derivatives"]] as const) : []),
    ["custody", "custody"],
    ["outside-time", "outsideTime"],
    ["checks", "checks"],
    ["limits", "limits"],
    ...(derivedFiles(of).length > 0 ? ([["derived-files", "derivedFiles"]] as const) : []),
  ];
  const items = links.map(([anchor, title]) => html`<li><a href="#${anchor}">${say(title)}</a></li>`);
  return html`<nav><h2>${say("contents")}</h2><ol>${items}</ol></nav>\n`;
}

function sections(of: ReportFacts, say: Say): readonly (Html | null)[] {
  return [
    collectorSection(of, say),
    targetSection(of, say),
    elementsSection(of, say),
    claimsSection(of, say),
    filesSection(of, say),
    wholenessSection(of, say),
    renditionSection(of, say),
    packageSection(of, say),
    pagesSection(of, say),
    servicesSection(of, say),
    derivativesSection(of, say),
    custodySection(of, say),
    outsideTimeSection(of, say),
    checksSection(of, say),
    limitsSection(say),
    derivedFilesSection(of, say),
  ];
}
