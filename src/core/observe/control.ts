import { hostsOfSite } from "../capture/sites.js";
import { type Channel, type Signal, sayingOf } from "./signal.js";
import { findingOf, type Judgement, judge } from "./verdict.js";

/** One post that a run asked for. */
export interface Asked {
  /** The address that was asked, and its host. */
  readonly url: string;
  readonly host: string;
  /** What distinguishes one way out from another: proxy, cookies, downloader. */
  readonly way: string;
  readonly signals: readonly Signal[];
  /** When it was last there: captured, or seen `online` or `changed`, before this run. Null for never. */
  readonly lastThere: string | null;
}

/** For how long a post that was there can be expected to be. */
const controlDays = 30;
const dayMs = 86_400_000;

/**
 * The verdict of each post of one run, in their order. `reported-gone` needs a control: another post of the same site, asked
 * by the same way, that was there within 30 days and is in this run. Where there is none or none passes, nothing of that
 * site is reported gone.
 */
export function judgeRun(asked: readonly Asked[], now: Date): readonly Judgement[] {
  const groups = new Map<string, Controls>();
  for (const one of asked.filter(({ lastThere }) => isFresh(lastThere, now))) {
    const controls = groups.get(groupOf(one)) ?? { addresses: new Set(), passed: new Map() };
    groups.set(groupOf(one), controls);
    addTo(controls, one);
  }
  return asked.map((one) => judge(one.signals, passedBy(one, groups.get(groupOf(one)))));
}

/** The controls of one site and way. Two addresses of each kind are enough: a post is no control of itself. */
interface Controls {
  readonly addresses: Set<string>;
  /** By channel, the addresses at which it showed presence. */
  readonly passed: Map<Channel, Set<string>>;
}

function addTo({ addresses, passed }: Controls, { url, signals }: Asked): void {
  if (addresses.size < 2) addresses.add(url);
  if (findingOf(signals) !== "online") return;
  for (const { by } of signals.filter(shows)) {
    const at = passed.get(by) ?? new Set();
    passed.set(by, at.size < 2 ? at.add(url) : at);
  }
}

/** The channels by which a control shows presence, null where there is nothing to take for a control. */
function passedBy({ url }: Asked, controls: Controls | undefined): readonly Channel[] | null {
  const isOther = (addresses: ReadonlySet<string>) => addresses.size > (addresses.has(url) ? 1 : 0);
  if (controls === undefined || !isOther(controls.addresses)) return null;
  return [...controls.passed].filter(([, addresses]) => isOther(addresses)).map(([channel]) => channel);
}

/** A status of 200 is enough of a control: what is tried is whether this channel can be told from one that refuses all. */
function shows(signal: Signal): boolean {
  return ["present", "answered"].includes(sayingOf(signal));
}

function groupOf({ host, way }: Asked): string {
  return JSON.stringify([hostsOfSite(host)[0], way]);
}

/** A time after now is that of a clock that was wrong, and nothing can be made of it. */
function isFresh(at: string | null, now: Date): boolean {
  if (at === null) return false;
  const age = now.getTime() - Date.parse(at);
  return age >= 0 && age <= controlDays * dayMs;
}
