import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Downloader } from "./fetch-types.js";
import { keptYtDlpLimits } from "./limits.js";
import {
  childEnvironment,
  type KeptProcess,
  killGroup,
  type RunRequest,
  type RunResult,
  resourceLimits,
  run,
  type Sandbox,
  type Started,
  startKept,
  supervise,
} from "./run.js";

/** Runs yt-dlp, each time as if it were a process of its own. */
export interface KeptYtDlp {
  /** As `run` of run.ts. Falls back to it where yt-dlp cannot be kept. */
  readonly run: (request: RunRequest) => Promise<RunResult>;
  /** Ends the interpreter and whatever still runs in it. */
  readonly close: () => Promise<void>;
}

const prefork = fileURLToPath(new URL("../../src/tools/yt-dlp-prefork.py", import.meta.url));
/** Loading takes a second or two; an interpreter that says nothing for this long is given up. */
const comeUpMs = 30_000;
/** An interpreter that keeps dying costs more than it saves. */
const mostDeaths = 3;

/**
 * Keeps a yt-dlp loaded, from the first request on, and forks a child of it for each run: loading it takes most of a second. A
 * child has its own session, folder, environment and limits, and its crash touches nobody. Where yt-dlp is no Python
 * script or zip, does not come up, names another version than it did before, or has died several times, every run is a
 * process of its own as usual.
 */
export function openKeptYtDlp(program: Downloader): KeptYtDlp {
  const python = interpreterOf(program.path);
  let kept: Promise<Interpreter | null> | null = null;
  let deaths = 0;
  const closing = new AbortController();
  const interpreter = async (): Promise<Interpreter | null> => {
    if (python === null || deaths >= mostDeaths) return null;
    const current = await kept;
    if (current?.isAlive) return current;
    if (current) deaths += 1;
    kept = Interpreter.start(python, program, closing.signal);
    const started = await kept;
    if (started === null) deaths = mostDeaths;
    return started;
  };
  // One at a time: two requests must not start two interpreters.
  let turn: Promise<Interpreter | null> = interpreter();
  return {
    run: async (request) => {
      turn = turn.then(interpreter, interpreter);
      const ready = await turn;
      return ready === null ? run(request) : ready.run(request);
    },
    close: async () => {
      // One that still loads has nothing to wait for.
      closing.abort();
      await turn.catch(() => null);
      await (await kept)?.close();
      kept = null;
      deaths = mostDeaths;
    },
  };
}

interface Python {
  /** Absolute. */
  readonly path: string;
  /** What goes on its path for modules, or "". */
  readonly package: string;
}

const longestShebang = 256;

/** The interpreter of a yt-dlp that is a script of pip's or a zip behind a shebang; null for anything else. */
function interpreterOf(program: string): Python | null {
  const file = openSync(program, constants.O_RDONLY);
  try {
    const head = Buffer.alloc(longestShebang + 4);
    const bytes = head.subarray(0, readSync(file, head, 0, head.length, 0));
    const end = bytes.indexOf("\n");
    const line = bytes.toString("latin1", 0, end === -1 ? 0 : end);
    const isZip = bytes.subarray(end + 1, end + 3).toString("latin1") === "PK";
    const named = /^#!(\/\S*\/)(env )?(python3?[\d.]*)$/.exec(line);
    if (named === null) return null;
    const [, folder = "", env, name = ""] = named;
    // `env` finds it where the environment of every child looks.
    const path = env === undefined ? `${folder}${name}` : `/usr/bin/${name}`;
    return { path, package: isZip ? program : "" };
  } finally {
    closeSync(file);
  }
}

/** What the interpreter tells: of itself once it is up, and of each child when it begins and ends. */
interface Told {
  readonly version?: string;
  readonly id?: number;
  readonly pid?: number;
  readonly exit?: number | null;
  readonly signal?: string | null;
}

interface Child {
  /** Only the child knows it: nobody else on this machine can speak in its name. */
  readonly token: string;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  readonly connected: Set<string>;
  pid: number | undefined;
  /** Asked for before the pid was known. */
  early: NodeJS.Signals | null;
  readonly end: (how: Awaited<Started["ended"]>) => void;
}

class Interpreter {
  isAlive = true;
  /** The version that it has loaded; null where it ended before it could say so. */
  readonly version: Promise<string | null>;
  private sayVersion: (version: string | null) => void = () => undefined;
  private readonly process: KeptProcess["child"];
  private readonly sandbox: Sandbox;
  private readonly server: Server;
  private readonly folder: string;
  private readonly children = new Map<number, Child>();
  private last = 0;
  private rest = "";

