import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateMaker, makeCertificates, type Signer } from "./authority-certificates.ts";
import {
  bareToken,
  digestOf,
  handMade,
  policies,
  readRequest,
  replyTo,
  type StampRequest,
} from "./authority-stamps.ts";
import { withOcspAnswer } from "./unusual-stamps.ts";

/**
 * What the authority does with the next requests. `ocsp-inside`: good, in a form that `openssl ts` cannot read. `down`: nothing listens. `slow`: takes the request and never answers.
 * `retry-later`: 503 with `Retry-After: 90000` (seconds). `replay`: its first good answer again. `other-policy`: under
 * another policy than usual, whatever was asked. `rejects`: a well-formed refusal in words. `endless`: a body without end.
 */
export type Behaviour =
  | "good"
  | "ocsp-inside"
  | "down"
  | "slow"
  | "http-500"
  | "redirect"
  | "retry-later"
  | "wrong-nonce"
  | "wrong-digest"
  | "replay"
  | "other-policy"
  | "rejects"
  | "bare-token"
  | "expired-certificate"
  | "wrong-usage"
  | "usage-not-critical"
  | "unknown-root"
  | "garbage"
  | "web-page"
  | "endless";

export interface AuthorityOptions {
  /** In the names of its certificates. */
  readonly name?: string;
  /** Key of the good signer; RSA where it is missing. */
  readonly signer?: Extract<Signer, "rsa" | "p256" | "p384">;
  /** When its certificates are valid, in words of `openssl ca`, and by which clock it stamps. */
  readonly era?: { readonly valid: readonly string[]; readonly now: () => Date };
}

export interface TestAuthority {
  /** `http://127.0.0.1:<port>/stamp`. */
  readonly url: string;
  /** For `roots` of the authority in holdfast.json, or for `--tsa-ca`. */
  readonly rootPem: string;
  /** The same in a file, for `openssl`. */
  readonly rootFile: string;
  /** A folder for what goes with it; removed by `close`. */
  readonly folder: string;
  readonly certificates: CertificateMaker;
  /** Every request that was read whole, in order, with the headers it came with. */
  readonly requests: readonly (StampRequest & { readonly headers: IncomingMessage["headers"] })[];
  /** From the next connection on. */
  readonly behave: (behaviour: Behaviour) => Promise<void>;
  /** Resolves when the next request has arrived whole. */
  readonly asked: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * A throw-away RFC 3161 authority on loopback, with a root, an authority under it and certificates for stamping made by
 * `openssl` in a temporary folder; it answers with `openssl ts -reply` and can misbehave in every way that a client has
 * to survive. For other tests: `const tsa = await openAuthority({}); … {name: "test", url: tsa.url, roots: [tsa.rootPem]}`
 * in the settings of the vault, HOLDFAST_OFFLINE "" and HOLDFAST_ALLOW_PRIVATE "1" in the world's `env`, and
 * `await tsa.close()` at the end.
 */
export async function openAuthority(options: AuthorityOptions = {}): Promise<TestAuthority> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-authority-"));
  const certificates = makeCertificates(folder, options.name ?? "Holdfast", options.era?.valid);
  const good = options.signer ?? "rsa";
  const requests: (StampRequest & { headers: IncomingMessage["headers"] })[] = [];
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const stamps: Stamps = { folder, certificates, good, now: options.era?.now ?? null, first: null };
  let behaviour: Behaviour = "good";
  const server = createServer(async (request, response) => {
    response.on("error", () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = readRequest(Buffer.concat(chunks));
    requests.push({ ...asked, headers: request.headers });
    for (const resolve of waiting.splice(0)) resolve();
    await answer(behaviour, asked, response, stamps);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/stamp`,
    rootPem: certificates.rootPem,
    rootFile: certificates.rootFile,
    folder,
    certificates,
    requests,
    behave: async (next) => {
      behaviour = next;
      if (next === "down" && server.listening) await stop();
      if (next !== "down" && !server.listening) await listen(port);
    },
    asked: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      if (server.listening) await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Stamps {
  readonly folder: string;
  readonly certificates: CertificateMaker;
  readonly good: Signer;
  /** Null for the clock of the machine, which is the only one that `openssl ts` knows. */
  readonly now: (() => Date) | null;
  first: Buffer | null;
}

async function answer(
  behaviour: Behaviour,
  asked: StampRequest,
  response: ServerResponse,
  stamps: Stamps,
): Promise<void> {
  if (behaviour === "slow" || behaviour === "down") return;
  if (behaviour === "http-500") return void response.writeHead(500).end("broken");
  if (behaviour === "redirect")
    return void response.writeHead(302, { location: "http://elsewhere.example/" }).end();
  if (behaviour === "retry-later") return void response.writeHead(503, { "retry-after": "90000" }).end();
  if (behaviour === "web-page") {
    return void response.writeHead(200, { "content-type": "text/html" }).end("<title>Log in</title>");
  }
  response.writeHead(200, { "content-type": "application/timestamp-reply" });
  if (behaviour === "endless") return pourOut(response);
  response.end(await stampFor(behaviour, asked, stamps));
}

/** The body of an answer that says it is a time-stamp. */
export async function stampFor(behaviour: Behaviour, asked: StampRequest, stamps: Stamps): Promise<Buffer> {
  const { folder, certificates, good, now } = stamps;
  const reply = (changed: Partial<StampRequest>, signer = good) =>
    replyTo(folder, { ...asked, ...changed }, certificates.signer(signer));
  const byHand = (signer: Signer) =>
    handMade(
      folder,
      { digest: asked.digest, nonce: asked.nonce, genTime: asGeneralized(now?.() ?? new Date()) },
      certificates.signer(signer),
    );
  switch (behaviour) {
    case "ocsp-inside":
      return withOcspAnswer(await reply({}));
    case "wrong-nonce":
      return reply({ nonce: Buffer.from("0123456789abcdef", "hex") });
    case "wrong-digest":
      return reply({ digest: digestOf("something else") });
    case "other-policy":
      return reply({ policy: policies.other });
    case "rejects":
      return reply({ policy: policies.unknown });
    case "bare-token":
      return bareToken(folder, await reply({}));
    case "expired-certificate":
      return reply({}, "expired");
    case "unknown-root":
      return reply({}, "stranger");
    case "wrong-usage":
      return byHand("usage");
    case "usage-not-critical":
      return byHand("not-critical");
    case "garbage":
      return Buffer.from("this is no time-stamp");
    case "replay":
      if (stamps.first !== null) return stamps.first;
  }
  const made = now === null ? await reply({}) : await byHand(good);
  stamps.first ??= made;
  return made;
}

function asGeneralized(time: Date): string {
  return `${time.toISOString().replace(/[-T:]|\..*$/g, "")}Z`;
}

function pourOut(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 0x30);
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", pour);
  pour();
}
