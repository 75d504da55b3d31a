import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { HoldfastError } from "../../core/words/error.js";
import { doorPort } from "../run/jail-door.js";
import {
  checkDestination,
  type Destination,
  parseAuthority,
  Refusal,
  type Resolve,
  wordsOf,
} from "./egress-destination.js";
import { dialDirectly, dialThrough, dialUpstream, proxyLogin, type Upstream } from "./egress-dial.js";
import { answerPlainly, maxHeaderBytes, relayRequest, relayTunnel } from "./egress-relay.js";

/** One requested connection. Part of the evidence: which other hosts the collection contacted. */
export interface Connection {
  /** When it was requested, UTC. */
  readonly at: string;
  readonly host: string;
  readonly port: number;
  /** The address dialled; null if none was, or if another proxy received the name. */
  readonly address: string | null;
  /** Bytes from and to the other side, including handshakes and headers. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Why the guard refused the connection; null if it did not. */
  readonly refused: string | null;
  /** Whether the server sent more than the length it announced. Visible only without encryption. */
  readonly surplus: boolean;
}

/** The only network access for outside programs. */
export interface EgressGuard {
  /** `http://user:password@127.0.0.1:port`; the random password is valid as long as the guard runs. */
  readonly url: string;
  /** Serves a connection made at the door of a jail, which needs no password: only what is in the jail can have made it. */
  readonly receive: (caller: Socket) => void;
  /**
   * The value of `Proxy-Status` in every answer that comes from the guard and not from a site: random, so that no site can
   * pass its answer off as the guard's.
   */
  readonly mark: string;
  /** All connections requested so far, in order: a copy with the current byte counts. */
  readonly connections: readonly Connection[];
  /** Ends every connection and stops listening. `connections` remains readable. */
  readonly close: () => Promise<void>;
}

export interface GuardOptions {
  /** Allows private addresses and ports other than 80 and 443, for a site on this machine. */
  readonly allowPrivate: boolean;
  /** An `http://` or `socks5://` proxy that receives names, not addresses; the guard then looks nothing up. */
  readonly upstream: URL | null;
  readonly resolve?: Resolve;
}

/**
 * Opens the guard: an HTTP proxy (absolute-form requests and CONNECT) on 127.0.0.1 that looks a name up once, refuses
 * private, loopback, link-local and translated addresses, dials the address it checked and records every connection
 * (SECURITY §1.2). With `"doors"` it does not listen itself but serves the doors of jails, which all have the same port.
 * Throws `usage` for a proxy of an unsupported kind.
 */
export async function openEgressGuard(
  options: GuardOptions,
  place: "loopback" | "doors" = "loopback",
): Promise<EgressGuard> {
  const guard = new Guard(options);
  const port = place === "doors" ? doorPort : await guard.listen();
  return {
    receive: (caller) => guard.receive(caller),
    mark: guard.mark,
    url: `http://${user}:${guard.password}@127.0.0.1:${port}`,
    get connections() {
      return guard.connections();
    },
    close: () => guard.close(),
  };
}

const user = "holdfast";

/** The log is kept in memory, and a hostile program controls how many connections it requests. */
const maxConnections = 100_000;

interface Entry {
  readonly at: string;
  readonly destination: Destination;
  socket: Socket | null;
  address: string | null;
  refused: string | null;
  surplus: boolean;
}

/** An outgoing connection and its log entry. */
interface Dialled {
  readonly entry: Entry;
  readonly remote: Socket;
}

