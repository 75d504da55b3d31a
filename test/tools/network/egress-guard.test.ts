import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, request } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { isForbidden } from "../../../src/tools/network/egress-destination.js";
import {
  type EgressGuard,
  type GuardOptions,
  openEgressGuard,
} from "../../../src/tools/network/egress-guard.js";
import { until } from "../../support/until.ts";

const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function listening(server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.listen(0, host);
  await once(server, "listening");
  endings.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

function site(listener: RequestListener, host?: string): Promise<number> {
  return listening(createServer(listener), host);
}

async function guard(options: Partial<GuardOptions>): Promise<EgressGuard> {
  const opened = await openEgressGuard({ allowPrivate: false, upstream: null, ...options });
  endings.push(opened.close);
  return opened;
}

/** Tells with `body` how many bytes of a body a client has so far. */
const client = new EventEmitter();

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** What the client was told about the end of the body; null for a clean end. */
  readonly error: string | null;
}

function login(proxy: URL): string {
  return `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64")}`;
}

function ask(
  opened: EgressGuard,
  url: string,
  more: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const proxy = new URL(opened.url);
  return new Promise((resolve, reject) => {
    const sent = request({
      host: proxy.hostname,
      port: proxy.port,
      path: url,
      method: more.method ?? "GET",
      headers: { "Proxy-Authorization": login(proxy), ...more.headers },
      agent: false,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      const done = (error: string | null) =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
          error,
        });
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        client.emit("body", Buffer.concat(chunks).length);
      });
      response.on("end", () => done(null));
      response.on("error", (error) => done(error.message));
    });
    sent.end(more.body);
  });
}

async function tunnel(opened: EgressGuard, authority: string): Promise<{ status: number; socket: Socket }> {
  const proxy = new URL(opened.url);
  const sent = request({
    host: proxy.hostname,
    port: proxy.port,
    method: "CONNECT",
    path: authority,
    headers: { "Proxy-Authorization": login(proxy) },
    agent: false,
  });
  sent.end();
  const [response, socket, head] = (await once(sent, "connect")) as [IncomingMessage, Socket, Buffer];
  if (head.length > 0) socket.unshift(head);
  socket.on("error", () => undefined);
  endings.push(async () => void socket.destroy());
  return { status: response.statusCode ?? 0, socket };
}

