import { clockDoubts, doubtSentence, type KnownTimes, setClock } from "../core/capture/clock-doubts.js";
import type { ClockCheck, ClockDoubt } from "../core/capture/record.js";
import { checkClock } from "../tools/run/clock.js";
import type { World } from "../world.js";

/** What is known of the clock: whether a service keeps it, and which times it cannot agree with. Asks nobody outside. */
export async function examineClock(now: Date, known: KnownTimes): Promise<ClockCheck> {
  const doubts = clockDoubts(now, known);
  const kept = await checkClock(now);
  return doubts.length === 0 ? kept : { ...kept, contradicted_by: doubts };
}

/** Tells a person, before anything is captured: later it stands in the record, and the times of the log are wrong. */
export function tellOfClock(doubts: readonly ClockDoubt[], now: Date, world: Pick<World, "tell">): void {
  for (const doubt of doubts) world.tell(doubtSentence(doubt, now));
  if (doubts.length > 0) world.tell(setClock);
}
