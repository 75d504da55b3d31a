import type { Attempt, Turns } from "../capture/turns.js";
import {
  afterAttempt,
  afterStart,
  backOffMs,
  type HostPace,
  type HostSaid,
  msUntilTurn,
  type PaceRules,
  unknownHost,
} from "../core/capture/host-pace.js";
import { retryAfterMs } from "../core/capture/retry-after.js";
import { pause, type World } from "../world.js";

export interface BatchPace extends PaceRules {
  /** Downloads at the same time, of all hosts together. */
  readonly jobs: number;
  /** Clips that are worked on at the same time once they are stored. */
  readonly derivations: number;
  /** Attempts for one row. */
  readonly attempts: number;
}

/** What one row is told. */
export interface RowHooks {
  /** Its host may be asked now. */
  readonly onTurn: () => void;
  /** It waits, and for what. */
  readonly onWait: (why: string) => void;
}

/** How often a row that waits looks whether its host is free. */
const lookMs = 200;

/** Nothing answers any more: the list is not to blame, and neither is its next row. */
const silenceMs = 2 * 3_600_000;

/**
 * Shares hosts, downloads and processors among the rows of a list. A row that waits for its host or for its next attempt
 * is parked: it holds neither a download nor a processor, and others go on.
 */
export class BatchTurns {
  /** Rows that only wait. */
  parked = 0;
  /** Called when somebody else may have a turn. */
  onChange: () => void = () => undefined;
  private readonly pace: BatchPace;
  private readonly world: Pick<World, "now" | "monotonic" | "random">;
  private readonly hosts = new Map<string, HostPace>();
  private readonly downloads: Slots;
  private readonly processors: Slots;
  /** Hosts that have answered, those that met nobody at all since the last answer, and when the first of these did. */
  private readonly answeredHosts = new Set<string>();
  private readonly silentHosts = new Set<string>();
  private silentSince: number | null = null;

  constructor(pace: BatchPace, world: Pick<World, "now" | "monotonic" | "random">) {
    this.pace = pace;
    this.world = world;
    this.downloads = new Slots(pace.jobs);
    this.processors = new Slots(pace.derivations);
  }

  /** Milliseconds until a row of this host may begin; Infinity while the host has all it may have. */
  msUntil(host: string): number {
    return msUntilTurn(this.paceOf(host), this.pace, this.world.monotonic());
  }

  /** Whether the network has been gone for two hours. */
  get isSilent(): boolean {
    if (this.silentSince === null || !this.isNetworkGone) return false;
    return this.world.monotonic() - this.silentSince > silenceMs;
  }

  /** One dead site among many is its own fault; a site that answered before, or two, that are silent are not. */
  private get isNetworkGone(): boolean {
    if (this.answeredHosts.size === 0) return false;
    return this.silentHosts.size > 1 || [...this.silentHosts].some((host) => this.answeredHosts.has(host));
  }

  /** The same turns for one row. */
  of(row: RowHooks): Turns {
    let asked = "";
    return {
      fetch: (host, signal) => {
        asked = host;
        return this.fetch(host, signal, row);
      },
      again: (number, attempt, signal) => this.again(asked, number, attempt, signal, row),
      derive: this.derive,
    };
  }

  private async fetch(
    host: string,
    signal: AbortSignal,
    row: RowHooks,
  ): Promise<(attempt: Attempt | null) => void> {
    await this.waitFor(host, signal, row);
    row.onTurn();
    this.onChange();
    return (attempt) => {
      this.onChange();
      this.downloads.leave();
      const said = attempt === null ? unknownAnswer : this.readAnswer(attempt);
      if (attempt !== null) this.listen(host, attempt);
      this.hosts.set(host, afterAttempt(this.paceOf(host), this.pace, this.world.monotonic(), said));
    };
  }

  private async again(
    host: string,
    number: number,
    attempt: Attempt,
    signal: AbortSignal,
    row: RowHooks,
  ): Promise<boolean> {
    if (this.isSilent) return false;
    // While the whole network is gone a try says nothing about the row.
    const counts = !(isUnreachable(attempt) && this.isNetworkGone);
    // What a dead site's first row has tried need not be tried again by each of the others.
    const tries = isUnreachable(attempt) ? Math.max(number, this.paceOf(host).strikes) : number;
    if (counts && tries >= this.pace.attempts) return false;
    const spread = 0.8 + 0.4 * this.chance();
    row.onWait("for its next attempt");
    await this.park(() => pause(backOffMs(this.pace, Math.min(number, 4)) * spread, signal));
    return true;
  }

  readonly derive: Turns["derive"] = async (work) => {
    await this.processors.enter();
    try {
      return await work();
    } finally {
      this.processors.leave();
    }
  };

  private async waitFor(host: string, signal: AbortSignal, row: RowHooks): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const ms = this.msUntil(host);
      if (ms === 0) {
        // Taken before the next wait, so that nobody else takes the same turn.
        this.hosts.set(host, afterStart(this.paceOf(host), this.pace, this.world.monotonic(), this.chance()));
        return this.downloads.enter();
      }
      row.onWait(`for ${host}`);
      await this.park(() => pause(Math.min(ms, lookMs), signal));
    }
  }

  private async park(wait: () => Promise<void>): Promise<void> {
    this.parked += 1;
    this.onChange();
    try {
      await wait();
    } finally {
      this.parked -= 1;
    }
  }

  /** Notes whether anybody at all is there. */
  private listen(host: string, attempt: Attempt): void {
    if (isUnreachable(attempt) && attempt.reached === "nobody") {
      this.silentHosts.add(host);
      this.silentSince ??= this.world.monotonic();
      return;
    }
    this.silentHosts.clear();
    this.silentSince = null;
    if (attempt.reached === "host") this.answeredHosts.add(host);
  }

  private readAnswer(attempt: Attempt): HostSaid {
    const { outcome } = attempt;
    if (outcome.kind !== "failed") return answered;
    if (isUnreachable(attempt)) return { kind: "unreachable" };
    if (!("lastStatus" in outcome) || (outcome.lastStatus !== 429 && outcome.lastStatus !== 503))
      return answered;
    return { kind: "slow-down", askedMs: retryAfterMs(outcome.retryAfter, this.world.now()) };
  }

  private paceOf(host: string): HostPace {
    return this.hosts.get(host) ?? unknownHost;
  }

  /** From 0 to 1. */
  private chance(): number {
    return (this.world.random(1)[0] ?? 0) / 255;
  }
}

const answered: HostSaid = { kind: "answered" };
/** An error of ours says nothing about the host. */
const unknownAnswer: HostSaid = answered;

/** Nobody answered, as opposed to an answer that nobody likes. */
function isUnreachable({ outcome, reached }: Attempt): boolean {
  return reached !== "host" && outcome.kind === "failed" && outcome.failure.code === "network";
}

/** So many at a time, in the order in which they came. */
class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  enter(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
