import { afterAll, afterEach, type RunnerTask, type RunnerTestFile } from "vitest";
import { watchPrograms } from "./watched-programs.js";

let started = 0;
let file: RunnerTestFile | undefined;

const stopWatching = watchPrograms(() => {
  started += 1;
});

afterEach(({ task }) => {
  file = task.file;
});

afterAll(() => {
  stopWatching();
  // A file of which only a part ran says nothing about the rest.
  if (started === 0 && file?.tasks.every(passedWholly))
    throw new Error("no program was started: take this file off the list in test/vitest.config.ts");
});

function passedWholly(task: RunnerTask): boolean {
  return task.type === "suite" ? task.tasks.every(passedWholly) : task.result?.state === "pass";
}
