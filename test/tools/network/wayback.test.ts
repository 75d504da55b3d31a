import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { askForCopy, type WaybackPatience } from "../../../src/tools/network/wayback.ts";

/* A stand-in for the Wayback Machine: its interface, as its documentation has it, on this machine. */

const url = "https://video.example/watch/811";
const way = { proxy: null, allowPrivate: true };
const quick: WaybackPatience = { answerMs: 60_000, pauseMs: 1, mostMs: 60_000 };
let close = async () => {};
afterEach(() => close());

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function service(answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const world = () => ({ signal: new AbortController().signal, now: () => new Date() });
const stamp = () => new Date().toISOString().replace(/\D/g, "").slice(0, 14);
const say = (response: ServerResponse, value: unknown, status = 200) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));

describe("an outside archive that is asked to keep a page", () => {
  it("is sent the address and nothing else, and asked again until it has the copy", async () => {
    const asked: string[] = [];
    let looks = 0;
    const at = await service((request, response, body) => {
      asked.push(`${request.method} ${request.url} ${body}`);
      expect(Object.keys(request.headers).sort()).toEqual(
        expect.not.arrayContaining(["cookie", "referer", "authorization"]),
      );
      if (request.method === "POST") return say(response, { url, job_id: "spn2-1" });
      looks += 1;
      return say(
        response,
        looks < 3 ? { status: "pending" } : { status: "success", timestamp: stamp(), original_url: url },
      );
    });
    const copy = await askForCopy({ service: at, url }, way, world(), quick);
    expect(copy).toMatchObject({ status: "saved", job: "spn2-1", reason: null });
    expect(copy.archived_url).toMatch(/\/web\/\d{14}\/https:\/\/video\.example\/watch\/811$/);
    const form = `url=${encodeURIComponent(url)}`;
    expect(asked).toEqual([`POST /save ${form}`, ...Array(3).fill("GET /save/status/spn2-1 ")]);
  });

  it("that is slow is not waited for beyond the bound, and stays asked", async () => {
    const never = await service(() => undefined);
    const late = await askForCopy({ service: never, url }, way, world(), { ...quick, answerMs: 50 });
    expect(late).toMatchObject({ status: "unanswered", reason: expect.stringContaining("in time") });
    await close();
    const slow = await service((request, response) =>
      say(response, request.method === "POST" ? { job_id: "spn2-2" } : { status: "pending" }),
    );
    const pending = await askForCopy({ service: slow, url }, way, world(), { ...quick, mostMs: 50 });
    expect(pending).toMatchObject({ status: "pending", job: "spn2-2", archived_url: null });
  });

  it.each([401, 403, 429])("that answers %d has refused", async (status) => {
    const at = await service((_, response) => say(response, {}, status));
    expect(await askForCopy({ service: at, url }, way, world(), quick)).toMatchObject({
      status: "refused",
      reason: `answered with HTTP status ${status}`,
    });
  });

  it("that lies about what it keeps is not believed", async () => {
    const at = await service((request, response) =>
      say(
        response,
        request.method === "POST"
          ? { job_id: "spn2-3" }
          : { status: "success", timestamp: stamp(), original_url: "https://other.example/" },
      ),
    );
    expect(await askForCopy({ service: at, url }, way, world(), quick)).toMatchObject({
      status: "contradictory",
      archived_url: null,
    });
  });

  it("that breaks off, sends too much or sends on elsewhere gave no answer", async () => {
    for (const answer of [
      (response: ServerResponse) => void response.destroy(),
      (response: ServerResponse) => void response.end(Buffer.alloc(2 * 1024 * 1024, 0x20)),
      (response: ServerResponse) => void response.writeHead(302, { location: "http://10.0.0.1/" }).end(),
      (response: ServerResponse) => void response.writeHead(500).end(),
    ]) {
      const at = await service((_, response) => answer(response));
      expect((await askForCopy({ service: at, url }, way, world(), quick)).status).toBe("unanswered");
      await close();
    }
  });

  it("inside this machine or its networks is asked only where somebody allows that", async () => {
    const at = await service((_, response) => say(response, { job_id: "spn2-4" }));
    const copy = await askForCopy({ service: at, url }, { proxy: null, allowPrivate: false }, world(), quick);
    expect(copy.status).toBe("unanswered");
  });
});