  /** Null where it does not come up as the yt-dlp that it is to be, or `signal` is aborted before it does. */
  static async start(python: Python, program: Downloader, signal: AbortSignal): Promise<Interpreter | null> {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-kept-"));
    const server = createServer();
    server.listen(join(folder, "socket"));
    await once(server, "listening");
    const interpreter = new Interpreter(python, folder, server);
    const giveUp = () => interpreter.sayVersion(null);
    const timer = setTimeout(giveUp, comeUpMs);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    const version = await interpreter.version;
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    if (version === program.version) return interpreter;
    await interpreter.close();
    return null;
  }

  private constructor(python: Python, folder: string, server: Server) {
    const argv = ["-I", prefork, python.package];
    const { child, sandbox } = startKept({
      program: python.path,
      argv,
      cwd: folder,
      limits: keptYtDlpLimits,
    });
    this.process = child;
    this.sandbox = sandbox;
    this.folder = folder;
    this.server = server;
    this.version = new Promise((resolve) => {
      this.sayVersion = resolve;
    });
    child.stdin?.on("error", () => undefined);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.read(text));
    // What it has to say besides is of no use, but a full pipe would stop it.
    child.stderr?.resume();
    child.once("error", () => this.die());
    child.once("exit", () => this.die());
    server.on("connection", (socket) => this.connect(socket));
  }

  run(request: RunRequest): Promise<RunResult> {
    this.last += 1;
    const id = this.last;
    const token = randomBytes(24).toString("hex");
    const ended: Started["ended"] = new Promise((end) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const connected = new Set<string>();
      this.children.set(id, { token, stdout, stderr, connected, pid: undefined, early: null, end });
    });
    const child = this.children.get(id);
    if (!child) throw new Error("a child that was just made is gone");
    if (this.isAlive) this.process.stdin?.write(`${JSON.stringify(this.orderFor(id, token, request))}\n`);
    else this.endChild(id, killed);
    const kill = (signal: NodeJS.Signals) => {
      if (child.pid === undefined) child.early = signal;
      killGroup(child.pid, signal);
    };
    const started = { stdout: child.stdout, stderr: child.stderr, ended, kill };
    return supervise(started, request, { sandbox: this.sandbox, forked: true });
  }

  async close(): Promise<void> {
    const gone = this.isAlive ? once(this.process, "exit") : null;
    killGroup(this.process.pid, "SIGKILL");
    await gone?.catch(() => undefined);
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private orderFor(id: number, token: string, request: RunRequest) {
    return {
      id,
      token,
      socket: join(this.folder, "socket"),
      argv: request.argv,
      cwd: request.cwd,
      env: { ...childEnvironment(request.cwd), ...request.env },
      limits: resourceLimits(request.limits),
    };
  }

  private read(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.hear(JSON.parse(line));
  }

  private hear(told: Told): void {
    if (told.version !== undefined) this.sayVersion(told.version);
    const child = told.id === undefined ? undefined : this.children.get(told.id);
    if (told.id === undefined || !child) return;
    if (told.pid === undefined) {
      this.endChild(told.id, { exitCode: told.exit ?? null, signal: told.signal ?? null, notStarted: null });
      return;
    }
    child.pid = told.pid;
    if (child.early) killGroup(child.pid, child.early);
  }

  /** Whoever connects says first whose output it is, and is nobody until then. */
  private connect(socket: Socket): void {
    let head = Buffer.alloc(0);
    socket.on("error", () => undefined);
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(10);
      if (end === -1) {
        if (head.length > 128) socket.destroy();
        return;
      }
      socket.removeListener("data", onData);
      socket.pause();
      const [token, name] = head.toString("latin1", 0, end).split(" ");
      const child = [...this.children.values()].find((one) => one.token === token);
      if (!child || (name !== "stdout" && name !== "stderr") || child.connected.has(name)) {
        socket.destroy();
        return;
      }
      child.connected.add(name);
      child[name].write(head.subarray(end + 1));
      socket.once("close", () => child[name].end());
      socket.pipe(child[name]);
    };
    socket.on("data", onData);
  }

  private endChild(id: number, how: Awaited<Started["ended"]>): void {
    const child = this.children.get(id);
    if (!child) return;
    this.children.delete(id);
    child.end(how);
    // An end that never connected has nothing to say; the others close when the child's last process is gone.
    for (const name of ["stdout", "stderr"] as const) if (!child.connected.has(name)) child[name].end();
  }

  /** Its children die with it. */
  private die(): void {
    this.isAlive = false;
    this.sayVersion(null);
    for (const [id, child] of this.children) {
      killGroup(child.pid, "SIGKILL");
      this.endChild(id, killed);
    }
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const killed = { exitCode: null, signal: "SIGKILL", notStarted: null } as const;
