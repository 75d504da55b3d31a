import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { isJsonObject, type Json, parseForeignJson } from "../../audit/canonical-json.js";
import { childEnvironment, resourceLimits } from "../run/confinement.js";
import { keptYtDlpLimits } from "../run/limits.js";
import { killGroup, type OpenJail, openJail, startKept } from "../run/run.js";
import type { KeptProcess, RunRequest, RunResult, Started } from "../run/run-request.js";
import type { YtDlpModule } from "./yt-dlp-file.js";

// The compiler does not copy this file, so the compiled program also reads it beside the sources.
const preforkFile = fileURLToPath(new URL("../../../src/tools/download/yt-dlp-prefork.py", import.meta.url));

/** The longest path of a Unix socket that every system supports. */
const maxSocketPath = 103;
/** The interpreter must report that it is ready or has forked within this time, or it counts as stuck. */
const answerSeconds = 30;
/** The interpreter must report the end of a killed fork within this time. */
const overdueSeconds = 10;
const tokenBytes = 64;

/**
 * `options`: those of a usual download, which yt-dlp rehearses with a built-in page. Null if no path on this machine is short
 * enough for its socket.
 */
export function startPrefork(module: YtDlpModule, options: readonly string[]): PreforkInterpreter | null {
  const base = join(tmpdir(), "holdfast-kept-");
  if (Buffer.byteLength(base) + "XXXXXX/socket".length > maxSocketPath) return null;
  try {
    return new PreforkInterpreter(module, options, mkdtempSync(base));
  } catch {
    return null;
  }
}

type Ending = Awaited<Started["ended"]>;

/** A forked process, ready for `supervise`. */
export interface Forked {
  readonly started: Started;
  readonly how: Pick<RunResult, "startedAt" | "sandbox" | "forked">;
}

/** A running request; settled if the interpreter dies. */
interface Job {
  /** The process; `"refused"` if nothing was forked, `"lost"` if that is unknown. */
  readonly started: Deferred<number | "refused" | "lost">;
  readonly ended: Deferred<Ending>;
  /** Runs from the moment the fork is killed. */
  overdue?: NodeJS.Timeout;
}

/** One process of `yt-dlp-prefork.py`, which describes the protocol. It ends with this process. */
export class PreforkInterpreter {
  /** The version that yt-dlp states; null if it could not be loaded. */
  readonly ready: Promise<string | null>;
  readonly ended: Promise<void>;
  private readonly loaded = defer<string | null>();
  private readonly gone = defer<void>();
  private readonly jobs = new Map<number, Job>();
  /** The receivers of awaited connections, each by the token that the connection begins with. */
  private readonly awaited = new Map<string, Deferred<Readable>>();
  private readonly folder: string;
  private readonly server: Server;
  private readonly process: KeptProcess;
  private lastId = 0;
  private over = false;

  /** `folder`: an empty folder that only this user can enter; removed at the end. */
  constructor({ python, zip }: YtDlpModule, options: readonly string[], folder: string) {
    this.folder = folder;
    this.ready = this.loaded.promise;
    this.ended = this.gone.promise;
    this.server = createServer((socket) => this.receive(socket));
    this.server.on("error", () => this.kill()).listen(join(folder, "socket"));
    this.process = startKept({
      program: python,
      argv: ["-I", "-B", preforkFile, zip ?? "", ...options],
      cwd: folder,
      limits: keptYtDlpLimits,
    });
    const late = giveUpAfter(answerSeconds, () => this.kill());
    void this.ready.then(() => clearInterval(late));
    const { child } = this.process;
    child.once("error", () => this.finish()).once("close", () => this.finish());
    child.stdin?.on("error", () => undefined);
    // Nothing else that it prints is needed, but a full pipe would block it.
    child.stderr?.resume();
    if (child.stdout) createInterface(child.stdout).on("line", (line) => this.hear(line));
  }

  /** Null if nothing was forked. If the interpreter dies, its forks count as ended by SIGKILL. */
  async fork(request: RunRequest): Promise<Forked | null> {
    const { jail } = request;
    if (!jail) return this.forkInto(null, request);
    const open = this.over ? null : await openJail({ ...request, jail });
    if (open === null) return null;
    const forked = await this.forkInto(open, request);
    if (forked === null) open.close();
    return forked;
  }

