import { displayWidth, printable } from "../core/words/printable.js";
import type { DoctorFinding } from "../seal/seal-state.js";
import type { DoctorReport } from "../upkeep/doctor.js";
import { type ExitStatus, exitStatus } from "./exit-status.js";
import type { Style } from "./style.js";
import { padEnd, wrap } from "./text-layout.js";

const severityWidth = 9;

/** Width of a SHA-256. If it does not fit beside the names, the details go below them. */
const digestWidth = 64;

/** The report of `doctor`: one item per finding, with a hint for each problem. */
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
  const severity = paintSeverity(finding.severity, style);
  const beside = severityWidth + whatWidth + 4;
  const indent = columns - beside < digestWidth ? severityWidth + 2 : beside;
  const hint = finding.hint === null ? [] : wrap(`hint: ${printable(finding.hint)}`, columns - indent);
  const lines = [...wrap(printable(finding.detail), columns - indent), ...hint];
  if (indent < beside) {
    return [`${severity}  ${printable(finding.what, 40)}`, ...lines.map((line) => " ".repeat(indent) + line)];
  }
  const [first = "", ...rest] = lines;
  return [
    `${severity}  ${padEnd(printable(finding.what, 40), whatWidth)}  ${first}`,
    ...rest.map((line) => " ".repeat(indent) + line),
  ];
}

function paintSeverity(severity: DoctorFinding["severity"], style: Style): string {
  const text = padEnd(severity, severityWidth);
  if (severity === "ok") return style.good(text);
  return severity === "note" ? style.warn(text) : style.bad(text);
}

function conclusion(report: DoctorReport, style: Style): string {
  return style.bold(report.ok ? "holdfast is ready to work" : "fix the problems above first");
}

const neededPrograms: readonly string[] = ["yt-dlp", "ffmpeg", "ffprobe"];

/**
 * 3 if a needed program is missing or too old, 5 if the vault cannot be read. A wrong clock does not change the status.
 */
export function statusOfDoctor(report: DoctorReport): ExitStatus {
  const problems = report.findings.filter(({ severity }) => severity === "problem");
  if (problems.some(({ what }) => neededPrograms.includes(what))) return exitStatus.programMissing;
  return report.vault !== null && "problem" in report.vault ? exitStatus.noVault : exitStatus.done;
}
