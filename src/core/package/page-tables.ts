import { type Column, exact, grid, list, note, subheading } from "../report/markup.js";
import { english } from "../report/texts/en.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import type { CaptureFacts, CheckpointFacts } from "./facts.js";
import { fileLink, fullSize, utc } from "./page-markup.js";
import type { DescribedFile, FileGroup } from "./roles.js";

/**
 * All files of a clip with size and SHA-256: first those that are as they arrived, then what holdfast wrote about them;
 * what was made from them folded up. `sha512` names where the other digests stand.
 */
export function fileTables(
  { record }: CaptureFacts,
  files: readonly DescribedFile[],
  sha512: Html,
): HtmlValue {
  const of = (group: FileGroup) => files.filter((file) => file.group === group);
  const [pages, derived, annex] = [of("page"), of("derived"), of("annex")];
  const asReceived = of("received").filter((file) => file.asReceived === true);
  const written = of("received").filter((file) => file.asReceived !== true);
  return [
    subheading(english.files),
    asReceived.length === 0 ? note(english.none) : fileTable(asReceived),
    note(
      html`Each digest was computed as soon as its file was complete. It says: unchanged since it was computed, and nothing about the time before. The SHA-512 of every file is in ${sha512}.`,
    ),
    written.length === 0 ? null : [subheading(english.writtenFiles), fileTable(written)],
    record.redactions.length === 0
      ? null
      : [note(english.redactionsNote), list(record.redactions.map(({ path }) => exact(path)))],
    pages.length === 0 ? null : [subheading("Files of the page around it"), fileTable(pages)],
    derived.length === 0
      ? null
      : html`<details><summary>Files made from them (${derived.length})</summary>${note(english.derivativesNote)}${fileTable(derived)}</details>`,
    annex.length === 0 ? null : [subheading("Private annex"), fileTable(annex)],
  ];
}

function fileTable(files: readonly DescribedFile[]): Html {
  const columns: readonly Column[] = [
    [html`${english.file}`, 29],
    [html`Size`, 15],
    [html`SHA-256`, 56],
  ];
  const rows = files.map((file) => [
    html`${fileLink(file, exact(file.logicalPath))}<span class="role">${file.role}${file.asReceived === false ? html`; ${english.notAsReceived}` : null}</span>`,
    fullSize(file.bytes),
    exact(file.sha256),
  ]);
  return html`<div class="files">${grid(columns, rows)}</div>`;
}

/** The entries of the log about a clip, as `proof/entries.jsonl` has them. */
export function entriesTable({ entries }: CaptureFacts): Html {
  const columns: readonly Column[] = [
    [html`${english.entry}`, 10],
    [html`${english.time}`, 24],
    [html`${english.event}`, 22],
    [html`${english.lineHash}`, 44],
  ];
  const rows = entries.map(({ seq, at, event, sha256 }) => [seq, utc(at), eventWords(event), exact(sha256)]);
  return grid(columns, rows);
}

function eventWords(event: string): string {
  const words: Readonly<Record<string, string>> = english;
  const key = `event.${event}`;
  return Object.hasOwn(words, key) ? (words[key] ?? event) : event;
}

/** The checkpoints with what stands over them, as their files say. */
export function checkpointsTable(checkpoints: readonly CheckpointFacts[]): Html {
  const columns: readonly Column[] = [
    [html`Checkpoint`, 13],
    [html`Root and key`, 49],
    [html`Outside time`, 38],
  ];
  const rows = checkpoints.map((checkpoint) => [
    html`<strong>${checkpoint.size}</strong> entries`,
    html`<span class="digest">${english.root}: ${exact(checkpoint.root)}</span><span class="digest">${english.key}: ${
      checkpoint.signedBy === null ? "its signature cannot be read" : exact(checkpoint.signedBy)
    }</span>${checkpoint.witnesses.map((witness) => html`<span class="digest">${english.witnesses}: ${exact(witness)}</span>`)}`,
    tokens(checkpoint),
  ]);
  return grid(columns, rows);
}

type Stamp = NonNullable<CheckpointFacts["tokens"][number]["stamp"]>;

function tokens({ tokens: found }: CheckpointFacts): HtmlValue {
  if (found.length === 0) return english.none;
  return found.map(({ file, kind, stamp }) => {
    const what = kind === "rfc3161" ? "RFC 3161" : "OpenTimestamps proof, to be looked up in Bitcoin";
    return html`<div>${stamp === null ? null : stampWords(stamp)}<span class="small">(${what}, file ${exact(file)})</span></div>`;
  });
}

function stampWords({ gen_time, authority, signer_sha256, trusted }: Stamp): Html {
  const mark = html`<span class="digest">certificate SHA-256 ${exact(signer_sha256)}</span>`;
  return trusted
    ? html`${utc(gen_time)}, says ${exact(authority)} ${mark}`
    : html`it states ${utc(gen_time)}; the certificate in the name of ${exact(authority)} was traced to no trusted root ${mark}`;
}