  private async forkInto(jail: OpenJail | null, request: RunRequest): Promise<Forked | null> {
    if (this.over) return null;
    const startedAt = new Date().toISOString();
    const late = giveUpAfter(answerSeconds, () => this.kill());
    this.lastId += 1;
    const id = this.lastId;
    const job: Job = { started: defer(), ended: defer() };
    this.jobs.set(id, job);
    const [out, err] = [this.expectChannel(), this.expectChannel()];
    this.ask(id, request, { jail: jail?.pid ?? null, stdout: out.token, stderr: err.token });
    const started = await job.started.promise;
    if (started === "refused") for (const { token } of [out, err]) this.connect(token, Readable.from([]));
    const [stdout, stderr] = [await out.stream, await err.stream];
    clearInterval(late);
    if (started === "refused") {
      stdout.destroy();
      return null;
    }
    const kill = (signal: NodeJS.Signals) => {
      this.signal(id, started, signal);
      if (signal === "SIGKILL") jail?.close();
    };
    return {
      started: { stdout, stderr, kill, ended: job.ended.promise },
      how: { startedAt, sandbox: jail ? "bwrap" : this.process.sandbox, forked: true },
    };
  }

  /** Ends the interpreter and everything it forked. */
  end(): Promise<void> {
    this.kill();
    return this.ended;
  }

  private kill(): void {
    if (!this.over) killGroup(this.process.child.pid, "SIGKILL");
  }

  private ask(id: number, request: RunRequest, place: Readonly<Record<string, Json>>): void {
    const { program, argv, cwd } = request;
    const env = { ...childEnvironment(cwd), ...request.env };
    const limits = resourceLimits(request.limits);
    this.process.child.stdin?.write(`${JSON.stringify({ id, program, argv, cwd, env, limits, ...place })}\n`);
  }

  private signal(id: number, leader: number | "lost", signal: NodeJS.Signals): void {
    killGroup(leader === "lost" ? undefined : leader, signal);
    const job = this.jobs.get(id);
    if (job && signal === "SIGKILL") job.overdue = giveUpAfter(overdueSeconds, () => this.kill());
  }

  private expectChannel(): { readonly token: string; readonly stream: Promise<Readable> } {
    const token = randomBytes(tokenBytes / 2).toString("hex");
    const channel = defer<Readable>();
    this.awaited.set(token, channel);
    return { token, stream: channel.promise };
  }

  /** Anyone who can reach the socket can connect, so only connections that begin with an awaited token are read. */
  private receive(socket: Socket): void {
    socket.on("error", () => undefined).unref();
    const onReadable = () => {
      const line: unknown = socket.read(tokenBytes + 1);
      if (!Buffer.isBuffer(line)) return;
      socket.off("readable", onReadable);
      if (this.connect(line.toString("latin1").trimEnd(), socket)) socket.ref();
      else socket.destroy();
    };
    socket.on("readable", onReadable);
  }

  private connect(token: string, stream: Readable): boolean {
    const channel = this.awaited.get(token);
    channel?.resolve(stream);
    return this.awaited.delete(token);
  }

  private hear(line: string): void {
    let answer: Json = null;
    try {
      answer = parseForeignJson(line);
    } catch {
      this.kill();
    }
    if (!isJsonObject(answer)) return;
    if (typeof answer.ready === "string") this.loaded.resolve(answer.ready);
    this.jobs.get(Number(answer.started))?.started.resolve(Number(answer.pid));
    if (typeof answer.failed === "number")
      this.settle(answer.failed, { exitCode: null, signal: null, notStarted: null });
    if (typeof answer.ended === "number") this.settle(answer.ended, endingIn(answer));
  }

  private settle(id: number, ending: Ending): void {
    const job = this.jobs.get(id);
    if (!job) return;
    this.jobs.delete(id);
    clearInterval(job.overdue);
    job.started.resolve("refused");
    job.ended.resolve(ending);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
    for (const [id, job] of this.jobs) {
      job.started.resolve("lost");
      this.settle(id, { exitCode: null, signal: "SIGKILL", notStarted: null });
    }
    for (const token of this.awaited.keys()) this.connect(token, Readable.from([]));
    this.loaded.resolve(null);
    this.gone.resolve();
  }
}

function endingIn(answer: Readonly<Record<string, Json>>): Ending {
  if (typeof answer.exit === "number") return { exitCode: answer.exit, signal: null, notStarted: null };
  const known = Object.entries(constants.signals).find(([, number]) => number === answer.signal);
  return { exitCode: null, signal: known?.[0] ?? `signal ${Number(answer.signal)}`, notStarted: null };
}

/** Gives up after this many seconds. Seconds in which this process was too busy to read an answer do not count. */
function giveUpAfter(seconds: number, giveUp: () => void): NodeJS.Timeout {
  let left = seconds;
  return setInterval(() => {
    left -= 1;
    if (left === 0) giveUp();
  }, 1000);
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function defer<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
