import type { CheckState, Finding } from "../audit/finding.js";
import type { Question } from "../audit/finding-codes.js";
import { counted, formatCount } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { WithCaveats } from "../verify/caveats.js";
import type { FileReport } from "../verify/file.js";
import type { VerifyReport } from "../verify/reports.js";
import { restsOnLines } from "./rests-on.js";
import type { Style } from "./style.js";
import { hanging, labelled, padEnd, wrap } from "./text-layout.js";
import { formatBytes, formatTime } from "./units.js";

interface QuestionWords {
  readonly asks: string;
  readonly absent: string;
  readonly unchecked?: string;
}

/** The answer for a log whose newest checkpoint has no signature, or that has no checkpoint. */
export const nobodySigned = "no signed checkpoint: nothing shows whose log this is";

/** What each question asks, and what an answer other than pass or fail means. */
const questions: Readonly<Record<Question, QuestionWords>> = {
  hashes: {
    asks: "stored bytes against the digests in the records",
    absent: "the vault has no stored bytes to check",
    unchecked: "not all stored bytes could be checked against the digests in the records",
  },
  chain: {
    asks: "each log entry against the one before it",
    absent: "the vault has no log to check",
  },
  signature: {
    asks: "each checkpoint of the log, signed by the key in force",
    absent: nobodySigned,
  },
  tokens: {
    asks: "time-stamps by outside parties over the log",
    absent: "no outside time-stamp: only this vault says since when it exists",
    unchecked: "could not be checked in full: no time-stamp leads to a root certificate that you named",
  },
};

const order: readonly Question[] = ["hashes", "chain", "signature", "tokens"];

/** The report of `verify`. States what was checked and what was not, never a single word for everything. */
export function verifyPage(
  report: WithCaveats<VerifyReport>,
  quiet: boolean,
  columns: number,
  style: Style,
): readonly string[] {
  const conclusion = conclusionOf(report.ok, report.findings, style);
  if (quiet) return [...quietLines(report, columns, style), conclusion];
  return [
    ...hanging("checked  ", checkedWords(report.checked), columns),
    "",
    ...answerLines(report, columns, style),
    ...findingBlock(report.findings, columns, style),
    "",
    ...restsOnBlock(report, columns),
    ...report.limits.flatMap((limit) => wrap(printable(limit), columns - 2).map((line) => `  ${line}`)),
    "",
    conclusion,
  ];
}

/** With `--quiet`: what is not as recorded or, if nothing is, why not everything could be checked. */
export function quietLines(
  { findings }: Pick<VerifyReport, "findings">,
  columns: number,
  style: Style,
): readonly string[] {
  const errors = findingLines(findings, "error", columns, style);
  return errors.length > 0 ? errors : findingLines(findings, "note", columns, style);
}

export function checkedWords(checked: Readonly<Record<string, number>>): string {
  const parts = Object.entries(checked).map(([what, count]) => {
    const words = printable(what).replaceAll("_", " ");
    return what === "bytes" ? formatBytes(count) : counted(count, singular(words), words);
  });
  return parts.length > 0 ? parts.join(", ") : "nothing";
}

/** `entry` of `entries`, `digest per file` of `digests per file`. */
function singular(words: string): string {
  const [things = "", ...per] = words.split(" per ");
  const thing = things
    .replace(/ies$/, "y")
    .replace(/(?<=x)es$/, "")
    .replace(/s$/, "");
  return [thing, ...per].join(" per ");
}

/** The four questions with their answers, for a vault or a file. */
function answerLines(
  report: Pick<VerifyReport, Question>,
  columns: number,
  style: Style,
  words: Readonly<Record<Question, QuestionWords>> = questions,
): readonly string[] {
  return order.flatMap((question) => {
    const state = report[question];
    const [first = "", ...rest] = wrap(
      stateWords(words[question], state),
      Math.max(30, columns - answerIndent),
    );
    return [
      `  ${padEnd(question, 10)} ${paintState(state, style)}  ${first}`,
      ...rest.map((line) => `${" ".repeat(answerIndent)}${line}`),
    ];
  });
}

/** Columns before the text of an answer. */
const answerIndent = 24;

function stateWords({ asks, absent, unchecked }: QuestionWords, state: CheckState): string {
  return { pass: asks, fail: asks, absent, unchecked: unchecked ?? `could not be checked: ${asks}` }[state];
}

function restsOnBlock({ rests_on }: Pick<VerifyReport, "rests_on">, columns: number): readonly string[] {
  const lines = restsOnLines(rests_on, columns);
  return lines.length === 0 ? [] : [...lines, ""];
}

