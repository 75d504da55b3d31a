import type { CaptureResult } from "../capture/capture-result.js";
import { isUnsound } from "../core/capture/soundness.js";
import { formatCount } from "../core/words/counted.js";
import { printableJson } from "../core/words/printable.js";
import { errorLines } from "./failure-report.js";
import { resultLine, resultSummary, tallyLine } from "./result-summary.js";
import type { Session } from "./session.js";
import { storedPlaces } from "./stored-places.js";
import { columnsOf } from "./terminal.js";
import { inSameVault } from "./typed-again.js";

/**
 * Shows one result as soon as it is ready: with `--json` its line on stdout, else a summary; problems always go to stderr
 * too. `verb` says what was attempted, `fetchOptions` with which options, with a blank before them.
 */
export function showResult(
  session: Session,
  result: CaptureResult,
  verb: "capture" | "import" | "derive",
  fetchOptions = "",
): void {
  if (session.json) session.screen.data(printableJson(resultLine(result)));
  const isTold = session.world.signal.aborted;
  if (result.status === "failed") {
    // One message of an interrupt is enough; the log has the attempt.
    if (!isTold) showFailure(session, result, `could not ${verb} ${result.url}`);
    return;
  }
  if (result.status === "incomplete" && verb !== "derive" && !isTold) {
    showFailure(session, result, `received only part of ${result.url}`);
  }
  if (result.status !== "incomplete" && isUnsound(result.decode)) showDamage(session, result, verb);
  if (session.json || session.quiet) return;
  const places = {
    ...storedPlaces(session, result),
    fetchOptions,
    ...(verb === "import" && result.title !== result.url ? { name: result.url } : {}),
  };
  const lines = resultSummary(result, places, columnsOf(session.io.stdout), session.style);
  for (const line of [...lines, ""]) session.screen.answer(line);
}

function showFailure(session: Session, result: CaptureResult, what: string): void {
  const message = result.reason === null ? what : `${what}: ${result.reason}`;
  session.screen.error(errorLines(message, inSameVault(result.hint ?? "", session)));
}

/** It is stored as it came: only another copy can bring more. */
function showDamage(
  session: Session,
  { url, reason, hint: known }: CaptureResult,
  verb: "capture" | "import" | "derive",
): void {
  const hint =
    verb === "capture"
      ? "it is stored as it came; if the site has a better copy by now: the same command with --again"
      : "it is stored as it came; look for another copy of it";
  session.screen.error(errorLines(`${url} is ${reason ?? ""}`, inSameVault(known ?? hint, session)));
}

/** One closing line for several results. */
export function showTally(
  session: Pick<Session, "screen" | "quiet">,
  results: readonly CaptureResult[],
  leftOut = 0,
): void {
  if (session.quiet || results.length + leftOut < 2) return;
  const parts = [tallyLine(results), ...(leftOut === 0 ? [] : [`${formatCount(leftOut)} not taken`])];
  session.screen.note(parts.join(", "));
}
