import {
  type AskedCopy,
  type OutsideCopy,
  readJobStatus,
  readSubmission,
  unanswered,
} from "../../core/page/wayback.js";
import { askOutside, type Egress, type SmallAnswer } from "./guarded-request.js";

/** How long the service may take for one answer, how long to wait between two questions, and for how long in all. */
export interface WaybackPatience {
  readonly answerMs: number;
  readonly pauseMs: number;
  readonly mostMs: number;
}

const waybackPatience: WaybackPatience = { answerMs: 60_000, pauseMs: 5000, mostMs: 300_000 };

const json = { Accept: "application/json" };

/**
 * Asks an outside archive to keep a page (Save Page Now 2) and waits for what becomes of it, within `patience`. Sends the
 * address and nothing else. Never throws because of the service; throws the signal's reason on an abort.
 */
export async function askForCopy(
  asked: AskedCopy,
  egress: Omit<Egress, "signal">,
  { signal, now }: { readonly signal: AbortSignal; readonly now: () => Date },
  patience: WaybackPatience = waybackPatience,
): Promise<OutsideCopy> {
  const ask = (method: "GET" | "POST", path: string, body: Uint8Array | null) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(patience.answerMs)]);
    const form = body === null ? {} : { "Content-Type": "application/x-www-form-urlencoded" };
    const question = { method, url: `${asked.service}${path}`, headers: { ...json, ...form }, body };
    return askOutside(question, { ...egress, signal: bounded });
  };
  const form = Buffer.from(new URLSearchParams({ url: asked.url }).toString());
  let copy = readAnswer(await ask("POST", "/save", form), readSubmission);
  const end = performance.now() + patience.mostMs;
  while (copy.status === "pending" && copy.job !== null && performance.now() < end) {
    const { job } = copy;
    const answer = await ask("GET", `/save/status/${job}`, null);
    signal.throwIfAborted();
    const next = readAnswer(answer, (body) => readJobStatus(body, job, asked, now()));
    // A question that was taken stays taken, whatever becomes of one about it.
    copy = next.status === "unanswered" ? { ...next, job } : next;
    if (copy.status === "pending") await pause(patience.pauseMs, signal);
  }
  signal.throwIfAborted();
  return copy;
}

function readAnswer(answer: SmallAnswer, read: (body: string) => OutsideCopy): OutsideCopy {
  if ("body" in answer) return read(answer.body.toString("utf8"));
  const { problem, status } = answer;
  const isRefusal = status === 401 || status === 403 || status === 429;
  return { ...unanswered(problem), ...(isRefusal ? { status: "refused" as const } : {}) };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
