import type { ChildProcess } from "node:child_process";
import { Duplex } from "node:stream";

/**
 * The command line that ties a jail to this process from its first moment on, where `fd` is the child's file descriptor
 * for the lifeline. bubblewrap ends with its parent as well, but the jail's first process does not yet end with bubblewrap
 * while the jail is made: it would wait for ever, or run the program to its end.
 */
export function onLifeline(
  [bubblewrap, ...args]: readonly [string, ...string[]],
  fd: number,
): readonly [command: string, args: readonly string[]] {
  return ["/bin/sh", ["-c", shellScript(fd), "sh", bubblewrap, "--info-fd", String(fd + 2), ...args]];
}

/**
 * Starts a watcher and then becomes bubblewrap. The watcher waits for a line, which says that bubblewrap has ended, or for
 * the end of the lifeline, which only this process holds: then it stops bubblewrap, so that nothing more is started, and
 * kills the jail's first process, which bubblewrap names in a pipe before it lets it go on. Last it kills the group. It is
 * no child of bubblewrap, and holds none of its other descriptors.
 */
function shellScript(fd: number): string {
  const [named, naming] = [fd + 1, fd + 2];
  const others = Array.from({ length: fd - 1 }, (_, n) => `${n + 1}>&-`).join(" ");
  return `exec ${named}<<END
END
exec ${naming}>/proc/self/fd/${named}
( (
  read -r line <&${fd} || {
    kill -STOP $$
    echo end >&${naming}
    while read -r key value <&${named} && test "$key" != end; do
      test "$key" != '"child-pid":' || kill -9 "\${value%,}"
    done
  }
  kill -9 0
) ${others} & )
exec ${fd}<&- ${named}<&-
exec "$@"`;
}

/** Says on the lifeline that the child has ended: the watcher then ends with what is left of the group. */
export function cutAtEnd(child: ChildProcess, fd: number): void {
  const lifeline = child.stdio[fd];
  if (!(lifeline instanceof Duplex)) throw new Error("a child without a lifeline");
  const cut = () => lifeline.end("ended\n", () => lifeline.destroy());
  lifeline.on("error", () => undefined);
  child.once("exit", cut).once("error", cut);
}
