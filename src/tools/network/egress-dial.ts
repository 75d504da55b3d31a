import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { addressesOf, type Destination, Refusal, type Resolve, wordsOf } from "./egress-destination.js";
import { askSocksProxy } from "./socks.js";

const patienceMs = 20_000;

/** Another proxy that receives every connection, with names it looks up itself. */
export interface Upstream extends Destination {
  readonly kind: "http" | "socks5";
  readonly user: string;
  readonly password: string;
}

/** Called with each outgoing socket and the address dialled (null if a proxy received the name). */
export type OnDial = (socket: Socket, address: string | null) => void;

/**
 * Opens a connection to the first of the destination's addresses that answers. Throws a Refusal if the destination is
 * forbidden or no address answers within 20 s each.
 */
export async function dialDirectly(
  destination: Destination,
  allowPrivate: boolean,
  resolve: Resolve,
  onDial: OnDial,
): Promise<Socket> {
  let last: unknown;
  for (const address of await addressesOf(destination, allowPrivate, resolve)) {
    try {
      return await open(address, destination.port, (socket) => onDial(socket, address));
    } catch (error) {
      last = error;
    }
  }
  throw new Refusal(502, `no connection: ${wordsOf(last)}`, last);
}

/** Opens a connection to `destination` through another proxy, which receives the name. Throws a Refusal if that fails. */
export async function dialThrough(
  upstream: Upstream,
  destination: Destination,
  onDial: OnDial,
): Promise<Socket> {
  const socket = await dialUpstream(upstream, onDial);
  const timer = setTimeout(() => socket.destroy(new Error("timed out")), patienceMs);
  try {
    if (upstream.kind === "socks5") await askSocksProxy(socket, destination, upstream);
    else await askHttpProxy(socket, destination, upstream);
    return socket;
  } catch (error) {
    socket.destroy();
    throw new Refusal(502, `no connection through the proxy: ${wordsOf(error)}`, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens a connection to the proxy itself. Throws a Refusal if it does not answer. */
export async function dialUpstream(upstream: Upstream, onDial: OnDial): Promise<Socket> {
  try {
    return await open(upstream.host, upstream.port, (socket) => onDial(socket, null));
  } catch (error) {
    throw new Refusal(502, `the proxy does not answer: ${wordsOf(error)}`, error);
  }
}

/** The headers for logging in to an HTTP proxy; none without a user name. */
export function proxyLogin(upstream: Upstream): readonly string[] {
  if (upstream.user === "") return [];
  const login = Buffer.from(`${upstream.user}:${upstream.password}`).toString("base64");
  return ["Proxy-Authorization", `Basic ${login}`];
}

async function open(host: string, port: number, onSocket: (socket: Socket) => void): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  // The socket's user listens for errors; between two users, an error must not end the process.
  socket.on("error", () => undefined);
  onSocket(socket);
  const timer = setTimeout(() => socket.destroy(new Error("timed out")), patienceMs);
  try {
    await once(socket, "connect");
    return socket;
  } finally {
    clearTimeout(timer);
  }
}

function askHttpProxy(socket: Socket, destination: Destination, upstream: Upstream): Promise<void> {
  const authority = `${destination.host.includes(":") ? `[${destination.host}]` : destination.host}:${destination.port}`;
  return new Promise((resolve, reject) => {
    const ask = request({
      method: "CONNECT",
      path: authority,
      headers: ["Host", authority, ...proxyLogin(upstream)],
      createConnection: () => socket,
    });
    ask.once("error", reject);
    ask.once("response", (response) => reject(new Error(`status ${response.statusCode}`)));
    ask.once("connect", (response, _, head) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      if (head.length > 0) socket.unshift(head);
      resolve();
    });
    ask.end();
  });
}
