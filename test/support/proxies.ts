import { createServer as createHttpServer, request } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface TestProxy {
  readonly url: string;
  /** `host:port` of everything that was asked for, in order. */
  readonly targets: readonly string[];
  readonly close: () => Promise<void>;
}

/** A proxy on loopback that leads every name to `port` of this machine: only it knows the names. */
export async function openProxy(kind: "http" | "socks5", port: number): Promise<TestProxy> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = kind === "http" ? httpProxy(port, targets) : socksProxy(port, targets);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${kind}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function httpProxy(port: number, targets: string[]): Server {
  const server = createHttpServer((incoming, response) => {
    const url = new URL(incoming.url ?? "");
    targets.push(`${url.hostname}:${url.port === "" ? 80 : url.port}`);
    const { method = "GET", headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, method, path: url.pathname, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  server.on("connect", ({ url = "" }, client) => {
    targets.push(url);
    const onward = connect(port, "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    onward.on("error", () => client.destroy());
    client.pipe(onward).pipe(client);
  });
  return server;
}

/** As much of RFC 1928 as a client without a login needs that asks for a name. */
function socksProxy(port: number, targets: string[]): Server {
  return createServer((client) => {
    client.once("data", () => {
      client.write(Buffer.of(5, 0));
      client.once("data", (asked: Buffer) => {
        const length = asked[4] ?? 0;
        const name = asked.subarray(5, 5 + length).toString();
        targets.push(`${name}:${asked.readUInt16BE(5 + length)}`);
        const onward = connect(port, "127.0.0.1", () => {
          client.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
          client.pipe(onward).pipe(client);
        });
        onward.on("error", () => client.destroy());
      });
    });
  });
}
