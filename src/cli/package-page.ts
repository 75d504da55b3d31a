import type { CheckState } from "../audit/finding.js";
import { counted } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { WithCaveats } from "../verify/caveats.js";
import type { PackagedCapture, PackageReport } from "../verify/reports.js";
import type { Style } from "./style.js";
import { labelled } from "./text-layout.js";
import { formatBytes, formatTime } from "./units.js";
import {
  againstWords,
  answerRow,
  checkedWords,
  findingBlock,
  limitLines,
  nobodySigned,
  type PageLength,
  quietLines,
  verdictLines,
} from "./verify-page.js";

type Question = "hashes" | "chain" | "signature" | "tokens";

/** What each question asks about a package, and what an answer other than pass or fail means. */
const questions: readonly (readonly [Question, words: Partial<Record<CheckState, string>>])[] = [
  [
    "hashes",
    { pass: "files against the digests in the log entries", absent: "the package has no files of a capture" },
  ],
  [
    "chain",
    {
      pass: "each log entry, by its proof that a checkpoint covers it",
      absent: "the package has no log entry",
    },
  ],
  [
    "signature",
    {
      pass: "each checkpoint, signed by the key that the entries name",
      absent: nobodySigned,
      unchecked: "shows only that one key signed: get its line from elsewhere and give --signers",
    },
  ],
  [
    "tokens",
    {
      pass: "time-stamps by outside parties over the checkpoints",
      absent: "no outside time-stamp: only the writer of the log says since when it exists",
      unchecked: "not checked in full: no time-stamp leads to a root certificate that you named",
    },
  ],
];

/** The report of `verify PACKAGE`: the verdict in a line for laymen, then what was checked, then what is not shown. */
export function packagePage(
  report: WithCaveats<PackageReport>,
  { quiet, explain }: PageLength,
  columns: number,
  style: Style,
): readonly string[] {
  const { captures, files } = report.checked;
  const counts = [["clip", captures] as const, ["file", files] as const];
  const verdict = verdictLines(report, counts, columns, style);
  if (quiet) return [...verdict, ...quietLines(report, columns, style)];
  const { path, origin, profile } = report.package;
  return [
    ...verdict,
    "",
    ...labelled(
      [
        ["package", printable(path)],
        ["log", origin === null ? null : printable(origin)],
        ["profile", profile === null ? null : profileWords[profile]],
        ["checked", checkedWords(report.checked)],
      ],
      columns,
    ),
    "",
    ...questions.flatMap(([question, words]) => answer(report, question, words, columns, style)),
    ...answerRow("against", report.against, againstWords[report.against], columns, style),
    ...report.package.captures.flatMap((capture) => captureLines(capture, columns)),
    ...findingBlock(report.findings, columns, style),
    ...limitLines(report, explain, columns),
  ];
}

const profileWords = {
  redacted: "redacted: without who collected it and where",
  "with-annex": "with annex: states who collected it and where",
} as const;

function answer(
  report: PackageReport,
  question: Question,
  words: Partial<Record<CheckState, string>>,
  columns: number,
  style: Style,
): readonly string[] {
  const state = report[question];
  const asks = words.pass ?? "";
  const said = words[state] ?? (state === "unchecked" ? `not checked: ${asks}` : asks);
  return answerRow(question, state, said, columns, style);
}

const completenessWords = {
  whole: "complete, its newest derivation says; that does not say that the clip plays",
  incomplete: "INCOMPLETE, according to its entries",
  unknown: "not known, according to its newest derivation",
} as const;

function captureLines(
  { id, files, bytes, completeness, existed_by }: PackagedCapture,
  columns: number,
): readonly string[] {
  const times = existed_by.map(({ authority, gen_time }) => `${formatTime(gen_time)} by ${authority}`);
  const [first = "no time-stamp leads to a root that you trust", ...others] = times;
  return [
    "",
    ...labelled(
      [
        ["capture", printable(id)],
        ["contains", `${counted(files, "file")}, ${formatBytes(bytes)}`],
        [
          "came",
          completeness === null
            ? "the package does not say whether its clip decodes completely"
            : completenessWords[completeness],
        ],
        ["existed not later than", printable(first), ...others.map((time) => printable(time))],
      ],
      columns,
    ),
  ];
}

/** The JSON line of a package: schema `packageReport`. */
export function packageObject(report: WithCaveats<PackageReport>): object {
  const { ok, checked, findings, hashes, chain, signature, tokens, rests_on } = report;
  const { against, not_shown, limits } = report;
  const { path, origin, profile, captures } = report.package;
  return {
    ok,
    checked,
    findings,
    hashes,
    chain,
    signature,
    tokens,
    rests_on,
    against,
    not_shown,
    limits,
    package: { path, origin, profile, captures },
  };
}
