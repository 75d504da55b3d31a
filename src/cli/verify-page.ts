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

/** How much of a report is printed. */
export interface PageLength {
  /** What is not as recorded and nothing else. */
  readonly quiet: boolean;
  /** Everything that the check cannot show, and all that it rests on. */
  readonly explain: boolean;
}

/** The report of `verify`: the verdict in a line for laymen, then what was checked, then what is not shown. */
export function verifyPage(
  report: WithCaveats<VerifyReport>,
  { quiet, explain }: PageLength,
  columns: number,
  style: Style,
): readonly string[] {
  const { objects, files } = report.checked;
  const verdict = verdictLines(
    report,
    [
      ["clip", objects],
      ["file", files],
    ],
    columns,
    style,
  );
  if (quiet) return [...verdict, ...quietLines(report, columns, style)];
  return [
    ...verdict,
    "",
    ...answerLines(report, columns, style),
    ...findingBlock(report.findings, columns, style),
    "",
    ...hanging("checked  ", checkedWords(report.checked), columns),
    ...limitLines(report, explain, columns),
  ];
}

/** What nothing here shows, in three lines, or in whole sentences; and before it what the result rests on. */
export function limitLines(
  report: WithCaveats<Pick<VerifyReport, "rests_on">>,
  explain: boolean,
  columns: number,
): readonly string[] {
  const { rests_on, limits, not_shown } = report;
  const rests = restsOnLines(rests_on, columns);
  const lines = explain ? limits : not_shown;
  const indent = explain ? "  " : "  - ";
  return [
    ...(rests.length === 0 ? [] : ["", ...rests]),
    "",
    ...(explain ? [] : ["not shown (holdfast verify --explain says more)"]),
    ...lines.flatMap((line) =>
      wrap(printable(line), columns - indent.length).map(
        (part, at) => `${at === 0 ? indent : " ".repeat(indent.length)}${part}`,
      ),
    ),
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
  report: WithCaveats<Pick<VerifyReport, Question>>,
  columns: number,
  style: Style,
  words: Readonly<Record<Question, QuestionWords>> = questions,
): readonly string[] {
  return [
    ...order.flatMap((question) =>
      answerRow(question, report[question], stateWords(words[question], report[question]), columns, style),
    ),
    ...answerRow("against", report.against, againstWords[report.against], columns, style),
  ];
}

/** What is said of the checkpoint that the checker brought. */
export const againstWords: Readonly<Record<CheckState, string>> = {
  pass: "what the checkpoint that you hold covers was not written anew since",
  fail: "the log does not go on from the checkpoint that you hold",
  absent: "no checkpoint kept elsewhere was given (--against)",
  unchecked: "whether the log goes on from the checkpoint that you hold could not be shown",
};

export function answerRow(
  question: string,
  state: CheckState,
  words: string,
  columns: number,
  style: Style,
): readonly string[] {
  const [first = "", ...rest] = wrap(words, Math.max(30, columns - answerIndent));
  return [
    `  ${padEnd(question, 10)} ${paintState(state, style)}  ${first}`,
    ...rest.map((line) => `${" ".repeat(answerIndent)}${line}`),
  ];
}

/** Columns before the text of an answer. */
const answerIndent = 24;

function stateWords({ asks, absent, unchecked }: QuestionWords, state: CheckState): string {
  return { pass: asks, fail: asks, absent, unchecked: unchecked ?? `could not be checked: ${asks}` }[state];
}

/** Only a pass is green: what is absent has not been shown to be right. */
function paintState(state: CheckState, style: Style): string {
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
  return withLitterCounted(findings.filter((finding) => finding.severity === severity)).flatMap(
    ({ where, code, message }) => {
      const [first = "", ...rest] = wrap(
        `${printable(where)}  ${printable(code, 100)}: ${printable(message)}`,
        columns - findingIndent,
      );
      return [`  ${word}  ${first}`, ...rest.map((line) => " ".repeat(findingIndent) + line)];
    },
  );
}

/** The most that is named of what lies in a vault and is none of it: a file manager leaves a file in every folder. */
const litterNamed = 3;

function withLitterCounted(findings: readonly Finding[]): readonly Finding[] {
  const litter = findings.filter(({ code, severity }) => code === "stray" && severity === "note");
  const [first, ...more] = litter.slice(litterNamed);
  if (first === undefined) return findings;
  const where = counted(more.length + 1, "file or folder", "files or folders");
  const rest = { ...first, where, message: "more like these, which --json names" };
  const unnamed = new Set(litter.slice(litterNamed));
  return [...findings.filter((one) => !unnamed.has(one)), rest];
}

/** Columns before the text of a finding. */
const findingIndent = 9;

/**
 * The verdict, for somebody who reads no further. `OK` is said of what was checked alone: that nothing has changed since it
 * was logged. `counts`: what was checked of which there may be none.
 */
export function verdictLines(
  { ok, findings, signature, against }: WithCaveats<Pick<VerifyReport, "ok" | "findings" | "signature">>,
  counts: readonly (readonly [thing: string, count: number | undefined])[],
  columns: number,
  style: Style,
): readonly string[] {
  const bold = (text: string) => wrap(text, columns).map(style.bold);
  if (ok) {
    const things = counts.flatMap(([thing, count]) => (count === undefined ? [] : [counted(count, thing)]));
    const what = things.length === 0 ? "" : ` ${things.join(", ")}.`;
    // Anybody can make a package that agrees with itself.
    const key = signature === "unchecked" ? " Whose key signed it was not checked." : "";
    const held = against === "unchecked" ? " The checkpoint that you hold could not be compared." : "";
    const gone = findings.filter(({ code }) => code === "withdrawn").length;
    const left = gone === 0 ? "" : ` ${counted(gone, "capture")} withdrawn on purpose, and not checked.`;
    return bold(`OK: nothing has changed since it was logged.${what}${left}${key}${held}`);
  }
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (errors === 0) {
    return bold("NOT EVERYTHING COULD BE CHECKED: what was checked is as recorded.").map(style.warn);
  }
  return bold(`NOT AS RECORDED: ${counted(errors, "error")}.`).map(style.bad);
}

/** The report of `verify FILE`. */
export function filePage(
  report: WithCaveats<FileReport>,
  explain: boolean,
  columns: number,
  style: Style,
): readonly string[] {
  const facts = labelled(
    [
      ["file", printable(report.file)],
      ["size", `${formatBytes(report.bytes)} (${formatCount(report.bytes)} bytes)`],
      ["SHA-256", report.sha256],
    ],
    columns,
  );
  return [
    ...fileVerdict(report, columns, style),
    "",
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
    ...limitLines(report, explain, columns),
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

function fileVerdict(report: FileReport, columns: number, style: Style): readonly string[] {
  const isWrong = report.findings.some(
    ({ code, severity }) => severity === "error" && code !== "not-in-vault",
  );
  const captures = new Set(report.matches.map(({ capture }) => capture)).size;
  const isOpen = captures === 0 && report.chain === "unchecked";
  const where =
    captures === 0
      ? "these bytes are not in this vault"
      : `these bytes are in this vault, in ${counted(captures, "capture")}`;
  const bold = (text: string) => wrap(text, columns).map(style.bold);
  if (isWrong) return bold(`NOT AS RECORDED: ${where}, but not everything is as recorded.`).map(style.bad);
  if (report.ok) return bold(`OK: ${where}, and nothing that this rests on has changed.`);
  if (isOpen) {
    return bold("NOT CHECKED: whether these bytes are in this vault could not be looked up.").map(style.warn);
  }
  if (captures === 0) return bold(`NOT AS RECORDED: ${where}.`).map(style.bad);
  return bold(`NOT EVERYTHING COULD BE CHECKED: ${where}.`).map(style.warn);
}
