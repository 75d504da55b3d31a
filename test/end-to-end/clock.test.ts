import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { roundOf } from "../soak/rounds.js";
import { audit, temporaryFolder } from "../support/vaults.js";
import { runClocks } from "../trials/clocks.js";

const folder = temporaryFolder();
const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});
afterAll(() => folder.remove());

const day = 86_400_000;
const now = Date.UTC(2026, 10, 23, 18);

describe("a clock", () => {
  const clocks: readonly [string, readonly number[]][] = [
    ["that is put back two days", [now, now - 2 * day, now]],
    ["that is two days ahead when the vault is made, then right", [now + 2 * day, now, now + 1]],
    ["that goes back a millisecond", [now, now - 1, now - 2]],
    ["that starts in 1970", [0, 1, now]],
    ["that falls to 1970 in the middle of the work", [now, 0, 1, now]],
    ["that passes the end of 32 bits in 2038", [2 ** 31 * 1000 - 1, 2 ** 31 * 1000]],
    ["that stands in 2106, beyond 32 bits without a sign", [2 ** 32 * 1000, now]],
    ["that is ten years ahead, then right", [now, now + 3653 * day, now]],
    ["that stands still", [now, now]],
  ];
  it.each(clocks)(
    "%s keeps nothing from being logged in order, and a check tells where it went back",
    async (name, times) => {
      await runClocks(times, join(folder.path, name));
    },
  );

  it.each([
    ["two days ahead", now + 2 * day],
    ["five days behind", now - 5 * day],
    ["in 1970", 0],
  ])(
    "that is %s when the key is changed, and right before and after, leaves every signature within its key's time",
    async (name, at) => {
      await runClocks([now, at, now + 1], join(folder.path, `changed ${name}`), 1);
    },
  );

  it("that jumps by chance keeps nothing from being logged either", async () => {
    const { random } = roundOf(1);
    const times = Array.from({ length: 6 }, () => Math.floor(random() * 2 ** 42));
    await runClocks(times, join(folder.path, "by chance"), 2);
  });

  it("of a machine that changes to winter time, far from UTC, goes into the log in UTC and never back", async () => {
    process.env.TZ = "America/New_York";
    const change = Date.UTC(2026, 10, 1, 6);
    expect(new Date(change - 1).getHours(), "the hour that comes twice").toBe(new Date(change).getHours());
    await runClocks([change - 1, change, change + 1], join(folder.path, "winter"));
  });
});

/** The library that gives a process another clock; null where it is not installed. */
const fakeTime =
  ["/usr/lib", "/usr/lib64", "/usr/local/lib"]
    .filter((folderOfLibraries) => existsSync(folderOfLibraries))
    .flatMap((path) => [path, ...readdirSync(path).map((name) => join(path, name))])
    .map((path) => join(path, "faketime/libfaketime.so.1"))
    .find((path) => existsSync(path)) ?? null;

describe("the program itself, as a process with another clock", () => {
  it.for(["@1970-01-01 00:00:10", "-2d", "+3653d", "@2106-02-07 06:28:20"])(
    "%s makes a vault whose check passes",
    async (time, { skip }) => {
      if (fakeTime === null) skip("libfaketime is not installed");
      const vault = join(folder.path, `faked ${time}`.replaceAll(/[^a-z0-9]/gi, "-"));
      const program = join(import.meta.dirname, "../../bin/holdfast.js");
      const env = { ...process.env, LD_PRELOAD: fakeTime ?? "", FAKETIME: time };
      const { status, stderr } = spawnSync(process.execPath, [program, "init", "--vault", vault], { env });
      expect(status, String(stderr)).toBe(0);
      expect((await audit(vault)).ok).toBe(true);
    },
  );
});
