import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Where the newer control groups of Linux may be mounted. */
const mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
const leaveMs = 2000;
let made = 0;

/**
 * A control group for one run: who is in it, orphans too, and how many seconds of CPU all that ever were in it took, waited
 * for or not. Null where the system has none or this user may not make one.
 */
export function makeGroup() {
  const mount = mounts.find(
    (path) => existsSync(join(path, "cgroup.procs")) && existsSync(join(path, "cgroup.controllers")),
  );
  if (mount === undefined) return null;
  const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
  made += 1;
  const path = join(mount, own, `holdfast-bench-${process.pid}-${made}`);
  try {
    mkdirSync(path);
  } catch {
    return null;
  }
  const entrance = join(path, "cgroup.procs");
  return {
    entering: ({ program, args }) => [
      "/bin/sh",
      ["-c", 'echo $$ > "$0" && exec "$@"', entrance, program, ...args],
    ],
    pids: () => readFileSync(entrance, "utf8").split("\n").filter(Boolean).map(Number),
    cpu: () => Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(path, "cpu.stat"), "utf8"))[1]) / 1e6,
    remove: () => removeWhenLeft(path, entrance),
  };
}

/** A program that has ended may leave its last children a moment to end. */
async function removeWhenLeft(path, entrance) {
  const until = Date.now() + leaveMs;
  for (;;) {
    try {
      return rmdirSync(path);
    } catch (error) {
      if (Date.now() > until) {
        const left = readFileSync(entrance, "utf8").trim().split("\n").join(" ");
        throw new Error(`processes are left: ${left}`, { cause: error });
      }
    }
    await delay(20);
  }
}
