import type { LoggedCopy } from "../capture/outside-copy.js";
import type { PageResult } from "../capture/page.js";
import { printable, printableJson } from "../core/words/printable.js";
import { errorLines } from "./failure-report.js";
import type { Session } from "./session.js";
import { inSameVault } from "./typed-again.js";
import { formatBytes } from "./units.js";

/** Shows what came of a page as soon as it is ready: with `--json` its line on stdout, else a summary; problems on stderr. */
export function showPage(session: Session, result: PageResult, copy: LoggedCopy | null): void {
  showCopy(session, copy);
  if (session.json) session.screen.data(printableJson({ ...result }));
  const { status, url, reason, hint } = result;
  if (status === "failed") {
    if (session.world.signal.aborted) return;
    const message = `could not take the page at ${url}${reason === null ? "" : `: ${reason}`}`;
    session.screen.error(errorLines(message, inSameVault(hint ?? "", session)));
    return;
  }
  if (status === "wall")
    session.screen.error(errorLines(`no page but a wall at ${url}: ${reason ?? ""}`, hint ?? ""));
  if (session.json || session.quiet) return;
  for (const line of [...pageSummary(result), ""]) session.screen.answer(line);
}

/** What an outside archive said; its own word. */
function showCopy(session: Session, copy: LoggedCopy | null): void {
  if (copy === null || session.quiet) return;
  const { service, status, archived_url, job, reason } = copy;
  const { host } = new URL(service);
  const words = {
    saved: `says that it keeps a copy: ${archived_url}`,
    pending: `took the question as job ${job} and has no copy yet`,
    refused: `keeps no copy: ${reason}`,
    contradictory: `cannot be believed: ${reason}`,
    unanswered: `gave no answer: ${reason}`,
  };
  session.screen.note(printable(`${host} ${words[status]} (entry ${copy.entry})`, 500));
}

/** The same for a page that comes with a clip: one line, and nothing on stdout of a program, which asked for clips. */
export function showPageAround(session: Session, result: PageResult): void {
  const { status, wall, reason, files, version } = result;
  if (session.quiet || status === "none") return;
  const bytes = formatBytes(files.reduce((sum, file) => sum + file.bytes, 0));
  const words = {
    captured: `page taken as ${version}: ${files.length} files, ${bytes}`,
    wall: `no page but a ${wall} wall, kept as ${version}`,
    failed: `the page could not be taken: ${printable(reason ?? "", 300)}`,
  };
  session.screen.note(words[status]);
}

/** The lines about a page that was stored, or why there is none. */
function pageSummary({
  status,
  id,
  url,
  title,
  coverage,
  files,
  version,
  wall,
  reason,
}: PageResult): readonly string[] {
  if (status === "none") return [`no page      ${printable(url)} (${reason ?? ""})`];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const view = files.find(({ role }) => role === "page_view");
  const whole = coverage === null ? null : `${coverage.with_body} of ${coverage.responses} answers whole`;
  return [
    `${wall === null ? "page" : `${wall} wall`}  ${id ?? ""} ${version ?? ""}${title === null ? "" : `  ${printable(title, 200)}`}`,
    `  address    ${printable(url)}`,
    `  stored     ${files.length} files, ${formatBytes(bytes)}${whole === null ? "" : `, ${whole}`}`,
    ...(view ? [`  picture    ${view.path}`] : []),
  ];
}