/** Only a pass is green: what is absent has not been shown to be right. */
export function paintState(state: CheckState, style: Style): string {
  const text = padEnd(state, 9);
  if (state === "pass") return style.good(text);
  return state === "fail" ? style.bad(text) : style.warn(text);
}

export function findingBlock(findings: readonly Finding[], columns: number, style: Style): readonly string[] {
  if (findings.length === 0) return [];
  return [
    "",
    ...findingLines(findings, "error", columns, style),
    ...findingLines(findings, "note", columns, style),
  ];
}

function findingLines(
  findings: readonly Finding[],
  severity: Finding["severity"],
  columns: number,
  style: Style,
): readonly string[] {
  const word = severity === "error" ? style.bad("error") : style.warn("note ");
  return findings
    .filter((finding) => finding.severity === severity)
    .flatMap(({ where, code, message }) => {
      const [first = "", ...rest] = wrap(
        `${printable(where)}  ${printable(code, 100)}: ${printable(message)}`,
        columns - findingIndent,
      );
      return [`  ${word}  ${first}`, ...rest.map((line) => " ".repeat(findingIndent) + line)];
    });
}

/** Columns before the text of a finding. */
const findingIndent = 9;

export function conclusionOf(ok: boolean, findings: readonly Finding[], style: Style): string {
  if (ok) return style.bold("what was checked is as recorded");
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (errors === 0)
    return style.bold(style.warn("not everything could be checked; what was checked is as recorded"));
  return style.bold(style.bad(`not as recorded: ${counted(errors, "error")}`));
}

/** The report of `verify FILE`. */
export function filePage(report: WithCaveats<FileReport>, columns: number, style: Style): readonly string[] {
  const facts = labelled(
    [
      ["file", printable(report.file)],
      ["size", `${formatBytes(report.bytes)} (${formatCount(report.bytes)} bytes)`],
      ["SHA-256", report.sha256],
    ],
    columns,
  );
  return [
    ...facts,
    ...report.matches.flatMap((match) => matchLines(match, columns)),
    // The conclusion states this better.
    ...findingBlock(
      report.findings.filter(({ code }) => code !== "not-in-vault"),
      columns,
      style,
    ),
    "",
    ...answerLines(report, columns, style, fileQuestions),
    "",
    ...restsOnBlock(report, columns),
    ...report.limits.flatMap((limit) => wrap(printable(limit), columns - 2).map((line) => `  ${line}`)),
    "",
    fileConclusion(report, style),
  ];
}

/** What the questions ask about one file. */
const fileQuestions: Readonly<Record<Question, QuestionWords>> = {
  ...questions,
  hashes: {
    asks: "the stored copies of these bytes against the entries that state them",
    absent: "no entry states these bytes, so there is no copy to check",
    unchecked: "not every stored copy of these bytes could be checked",
  },
  signature: {
    asks: "each checkpoint of the log, signed by the key in force, the entry's among them",
    absent: "no signed checkpoint covers an entry that states these bytes",
  },
  tokens: {
    ...questions.tokens,
    absent: "no outside time-stamp covers an entry that states these bytes",
  },
};

function matchLines(match: FileReport["matches"][number], columns: number): readonly string[] {
  return [
    "",
    ...labelled(
      [
        ["capture", printable(match.capture)],
        ["stored as", printable(match.path)],
        ["since", `log entry ${match.entry}, dated ${formatTime(match.since)} by this vault`],
        [
          "signed",
          match.signed
            ? "a signed checkpoint covers the entry"
            : "no signed checkpoint was found to cover the entry",
        ],
        ["not later than", match.not_later_than === null ? null : formatTime(match.not_later_than)],
        ["requested", match.requested_url === null ? null : printable(match.requested_url)],
      ],
      columns,
    ),
  ];
}

function fileConclusion(report: FileReport, style: Style): string {
  const isWrong = report.findings.some(
    ({ code, severity }) => severity === "error" && code !== "not-in-vault",
  );
  const known = report.matches.length > 0;
  const isOpen = !known && report.chain === "unchecked";
  const where = isOpen
    ? "holdfast could not check whether these bytes are in this vault"
    : known
      ? `these bytes are in this vault, in ${counted(new Set(report.matches.map(({ capture }) => capture)).size, "capture")}`
      : "these bytes are not in this vault";
  if (isWrong) return style.bold(style.bad(`${where}, but not everything is as recorded`));
  if (report.ok) return style.bold(where);
  if (!known && !isOpen) return style.bold(style.bad(where));
  return style.bold(style.warn(isOpen ? where : `${where}; not everything you asked for could be checked`));
}