describe("what the guard refuses", () => {
  it("a private address gets no request, however it is spelled", async () => {
    let requests = 0;
    const port = await site((_, response) => {
      requests += 1;
      response.end("secret");
    }, "127.0.0.2");
    const opened = await guard({});
    const hosts = [
      "127.0.0.2",
      "2130706434",
      "0x7f000002",
      "0177.0.0.2",
      "127.2",
      "[::ffff:127.0.0.2]",
      "[::1]",
      "localhost",
      "localhost.",
    ];
    for (const host of hosts) {
      for (const written of [host, `${host}:80`, `${host}:${port}`]) {
        expect((await ask(opened, `http://${written}/`)).status, written).toBe(403);
      }
      expect((await tunnel(opened, `${host}:443`)).status, host).toBe(403);
    }
    expect(requests).toBe(0);
    expect(
      opened.connections.every(
        ({ refused, bytesIn, address }) => refused !== null && bytesIn === 0 && address === null,
      ),
    ).toBe(true);
    expect(opened.connections).toHaveLength(hosts.length * 4);
  });

  it("a public name that leads to a private address is refused, for requests and for tunnels", async () => {
    const opened = await guard({ resolve: async () => ["127.0.0.2", "64:ff9b::7f00:2"] });
    expect((await ask(opened, "http://clip.example.org/")).status).toBe(403);
    expect((await tunnel(opened, "clip.example.org:443")).status).toBe(403);
    for (const { host, refused } of opened.connections) {
      expect(host).toBe("clip.example.org");
      expect(refused).toContain("127.0.0.2");
    }
  });

  it("a redirect to a private address leads nowhere", async () => {
    let secrets = 0;
    const secret = await site((_, response) => {
      secrets += 1;
      response.end();
    }, "127.0.0.2");
    const page = await site((_, response) => {
      response.writeHead(302, { Location: `http://127.0.0.2:${secret}/` }).end();
    });
    const generous = await guard({ allowPrivate: true });
    const redirect = await ask(generous, `http://127.0.0.1:${page}/`);
    expect(redirect.status).toBe(302);
    const strict = await guard({});
    expect((await ask(strict, redirect.headers.location ?? "")).status).toBe(403);
    expect(secrets).toBe(0);
  });

  it("ports other than 80 and 443 are refused", async () => {
    const opened = await guard({ resolve: async () => ["192.0.32.7"] });
    expect((await ask(opened, "http://clip.example.org:22/")).status).toBe(403);
    expect((await tunnel(opened, "clip.example.org:25")).status).toBe(403);
    expect(opened.connections.map(({ refused }) => refused)).toEqual([
      "port 22 is not a web port",
      "port 25 is not a web port",
    ]);
  });

  it("nobody without the password of this session is served", async () => {
    let requests = 0;
    const port = await site((_, response) => {
      requests += 1;
      response.end();
    });
    const opened = await guard({ allowPrivate: true });
    for (const header of ["", "Basic aG9sZGZhc3Q6", "Bearer x"]) {
      const answer = await ask(opened, `http://127.0.0.1:${port}/`, {
        headers: { "Proxy-Authorization": header },
      });
      expect(answer.status).toBe(407);
      expect(answer.headers["proxy-authenticate"]).toContain("Basic");
    }
    expect(requests).toBe(0);
    expect(opened.connections).toEqual([]);
  });

  it("what arrives at the door of a jail needs no password, because nobody else can arrive there", async () => {
    const port = await site((_, response) => response.end("let in"));
    const opened = await openEgressGuard({ allowPrivate: true, upstream: null }, "doors");
    endings.push(opened.close);
    const door = await listening(createTcpServer(opened.receive));
    const sent = request({ host: "127.0.0.1", port: door, path: `http://127.0.0.1:${port}/`, agent: false });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.destroy();
  });

  it("an answer of the guard's own bears its mark, which no site can know, so that it is not taken for a site's", async () => {
    const port = await site((_, response) => response.setHeader("Proxy-Status", "holdfast").end());
    const [one, other] = [await guard({ allowPrivate: true }), await guard({})];
    expect((await ask(one, `http://127.0.0.1:${port}/`)).headers["proxy-status"]).toBe("holdfast");
    expect((await ask(other, `http://127.0.0.1:${port}/`)).headers["proxy-status"]).toBe(other.mark);
    expect((await ask(one, "/")).headers["proxy-status"]).toBe(one.mark);
    expect(one.mark).not.toBe(other.mark);
  });

  it("other schemes, user names in the address and origin-form requests are not served", async () => {
    const opened = await guard({ allowPrivate: true });
    for (const url of [
      "/",
      "ftp://127.0.0.1/",
      "http://user@127.0.0.1/",
      "http://example.org\\@127.0.0.1/",
      "http:///x",
    ]) {
      expect((await ask(opened, url)).status, url).toBe(400);
    }
    expect(opened.connections).toEqual([]);
  });

  it("a proxy it cannot speak to is a usage error", async () => {
    await expect(guard({ upstream: new URL("ftp://127.0.0.1:1") })).rejects.toMatchObject({ code: "usage" });
  });
});

