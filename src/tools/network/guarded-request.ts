import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { isIP, type Socket } from "node:net";
import { connect } from "node:tls";
import { webUrl } from "../../core/capture/source-url.js";
import type { Answer, AnswerFault } from "../../core/observe/answers.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable } from "../../core/words/printable.js";
import { wordsOf } from "./egress-destination.js";
import { type EgressGuard, openEgressGuard } from "./egress-guard.js";

/** One small request to an outside server. */
export interface Question {
  readonly method: "GET" | "POST";
  /** `http:` or `https:`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

/** How a request may leave this machine. */
export interface Egress {
  /** `http://` or `socks5://` proxy; null for none. */
  readonly proxy: string | null;
  readonly allowPrivate: boolean;
  /** Ends the request; a TimeoutError as reason means that the server was too slow. */
  readonly signal: AbortSignal;
  /** Trusted roots for TLS in PEM; if missing, those of Node.js. */
  readonly tlsRoots?: readonly string[];
  /** The largest answer to read; if missing, 1 MiB. */
  readonly mostBytes?: number;
}

/** The body of an answer with status 200, or the reason why there is none, for the user. */
export type SmallAnswer =
  | { readonly body: Buffer; readonly contentType: string }
  | {
      readonly problem: string;
      readonly status: number | null;
      readonly retryAfter: string | null;
      /** Where it redirects to, as the server says it. */
      readonly location?: string;
    };

const mebibyte = 1024 * 1024;

/** An answer with whatever status, and what of it is kept; or why there is none. */
export interface OutsideAnswer extends Omit<Answer, "body"> {
  /** At most as many bytes as were asked for; null where there is no answer. */
  readonly body: Uint8Array | null;
  /** Whether the body went on. */
  readonly isCutOff: boolean;
}

/**
 * Sends a request through its own egress guard, which uses the proxy, refuses private addresses and looks the name up
 * once. Follows no redirect, keeps no cookie and reveals nothing about this machine. Never throws because of the server
 * or the network.
 */
export async function askOutside(question: Question, egress: Egress): Promise<SmallAnswer> {
  const answer = await throughGuard(question, egress, async (response): Promise<SmallAnswer> => {
    const status = response.statusCode ?? 0;
    if (status !== 200) return refusedBy(response, status);
    const { mostBytes = mebibyte } = egress;
    const body = await readBody(response, mostBytes);
    if (body === null) return failed(`its answer is larger than ${mostBytes / mebibyte} MiB`);
    return { body, contentType: response.headers["content-type"] ?? "" };
  });
  return "fault" in answer ? failed(answer.words) : answer;
}

/**
 * The same for an answer whose status is what is asked for: any is an answer, and so is a redirect. A body is read up to
 * `mostBytes`. An answer that breaks off within them is none: its status may be that of who cut it. Throws after an interrupt.
 */
export async function askForStatus(
  question: Question,
  egress: Egress & { readonly mostBytes: number },
): Promise<OutsideAnswer> {
  const answer = await throughGuard(question, egress, async (response): Promise<OutsideAnswer> => {
    const { bytes, isCutOff } = await readBeginning(response, egress.mostBytes);
    const headers = Object.fromEntries(
      keptHeaders.flatMap((name) => {
        const value = response.headers[name];
        return typeof value === "string" ? [[name, value]] : [];
      }),
    );
    return { status: response.statusCode ?? 0, fault: null, headers, body: bytes, isCutOff };
  });
  if (!("words" in answer)) return answer;
  if (egress.signal.aborted && answer.fault !== "time-out") throw egress.signal.reason;
  return { status: null, fault: answer.fault, headers: {}, body: null, isCutOff: false };
}

/** What of an answer's header fields says whether, why and until when it refuses. */
const keptHeaders: readonly string[] = [
  "cf-mitigated",
  "content-length",
  "content-type",
  "date",
  "etag",
  "last-modified",
  "location",
  "retry-after",
  "server",
  "www-authenticate",
];

/** Why there is no answer, for programs and for the user. */
interface NoAnswer {
  readonly fault: AnswerFault;
  readonly words: string;
}

async function throughGuard<Read>(
  question: Question,
  egress: Egress,
  read: (response: IncomingMessage) => Promise<Read>,
): Promise<Read | NoAnswer> {
  const noAnswer = (words: string, fault: AnswerFault = "connection"): NoAnswer => ({ fault, words });
  const ended = () => noAnswer(endWords(egress.signal), isLate(egress.signal) ? "time-out" : "connection");
  if (egress.signal.aborted) return ended();
  const upstream = egress.proxy === null ? null : webUrl(egress.proxy);
  if (egress.proxy !== null && upstream === null) return noAnswer("the proxy address cannot be read");
  const url = webUrl(question.url);
  if (url === null) return noAnswer("its address cannot be read");
  let guard: EgressGuard | null = null;
  try {
    guard = await openEgressGuard({ allowPrivate: egress.allowPrivate, upstream });
    const tunnel = url.protocol === "https:" ? await openTunnel(url, guard, egress) : null;
    const response = await send(question, url, guard, tunnel, egress.signal);
    const refusal = refusalOf(guard);
    if (refusal !== null) return noAnswer(refusal.words, refusal.fault);
    return await read(response);
  } catch (error) {
    if (egress.signal.aborted) return ended();
    if (error instanceof HoldfastError) return noAnswer(error.message);
    const words = wordsOf(error);
    return refusalOf(guard) ?? noAnswer(brokenWords(words), isUntrusted(words) ? "tls" : "connection");
  } finally {
    await guard?.close();
  }
}

function refusedBy(response: IncomingMessage, status: number): SmallAnswer {
  response.resume();
  const { location, "retry-after": retryAfter = null } = response.headers;
  const moved = status >= 300 && status < 400 && location !== undefined;
  const problem = moved
    ? `redirected to ${printable(location, 200)}, and holdfast does not follow redirects`
    : `answered with HTTP status ${status}`;
  return { problem, status, retryAfter, ...(moved ? { location } : {}) };
}

function send(
  { method, headers, body }: Question,
  url: URL,
  guard: EgressGuard,
  tunnel: Socket | null,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const proxy = new URL(guard.url);
  const length = body === null ? {} : { "Content-Length": String(body.length) };
  const common = { Host: url.host, "User-Agent": "holdfast", ...headers, ...length, Connection: "close" };
  const asked =
    tunnel === null
      ? {
          agent: false as const,
          host: proxy.hostname,
          port: proxy.port,
          path: url.href.split("#")[0],
          headers: { ...common, ...login(proxy) },
        }
      : { createConnection: () => tunnel, path: `${url.pathname}${url.search}`, headers: common };
  const outgoing = request({ method, signal, ...asked });
  outgoing.end(body ?? undefined);
  return answerTo(outgoing);
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", resolve);
  });
}

