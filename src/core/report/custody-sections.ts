import { type Html, type HtmlValue, html } from "../words/html.js";
import type { ReportedToken, ReportFacts } from "./facts.js";
import { banner, exact, facts, grid, list, note, quoted, type Say, section, subheading } from "./markup.js";
import { limitNames } from "./texts/statements.js";

/** Every entry about the capture, in the order of the log. */
export function custodySection(of: ReportFacts, say: Say): Html {
  return section(
    "custody",
    say("custody"),
    note(say("custodyNote")),
    custodyTable(of, say),
    subheading(say("checkpoints")),
    checkpointTable(of, say),
  );
}

export function custodyTable({ custody }: ReportFacts, say: Say): Html {
  const rows = custody.map((event) => [
    event.seq,
    html`${exact(event.at)}<br><span class="small">${exact(event.tool)}</span>`,
    html`${say(`event.${event.event}`)}${event.detail === null ? null : say.told(event.detail)}`,
    exact(event.hash),
    event.checkpoint ?? say("none"),
  ]);
  const head = [
    [say("entry"), 9],
    [say("time"), 22],
    [say("event"), 22],
    [say("lineHash"), 32],
    [say("coveredBy"), 15],
  ] as const;
  return grid(head, rows);
}

export function checkpointTable({ checkpoints }: ReportFacts, say: Say): Html {
  if (checkpoints.length === 0) return html`<p>${say("checkpointsNone")}</p>`;
  const rows = checkpoints.map(({ size, path, root, key, witnesses }) => [
    html`${size}<br><span class="small">${exact(path)}</span>`,
    root === null ? say("unknown") : exact(root),
    html`${key === null ? say("keyNone") : exact(key)}${witnesses.map(
      ({ fingerprint, entry }) =>
        html`<br>${say("witnesses")}: ${exact(fingerprint)} (${say("entry")} ${entry})`,
    )}`,
  ]);
  return grid(
    [
      [say("checkpointSize"), 24],
      [say("root"), 38],
      [say("key"), 38],
    ],
    rows,
  );
}

/** What outside authorities stated, and who has not answered. */
export function outsideTimeSection(of: ReportFacts, say: Say): Html {
  const { existed_not_later_than: earliest, checkpoints, pending } = of;
  const all = checkpoints.flatMap(({ tokens }) => tokens);
  const further = all.filter(({ entry }) => !earliest.some((token) => token.entry === entry));
  return section(
    "outside-time",
    say("outsideTime"),
    note(say("outsideTimeNote")),
    earliest.length === 0
      ? banner("warn", say("outsideTimeNone"))
      : tokenTable(earliest, of, say("existed"), say),
    further.length === 0 ? null : tokenTable(further, of, say("statesTime"), say),
    pending.length === 0
      ? null
      : [subheading(say("pending")), list(pending.map((asked) => pendingLine(asked, say)))],
  );
}

/** Tokens with their times; a token that was traced to no trusted root says so beside its time. */
export function tokenTable(tokens: readonly ReportedToken[], of: ReportFacts, time: Html, say: Say): Html {
  const rows = tokens.map((token) => [
    token.gen_time === null
      ? html`${say("unknown")} (${exact(token.status)})`
      : html`<strong>${exact(token.gen_time)}</strong>${trustNote(token, of, say)}`,
    html`${exact(authorityOf(token, of))}<br><span class="small">${exact(token.kind)}${token.accuracy_ms === null ? null : html`; ${say("accuracy")}: ${token.accuracy_ms}`}${
      token.clock_difference_ms === null ? null : html`; ${say("difference")}: ${token.clock_difference_ms}`
    }</span>`,
    token.checkpoint,
    html`${token.entry}<span class="digest small">${exact(token.path)}<br>SHA-256 ${exact(token.sha256)}</span>`,
  ]);
  const head = [
    [time, 24],
    [say("by"), 28],
    [say("checkpointSize"), 14],
    [say("entry"), 34],
  ] as const;
  return grid(head, rows);
}

/**
 * The name of the certificate that signed, if the check found the token good in itself; else the name in the file's
 * name.
 */
export function authorityOf(token: ReportedToken, of: ReportFacts): string {
  return foundBy(token, of)?.signer ?? token.authority;
}

