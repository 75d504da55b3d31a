import { once } from "node:events";
import type { Socket } from "node:net";
import { parseIpv4, parseIpv6 } from "../../core/capture/source-url.js";

const version = 5;
const noLogin = 0;
const passwordLogin = 2;

const replies: readonly string[] = [
  "succeeded",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "time to live expired",
  "command not supported",
  "address type not supported",
];

/**
 * Asks the SOCKS5 proxy at the other end of `socket` for a connection to `host` (RFC 1928). Sends names as names, without
 * looking them up. Offers a login only if `user` is not empty (RFC 1929). Throws if the proxy refuses. Afterwards `socket`
 * is the connection to the host.
 */
export async function askSocksProxy(
  socket: Socket,
  destination: { readonly host: string; readonly port: number },
  login: { readonly user: string; readonly password: string },
): Promise<void> {
  const methods = login.user === "" ? [noLogin] : [noLogin, passwordLogin];
  socket.write(Buffer.from([version, methods.length, ...methods]));
  const choice = await take(socket, 2);
  if (choice[1] === passwordLogin) await logIn(socket, login);
  else if (choice[0] !== version || choice[1] !== noLogin)
    throw new Error("the SOCKS proxy requires a different login method");
  const port = Buffer.alloc(2);
  port.writeUInt16BE(destination.port);
  socket.write(Buffer.concat([Buffer.from([version, 1, 0]), socksAddress(destination.host), port]));
  await readReply(socket);
}

async function logIn(
  socket: Socket,
  login: { readonly user: string; readonly password: string },
): Promise<void> {
  socket.write(Buffer.concat([Buffer.from([1]), counted(login.user), counted(login.password)]));
  const answer = await take(socket, 2);
  if (answer[1] !== 0) throw new Error("the SOCKS proxy refused the login");
}

async function readReply(socket: Socket): Promise<void> {
  const [, reply = 1, , type] = await take(socket, 4);
  if (reply !== 0) throw new Error(`the SOCKS proxy answered: ${replies[reply] ?? `code ${reply}`}`);
  const boundLength = type === 1 ? 4 : type === 4 ? 16 : ((await take(socket, 1))[0] ?? 0);
  await take(socket, boundLength + 2);
}

/** The address part of a SOCKS5 request: an IPv4 or IPv6 address as bytes, anything else as a name. */
function socksAddress(host: string): Buffer {
  const v4 = parseIpv4(host);
  if (v4 !== null) return Buffer.concat([Buffer.from([1]), bytes(v4, 4)]);
  const v6 = parseIpv6(host);
  if (v6 !== null) return Buffer.concat([Buffer.from([4]), bytes(v6, 16)]);
  return Buffer.concat([Buffer.from([3]), counted(host)]);
}

function bytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
}

function counted(text: string): Buffer {
  const content = Buffer.from(text, "utf8");
  if (content.length === 0 || content.length > 255)
    throw new Error("SOCKS accepts only names of 1 to 255 bytes");
  return Buffer.concat([Buffer.from([content.length]), content]);
}

async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = socket.read(length);
    if (chunk?.length === length) return chunk;
    if (socket.readableEnded || socket.destroyed || chunk !== null)
      throw new Error("the SOCKS proxy closed the connection");
    await Promise.race([once(socket, "readable"), once(socket, "end"), once(socket, "close")]);
  }
}
