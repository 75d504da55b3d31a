import type { Claim, ClockCheck, HttpExchange } from "../capture/record.js";
import { elementsWithPages } from "../page/page-elements.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import { printable } from "../words/printable.js";
import type { AnnexDetails, ReportFacts } from "./facts.js";
import {
  exact,
  type FactRow,
  facts,
  grid,
  list,
  name,
  note,
  quoted,
  type Say,
  section,
  subheading,
} from "./markup.js";
import type { ClaimLabel } from "./texts/texts.js";

/** Annex IV, 1: who collected, from where, and when it began and ended. */
export function collectorSection(of: ReportFacts, say: Say): Html {
  const { collector, record, failed } = of;
  const { annex } = collector;
  return section(
    "collector",
    say("collector"),
    facts([
      [say("investigation"), say("notRecorded")],
      [say("pseudonym"), exact(collector.actor)],
      [say("person"), fromAnnex(annex, annex?.collector, say)],
      [say("host"), fromAnnex(annex, annex?.hostname, say)],
      [say("system"), fromAnnex(annex, annex?.os, say)],
      [say("zone"), fromAnnex(annex, annex?.time_zone, say)],
      [say("address"), annex === null ? say("inAnnex") : egress(annex, say)],
      [say("proxy"), fromAnnex(annex, annex?.proxy, say, say("none"))],
      [
        say("receivedFrom"),
        of.record?.method === "import" ? fromAnnex(annex, annex?.received_from, say) : null,
      ],
      [say("annexDigest"), annexDigest(of, say)],
      [say("start"), record ? exact(record.started_at) : null],
      [say("end"), record ? exact(record.ended_at) : null],
      [say("elapsed"), record ? html`${record.elapsed_ms} ${say("milliseconds")}` : null],
      [say("time"), failed ? exact(failed.at) : null],
      ...clockRows(record?.clock ?? failed?.clock ?? null, say),
    ]),
  );
}

function fromAnnex(
  annex: AnnexDetails | null,
  value: string | null | undefined,
  say: Say,
  absent = say("unknown"),
): Html {
  if (annex === null) return say("inAnnex");
  return typeof value === "string" ? quoted(value) : absent;
}

function egress(annex: AnnexDetails, say: Say): Html {
  return html`${annex.egress_address === null ? null : exact(annex.egress_address)} ${say.told(annex.egress_how)}`;
}

function annexDigest({ collector }: ReportFacts, say: Say): Html {
  if (collector.annex_sha256 === null) return say("none");
  const state =
    collector.annex === null ? null : say(collector.annex.as_logged ? "annexAsLogged" : "annexDiffers");
  return html`${exact(collector.annex_sha256)}${state === null ? null : html`<br>${state}`}`;
}

/** How the clock of the machine was kept, by the record. */
export function clockRows(clock: ClockCheck | null, say: Say): readonly FactRow[] {
  if (clock === null) return [[say("clock"), say("unknown")]];
  const kept = clock.synchronised === null ? say("unknown") : say(clock.synchronised ? "yes" : "no");
  return [
    [say("clockSource"), clock.source === "none" ? say("none") : exact(clock.source)],
    [say("clockSynchronised"), kept],
    [say("clockCheckedAt"), exact(clock.checked_at)],
    ...(clock.contradicted_by ?? []).map(({ by, time }): FactRow => [say(`clockAgainst.${by}`), exact(time)]),
  ];
}

/** Annex IV, 2: what was asked for, where it led, and what answered. */
export function targetSection(of: ReportFacts, say: Say): Html {
  return section(
    "target",
    say("target"),
    of.record?.method === "import" ? note(say("neverFetched")) : null,
    facts(targetRows(of, say)),
    connections(of.collector.annex, say),
    exchanges(of.record?.requests ?? [], say),
  );
}

/** The addresses of a capture, as rows; used by the declaration too. */
export function targetRows({ record, failed, collector }: ReportFacts, say: Say): readonly FactRow[] {
  const method = record?.method ?? (failed?.method === "import" ? "import" : "ytdlp");
  const requested = record?.requested_url ?? failed?.url ?? null;
  const claimed = record?.claimed_url ?? null;
  const { parent = null } = record ?? {};
  return [
    [say("method"), say(`method.${method}`)],
    [say("requested"), requested === null ? null : exact(requested)],
    [say("redirects"), requested === null || !record ? null : hops(record.redirects, say)],
    [say("final"), record?.final_url ? exact(record.final_url) : null],
    [
      say("claimedAddress"),
      claimed && html`${exact(claimed.value)} <span class="small">(${say(`basis.${claimed.basis}`)})</span>`,
    ],
    [
      say("partOf"),
      parent && html`${exact(parent.url)}<br>${parent.title === null ? null : quoted(parent.title)}`,
    ],
    [say("numberInList"), parent?.index ?? null],
    [say("claim.platform_item_id"), claimValue(record?.source.platform_item_id ?? null)],
    [say("targetAddresses"), method === "import" ? null : targetAddresses(collector.annex, say)],
  ];
}

