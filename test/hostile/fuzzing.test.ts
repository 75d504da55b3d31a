import { describe, it } from "vitest";
import { foreignReaders, fuzz } from "../trials/fuzzing.js";

describe("whatever somebody else wrote is read or refused, and what was read is written the same again", () => {
  it.each(foreignReaders)("$name", (reader) => {
    fuzz(reader, 1, reader.runs ?? 60);
  });
});
