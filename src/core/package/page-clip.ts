import { doubtSentence } from "../capture/clock-doubts.js";
import type { Claim, DerivationRecord, TransferCheck } from "../capture/record.js";
import { isUnjudged, outcomeOf } from "../report/facts.js";
import { banner, exact, type FactRow, facts, list, name, note, subheading } from "../report/markup.js";
import { english } from "../report/texts/en.js";
import type { ClaimLabel } from "../report/texts/texts.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import { printable } from "../words/printable.js";
import type { CaptureFacts } from "./facts.js";
import { pagesAround } from "./page-around.js";
import { claimed, fileLink, picture, position, shortSize, utc } from "./page-markup.js";
import { entriesTable, fileTables } from "./page-tables.js";
import { type DescribedFile, describedFiles } from "./roles.js";

/** The name of a clip for headings and lists: what somebody called it, else its id. */
export function clipName({ id, record }: CaptureFacts): Html {
  return record.source.title === null ? html`${id}` : name(printable(record.source.title.value, 240));
}

/**
 * What a clip's section says otherwise where it stands in another page than a package's. A package's page plays nothing:
 * it is opened by strangers to the clip.
 */
export interface ClipSetting {
  /** Above the pictures. */
  readonly top: HtmlValue;
  readonly existed: HtmlValue;
  /** Where the SHA-512 of the files stands. */
  readonly sha512: Html;
}

/** Everything about one clip: pictures first, then what is said about it, its files and its entries in the log. */
export function clipSection(
  clip: CaptureFacts,
  number: number,
  count: number,
  setting = inPackage(clip),
): Html {
  const files = describedFiles(clip);
  const title = clip.record.source.title;
  const basis = title === null ? "no title is known" : `title: ${english[`basis.${title.basis}`]}`;
  return html`<section class="clip" id="clip-${clip.id}">
<h2><span class="kicker">Clip ${number} of ${count} · ${exact(clip.id)} · ${basis}</span>${clipName(clip)}</h2>
${notices(clip)}${setting.top}${sheet(clip, files)}${doors(clip, files)}
${subheading("In short")}${facts(summaryRows(clip, setting))}
${said(clip)}${noted(clip)}${keyframes(clip, files)}${pagesAround(clip, files)}
${fileTables(clip, files, setting.sha512)}
${subheading("Its entries in the log")}${entriesTable(clip)}
</section>
`;
}

function inPackage(clip: CaptureFacts): ClipSetting {
  return {
    top: null,
    existed: existed(clip),
    sha512: html`<a href="../manifest-sha512.txt">manifest-sha512.txt</a>`,
  };
}

/** What nobody may overlook about this clip, before anything else. */
function notices({ record, derivation }: CaptureFacts): readonly (Html | null)[] {
  const outcome = outcomeOf(record, derivation);
  return [
    outcome === "captured" ? null : banner("bad", english[`outcome.${outcome}`]),
    isUnjudged({ outcome, record, derivation }) ? banner("warn", english.unjudged) : null,
    record.method === "import" ? banner("plain", english.neverFetched) : null,
  ];
}

function named(files: readonly DescribedFile[], logicalPath: string | null | undefined) {
  return files.find((file) => file.logicalPath === logicalPath);
}

function sheet({ id, record, derivation }: CaptureFacts, files: readonly DescribedFile[]): Html | null {
  if (record.method === "page") return null;
  const file = named(files, derivation?.contact_sheet);
  if (file === undefined) return note("There is no contact sheet of this clip.");
  return html`<figure class="sheet">${picture(file, `contact sheet of ${id}`)}
<figcaption>${english.sheet}. Select it to see it in full size.</figcaption></figure>
`;
}

/** Links to the clip itself: the copy that any browser plays, then the files as received. */
function doors({ derivation }: CaptureFacts, files: readonly DescribedFile[]): Html {
  const playable = named(files, derivation?.playable);
  const tracks = files.filter(({ role }) => role === "media track");
  const words = (text: string, { bytes }: DescribedFile) =>
    html`${text} <span class="size">(${shortSize(bytes)})</span>`;
  const label = ({ asReceived, logicalPath }: DescribedFile) =>
    `${asReceived === true ? "As received" : "Stored"}: ${logicalPath}`;
  return html`<p class="doors">
${playable === undefined ? null : fileLink(playable, words("Watch the playable copy", playable), "main")}
${tracks.map((file) => fileLink(file, words(label(file), file), "door"))}
</p>`;
}

function summaryRows(clip: CaptureFacts, setting: ClipSetting): readonly FactRow[] {
  const { record, derivation } = clip;
  const { verdict, grounds } = (derivation ?? record).completeness;
  return [
    [english.status, html`<strong>${english[`outcome.${outcomeOf(record, derivation)}`]}</strong>`],
    [english.wholeness, html`${wholeness(clip, verdict)}${list(grounds.map(name))}`],
    [english.rendition, renditionOf(record)],
    [english.method, english[`method.${record.method}`]],
    ...addressRows(clip),
    [
      record.method === "import" ? "Taken in" : "Captured",
      html`${period(clip)}, by the clock of the collecting machine. ${clockWords(clip)}`,
    ],
    ["Existed not later than", setting.existed],
    ["Length", lengthOf(clip)],
    ["Tags in the files", tagsTold(clip)],
    [english.alterations, alterations(clip)],
    [english.warnings, record.warnings.length === 0 ? null : list(record.warnings.map(name))],
  ];
}

/** Lengths alone do not show that a clip is whole, so without a derivation the page does not call it so. */
function wholeness({ derivation }: CaptureFacts, verdict: TransferCheck["verdict"]): string {
  return derivation === null && verdict === "whole"
    ? "not judged: nothing here says whether the clip decodes whole"
    : english[`verdict.${verdict}`];
}