function hops(redirects: readonly string[], say: Say): HtmlValue {
  const further = redirects.slice(1);
  return further.length === 0
    ? say("none")
    : html`<ol>${further.map((url) => html`<li>${exact(url)}</li>`)}</ol>`;
}

function claimValue(claim: Claim<string> | null): Html | null {
  return claim === null ? null : quoted(claim.value);
}

function targetAddresses(annex: AnnexDetails | null, say: Say): HtmlValue {
  if (annex === null) return say("inAnnex");
  const { connections: made } = annex;
  const known = [...new Set(made.flatMap(({ address }) => address ?? []))];
  return known.length === 0 ? say("unknown") : list(known.map(exact));
}

function connections(annex: AnnexDetails | null, say: Say): HtmlValue {
  if (annex === null || annex.connections.length === 0) return null;
  const rows = annex.connections.map((made) => [
    exact(made.at),
    html`${exact(`${made.host}:${made.port}`)}<br>${made.address === null ? null : exact(made.address)}`,
    made.bytes_in,
    made.bytes_out,
    made.refused === null ? null : html`${say("refused")}: ${say.told(made.refused)}`,
  ]);
  const head = [
    [say("time"), 22],
    [say("address"), 34],
    [say("bytesIn"), 12],
    [say("bytesOut"), 12],
    [say("reason"), 20],
  ] as const;
  return [subheading(say("connections")), grid(head, rows)];
}

function exchanges(made: readonly HttpExchange[], say: Say): HtmlValue {
  if (made.length === 0) return null;
  const rows = made.map((exchange) => [
    html`${exact(`${exchange.method} ${exchange.url}`)}`,
    facts([
      [say("httpStatus"), exchange.status],
      [exact("location"), exchange.location && exact(exchange.location)],
      [exact("date"), exchange.date && quoted(exchange.date)],
      [exact("last-modified"), exchange.last_modified && quoted(exchange.last_modified)],
      [exact("etag"), exchange.etag && exact(exchange.etag)],
      [exact("content-type"), exchange.content_type && exact(exchange.content_type)],
      [exact("content-length"), exchange.content_length],
    ]),
  ]);
  return [
    subheading(say("exchanges")),
    grid(
      [
        [say("request"), 45],
        [say("answer"), 55],
      ],
      rows,
    ),
  ];
}

/** The eight items of §155 with their status; a failed attempt has none of them, and says why instead. */
export function elementsSection({ record, failed, pages }: ReportFacts, say: Say): Html {
  if (failed) return section("elements", say("failure"), facts(failureRows(failed, say)));
  const rows = (record === null ? [] : elementsWithPages(record, pages)).map((element) => [
    say(`element.${element.item}`),
    html`<strong>${say(`status.${element.status}`)}</strong>${say.told(element.reason)}`,
    element.paths.length === 0 ? say("none") : list(element.paths.map(exact)),
  ]);
  const head = [
    [say("item"), 24],
    [say("status"), 50],
    [say("paths"), 26],
  ] as const;
  return section("elements", say("elements"), note(say("elementsNote")), grid(head, rows));
}

/** Why an attempt left nothing, as its entry says. */
export function failureRows(failed: NonNullable<ReportFacts["failed"]>, say: Say): readonly FactRow[] {
  return [
    [say("failureCode"), exact(failed.code)],
    [say("reason"), say.told(failed.reason)],
    [say("attempts"), failed.attempts],
  ];
}

const claimNames: readonly ClaimLabel[] = [
  "title",
  "uploader",
  "uploader_id",
  "uploader_url",
  "channel",
  "channel_id",
  "posted_at",
  "upload_date",
  "duration",
  "canonical_url",
  "platform_item_id",
  "extractor",
  "location",
  "language",
  "live_status",
  "availability",
  "view_count",
  "like_count",
  "comment_count",
  "tags",
  "description",
];

/** What the platform, the file or a person says: whose word each statement is, and the exact place it was read from. */
export function claimsSection({ record }: ReportFacts, say: Say): Html | null {
  if (record === null) return null;
  const rows = claimNames.flatMap((label) => {
    const claim = record.source[label];
    if (claim === null) return [];
    const value = typeof claim.value === "object" ? claim.value.join(", ") : String(claim.value);
    return [[say(`claim.${label}`), quoted(value), say(`basis.${claim.basis}`), exact(claim.from)]];
  });
  const head = [
    [say("claim"), 19],
    [say("value"), 39],
    [say("whose"), 16],
    [say("readFrom"), 26],
  ] as const;
  const none = html`<p>${say("none")}</p>`;
  return section(
    "claims",
    say("claims"),
    note(say("claimsNote")),
    rows.length === 0 ? none : grid(head, rows),
  );
}

/** The title somebody gave the clip, for the head of a document. */
export function claimedTitle({ record }: ReportFacts): Html | null {
  const title = record?.source.title;
  return title ? name(printable(title.value, 240)) : null;
}
