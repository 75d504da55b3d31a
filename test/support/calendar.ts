import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { encodeAttestation, encodeOperation } from "../../src/seal/calendar-proof.js";

/** `garbage`: answers with what is no proof. `empty`: promises nothing. `slow`: never answers. */
export type CalendarBehaviour = "good" | "http-500" | "garbage" | "empty" | "slow";

export interface TestCalendar {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Path of every request, in order. */
  readonly requests: readonly string[];
  /** Commitments that were handed in, in order. */
  readonly commitments: readonly Buffer[];
  readonly behave: (behaviour: CalendarBehaviour) => void;
  /** From now on every promise is kept: the calendar says that block `height` has it. Null takes that back. */
  readonly mine: (height: number | null) => void;
  /** The Merkle root that the block must have for this commitment, in the header's order. */
  readonly blockRoot: (commitment: Uint8Array) => Buffer;
  readonly close: () => Promise<void>;
}

const salt = Buffer.from("63616c656e646172", "hex");
const sibling = Buffer.alloc(32, 0x5a);

/**
 * An OpenTimestamps calendar on loopback: promises every commitment, and keeps the promise once `mine` was called. For
 * other tests: `{name: "calendar", url: calendar.url}` in `calendars` of the vault's settings, HOLDFAST_OFFLINE "" and
 * HOLDFAST_ALLOW_PRIVATE "1" in the world's `env`, and `await calendar.close()` at the end.
 */
export async function openCalendar(): Promise<TestCalendar> {
  const requests: string[] = [];
  const commitments: Buffer[] = [];
  const sockets = new Set<Socket>();
  let behaviour: CalendarBehaviour = "good";
  let height: number | null = null;
  let url = "";
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on("error", () => undefined);
    requests.push(request.url ?? "");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (behaviour === "slow") return;
    if (behaviour === "http-500") return void response.writeHead(500).end();
    if (behaviour === "garbage") return void response.end("no proof");
    if (behaviour === "empty") return void response.end(encodeOperation({ name: "sha256", argument: null }));
    if (request.url === "/digest") {
      commitments.push(Buffer.concat(chunks));
      return void response.end(Buffer.concat([...path(), encodeAttestation({ kind: "pending", url })]));
    }
    const [, hex = ""] = /^\/timestamp\/([0-9a-f]+)$/.exec(request.url ?? "") ?? [];
    const known = commitments.some((one) => promised(one).toString("hex") === hex);
    if (!known || height === null) return void response.writeHead(404).end("Pending confirmation");
    response.end(Buffer.concat([...block(), encodeAttestation({ kind: "bitcoin", height })]));
  };
  const server = createServer((request, response) => void answer(request, response));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    commitments,
    behave: (next) => {
      behaviour = next;
    },
    mine: (next) => {
      height = next;
    },
    blockRoot: (commitment) => sha256(sha256(Buffer.concat([sibling, promised(commitment)]))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function path(): readonly Buffer[] {
  return [
    encodeOperation({ name: "prepend", argument: salt }),
    encodeOperation({ name: "sha256", argument: null }),
  ];
}

function promised(commitment: Uint8Array): Buffer {
  return sha256(Buffer.concat([salt, commitment]));
}

function block(): readonly Buffer[] {
  return [
    encodeOperation({ name: "prepend", argument: sibling }),
    encodeOperation({ name: "sha256", argument: null }),
    encodeOperation({ name: "sha256", argument: null }),
  ];
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