function renditionOf({ method, rendition }: CaptureFacts["record"]): HtmlValue {
  if (method !== "ytdlp") return null;
  if (!rendition) return english["rendition.unknown"];
  const reasons = rendition.reasons.map((reason) => english[`rendition.${reason}`]);
  return html`${english[`rendition.${rendition.grade}`]}${reasons.length === 0 ? null : list(reasons)}`;
}

function addressRows({ record }: CaptureFacts): readonly FactRow[] {
  return [
    [english.requested, record.requested_url === null ? null : exact(record.requested_url)],
    [english.final, record.final_url === null ? null : exact(record.final_url)],
    [english.claimedAddress, claimed(record.claimed_url)],
    [english.partOf, record.parent === null ? null : exact(record.parent.url)],
  ];
}

function period({ record: { started_at, ended_at } }: CaptureFacts): Html {
  const [start, end] = [utc(started_at), utc(ended_at)];
  return start.text === end.text ? start : html`${start} to ${end}`;
}

function clockWords({ record }: CaptureFacts): string {
  const doubts = (record.clock.contradicted_by ?? []).map((doubt) =>
    doubtSentence(doubt, new Date(record.clock.checked_at)),
  );
  return [keptWords(record), ...doubts.map((doubt) => `In doubt: ${doubt}.`)].join(" ");
}

function keptWords(record: CaptureFacts["record"]): string {
  if (record.clock.synchronised === null) return "Whether a time service kept it is not known.";
  return record.clock.synchronised ? "A time service kept it." : "No time service kept it.";
}

/** The time that an outside authority states, or that none states one. */
function existed({ existedBy }: CaptureFacts): HtmlValue {
  if (existedBy.length === 0) {
    return "No time-stamp over this clip in this package was traced to a trusted root: every time here is the word of whoever wrote the log.";
  }
  return existedBy.map(
    ({ authority, gen_time, checkpoint }) =>
      html`<div><strong>${utc(gen_time)}</strong>, says ${exact(authority)} (checkpoint ${checkpoint})</div>`,
  );
}

function lengthOf({ record, derivation }: CaptureFacts): HtmlValue {
  const stated = record.source.duration;
  const read = derivation?.duration ?? null;
  if (read === null) return stated === null ? null : claimed(stated);
  return html`${position(read)}, as the file states it${derivation === null ? null : pixels(derivation)}`;
}

/** Width and height as a player shows the picture. */
function pixels({ width, height, rotation }: DerivationRecord): Html | null {
  if (width === null || height === null) return null;
  const [across, down] = rotation % 180 === 0 ? [width, height] : [height, width];
  return html`; ${across} × ${down} pixels`;
}

function alterations({ record }: CaptureFacts): HtmlValue {
  if (record.alterations.length === 0) return "none stated: the record names no conversion by the collection";
  return list(record.alterations.map(name));
}

/** Whoever publishes a file as received publishes its tags. */
function tagsTold({ tags: { read, originals } }: CaptureFacts): HtmlValue {
  const unread = read
    ? []
    : ["Not all of them were read: nobody looked whether they tell a place or a device."];
  const told = originals.flatMap(({ original, location, device }) => [
    ...(location.length === 0 ? [] : [`${original} tells a place: ${location.join(", ")}`]),
    ...(device.length === 0 ? [] : [`${original} tells a device or a name: ${device.join(", ")}`]),
  ]);
  const words = [...told, ...unread];
  return words.length === 0 ? "none was found that tells a place or a device" : list(words.map(name));
}

const saidLabels: readonly ClaimLabel[] = [
  "title",
  "uploader",
  "uploader_id",
  "channel",
  "posted_at",
  "upload_date",
  "location",
  "language",
  "view_count",
  "like_count",
  "comment_count",
  "tags",
  "description",
];

/** What is said about the clip, and whose word each statement is. */
function said({ record }: CaptureFacts): HtmlValue {
  const rows = saidLabels.flatMap((label): readonly FactRow[] => {
    const claim: Claim<string | number | readonly string[]> | null = record.source[label];
    return claim === null ? [] : [[english[`claim.${label}`], claimed(claim)]];
  });
  if (rows.length === 0) return null;
  return [subheading(english.claims), note(english.claimsNote), facts(rows)];
}

/** What people noted about the clip; in a package only if somebody asked for it. */
function noted({ annotations }: CaptureFacts): HtmlValue {
  if (annotations.length === 0) return null;
  const rows = annotations.map(
    ({ key, value, entry }): FactRow => [
      printable(key, 100),
      claimed({ value, basis: "person_assertion", from: `entry ${entry}` }),
    ],
  );
  return [
    subheading("What people noted about it"),
    note("Their word, written down by whoever keeps the vault. Nothing of it was measured or checked."),
    facts(rows),
  ];
}

/** Small pictures with their times: the keyframes of the derivation that are in the package. */
function keyframes({ derivation }: CaptureFacts, files: readonly DescribedFile[]): HtmlValue {
  const known = new Map(files.map((file) => [file.logicalPath, file]));
  const shown = (derivation?.keyframes ?? []).flatMap(({ path, pts_time }) => {
    const file = known.get(path);
    if (file === undefined) return [];
    const at = position(pts_time);
    return [html`<li>${picture(file, `picture at ${at}`)}${at}</li>\n`];
  });
  if (shown.length === 0) return null;
  return [
    subheading(english.keyframes),
    note(
      "Single pictures from the clip with their times in it (minutes, seconds). Select one to see it in full size.",
    ),
    html`<ol class="frames">${shown}</ol>`,
  ];
}
