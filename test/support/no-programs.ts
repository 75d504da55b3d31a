import { afterAll, expect } from "vitest";
import { watchPrograms } from "./watched-programs.js";

const where = "files whose tests start programs are listed in test/vitest.config.ts";
const asked: string[] = [];

const stopWatching = watchPrograms((program) => {
  asked.push(program);
  throw new Error(`${program} is not started: ${where}`);
});

// Code under test may catch that error, so it fails the file as well.
afterAll(() => {
  stopWatching();
  expect(asked, where).toEqual([]);
});
