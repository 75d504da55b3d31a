import { describe, it } from "vitest";
import { foreignReaders } from "../trials/fuzzing.js";
import { growingInputs, readInTime } from "../trials/growing-inputs.js";

describe("a hostile text costs time in proportion to its length, whatever it repeats", () => {
  it.each(foreignReaders)("$name", (reader) => {
    for (const input of growingInputs(reader)) readInTime(reader, input);
  });
});
