import type { HostSaid } from "./host-pace.js";

/** The result of asking a host once. */
export interface HostAnswer {
  readonly said: HostSaid;
  /** Who answered: the host; only the network, which says that there is no such host; or nobody at all. */
  readonly reached: "host" | "network" | "nobody";
}

/**
 * The hosts that have answered, those where nobody has answered since the last answer, and when the first of these was
 * asked.
 */
export interface NetworkMemory {
  readonly answered: ReadonlySet<string>;
  readonly silent: ReadonlySet<string>;
  readonly silentSince: number | null;
}

export const unheardNetwork: NetworkMemory = { answered: new Set(), silent: new Set(), silentSince: null };

/** If nothing answers any more, neither the list nor its next row is to blame. */
const silenceMs = 2 * 3_600_000;

/** Notes whether anybody at all answered. */
export function afterHearing(
  network: NetworkMemory,
  host: string,
  answer: HostAnswer,
  now: number,
): NetworkMemory {
  const { said, reached } = answer;
  if (said.kind === "unreachable" && reached === "nobody") {
    const silent = new Set(network.silent).add(host);
    return { ...network, silent, silentSince: network.silentSince ?? now };
  }
  const isNew = reached === "host" && !network.answered.has(host);
  const answered = isNew ? new Set(network.answered).add(host) : network.answered;
  return { answered, silent: new Set(), silentSince: null };
}

/** When the network will have been gone for two hours; null while it is there. */
export function silentAt(network: NetworkMemory): number | null {
  return network.silentSince !== null && isNetworkGone(network) ? network.silentSince + silenceMs : null;
}

/**
 * One dead site among many is its own fault. If a site that answered before falls silent, or two sites are silent, the
 * network is gone.
 */
export function isNetworkGone({ answered, silent }: NetworkMemory): boolean {
  return answered.size > 0 && (silent.size > 1 || [...silent].some((host) => answered.has(host)));
}
