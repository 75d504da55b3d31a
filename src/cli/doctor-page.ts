import { displayWidth, printable } from "../core/words/printable.js";
import type { DoctorFinding } from "../seal/seal-state.js";
import type { DoctorReport } from "../upkeep/doctor.js";
import { type ExitStatus, exitStatus } from "./exit-status.js";
import type { Style } from "./style.js";
import { padEnd, wrap } from "./text-layout.js";

const severityWidth = 9;

/** The report of `doctor` for a person: one item per finding, problems with what to do about them. */
export function doctorPage(
  report: DoctorReport,
  quiet: boolean,
  columns: number,
  style: Style,
): readonly string[] {
  const findings = quiet ? report.findings.filter(({ severity }) => severity !== "ok") : report.findings;
  const whatWidth = Math.max(0, ...findings.map(({ what }) => displayWidth(printable(what, 40))));
  const lines = findings.flatMap((finding) => findingLines(finding, whatWidth, columns, style));
  return quiet ? lines : [...lines, "", conclusion(report, style)];
}

function findingLines(
  finding: DoctorFinding,
  whatWidth: number,
  columns: number,
  style: Style,
): readonly string[] {
  const indent = severityWidth + whatWidth + 4;
  const hint = finding.hint === null ? [] : wrap(`hint: ${printable(finding.hint)}`, columns - indent);
  const [first = "", ...rest] = [...wrap(printable(finding.detail), columns - indent), ...hint];
  const what = padEnd(printable(finding.what, 40), whatWidth);
  return [
    `${paintSeverity(finding.severity, style)}  ${what}  ${first}`,
    ...rest.map((line) => " ".repeat(indent) + line),
  ];
}

function paintSeverity(severity: DoctorFinding["severity"], style: Style): string {
  const text = padEnd(severity, severityWidth);
  if (severity === "ok") return style.good(text);
  return severity === "note" ? style.warn(text) : style.bad(text);
}

function conclusion(report: DoctorReport, style: Style): string {
  return style.bold(
    report.ok ? "nothing here keeps holdfast from its work" : "there are problems to see to first",
  );
}

const neededPrograms: readonly string[] = ["yt-dlp", "ffmpeg", "ffprobe"];

/** 3 when a needed program is missing or too old, 5 when the vault cannot be read; a bad clock is no failure to look. */
export function statusOfDoctor(report: DoctorReport): ExitStatus {
  const problems = report.findings.filter(({ severity }) => severity === "problem");
  if (problems.some(({ what }) => neededPrograms.includes(what))) return exitStatus.programMissing;
  return report.vault !== null && "problem" in report.vault ? exitStatus.noVault : exitStatus.done;
}