function foundBy(token: ReportedToken, { check }: ReportFacts) {
  return check.rests_on.authorities.find(
    ({ authority, checkpoint, gen_time }) =>
      authority === token.authority && checkpoint === token.checkpoint && gen_time === token.gen_time,
  );
}

/** A warning if the check found the token good in itself, but its chain ends in no root that was to be trusted. */
function trustNote(token: ReportedToken, of: ReportFacts, say: Say): Html | null {
  const found = foundBy(token, of);
  return found === undefined || found.trusted
    ? null
    : html`<br><span class="small">${say("rootUntrusted")}</span>`;
}

function pendingLine({ authority, reason, next_at }: ReportFacts["pending"][number], say: Say): Html {
  const next = next_at === null ? null : html` (${say("nextAt")} ${exact(next_at)})`;
  return html`${exact(authority)}: ${say.told(reason)}${next}`;
}

/** What was read again for this report, and everything that was found. */
export function checksSection(of: ReportFacts, say: Say): Html {
  return section(
    "checks",
    say("checks"),
    note(say("checksNote")),
    checkFacts(of, say),
    findings(of, say),
    restsOn(of, say),
  );
}

export function checkFacts({ check }: ReportFacts, say: Say): Html {
  const answer = (word: typeof check.hashes) =>
    word === "fail" ? html`<span class="fail">${say("check.fail")}</span>` : say(`check.${word}`);
  return facts([
    [say("time"), exact(check.made_at)],
    [say("checkedBy"), exact(check.tool)],
    [
      say("checkedCounts"),
      html`${say("entries")}: ${check.checked.entries}; ${say("paths")}: ${check.checked.files}; ${say("bytes")}: ${check.checked.bytes}`,
    ],
    [say("question.hashes"), answer(check.hashes)],
    [say("question.chain"), answer(check.chain)],
    [say("question.signature"), answer(check.signature)],
    [say("question.tokens"), answer(check.tokens)],
    [say("findings"), check.ok ? say("asRecorded") : html`<span class="fail">${say("notAsRecorded")}</span>`],
  ]);
}

function findings({ check }: ReportFacts, say: Say): HtmlValue {
  const rows = check.findings.map(({ severity, code, where, message }) => [
    say(`severity.${severity}`),
    html`${exact(code)}<br>${exact(where)}`,
    say.told(message),
  ]);
  return [
    rows.length === 0
      ? null
      : grid(
          [
            [say("kind"), 10],
            [say("item"), 40],
            [say("findings"), 50],
          ],
          rows,
        ),
    check.other_findings === 0 ? null : note(html`${say("otherFindings")}: ${check.other_findings}`),
  ];
}

function restsOn({ check }: ReportFacts, say: Say): HtmlValue {
  const { keys, authorities } = check.rests_on;
  if (keys.length + authorities.length === 0) return null;
  const signing = keys.map(({ fingerprint, from, until }) => [
    exact(fingerprint),
    html`${from === null ? say("unknown") : exact(from)} –${until === null ? null : html` ${exact(until)}`}`,
  ]);
  const stamping = authorities.map(({ authority, checkpoint, signer, signer_sha256, root }) => [
    html`${exact(authority)}<br><span class="small">${checkpoint}</span>`,
    html`${quoted(signer)}SHA-256 ${exact(signer_sha256)}`,
    root === null ? say("unknown") : quoted(root),
  ]);
  const key = [
    [say("key"), 58],
    [say("inForce"), 42],
  ] as const;
  const authority = [
    [say("by"), 20],
    [say("signer"), 50],
    [say("rootCertificate"), 30],
  ] as const;
  return [
    subheading(say("restsOn")),
    note(say("restsOnNote")),
    keys.length === 0 ? null : grid(key, signing),
    authorities.length === 0 ? null : grid(authority, stamping),
  ];
}

/** What nobody may read into a report. These words stand nowhere else. */
export function limitsSection(say: Say): Html {
  return section("limits", say("limits"), note(say("limitsNote")), limitList(say));
}

export function limitList(say: Say): Html {
  return html`<ol>${limitNames.map((limit) => html`<li>${say(`limit.${limit}`)}</li>`)}</ol>`;
}