describe("what the guard lets through", () => {
  it("every field of a header arrives, each as often as it was sent", async () => {
    const port = await site((_, response) =>
      response.writeHead(200, ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "Link", "<x>", "Link", "<y>"]).end(),
    );
    const { headers } = await ask(await guard({ allowPrivate: true }), `http://127.0.0.1:${port}/`);
    expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(headers.link).toBe("<x>, <y>");
  });

  it("the address that was looked up is the address that is dialled, and it is looked up once", async () => {
    const port = await site((incoming, response) => response.end(incoming.headers.host));
    const asked: string[] = [];
    const opened = await guard({
      allowPrivate: true,
      resolve: async (host) => {
        asked.push(host);
        return asked.length === 1 ? ["127.0.0.1"] : ["127.0.0.9"];
      },
    });
    const answer = await ask(opened, `http://clip.example.org:${port}/v.mp4`);
    expect(answer.body.toString()).toBe(`clip.example.org:${port}`);
    expect(asked).toEqual(["clip.example.org"]);
    expect(opened.connections[0]).toMatchObject({
      host: "clip.example.org",
      port,
      address: "127.0.0.1",
      refused: null,
    });
  });

  it("bodies pass unchanged both ways and headers of one connection stay on it", async () => {
    const body = Buffer.alloc(3_000_000, "0123456789");
    const heard: IncomingMessage["headers"][] = [];
    const port = await site((incoming, response) => {
      heard.push(incoming.headers);
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        response.writeHead(200, {
          "X-Got": Buffer.concat(chunks).length,
          "Keep-Alive": "timeout=9",
          "Content-Encoding": "gzip",
        });
        response.end(body);
      });
    });
    const opened = await guard({ allowPrivate: true });
    const headers = {
      Connection: "close, X-Secret-Hop",
      "X-Secret-Hop": "1",
      "Proxy-Connection": "keep-alive",
      "X-Kept": "2",
    };
    const answer = await ask(opened, `http://127.0.0.1:${port}/a?b=%2f#c`, {
      method: "POST",
      body: "x".repeat(200_000),
      headers,
    });
    expect(answer.headers["x-got"]).toBe("200000");
    expect(answer.headers["content-encoding"]).toBe("gzip");
    expect(answer.headers["keep-alive"]).not.toBe("timeout=9");
    expect(answer.body.equals(body)).toBe(true);
    expect(heard[0]).toMatchObject({ "x-kept": "2", host: `127.0.0.1:${port}` });
    for (const name of ["x-secret-hop", "proxy-connection", "proxy-authorization"])
      expect(heard[0]).not.toHaveProperty(name);
    const [connection] = opened.connections;
    expect(connection?.bytesIn).toBeGreaterThan(body.length);
    expect(connection?.bytesOut).toBeGreaterThan(200_000);
    expect(connection?.bytesIn).toBeLessThan(body.length + 2000);
  });

  it("a tunnel carries bytes both ways and lets each side finish on its own", async () => {
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("end", () => socket.end(Buffer.concat(chunks).toString().toUpperCase()));
    });
    const port = await listening(server);
    const opened = await guard({ allowPrivate: true });
    const { status, socket } = await tunnel(opened, `127.0.0.1:${port}`);
    expect(status).toBe(200);
    socket.end("clip");
    const [answer] = await once(socket, "data");
    expect(String(answer)).toBe("CLIP");
    await once(socket, "close");
    expect(opened.connections).toMatchObject([
      { bytesIn: 4, bytesOut: 4, refused: null, address: "127.0.0.1" },
    ]);
  });

  it("a site that is not there is written down as such", async () => {
    const server = createTcpServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    const opened = await guard({ allowPrivate: true });
    expect((await ask(opened, `http://127.0.0.1:${port}/`)).status).toBe(502);
    expect((await tunnel(opened, `127.0.0.1:${port}`)).status).toBe(502);
    expect(opened.connections.map(({ refused }) => refused)).toEqual(
      Array(2).fill("no connection: ECONNREFUSED"),
    );
  });

  it("closing ends what is open and keeps the log", async () => {
    const port = await site((_, response) => void response.write("begin"));
    const opened = await openEgressGuard({ allowPrivate: true, upstream: null });
    const answer = ask(opened, `http://127.0.0.1:${port}/`);
    await until(() => (opened.connections[0]?.bytesIn ?? 0) > 0);
    await opened.close();
    expect((await answer).error).not.toBeNull();
    expect(opened.connections[0]?.bytesIn).toBeGreaterThan(0);
    await expect(ask(opened, `http://127.0.0.1:${port}/`)).rejects.toThrow("ECONNREFUSED");
  });
});

