import { expect } from "vitest";

// `toEqual` compares bytes one by one, through an iterator: a clip or database of a few megabytes takes it seconds.
expect.addEqualityTesters([
  (one: unknown, other: unknown) =>
    Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : undefined,
]);
