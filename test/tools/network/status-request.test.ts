import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askForStatus, type Egress, type Question } from "../../../src/tools/network/guarded-request.js";

/** By path, what the stand-in answers. */
const answers: Readonly<
  Record<string, readonly [status: number, headers: Record<string, string>, body: string]>
> = {
  "/there": [200, { "content-type": "text/html", "set-cookie": "visitor=1", etag: '"a"' }, "a page"],
  "/gone": [410, {}, "gone"],
  "/moved": [302, { location: "/login" }, ""],
  "/later": [503, { "retry-after": "120" }, ""],
  "/large": [404, {}, "x".repeat(300_000)],
};

let server: ReturnType<typeof createServer>;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/silent") return;
    if (request.url === "/short") {
      response.writeHead(404, { "content-length": "100" });
      response.write("half", () => response.destroy());
      return;
    }
    const [status, headers, body] = answers[request.url ?? ""] ?? [404, {}, ""];
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const get = (url: string): Question => ({ method: "GET", url, headers: {}, body: null });
const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function ask(path: string, egress: Partial<Egress> = {}) {
  const signal = new AbortController().signal;
  return askForStatus(get(path.startsWith("http") ? path : `${base()}${path}`), {
    proxy: null,
    allowPrivate: true,
    signal,
    ...egress,
    mostBytes: 262_144,
  });
}

describe("a request whose status is the question", () => {
  it("brings status, body and the fields that say why, and no cookie", async () => {
    const { body, headers, ...rest } = await ask("/there");
    expect(rest).toEqual({ status: 200, fault: null, isCutOff: false });
    expect(Buffer.from(body ?? []).toString()).toBe("a page");
    expect(Object.keys(headers).sort()).toEqual(["content-type", "date", "etag"]);
  });

  it("takes every status for an answer, and follows no redirect", async () => {
    expect(await ask("/gone")).toMatchObject({ status: 410, fault: null });
    expect(await ask("/moved")).toMatchObject({ status: 302, headers: { location: "/login" } });
    expect(await ask("/later")).toMatchObject({ status: 503, headers: { "retry-after": "120" } });
    expect(asked).not.toContain("/login");
  });

  it("reads a body up to 256 KiB and says that it goes on", async () => {
    const answer = await ask("/large");
    expect(answer).toMatchObject({ status: 404, isCutOff: true });
    expect(answer.body?.length).toBe(262_144);
  });

  it("takes an answer that breaks off for none, whatever its status was", async () => {
    expect(await ask("/short")).toMatchObject({ status: null, fault: "connection", body: null });
  });

  it("says why there is no answer", async () => {
    const outward = { allowPrivate: false };
    expect(await ask("http://127.0.0.1/", outward)).toMatchObject({ fault: "private-address" });
    expect(await ask("http://127.0.0.1:1/")).toMatchObject({ status: null, fault: "connection" });
    expect(await ask("http://nowhere.invalid/")).toMatchObject({ status: null, fault: "name" });
    const late = new AbortController();
    const silent = ask("/silent", { signal: late.signal });
    late.abort(new DOMException("too slow", "TimeoutError"));
    expect(await silent).toMatchObject({ status: null, fault: "time-out" });
  });

  it("ends with an interrupt, which is no answer of anybody", async () => {
    const interrupt = new AbortController();
    const silent = ask("/silent", { signal: interrupt.signal });
    interrupt.abort(new Error("stop"));
    await expect(silent).rejects.toThrow("stop");
  });
});
