import type { ChildProcess } from "node:child_process";

/**
 * The command line that ties a jail to this process from its first moment on. bubblewrap does so as well, but only once
 * it has made the jail: if this process is killed before that, the jail's first process would wait for bubblewrap for
 * ever. `fd` is the child's file descriptor for the lifeline.
 */
export function onLifeline(
  command: string,
  args: readonly string[],
  fd: number,
): readonly [command: string, args: readonly string[]] {
  return ["/bin/sh", ["-c", shellScript(fd), "sh", command, ...args]];
}

/**
 * Starts a watcher and then becomes the command. The watcher waits for the end of the lifeline, which only this process
 * holds, and ends the group. It is no child of the command, which might wait for it, and holds none of its other descriptors.
 */
function shellScript(fd: number): string {
  const others = Array.from({ length: fd - 1 }, (_, n) => `${n + 1}>&-`).join(" ");
  return `( (read -r _ <&${fd}; kill -9 0) ${others} & ); exec ${fd}<&-; exec "$@"`;
}

/** Cuts the lifeline when the child ends: the watcher ends with what is left of the group. */
export function cutAtEnd(child: ChildProcess, fd: number): void {
  const lifeline = child.stdio[fd];
  lifeline?.on("error", () => undefined);
  child.once("exit", () => lifeline?.destroy()).once("error", () => lifeline?.destroy());
}
