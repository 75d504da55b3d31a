import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a program and all that it started asked of the system's network. */
export interface NetworkCalls {
  readonly stdout: string;
  /** `AF_INET SOCK_STREAM` of every socket that was opened, each kind once. */
  readonly sockets: readonly string[];
  /** `address port` of everybody who was called over IPv4 or IPv6 or sent a packet, each once. */
  readonly called: readonly string[];
  /** The ports that were listened on. */
  readonly ownPorts: readonly number[];
}

/** Whether this machine has strace and lets it look. */
export const canTrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;

const watched = "socket,connect,bind,getsockname,sendto,sendmsg,sendmmsg";

/** Runs a command line under strace, which follows every child. */
export async function networkCallsOf(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<NetworkCalls> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-strace-"));
  const trace = join(folder, "trace");
  try {
    const options = ["-f", "--seccomp-bpf", "-qq", "-s", "64", "-e", `trace=${watched}`, "-o", trace];
    const child = spawn("strace", [...options, ...argv], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(child, "close");
    return { stdout: Buffer.concat(chunks).toString("utf8"), ...readTrace(readFileSync(trace, "utf8")) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const place = /sin6?_port=htons\((\d+)\).*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")/;

function readTrace(text: string): Omit<NetworkCalls, "stdout"> {
  const sockets = new Set<string>();
  const called = new Set<string>();
  const ownPorts = new Set<number>();
  for (const line of text.split("\n")) {
    const call = /\b(socket|connect|bind|getsockname|sendto|sendmsg|sendmmsg)\(/.exec(line)?.[1];
    const kind = /socket\((AF_\w+), (SOCK_\w+)/.exec(line);
    if (kind) sockets.add(`${kind[1]} ${kind[2]}`);
    const [, port, v4, v6] = place.exec(line) ?? [];
    if (call === undefined || port === undefined) continue;
    if (call === "getsockname" || call === "bind") ownPorts.add(Number(port));
    else called.add(`${v4 ?? v6} ${port}`);
  }
  return { sockets: [...sockets].sort(), called: [...called].sort(), ownPorts: [...ownPorts] };
}
