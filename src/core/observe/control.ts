import { hostsOfSite } from "../capture/sites.js";
import { type Channel, type Signal, sayingOf } from "./signal.js";
import { findingOf, type Judgement, judge, type Passed } from "./verdict.js";

/** One post that a run asked for. */
export interface Asked {
  readonly capture: string;
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
    const controls = groups.get(groupOf(one)) ?? { all: new Map(), passed: new Map() };
    groups.set(groupOf(one), controls);
    addTo(controls, one);
  }
  return asked.map((one) => judge(one.signals, passedBy(one, groups.get(groupOf(one)))));
}

/**
 * The controls of one site and way: captures by their addresses. Two of each kind are enough, since a post is no control of
 * itself, under whichever capture.
 */
interface Controls {
  readonly all: Map<string, string>;
  /** By channel, those that showed presence by it. */
  readonly passed: Map<Channel, Map<string, string>>;
}

function addTo({ all, passed }: Controls, { url, capture, signals }: Asked): void {
  addOne(all, url, capture);
  if (findingOf(signals) !== "online") return;
  for (const { by } of signals.filter(shows)) {
    const there = passed.get(by) ?? new Map();
    passed.set(by, there);
    addOne(there, url, capture);
  }
}

function addOne(controls: Map<string, string>, url: string, capture: string): void {
  if (controls.size < 2 && !controls.has(url)) controls.set(url, capture);
}

/** By each channel the control that shows presence by it; null where there is nothing to take for a control. */
function passedBy({ url }: Asked, controls: Controls | undefined): Passed | null {
  const other = (from: ReadonlyMap<string, string>) => [...from].find(([at]) => at !== url)?.[1] ?? null;
  if (controls === undefined || other(controls.all) === null) return null;
  const passed = new Map<Channel, string>();
  for (const [channel, there] of controls.passed) {
    const control = other(there);
    if (control !== null) passed.set(channel, control);
  }
  return passed;
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