class Guard {
  readonly password = randomBytes(24).toString("hex");
  readonly mark = `holdfast-${randomBytes(12).toString("hex")}`;
  private readonly expected = digest(`Basic ${Buffer.from(`${user}:${this.password}`).toString("base64")}`);
  private readonly options: GuardOptions;
  private readonly upstream: Upstream | null;
  private readonly entries: Entry[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly fromDoors = new WeakSet<Socket>();
  private closed = false;
  private readonly server = createServer({
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: 0,
    keepAliveTimeout: 0,
  });

  constructor(options: GuardOptions) {
    this.options = options;
    this.upstream = options.upstream === null ? null : readUpstream(options.upstream);
    this.server.on("connection", (socket: Socket) => this.keep(socket));
    this.server.on("request", (incoming, response) => void this.onRequest(incoming, response));
    this.server.on("connect", (incoming, client, head) => void this.onConnect(incoming, client, head));
  }

  async listen(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("the guard has no port");
    return address.port;
  }

  receive(caller: Socket): void {
    if (this.closed) return void caller.destroy();
    this.fromDoors.add(caller);
    this.server.emit("connection", caller);
  }

  connections(): Connection[] {
    return this.entries.map(({ at, destination, socket, address, refused, surplus }) => ({
      at,
      host: destination.host,
      port: destination.port,
      address,
      bytesIn: socket?.bytesRead ?? 0,
      bytesOut: socket?.bytesWritten ?? 0,
      refused,
      surplus,
    }));
  }

  async close(): Promise<void> {
    this.closed = true;
    const closed = this.server.listening ? once(this.server, "close") : null;
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async onRequest(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    if (!this.knows(incoming)) return answerPlainly(response, 407, "wrong proxy password", this.mark);
    const [, authority = "", rest = ""] = /^http:\/\/([^/?#]*)([^#]*)/i.exec(incoming.url ?? "") ?? [];
    const destination = parseAuthority(authority, 80);
    if (destination === null) return answerPlainly(response, 400, "not an http address", this.mark);
    try {
      const path = rest.startsWith("/") ? rest : `/${rest}`;
      const host = ["Host", destination.port === 80 ? bracketed(destination.host) : authorityOf(destination)];
      const upstream = this.upstream;
      const byProxy = upstream?.kind === "http";
      const { entry, remote } = byProxy
        ? await this.dial(destination, (one) => dialUpstream(upstream, this.note(one)))
        : await this.reach(destination);
      const onSurplus = () => {
        entry.surplus = true;
      };
      const told = { onSurplus, mark: this.mark };
      if (byProxy) {
        const headers = [...host, ...proxyLogin(upstream)];
        relayRequest(incoming, response, remote, `http://${host[1]}${path}`, headers, told);
      } else relayRequest(incoming, response, remote, path, host, told);
    } catch (error) {
      answerPlainly(response, error instanceof Refusal ? error.status : 502, wordsOf(error), this.mark);
    }
  }

  private async onConnect(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on("error", () => undefined);
    if (!this.knows(incoming))
      return refuseTunnel(client, 407, 'Proxy-Authenticate: Basic realm="holdfast"\r\n');
    const destination = parseAuthority(incoming.url ?? "", null);
    if (destination === null) return refuseTunnel(client, 400, "");
    try {
      const { remote } = await this.reach(destination);
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) remote.write(head);
      relayTunnel(client, remote);
    } catch (error) {
      refuseTunnel(client, error instanceof Refusal ? error.status : 502, "");
    }
  }

  private reach(destination: Destination): Promise<Dialled> {
    const upstream = this.upstream;
    return this.dial(destination, (entry) =>
      upstream === null
        ? dialDirectly(
            destination,
            this.options.allowPrivate,
            this.options.resolve ?? systemResolve,
            this.note(entry),
          )
        : dialThrough(upstream, destination, this.note(entry)),
    );
  }

  /** Logs the requested connection before dialling, so that refusals are logged too. */
  private async dial(destination: Destination, open: (entry: Entry) => Promise<Socket>): Promise<Dialled> {
    if (this.entries.length >= maxConnections) throw new Refusal(403, "too many connections");
    const at = new Date().toISOString();
    const entry: Entry = { at, destination, socket: null, address: null, refused: null, surplus: false };
    this.entries.push(entry);
    try {
      if (!this.options.allowPrivate) checkDestination(destination, this.upstream !== null);
      return { entry, remote: await open(entry) };
    } catch (error) {
      entry.refused = wordsOf(error);
      throw error;
    }
  }

  private note(entry: Entry) {
    return (socket: Socket, address: string | null) => {
      this.keep(socket);
      entry.socket = socket;
      entry.address = address;
    };
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
  }

  /** Other users of this machine can reach the port, but only the program that received the URL knows the password. */
  private knows(incoming: IncomingMessage): boolean {
    if (this.fromDoors.has(incoming.socket)) return true;
    return timingSafeEqual(digest(incoming.headers["proxy-authorization"] ?? ""), this.expected);
  }
}

/** Reads a proxy address. Throws `usage` for a proxy of an unsupported kind. */
export function readUpstream(url: URL): Upstream {
  const kind = url.protocol === "http:" ? "http" : /^socks5h?:$/.test(url.protocol) ? "socks5" : null;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (kind === null || host === "") {
    throw new HoldfastError(
      "usage",
      "using the proxy: its address starts with neither http:// nor socks5://",
      "for Tor: --proxy socks5://127.0.0.1:9050",
    );
  }
  const port = url.port === "" ? (kind === "http" ? 80 : 1080) : Number(url.port);
  return {
    kind,
    host,
    port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function refuseTunnel(client: Duplex, status: 400 | 403 | 407 | 502, header: string): void {
  const words = {
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    502: "Bad Gateway",
  };
  client.end(
    `HTTP/1.1 ${status} ${words[status]}\r\n${header}Content-Length: 0\r\nConnection: close\r\n\r\n`,
  );
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function authorityOf(destination: Destination): string {
  return `${bracketed(destination.host)}:${destination.port}`;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