/** Asks without Node's HTTP client, which takes a reset for the end of a body whose length nobody announced. */
async function askRaw(opened: EgressGuard, url: string): Promise<{ text: string; error: string | null }> {
  const proxy = new URL(opened.url);
  const socket = connect(Number(proxy.port), "127.0.0.1");
  socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: ${login(proxy)}\r\n\r\n`);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) {
      chunks.push(chunk);
      client.emit("body", Buffer.concat(chunks).toString().split("\r\n\r\n")[1]?.length ?? 0);
    }
    return { text: Buffer.concat(chunks).toString(), error: null };
  } catch (error) {
    return { text: Buffer.concat(chunks).toString(), error: String(error) };
  }
}

/** A reset without a clean end before it, once the client has `bytes` of the body. */
function resetAfter(bytes: number, socket: Socket): void {
  const listen = (count: number): void => {
    if (count < bytes) return;
    client.off("body", listen);
    socket.resetAndDestroy();
    socket.destroy();
  };
  client.on("body", listen);
}

describe("a server that says more than it announced", () => {
  const body = "x".repeat(5000);
  const answers: Record<string, [string, boolean]> = {
    "a length that is too small": [`Content-Length: 2000\r\n\r\n${body}`, true],
    "a length that is right": [`Content-Length: 5000\r\n\r\n${body}`, false],
    "no length": [`X: y\r\n\r\n${body}`, false],
    "a length that is too large": [`Content-Length: 9000\r\n\r\n${body}`, false],
    "a broken chunk": [`Transfer-Encoding: chunked\r\n\r\n7d0\r\n${body}`, false],
  };
  it.each(Object.entries(answers))("is written down: %s", async (_title, [answer, surplus]) => {
    const port = await listening(
      createTcpServer((socket) =>
        socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n${answer}`)),
      ),
    );
    const opened = await guard({ allowPrivate: true });
    expect((await ask(opened, `http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(opened.connections).toMatchObject([{ surplus, refused: null }]);
  });
});

describe("a refusal", () => {
  it("is told from a connection that failed, in whatever words another proxy puts it", async () => {
    // RFC 1928: 7 is "command not supported", in which there is a "port".
    const port = await listening(
      createTcpServer((socket) =>
        socket.once("data", () => {
          socket.write(Buffer.of(5, 0));
          socket.once("data", () => socket.end(Buffer.of(5, 7, 0, 1, 0, 0, 0, 0, 0, 0)));
        }),
      ),
    );
    const byProxy = await guard({ upstream: new URL(`socks5://127.0.0.1:${port}`) });
    expect((await ask(byProxy, "http://clip.example.org/")).status).toBe(502);
    const strict = await guard({ resolve: async () => ["10.0.0.1"] });
    for (const url of ["http://clip.example.org/", "http://10.0.0.1/", "http://clip.example.org:22/"])
      expect((await ask(strict, url)).status).toBe(403);
    const forbidden = (opened: EgressGuard) =>
      opened.connections.map(({ refused }) => isForbidden(refused ?? ""));
    expect(forbidden(byProxy)).toEqual([false]);
    expect(forbidden(strict)).toEqual([true, true, true]);
  });
});

describe("a body that is cut short arrives cut short", () => {
  const half = "x".repeat(5000);
  const cuts: Record<string, (socket: Socket) => void> = {
    "a connection that ends before the announced length": (socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${half}`),
    "a chunked body without its last chunk": (socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n${half}\r\n`),
    "a reset within the announced length": (socket) => {
      resetAfter(half.length, socket);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${half}`);
    },
  };

  for (const [title, cut] of Object.entries(cuts)) {
    it(title, async () => {
      const port = await listening(createTcpServer((socket) => socket.once("data", () => cut(socket))));
      const answer = await ask(await guard({ allowPrivate: true }), `http://127.0.0.1:${port}/`);
      expect(answer.status).toBe(200);
      expect(answer.body.length).toBe(5000);
      expect(answer.error).not.toBeNull();
    });
  }

  it("a body without a length that ends with the connection is not given a length or chunks", async () => {
    const port = await listening(
      createTcpServer((socket) =>
        socket.once("data", () => socket.end(`HTTP/1.0 200 O\x01K\r\n\r\n${half}`)),
      ),
    );
    const opened = await guard({ allowPrivate: true });
    const { text, error } = await askRaw(opened, `http://127.0.0.1:${port}/`);
    const [head = "", body] = text.split("\r\n\r\n");
    expect(error).toBeNull();
    expect(head).not.toMatch(/transfer-encoding|content-length/i);
    expect(body).toBe(half);
  });

  it("a reset of a body without a length", async () => {
    const server = createTcpServer((socket) => {
      socket.once("data", () => {
        resetAfter(half.length, socket);
        socket.write(`HTTP/1.1 200 OK\r\n\r\n${half}`);
      });
    });
    const port = await listening(server);
    const { text, error } = await askRaw(await guard({ allowPrivate: true }), `http://127.0.0.1:${port}/`);
    expect(text.split("\r\n\r\n")[1]).toBe(half);
    expect(error).toContain("ECONNRESET");
  });

  it("a tunnel that is reset is reset for the client", async () => {
    const server = createTcpServer((socket) => {
      socket.once("data", () => {
        resetAfter(half.length, socket);
        socket.write(half);
      });
    });
    const port = await listening(server);
    const { socket } = await tunnel(await guard({ allowPrivate: true }), `127.0.0.1:${port}`);
    let count = 0;
    socket.on("data", (chunk: Buffer) => {
      count += chunk.length;
      client.emit("body", count);
    });
    socket.write("go");
    const [error] = await once(socket, "error").catch((reason) => [reason]);
    expect(error).toMatchObject({ code: "ECONNRESET" });
  });
});

