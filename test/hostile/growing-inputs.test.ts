import { describe, expect, it } from "vitest";
import { foreignReaders } from "../trials/fuzzing.js";
import { growingInputs, readInTime } from "../trials/growing-inputs.js";

describe("a hostile text costs time in proportion to its length, whatever it repeats", () => {
  // Each reader gets every thirtieth input, each input goes to every thirtieth reader; `npm run soak` draws from all of them.
  it.each(foreignReaders.map((reader, nth) => [reader.name, reader, nth] as const))(
    "%s",
    (_name, reader, nth) => {
      const inputs = [...growingInputs(reader)].filter((_input, at) => at % 30 === nth % 30);
      expect(inputs.length).toBeGreaterThan(1);
      for (const input of inputs) readInTime(reader, input);
    },
  );
});
