import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { supervise } from "../../../src/tools/run/run.js";
import type { Started } from "../../../src/tools/run/run-request.js";

const request = {
  program: "/usr/bin/true",
  argv: [],
  cwd: "/tmp",
  limits: { wallMs: 60_000, cpuSeconds: 1, addressSpaceBytes: 1, fileSizeBytes: 1, stdoutBytes: 1000 },
};
const how = { startedAt: new Date().toISOString(), sandbox: "none", forked: false } as const;

/** A program that has ended with status 1, of whose two outputs the named one arrives last. */
function ended(last: "stdout" | "stderr"): Started {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const [first, second] =
    last === "stderr" ? (["stdout", "stderr"] as const) : (["stderr", "stdout"] as const);
  streams[first].end(`${first} is here\n`, () => setImmediate(() => streams[second].end(`${second} too\n`)));
  const ending = { exitCode: 1, signal: null, notStarted: null };
  return { ...streams, ended: Promise.resolve(ending), kill: () => undefined };
}

it.each(["stdout", "stderr"] as const)(
  "all that a program said is taken, though its %s comes last",
  async (last) => {
    const { stdout, stderr, exitCode } = await supervise(ended(last), request, how);
    const first = last === "stderr" ? "stdout" : "stderr";
    const said = { stdout: stdout.toString(), stderr: stderr.toString() };
    expect([said[first], said[last], exitCode]).toEqual([`${first} is here\n`, `${last} too\n`, 1]);
  },
);