describe("handing on to another proxy", () => {
  it("a SOCKS5 proxy gets the name, not an address, and nothing is looked up here", async () => {
    const port = await site((incoming, response) => response.end(`hello ${incoming.headers.host}`));
    const heard: Buffer[] = [];
    const socks = await listening(createTcpServer((socket) => void speakSocks(socket, port, heard)));
    const opened = await guard({
      upstream: new URL(`socks5://item-1:pw@127.0.0.1:${socks}`),
      resolve: async () => {
        throw new Error("a name was looked up");
      },
    });
    const answer = await ask(opened, "http://clip.example.org/v.mp4");
    expect(answer.body.toString()).toBe("hello clip.example.org");
    expect((await tunnel(opened, "hidden.onion:443")).status).toBe(200);
    const [type, length, name] = [heard[0]?.[3], heard[0]?.[4], heard[0]?.subarray(5, -2).toString()];
    expect([type, length, name]).toEqual([3, 16, "clip.example.org"]);
    expect(opened.connections).toMatchObject([
      { host: "clip.example.org", port: 80, address: null, refused: null },
      { host: "hidden.onion", port: 443, address: null, refused: null },
    ]);
    expect((await ask(opened, "http://127.0.0.2/")).status).toBe(403);
    expect((await ask(opened, "http://router.local/")).status).toBe(403);
    expect(heard).toHaveLength(2);
  });

  it("a SOCKS5 proxy that says no is a connection that failed", async () => {
    const socks = await listening(
      createTcpServer((socket) => {
        socket.once("data", () => {
          socket.write(Buffer.from([5, 0]));
          socket.once("data", () => socket.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])));
        });
      }),
    );
    const opened = await guard({ upstream: new URL(`socks5://127.0.0.1:${socks}`) });
    expect((await ask(opened, "http://clip.example.org/")).status).toBe(502);
    expect(opened.connections[0]?.refused).toContain("connection refused");
  });

  it("an HTTP proxy gets the name and its own login, for requests and for tunnels", async () => {
    const heard: string[] = [];
    const server = createServer((incoming, response) => {
      heard.push(`${incoming.url} ${incoming.headers["proxy-authorization"]}`);
      response.end("through");
    });
    server.on("connect", (incoming: IncomingMessage, socket: Socket) => {
      heard.push(`${incoming.url} ${incoming.headers["proxy-authorization"]}`);
      socket.end("HTTP/1.1 200 OK\r\n\r\nfirst words");
    });
    const port = await listening(server);
    const opened = await guard({ upstream: new URL(`http://me:secret@127.0.0.1:${port}`) });
    expect((await ask(opened, "http://clip.example.org/v?x=1")).body.toString()).toBe("through");
    const { status, socket } = await tunnel(opened, "clip.example.org:443");
    expect(status).toBe(200);
    const [words] = await once(socket, "data");
    expect(String(words)).toBe("first words");
    const expected = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(heard).toEqual([`http://clip.example.org/v?x=1 ${expected}`, `clip.example.org:443 ${expected}`]);
    expect(opened.connections.map(({ address }) => address)).toEqual([null, null]);
  });
});

/** A SOCKS5 server that asks for a login and leads every request to `port` on this machine. */
async function speakSocks(socket: Socket, port: number, heard: Buffer[]): Promise<void> {
  await once(socket, "data");
  socket.write(Buffer.from([5, 2]));
  const [login] = await once(socket, "data");
  expect(login.toString("latin1")).toContain("item-1");
  socket.write(Buffer.from([1, 0]));
  const [wish] = await once(socket, "data");
  heard.push(wish);
  socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  const remote = connect(port, "127.0.0.1");
  remote.on("error", () => socket.destroy());
  socket.on("close", () => remote.destroy());
  socket.pipe(remote).pipe(socket);
}
