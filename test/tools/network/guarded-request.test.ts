import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askAuthority } from "../../../src/tools/network/authority.js";
import { askOutside, type Egress } from "../../../src/tools/network/guarded-request.js";
import { openProxy } from "../../support/proxies.ts";

let folder: string;
let tlsRoot: string;
let plain: ReturnType<typeof createServer>;
let secure: Server;
const seen: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-request-"));
  const names = "subjectAltName=DNS:authority.invalid,IP:127.0.0.1";
  const files = ["-keyout", "key.pem", "-out", "root.pem", "-subj", "/CN=Test", "-days", "3650"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...key, ...files, "-addext", names], {
    cwd: folder,
    stdio: "pipe",
  });
  tlsRoot = readFileSync(join(folder, "root.pem"), "utf8");
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === "/short") {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    } else if (request.url === "/large") response.end(Buffer.alloc(1024 * 1024 + 1));
    else if (request.url === "/full") response.end(Buffer.alloc(1024 * 1024));
    else if (request.url === "/cookie")
      response.writeHead(200, { "set-cookie": "a=b" }).end(request.headers.cookie);
    else request.pipe(response);
  };
  plain = createServer(answer);
  secure = createTlsServer({ key: readFileSync(join(folder, "key.pem")), cert: tlsRoot }, answer);
  for (const server of [plain, secure]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
});

afterAll(async () => {
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
});

const portOf = (server: Pick<Server, "address">) => (server.address() as AddressInfo).port;

function ask(url: string, egress: Partial<Egress> = {}, body: string | null = "asked") {
  const signal = egress.signal ?? new AbortController().signal;
  const question = { method: body === null ? "GET" : "POST", url, headers: {} } as const;
  const bytes = body === null ? null : Buffer.from(body);
  return askOutside({ ...question, body: bytes }, { proxy: null, allowPrivate: true, ...egress, signal });
}

describe("a question to a server outside", () => {
  it("reaches it over http and over https, and brings the answer", async () => {
    const http = await ask(`http://127.0.0.1:${portOf(plain)}/echo`);
    expect("body" in http && http.body.toString()).toBe("asked");
    const https = await ask(`https://127.0.0.1:${portOf(secure)}/echo?a=b`, { tlsRoots: [tlsRoot] });
    expect("body" in https && https.body.toString()).toBe("asked");
    expect(seen.slice(-2)).toEqual(["POST /echo", "POST /echo?a=b"]);
  });

  it("over https goes to nobody whose certificate is not trusted or is for another name", async () => {
    const asked = seen.length;
    for (const [url, roots] of [
      [`https://127.0.0.1:${portOf(secure)}/`, undefined],
      [`https://localhost:${portOf(secure)}/`, [tlsRoot]],
    ] as const) {
      const answer = await ask(url, roots === undefined ? {} : { tlsRoots: roots });
      expect(answer).toMatchObject({
        status: null,
        problem: expect.stringMatching(/^its TLS certificate is not trusted: /),
      });
    }
    expect(seen.length).toBe(asked);
  });

  it.each(["http", "socks5"] as const)("over https goes through the %s proxy by name", async (kind) => {
    const proxy = await openProxy(kind, portOf(secure));
    const answer = await ask("https://authority.invalid/echo", { proxy: proxy.url, tlsRoots: [tlsRoot] });
    expect("body" in answer && answer.body.toString()).toBe("asked");
    expect(proxy.targets).toEqual(["authority.invalid:443"]);
    await proxy.close();
  });

  it("is refused inside this network, over https too", async () => {
    for (const url of [
      "http://127.0.0.1/",
      "https://127.0.0.1/",
      "https://[::1]/",
      "http://169.254.169.254/",
    ]) {
      expect(await ask(url, { allowPrivate: false })).toMatchObject({
        problem: "cannot be reached: private address",
      });
    }
  });

  it("takes an answer of 1 MiB and no larger one", async () => {
    const base = `http://127.0.0.1:${portOf(plain)}`;
    expect(await ask(`${base}/full`)).toHaveProperty("body");
    expect(await ask(`${base}/large`)).toMatchObject({ problem: "its answer is larger than 1 MiB" });
  });

  it("takes no answer that breaks off", async () => {
    expect(await ask(`http://127.0.0.1:${portOf(plain)}/short`)).toMatchObject({
      problem: expect.stringMatching(/^the connection broke/),
    });
  });

  it("keeps no cookie", async () => {
    const url = `http://127.0.0.1:${portOf(plain)}/cookie`;
    await ask(url, {}, null);
    const again = await ask(url, {}, null);
    expect("body" in again && again.body.length).toBe(0);
  });

  it("says in words what is wrong with an address or a proxy", async () => {
    expect(await ask("no address")).toMatchObject({ problem: "its address cannot be read" });
    expect(await ask("http://a.example/", { proxy: "no proxy" })).toMatchObject({
      problem: "the proxy address cannot be read",
    });
    expect(await ask("http://a.example/", { proxy: "ftp://127.0.0.1" })).toMatchObject({
      problem: "using the proxy: its address starts with neither http:// nor socks5://",
    });
  });

  it("is not begun after an interrupt", async () => {
    const asked = seen.length;
    const answer = await ask(`http://127.0.0.1:${portOf(plain)}/`, { signal: AbortSignal.abort() });
    expect(answer).toMatchObject({ problem: "interrupted" });
    expect(seen.length).toBe(asked);
  });

  it("to an authority carries the request as RFC 3161 §3.4 has it", async () => {
    const egress = { proxy: null, allowPrivate: true, signal: new AbortController().signal };
    const answer = await askAuthority(
      `http://127.0.0.1:${portOf(plain)}/stamp`,
      Buffer.from("request"),
      egress,
    );
    expect("body" in answer && answer.body.toString()).toBe("request");
  });
});
