import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnswerName, type NameServer, serveNames } from "./name-server.ts";

/** How a command line in the network ended. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A network of its own on this machine, in which addresses of the internet can stand for what they are. */
export interface OpenNetwork {
  readonly names: NameServer;
  /** Runs a command line in it. */
  readonly run: (argv: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>;
  readonly close: () => Promise<void>;
}

export interface OpenNetworkOptions {
  /** IPv4 addresses that are this machine; each brings its whole class A, B or C network. The first answers for names. */
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** Takes whoever connected, and says by `localAddress` which address was dialled. */
  readonly receive: (caller: Socket, port: number) => void;
  readonly answer: AnswerName;
}

/** Whether this machine lets its users make networks; found out by making one. */
export const canOpenNetworks =
  process.platform === "linux" && spawnSync("unshare", ["-rnm", "mount", "--version"]).status === 0;

const script = join(import.meta.dirname, "open-network.py");
const namePort = 53;

/** Opens one; all that is in it ends with `close`. */
export async function openNetwork(options: OpenNetworkOptions): Promise<OpenNetwork> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-network-"));
  writeFileSync(join(folder, "hosts"), "127.0.0.1 localhost\n");
  writeFileSync(join(folder, "resolv.conf"), `nameserver ${options.addresses[0]}\noptions timeout:2\n`);
  writeFileSync(join(folder, "nsswitch.conf"), "hosts: files dns\n");
  const listening = ["3", folder, options.ports.join(","), String(namePort), ...options.addresses];
  const child = spawn("unshare", ["-rnm", "python3", "-I", "-S", "-B", script, ...listening], {
    stdio: ["pipe", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const [names, servers] = await takeListening(child, options);
  return {
    names,
    run: (argv, env = {}) => runInside(child, argv, env),
    close: async () => {
      for (const server of servers) server.close();
      child.stdin?.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function takeListening(
  child: ChildProcess,
  { ports, receive, answer }: OpenNetworkOptions,
): Promise<readonly [NameServer, readonly (Server | UdpSocket)[]]> {
  return new Promise((resolve, reject) => {
    const taken: (Server | UdpSocket)[] = [];
    let names: NameServer | null = null;
    child.once("exit", (status) => reject(new Error(`the network was not made: status ${status}`)));
    child.on("message", (port, handle) => {
      if (handle instanceof Server) {
        handle.on("connection", (caller) => {
          caller.on("error", () => undefined);
          receive(caller, Number(port));
        });
        taken.push(handle);
      } else if (handle instanceof UdpSocket) {
        names = serveNames(handle, answer);
        taken.push(handle);
      }
      if (names !== null && taken.length === ports.length + 1) resolve([names, taken]);
    });
  });
}

async function runInside(
  { pid }: ChildProcess,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const entering = ["--target", String(pid), "--user", "--preserve-credentials", "--net", "--mount", "--"];
  const child = spawn("nsenter", [...entering, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [status] = await once(child, "close");
  return { status, stdout: stdout(), stderr: stderr() };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}
