import { expect, test } from "vitest";
import { lookBytes } from "../../../src/core/media/dhash.ts";
import { FrameChoice, picturesPerSecond } from "../../../src/core/media/frame-choice.ts";

const flat = (value: number) => new Uint8Array(lookBytes).fill(value);

/** Decides as a pass does about the frames that a decoder hands out, and gives what is drawn and what is missing. */
function choose(frames: readonly (readonly [time: number, value: number])[]) {
  const choice = new FrameChoice();
  const halfSecond = (at: number) => Math.floor((frames[at]?.[0] ?? 0) * picturesPerSecond);
  const offers = frames.flatMap((_, at) => (at === 0 || halfSecond(at) > halfSecond(at - 1) ? [at] : []));
  const drawn: number[] = [];
  const decide = () => {
    while (offers[0] !== undefined && choice.canDecide(offers[0])) {
      const at = offers.shift() ?? 0;
      if (choice.decide(at)) drawn.push(at);
    }
  };
  for (const [number, [time, value]] of frames.entries()) {
    choice.see({ number, time, look: flat(value) });
    decide();
  }
  choice.end();
  decide();
  return { drawn, missing: choice.missing.map(({ number }) => number) };
}

test("a shot of one frame that stays for seconds is shown by this frame and by no frame of the next shot", () => {
  const still = [0, 0.1, 0.2, 0.3, 0.4].map((time) => [time, 20] as const);
  const after = [4.5, 4.6, 4.7, 4.8, 4.9, 5, 5.1, 5.2].map((time) => [time, 20] as const);
  // Too little different to be kept for its colour alone.
  const { drawn, missing } = choose([...still, [0.5, 40], ...after]);
  expect(drawn).toContain(5);
  expect(missing).toEqual([]);
});

test("where a picture that stands still pauses, the frame before the pause keeps the gap within 10 s", () => {
  const frames = Array.from({ length: 90 }, (_, at) => [at / 10, 50] as const);
  const { drawn, missing } = choose([...frames, [12.1, 50], [12.2, 50]]);
  expect(drawn).toEqual([0]);
  expect(missing).toEqual([89]);
});
