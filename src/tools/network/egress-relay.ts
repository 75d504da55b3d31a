import {
  type IncomingMessage,
  request,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The header limit for both sides; generous, because a site may set many cookies. */
export const maxHeaderBytes = 256 * 1024;

/** Relays bytes both ways until both sides have ended. An error on one side reaches the other as an error. */
export function relayTunnel(client: Duplex, remote: Socket): void {
  client.on("error", () => resetWhenWritten(remote));
  remote.on("error", () => resetWhenWritten(client));
  client.on("close", () => remote.destroy());
  client.pipe(remote);
  remote.pipe(client);
}

/**
 * Forwards `incoming` over `remote` and relays the answer, streaming both ways. Bodies are not changed, and a body that is
 * cut short arrives cut short, so that the completeness check never sees a false clean end. (One cut is invisible above
 * the runtime: a reset at the same instant as the last bytes of a body without a length looks like its end.) `extra` are
 * raw headers to add; `path` is the request target for the other side. `onSurplus` is called if the server sends more than
 * the announced length of the body: the announced length may not be the whole file. `mark` marks an answer of the guard's own.
 */
export function relayRequest(
  incoming: IncomingMessage,
  response: ServerResponse,
  remote: Socket,
  path: string,
  extra: readonly string[],
  { onSurplus, mark }: { readonly onSurplus: () => void; readonly mark: string },
): void {
  const onward = request({
    method: incoming.method,
    path,
    headers: [...endToEnd(incoming.rawHeaders, ["host"]), ...framing(incoming), ...extra],
    createConnection: () => remote,
    maxHeaderSize: maxHeaderBytes,
  });
  response.on("close", () => remote.destroy());
  incoming.on("error", () => remote.destroy());
  // Node.js treats a reset as the clean end of a body without a length; only the request reports the error.
  const connection = { broken: false };
  let answer: IncomingMessage | null = null;
  onward.on("error", (error: NodeJS.ErrnoException) => {
    connection.broken = true;
    // The parser fails on bytes after a finished body, which answer no request.
    if (answer?.complete && error.code?.startsWith("HPE_")) onSurplus();
    if (!response.headersSent) answerPlainly(response, 502, "the site sent no readable answer", mark);
  });
  onward.on("response", (received) => {
    answer = received;
    relayAnswer(received, response, connection);
  });
  incoming.pipe(onward);
}

/** Answers a request from the guard itself with one line of text, and with `mark` as its `Proxy-Status`. */
export function answerPlainly(response: ServerResponse, status: number, words: string, mark: string): void {
  const login = status === 407 ? { "Proxy-Authenticate": 'Basic realm="holdfast"' } : {};
  const own = { "Proxy-Status": mark, "Content-Type": "text/plain; charset=utf-8", Connection: "close" };
  response.writeHead(status, { ...login, ...own });
  response.end(`holdfast: ${words}\n`);
}

function relayAnswer(
  answer: IncomingMessage,
  response: ServerResponse,
  connection: { readonly broken: boolean },
): void {
  const status = answer.statusCode ?? 502;
  const chunked = /\bchunked\b/i.test(answer.headers["transfer-encoding"] ?? "");
  const counted = answer.headers["content-length"] !== undefined;
  // A body that ends with the connection must not become chunked: the guard would then invent a clean end.
  response.useChunkedEncodingByDefault &&= chunked;
  if (!chunked && !counted) response.shouldKeepAlive = false;
  response.sendDate = false;
  // The site controls this text; Node.js refuses to forward control characters.
  const words = (answer.statusMessage || STATUS_CODES[status] || "").replace(/[^\t\x20-\x7e\x80-\xff]/g, "?");
  const framed = counted || response.useChunkedEncodingByDefault;
  response.writeHead(status, words, endToEnd(answer.rawHeaders, []));
  answer.pipe(response, { end: false });
  answer.on("error", () => cutShort(response, framed));
  answer.on("end", () => {
    if (connection.broken) cutShort(response, framed);
    else response.end();
  });
}

/** Ends the client's connection before the body's announced end, after writing out what has arrived. */
function cutShort(response: ServerResponse, framed: boolean): void {
  const client = response.socket;
  if (client === null) return;
  // A body without an announced length ends with the connection, so only a reset can mark it as cut short.
  if (framed) client.destroySoon();
  else resetWhenWritten(client);
}

function resetWhenWritten(stream: Duplex): void {
  if (stream.destroyed || !stream.writable) reset(stream);
  else stream.write("", () => reset(stream));
}

function reset(stream: Duplex): void {
  // Alone, resetAndDestroy sends a clean end before the reset; destroying in the same turn prevents that.
  if (stream instanceof Socket && !stream.destroyed) stream.resetAndDestroy();
  stream.destroy();
}

/** Raw headers without hop-by-hop headers, those named in `Connection`, and those in `also`. */
function endToEnd(rawHeaders: readonly string[], also: readonly string[]): string[] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  const dropped = new Set([...hopByHop, ...also]);
  for (const [name, value] of pairs) {
    if (name.toLowerCase() !== "connection") continue;
    for (const named of value.split(",")) dropped.add(named.trim().toLowerCase());
  }
  return pairs.filter(([name, value]) => !dropped.has(name.toLowerCase()) && sendable(name, value)).flat();
}

function framing(incoming: IncomingMessage): string[] {
  return incoming.headers["transfer-encoding"] === undefined ? [] : ["Transfer-Encoding", "chunked"];
}

function sendable(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
