import { setTimeout as sleep } from "node:timers/promises";
import { numberAt } from "../../core/page/foreign-fields.js";
import type { Stop } from "../../core/page/visit.js";
import type { VisitLimits } from "./chromium-command.js";
import { scrollScript, topScript } from "./page-scripts.js";
import type { PageSession } from "./page-session.js";
import type { Recorder } from "./recorder.js";

const lookEachMs = 50;

/** Nothing is asked for any more and nothing has come for this long. */
const quietMs = 500;

/** A page that always asks for something, such as news, counts as settled if only so few requests stay open so long. */
const fewOpen = 2;
const fewQuietMs = 1500;

/** Waits until the page has loaded and its requests rest. False if they do not within `ms`. */
export async function settle(
  recorder: Recorder,
  hasLoaded: () => boolean,
  isOver: () => boolean,
  ms: number,
): Promise<boolean> {
  const end = performance.now() + ms;
  while (performance.now() < end && !isOver()) {
    const quiet = performance.now() - recorder.lastActivity;
    const open = recorder.inFlight;
    if (hasLoaded() && ((open === 0 && quiet > quietMs) || (open <= fewOpen && quiet > fewQuietMs)))
      return true;
    await sleep(lookEachMs);
  }
  return isOver();
}

/** In how many steps a page may grow by most of a window before it counts as endless. */
const mostGrowths = 15;

/** Why scrolling ended before the page did. */
export type ScrollStop = Extract<Stop, "endless-scroll" | "too-tall" | "too-long">;

/**
 * Scrolls window by window to the end of the page, so that what is loaded only when it is seen is asked for, and back to
 * its beginning. Null if it came to the end.
 */
export async function scrollThrough(
  page: PageSession,
  limits: VisitLimits,
  ms: number,
): Promise<ScrollStop | null> {
  const end = performance.now() + Math.min(ms, limits.scrollMs);
  const left = () => Math.max(500, end - performance.now());
  let height = 0;
  let growths = 0;
  let stop: ScrollStop | null = null;
  for (;;) {
    const at = await page.evaluate(scrollScript, left());
    const window = numberAt(at, "seen") ?? 0;
    const now = { seenTo: (numberAt(at, "y") ?? 0) + window, height: numberAt(at, "height") ?? 0, window };
    if (height > 0 && now.height > height + now.window / 2) growths += 1;
    height = now.height;
    if (now.seenTo >= now.height - 1) break;
    if (growths > mostGrowths) stop = "endless-scroll";
    else if (now.seenTo >= limits.tallest) stop = growths > 1 ? "endless-scroll" : "too-tall";
    else if (performance.now() >= end) stop = growths > 1 ? "endless-scroll" : "too-long";
    if (stop !== null) break;
  }
  await page.evaluate(topScript, left());
  return stop;
}
