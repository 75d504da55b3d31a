import { printable } from "../core/words/printable.js";
import type { HeadReport } from "../seal/checkpoint.js";
import type { Session } from "./session.js";
import { formatTime } from "./units.js";

/**
 * Prints on stderr, in one line, how sealing the log went. Prints nothing if nothing was due, and only problems if
 * quiet or interrupted.
 */
export function showHead(
  session: Pick<Session, "screen" | "quiet" | "sealing" | "world">,
  head: HeadReport,
): void {
  session.sealing.note(head.failure);
  const line = headLine(head);
  const isTold = session.quiet || session.world.signal.aborted;
  if (line === null || (isTold && head.failure === null)) return;
  session.screen.note(line);
}

/** For a command whose answer covers the rest: prints only that the log is not as recorded or has foreign entries. */
export function showUnsealed(
  session: Pick<Session, "screen" | "quiet" | "sealing" | "world">,
  head: HeadReport,
): void {
  const { failure } = head;
  if (failure?.code === "not-as-recorded" || failure?.code === "foreign-entries") showHead(session, head);
}

/** Null if there is nothing to print. */
function headLine(head: HeadReport): string | null {
  const { size, created, failure } = head;
  if (!created && failure === null) return null;
  const parts = [
    ...(failure === null
      ? []
      : [`${created ? "" : "the log was not sealed: "}${failure.message}; ${failure.hint}`]),
    ...(size === null ? [] : [`checkpoint ${size}${created ? " signed" : ""}`, ...stampWords(head)]),
  ];
  return printable(parts.join("; "), 1000);
}

/** The authorities that have time-stamped the checkpoint and those that have not. */
export function stampWords({
  tokens,
  proven,
  pending,
}: Pick<HeadReport, "tokens" | "proven" | "pending">): readonly string[] {
  if (tokens.length + proven.length + pending.length === 0)
    return ["no time-stamping authority is configured"];
  return [
    ...tokens.map(({ authority, gen_time, form }) => {
      const other = form === undefined ? "" : " (openssl ts cannot read it, openssl cms can)";
      return `time-stamped ${formatTime(gen_time)} by ${authority}${other}`;
    }),
    ...proven.map((calendar) => `a complete OpenTimestamps proof by ${calendar}`),
    ...pending.map(({ authority, reason }) => `pending: ${authority}: ${reason}`),
  ];
}

/** The object of `checkpoint --json`, and of `head` in that of other commands: schema `headReport`. */
export function headObject({
  size,
  created,
  root,
  key,
  tokens,
  pending,
  problem,
  failure,
}: HeadReport): object {
  const hint = failure?.hint ?? null;
  return { size, created, root, key, tokens, pending, problem, hint };
}