/** A TLS connection to the server through the guard, which sees names and sizes but no content. */
async function openTunnel(url: URL, guard: EgressGuard, { signal, tlsRoots }: Egress): Promise<Socket> {
  const proxy = new URL(guard.url);
  const authority = `${url.hostname}:${url.port === "" ? 443 : url.port}`;
  const headers = { Host: authority, ...login(proxy) };
  const asking = request({
    method: "CONNECT",
    host: proxy.hostname,
    port: proxy.port,
    path: authority,
    headers,
    signal,
    agent: false,
  });
  asking.end();
  const raw = await new Promise<Socket>((resolve, reject) => {
    asking.once("error", reject);
    asking.once("connect", (answer, socket: Socket) => {
      if (answer.statusCode === 200) resolve(socket);
      else reject(new Error(`status ${answer.statusCode}`));
    });
  });
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const name = isIP(host) === 0 ? { servername: host } : {};
  const roots = tlsRoots === undefined ? {} : { ca: [...tlsRoots] };
  const secure = connect({ socket: raw, host, ALPNProtocols: ["http/1.1"], ...name, ...roots });
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => secure.destroy(new Error("ended")), { once: true });
    secure.once("error", reject);
    secure.once("secureConnect", resolve);
  });
  return secure;
}

function login(proxy: URL): Readonly<Record<string, string>> {
  const credentials = Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64");
  return { "Proxy-Authorization": `Basic ${credentials}` };
}

/** Null for a body that is too large; throws if the body is cut short. */
async function readBody(response: IncomingMessage, mostBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > mostBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The first bytes of a body, and whether there are more; throws if the body is cut short before that. */
async function readBeginning(
  response: IncomingMessage,
  mostBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly isCutOff: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, mostBytes), isCutOff: bytes > mostBytes };
}

const systemWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at its address",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "the network is unreachable",
  ETIMEDOUT: "it does not answer",
  ENOTFOUND: "its name does not exist",
  EAI_AGAIN: "its name cannot be looked up at the moment",
};

/** The guard's words for a connection that it did not open. */
function refusalOf(guard: EgressGuard | null): NoAnswer | null {
  const words = guard?.connections.find(({ refused }) => refused !== null)?.refused ?? null;
  if (words === null) return null;
  const known = Object.keys(systemWords).find((code) => words.includes(code));
  const shown = known === undefined ? printable(words, 200) : systemWords[known];
  return { words: `cannot be reached: ${shown}`, fault: faultOf(words) };
}

function faultOf(words: string): AnswerFault {
  if (/ENOTFOUND|EAI_AGAIN|name not found/.test(words)) return "name";
  if (/private address/.test(words)) return "private-address";
  return /ETIMEDOUT/.test(words) ? "time-out" : "connection";
}

function brokenWords(words: string): string {
  const shown = printable(words, 200);
  return isUntrusted(words)
    ? `its TLS certificate is not trusted: ${shown}`
    : `the connection broke: ${shown}`;
}

const isUntrusted = (words: string) => /CERT|ERR_TLS/.test(words);

function endWords(signal: AbortSignal): string {
  return isLate(signal) ? "did not answer in time" : "interrupted";
}

function isLate({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}

function failed(problem: string): SmallAnswer {
  return { problem, status: null, retryAfter: null };
}
