import type { CaptureRecord, DerivationRecord, RunRecord, TransferCheck } from "../capture/record.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import type { ReportedFile, ReportFacts } from "./facts.js";
import { exact, facts, grid, list, name, note, type Say, section, subheading } from "./markup.js";
import { softwareTable } from "./software.js";
import { fileKinds } from "./texts/texts.js";

/** Every file of v1 with size and both digests, those as they arrived first; what the collection altered, and what was cut from copies. */
export function filesSection(of: ReportFacts, say: Say): Html | null {
  const { record } = of;
  if (record === null) return null;
  const received = originals(of).filter(({ as_received }) => as_received);
  const written = originals(of).filter(({ as_received }) => !as_received);
  return section(
    "files",
    say("files"),
    note(say("filesNote")),
    received.length === 0 ? html`<p>${say("none")}</p>` : fileTable(received, say),
    written.length === 0 ? null : [subheading(say("writtenFiles")), fileTable(written, say)],
    subheading(say("alterations")),
    alterations(record.alterations, say),
    redactions(of, say),
    record.warnings.length === 0 ? null : [subheading(say("warnings")), list(record.warnings.map(say.told))],
  );
}

/** The files of the evidence, not those made from them. */
export function originals({ files }: ReportFacts): readonly ReportedFile[] {
  return files.filter(({ version }) => version === "v1");
}

/** The files of the newest derivation, without those of pages, which were received. */
export function derivedFiles({ files }: ReportFacts): readonly ReportedFile[] {
  return files.filter(({ version, path }) => version !== "v1" && path.startsWith("derived/"));
}

/** Files with size, kind and both digests in full. */
export function fileTable(files: readonly ReportedFile[], say: Say): Html {
  const rows = files.map((file) => [
    html`${exact(file.path)}${about(file, say)}`,
    file.bytes,
    html`<span class="digest">SHA-256 ${exact(file.sha256)}</span><span class="digest">SHA-512 ${file.sha512 === null ? say("unknown") : exact(file.sha512)}</span>`,
  ]);
  return grid(
    [
      [say("file"), 30],
      [say("bytes"), 13],
      [say("digests"), 57],
    ],
    rows,
  );
}

function about(file: ReportedFile, say: Say): readonly Html[] {
  const line = (content: HtmlValue) => html`<br><span class="small">${content}</span>`;
  return [
    line(kindOf(file.kind, say)),
    ...(file.received_as === null ? [] : [line(html`${say("receivedAs")}: ${name(file.received_as)}`)]),
    ...(file.hashed_at === null ? [] : [line(html`${say("hashedAt")}: ${exact(file.hashed_at)}`)]),
    ...(file.as_received || file.version !== "v1" || file.kind === "record"
      ? []
      : [line(say("notAsReceived"))]),
  ];
}

/** What a file is, by its role or kind; a name of another version as it stands. */
function kindOf(kind: string, say: Say): HtmlValue {
  const known = fileKinds.find((one) => one === kind);
  return known === undefined ? exact(kind) : say(`file.${known}`);
}

/** Every conversion that the collection caused, or that there was none. */
export function alterations(stated: readonly string[], say: Say): Html {
  return stated.length === 0 ? html`<p>${say("alterationsNone")}</p>` : list(stated.map(say.told));
}

function redactions({ record }: ReportFacts, say: Say): HtmlValue {
  if (!record || record.redactions.length === 0) return null;
  const rows = record.redactions.map(({ path, cut }) => [
    exact(path),
    cut.length === 0
      ? say("none")
      : list([...cut.slice(0, 200).map(exact), ...(cut.length > 200 ? ["…"] : [])]),
  ]);
  const head = [
    [say("file"), 34],
    [say("removed"), 66],
  ] as const;
  return [subheading(say("redactions")), note(say("redactionsNote")), grid(head, rows)];
}

/** How it was judged whether everything arrived, by transfer and by decoding. */
export function wholenessSection({ record, derivation }: ReportFacts, say: Say): Html | null {
  if (record === null) return null;
  return section(
    "whole",
    say("wholeness"),
    note(say("wholenessNote")),
    wholeness(record.completeness, derivation, say),
  );
}

/** Whether the best of what the platform offered was taken; an import was never offered anything. */
export function renditionSection({ record }: ReportFacts, say: Say): Html | null {
  if (record?.method !== "ytdlp") return null;
  return section("rendition", say("rendition"), note(say("renditionNote")), rendition(record.rendition, say));
}

function rendition(judged: CaptureRecord["rendition"], say: Say): Html {
  const { grade, reasons, formats } = judged ?? { grade: "unknown", reasons: [], formats: [] };
  const why = judged ? reasons.map((reason) => say(`rendition.${reason}`)) : [say("renditionOlder")];
  return facts([
    [
      say("status"),
      html`<strong>${say(`rendition.${grade}`)}</strong>${why.length === 0 ? null : list(why)}`,
    ],
    [say("renditionFormats"), formats.length === 0 ? null : list(formats.map(exact))],
  ]);
}

/** The verdicts with every ground they rest on; used by the declaration too. */
export function wholeness(transfer: TransferCheck, derivation: DerivationRecord | null, say: Say): Html {
  const judged = (check: TransferCheck) =>
    html`<strong>${say(`verdict.${check.verdict}`)}</strong>${list(check.grounds.map(say.told))}`;
  const decoded = (derivation?.decode ?? []).map(
    (check) =>
      html`${exact(check.original)}: <strong>${say(`decode.${check.verdict}`)}</strong>${list(check.grounds.map(say.told))}`,
  );
  return facts([
    [say("transfer"), judged(transfer)],
    [say("decoded"), derivation === null ? say("notDerived") : decoded],
    [say("together"), derivation === null ? null : judged(derivation.completeness)],
  ]);
}

