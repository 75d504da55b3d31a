import { type Html, type HtmlValue, html } from "../words/html.js";
import { checkFacts, checkpointTable, custodyTable, limitList, tokenTable } from "./custody-sections.js";
import type { ReportFacts } from "./facts.js";
import { alterations, fileTable, originals, runList, wholeness } from "./file-sections.js";
import { banner, documentText, exact, facts, quoted, ruled, type Say, speaker } from "./markup.js";
import { languageNote, notices } from "./page.js";
import { softwareTable } from "./software.js";
import { clockRows, targetRows } from "./source-sections.js";
import type { DraftLabel } from "./texts/statements.js";
import type { ReportLanguage } from "./texts/texts.js";
import { wordingOf } from "./wording.js";

/** The facts of a capture that was kept: nobody can declare anything about any other. */
export type DeclaredFacts = ReportFacts & { readonly record: NonNullable<ReportFacts["record"]> };

/**
 * The draft of a declaration: the facts of the record in numbered statements, and blanks for what only a person can
 * say. It says at its top and at its end that it is nothing until a person adopts it.
 */
export function declarationDocument(of: DeclaredFacts, language: ReportLanguage): string {
  const say = speaker(language);
  return documentText({
    language,
    title: `${of.capture} · ${wordingOf(language, "draft.title").text}`,
    foot: of.capture,
    top: html`<header><h1>${say("draft.title")}</h1>
${banner("warn", html`${say("draft.notice")} ${say("draft.strikeOut")}`)}${languageNote(say)}${notices(of, say)}
${facts([
  [say("draft.exhibit"), ruled(1)],
  [say("capture"), exact(of.capture)],
  [say("vault"), exact(of.vault_id)],
  [say("made"), html`${exact(of.made_at)}, ${exact(of.tool)}`],
])}
${blank(say("draft.iName"))}${blank(say("draft.iRole"))}<p>${say("draft.declare")}</p></header>
`,
    body: html`<ol class="statements">
${statements(of, say).map((statement) => html`<li>${statement}</li>\n`)}</ol>
<section>
<p><strong>${say("draft.perjury")}</strong></p>
<div class="sign">${(["date", "place", "signature", "printedName"] as const).map((label) => blank(say(`draft.${label}`)))}</div>
${banner("warn", say("draft.endNotice"))}</section>
`,
  });
}

function statements(of: DeclaredFacts, say: Say): readonly Html[] {
  const said = (label: DraftLabel, content: HtmlValue = null) =>
    html`<p>${say(`draft.${label}`)}</p>${content}`;
  const { record } = of;
  const imported = record.method === "import";
  return [
    said("training", ruled(3)),
    said("basis", ruled(3)),
    said("watched", [choice(say("draft.watchedYes")), choice(say("draft.watchedNo"))]),
    said("rest"),
    said(imported ? "imported" : "fetched", facts(targetRows(of, say))),
    said("times", times(of, say)),
    said("machine", machine(of, say)),
    said("clock", [
      facts(clockRows(record.clock, say)),
      html`<p>${say("draft.clockOffset")}</p>`,
      differences(of, say),
    ]),
    said("software", softwareTable(record.software, say)),
    said("arguments", runList(record.runs, say) ?? html`<p>${say("none")}</p>`),
    said("process", process(of, imported, say)),
    said("files", fileTable(originals(of), say)),
    said("alterations", alterations(record.alterations, say)),
    said("wholeness", wholeness(record.completeness, of.derivation, say)),
    said("log", [custodyTable(of, say), checkpointTable(of, say)]),
    of.existed_not_later_than.length === 0
      ? said("noTime")
      : said("time", tokenTable(of.existed_not_later_than, of, say("existed"), say)),
    said("check", checkFacts(of, say)),
    said("compared", comparison(say)),
    said("limits", limitList(say)),
  ];
}

function blank(label: HtmlValue): Html {
  return html`<div>${ruled(1)}<span class="small">${label}</span></div>`;
}

function choice(text: HtmlValue): Html {
  return html`<p><span class="box"></span>${text}</p>`;
}

function times({ record, collector }: DeclaredFacts, say: Say): Html {
  return facts([
    [say("start"), exact(record.started_at)],
    [say("end"), exact(record.ended_at)],
    [say("zone"), collector.annex === null ? ruled(1) : quoted(collector.annex.time_zone)],
  ]);
}

/** What the private annex knows, or blanks for the person who knows it. */
function machine({ collector }: DeclaredFacts, say: Say): Html {
  const stated = (value: string | null | undefined) => (value ? quoted(value) : ruled(1));
  return facts([
    [say("host"), stated(collector.annex?.hostname)],
    [say("system"), stated(collector.annex?.os)],
    [say("zone"), stated(collector.annex?.time_zone)],
  ]);
}

function differences({ existed_not_later_than }: DeclaredFacts, say: Say): Html {
  const noted = existed_not_later_than.filter(({ clock_difference_ms }) => clock_difference_ms !== null);
  if (noted.length === 0) return html`<p>${say("none")}</p>`;
  return html`<ul>${noted.map(
    ({ authority, gen_time, clock_difference_ms }) =>
      html`<li>${exact(authority)} ${exact(gen_time ?? "")}: ${clock_difference_ms} ${say("milliseconds")}</li>`,
  )}</ul>`;
}

/** The steps that were taken, without those that have not happened yet. */
function process(of: DeclaredFacts, imported: boolean, say: Say): Html {
  const signed = of.checkpoints.some(({ key }) => key !== null);
  const steps: readonly DraftLabel[] = [
    imported ? "stepImport" : "stepFetch",
    "stepHash",
    "stepStore",
    "stepLog",
    ...(signed ? (["stepCheckpoint"] as const) : []),
    ...(of.checkpoints.some(({ tokens }) => tokens.length > 0) ? (["stepTime"] as const) : []),
  ];
  return html`<ol type="a">${steps.map((step) => html`<li>${say(`draft.${step}`)}</li>`)}</ol>`;
}

function comparison(say: Say): readonly Html[] {
  return [
    facts([
      [say("draft.comparedFile"), ruled(2)],
      [say("draft.comparedTool"), ruled(1)],
      [say("draft.comparedDate"), ruled(1)],
    ]),
    choice(say("draft.equal")),
    choice(say("draft.notEqual")),
  ];
}
