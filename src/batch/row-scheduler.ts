import { type Attempt, isSuspected, type Scheduler } from "../capture/scheduler.js";
import { retryAfterMs } from "../core/capture/retry-after.js";
import type { HostSaid } from "../core/lists/host-pace.js";
import type { RowDecision, ScheduleEvent } from "../core/lists/schedule.js";
import type { World } from "../world.js";

/** Asks the schedule on behalf of one row, and reports the results to it. */
export class RowScheduler implements Scheduler {
  /** Called when the row waits, for the given host or, if null, for its next attempt. */
  onWait: (host: string | null) => void = () => undefined;
  /** Answers the row's latest question. */
  decide: (decision: RowDecision) => void = () => undefined;
  /** A row has no person who waits for it alone. */
  readonly enough: AbortSignal;
  private readonly row: number;
  private readonly tell: (event: ScheduleEvent) => void;
  private readonly world: Pick<World, "now" | "random">;

  constructor(
    row: number,
    tell: (event: ScheduleEvent) => void,
    world: Pick<World, "now" | "random" | "signal">,
  ) {
    this.row = row;
    this.tell = tell;
    this.world = world;
    this.enough = world.signal;
  }

  async fetch(host: string, signal: AbortSignal): Promise<(attempt: Attempt | null) => void> {
    const { row, world } = this;
    const { kind } = await this.ask({ kind: "asked", row, host, chance: this.chance() });
    if (kind === "refuse") signal.throwIfAborted();
    return (attempt) => {
      const answer = attempt && { said: saidBy(attempt, world.now()), reached: attempt.reached };
      this.tell({ kind: "answered", row, answer });
    };
  }

  async again(number: number, attempt: Attempt): Promise<boolean> {
    const { row } = this;
    const unreachable = isUnreachable(attempt);
    const decision = await this.ask({ kind: "failed", row, number, unreachable, chance: this.chance() });
    return decision.kind === "retry" && decision.again;
  }

  over(): void {
    // The schedule hears of the answers, and of the row's end.
  }

  async derive<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const { row } = this;
    await this.ask({ kind: "stored", row });
    try {
      return await work();
    } finally {
      this.tell({ kind: "derived", row });
    }
  }

  private ask(question: ScheduleEvent): Promise<RowDecision> {
    return new Promise((resolve) => {
      this.decide = resolve;
      this.tell(question);
    });
  }

  private chance(): number {
    return (this.world.random(1)[0] ?? 0) / 255;
  }
}

/** What an attempt says about its host's pace. A Retry-After date counts from `now`. */
export function saidBy(attempt: Attempt, now: Date): HostSaid {
  const { outcome } = attempt;
  if (outcome.kind !== "failed") return { kind: "answered" };
  if (isUnreachable(attempt)) return { kind: "unreachable" };
  const asked = "lastStatus" in outcome ? retryAfterMs(outcome.retryAfter, now) : 0;
  if (isSuspected(attempt)) return { kind: "slow-down", askedMs: Math.max(asked, suspicionMs) };
  const asksForTime = "lastStatus" in outcome && (outcome.lastStatus === 429 || outcome.lastStatus === 503);
  return asksForTime ? { kind: "slow-down", askedMs: asked } : { kind: "answered" };
}

/** How long a host is left alone that asks for proof that a person is watching. */
const suspicionMs = 3_600_000;

/** Whether no host answered at all, as opposed to an unwelcome answer. */
function isUnreachable({ outcome, reached }: Attempt): boolean {
  return reached !== "host" && outcome.kind === "failed" && outcome.failure.code === "network";
}