/** Annex IV, 3: the hash list of each version and the hash of that list. */
export function packageSection({ object, hash_lists, capture }: ReportFacts, say: Say): Html | null {
  if (object === null) return null;
  const rows = hash_lists.map(({ version, path, sha512, entry }) => [
    version,
    exact(path),
    exact(sha512),
    entry,
  ]);
  const head = [
    [say("version"), 10],
    [say("hashList"), 30],
    [say("hashOfList"), 46],
    [say("statedIn"), 14],
  ] as const;
  return section(
    "package",
    say("package"),
    note(say("packageNote")),
    facts([
      [say("capture"), exact(capture)],
      [say("object"), exact(object)],
    ]),
    grid(head, rows),
  );
}

/** Annex IV, 4: services and software, with the exact argument lists. */
export function servicesSection(of: ReportFacts, say: Say): Html {
  const clock = (of.record ?? of.failed)?.clock ?? null;
  const time = clock === null || clock.source === "none" ? say("unknown") : exact(clock.source);
  return section(
    "services",
    say("services"),
    facts([
      [say("timeService"), time],
      [say("ipService"), say("notUsed")],
      [say("whoisService"), say("notUsed")],
    ]),
    subheading(say("software")),
    softwareTable((of.record ?? of.failed)?.software ?? [], say),
    runsPart((of.record ?? of.failed)?.runs ?? [], say),
  );
}

function runsPart(runs: readonly RunRecord[], say: Say): HtmlValue {
  return runs.length === 0 ? null : [subheading(say("runs")), runList(runs, say)];
}

/** Each run with every argument apart, so that nothing can be read as two. */
export function runList(runs: readonly RunRecord[], say: Say): HtmlValue {
  if (runs.length === 0) return null;
  const rows = runs.map((run) => [
    html`${exact(run.program)}<br><span class="small">${exact(run.started_at)}</span>`,
    html`<span class="argv">${run.argv.map((argument) => html`${exact(argument)} `)}</span>`,
    html`${ending(run, say)}<br><span class="small">${say("sandbox")}: ${exact(run.sandbox)}${
      run.forked === true ? html`<br>${say("forked")}` : null
    }${
      run.removed.length === 0
        ? null
        : html`<br>${say("removed")}: ${run.removed.map((part) => html`${exact(part)} `)}`
    }</span>`,
  ]);
  const head = [
    [say("program"), 20],
    [say("arguments"), 55],
    [say("ended"), 25],
  ] as const;
  return [note(say("runsNote")), grid(head, rows)];
}

function ending(run: RunRecord, say: Say): Html {
  const status =
    run.exit_code === null
      ? exact(run.signal ?? "")
      : html`${say("exitCode")} ${exact(String(run.exit_code))}`;
  return html`${exact(run.ended_at)}<br>${status} ${run.ended_by === "exited" ? null : exact(run.ended_by)}`;
}

/** What was made from the originals, from which of them and with what, and the result of each step. */
export function derivativesSection({ derivation }: ReportFacts, say: Say): Html | null {
  if (derivation === null) return null;
  const { width, height } = derivation;
  const steps = derivation.steps.map(({ step, status, reason }) => [
    say(`step.${step}`),
    html`<strong>${say(`status.${status}`)}</strong>`,
    say.told(reason),
  ]);
  return section(
    "derivatives",
    say("derivatives"),
    note(say("derivativesNote")),
    facts([
      [say("version"), derivation.version],
      [say("start"), exact(derivation.started_at)],
      [say("end"), exact(derivation.ended_at)],
      [say("length"), derivation.duration],
      [say("picture"), width === null || height === null ? null : `${width} × ${height}`],
      [say("rotation"), derivation.rotation],
      [say("maxGap"), derivation.max_gap],
      [
        say("derivedFrom"),
        list(
          derivation.derived_from.map(({ path, sha256 }) => html`${exact(path)} SHA-256 ${exact(sha256)}`),
        ),
      ],
    ]),
    subheading(say("steps")),
    grid(
      [
        [say("item"), 27],
        [say("status"), 23],
        [say("reason"), 50],
      ],
      steps,
    ),
    streamHashes(derivation, say),
    subheading(say("software")),
    softwareTable(derivation.software, say),
    runsPart(derivation.runs, say),
  );
}

function streamHashes({ stream_hashes }: DerivationRecord, say: Say): HtmlValue {
  if (stream_hashes.length === 0) return null;
  const rows = stream_hashes.map(({ original, stream, type, packets_sha256 }) => [
    exact(original),
    html`${stream} ${say.told(type)}`,
    exact(packets_sha256),
  ]);
  return [
    subheading(say("streamHashes")),
    grid(
      [
        [say("file"), 25],
        [say("kind"), 15],
        [html`SHA-256`, 60],
      ],
      rows,
    ),
  ];
}

/** The files of the newest derivation and its keyframes: last, because they are many. */
export function derivedFilesSection(of: ReportFacts, say: Say): Html | null {
  const { derivation } = of;
  const derived = derivedFiles(of);
  if (derived.length === 0) return null;
  const frames = (derivation?.keyframes ?? []).map((frame) => [
    frame.frame,
    frame.pts_time,
    html`${exact(frame.path)}<span class="digest">${exact(frame.frame_sha256)}</span>`,
  ]);
  return section(
    "derived-files",
    say("derivedFiles"),
    fileTable(derived, say),
    frames.length === 0
      ? null
      : [
          subheading(say("keyframes")),
          grid(
            [
              [say("frame"), 12],
              [say("ptsTime"), 16],
              [say("frameDigest"), 72],
            ],
            frames,
          ),
        ],
  );
}
