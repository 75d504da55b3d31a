import type { Patience, Pause } from "../capture/scheduler.js";
import { counted } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import { errorLines } from "./failure-report.js";
import type { Session } from "./session.js";
import { formatBytes } from "./units.js";

const redrawMs = 250;

/**
 * Somebody at a terminal who waits for one capture after the other: hears at once what an attempt brought, sees when the
 * next one begins, and has enough with the first Ctrl-C, which ends the attempts and not the command.
 */
export function patienceOf(session: Session): Patience {
  const enough = new AbortController();
  let end = () => {};
  return {
    enough: enough.signal,
    onPause: (pause) => {
      end();
      if (!session.quiet) session.screen.note(pauseLine(pause));
      const stopCounting = countDown(session, pause);
      const letGo = session.onCtrlC(() => {
        stopCounting();
        session.screen.error(errorLines(enoughLine(pause), ""));
        enough.abort();
      });
      end = () => {
        stopCounting();
        letGo();
      };
    },
    onOver: () => end(),
  };
}

/** What a person must know who may wait or not: what came, why it is not the whole, what follows, and what Ctrl-C does. */
export function pauseLine({ soFar, reason, ms, next, attempts }: Pause): string {
  const { bytes, announced } = soFar;
  const of = announced === null ? "" : ` of ${formatBytes(announced)}`;
  const came = bytes === 0 ? "nothing has come so far" : `${formatBytes(bytes)}${of} have come so far`;
  const left = counted(attempts - next + 1, "attempt");
  const ctrlC = bytes === 0 ? "Ctrl-C leaves it at that" : "Ctrl-C keeps what came";
  const again = `trying again in ${counted(Math.ceil(ms / 1000), "second")}, ${left} left`;
  return `${printable(soFar.subject, 300)}: ${printable(reason, 300)}; ${came}; ${again}; ${ctrlC}`;
}

/** What is said of a Ctrl-C by which somebody has enough. */
export function enoughLine({ soFar }: Pause): string {
  const what = soFar.bytes === 0 ? "what was tried is being recorded" : "what came is being stored";
  return `no further attempt: ${what}; once more stops at once`;
}

/** Shows on a terminal the seconds that are left, then that the next attempt has begun; elsewhere the line has said it. */
function countDown({ screen, world }: Session, { soFar, ms, next, attempts }: Pause): () => void {
  if (!screen.isLive) return () => {};
  const { subject } = soFar;
  const detail = `attempt ${next} of ${attempts}`;
  const figures = { done: null, total: null, speed: null };
  const begun = world.monotonic();
  const show = () => {
    const etaSeconds = Math.ceil((ms - (world.monotonic() - begun)) / 1000);
    if (etaSeconds > 0)
      world.progress({ ...figures, subject, stage: "wait", detail: `for ${detail}`, etaSeconds });
    else {
      world.progress({ ...figures, subject, stage: "look-up", detail, etaSeconds: null });
      clearInterval(timer);
    }
  };
  const timer = setInterval(show, redrawMs);
  show();
  return () => clearInterval(timer);
}
