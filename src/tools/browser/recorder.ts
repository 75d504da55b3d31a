import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../../audit/canonical-json.js";
import {
  type BodilessReason,
  bodilessByNature,
  type Coverage,
  coverageOf,
  type ListedResponse,
} from "../../core/page/coverage.js";
import { numberAt, objectAt, textAt } from "../../core/page/foreign-fields.js";
import type { PageRedirect, UnansweredRequest } from "../../core/page/visit.js";
import { type DevTools, DevToolsError, type DevToolsEvent } from "./devtools.js";
import type { Exchange, ExchangeWriter } from "./exchange-writer.js";

/**
 * A request as the browser counts it: an exchange for each redirect, and the last. What went over the wire is told apart
 * from it, once for each of them and in their order, and may be told before.
 */
interface Chain {
  session: string | null;
  readonly hops: Exchange[];
  readonly sent: JsonObject[];
  readonly received: JsonObject[];
}

export interface RecorderOptions {
  readonly devtools: DevTools;
  readonly writer: ExchangeWriter;
  readonly now: () => Date;
  /** The value of `Proxy-Status` in answers of the egress guard, which no site gave. */
  readonly guardMark: string;
}

/** The main page's own response, as last navigated to. */
export interface PageResponse {
  readonly url: string;
  readonly status: number;
  /** Whether the guard answered in the site's place. */
  readonly byGuard: boolean;
  /** As the browser understood it. */
  readonly mediaType: string;
}

const nothing = Buffer.alloc(0);

/** Requests that stay open on purpose: waiting for their end would never end. */
const open = new Set(["eventsource", "media", "ping", "websocket"]);

/**
 * Follows every request that any page, frame or worker of the browser makes, and has each response written with its body
 * as soon as it is whole. A response without a body is listed with its reason.
 */
export class Recorder {
  readonly listed: ListedResponse[] = [];
  readonly unanswered: UnansweredRequest[] = [];
  readonly redirects: PageRedirect[] = [];
  /** Origins that answered over an encrypted connection, each with a session in which its certificate can be asked for. */
  readonly encrypted = new Map<string, string>();
  page: PageResponse | null = null;
  /** The last address of the page from which no answer came, with the browser's word for it; null if one came after it. */
  pageFailure: UnansweredRequest | null = null;
  /** When a request last began or ended, in milliseconds of `performance.now`. */
  lastActivity: number;
  private readonly chains = new Map<string, Chain>();
  private readonly sockets = new Map<string, string>();
  private readonly bodies = new Set<Promise<void>>();
  private readonly taking = new Set<Exchange>();
  private readonly redirected: Exchange[] = [];
  private readonly options: RecorderOptions;
  /** What is done at each announcement of the browser's. */
  private readonly handlers: Readonly<
    Record<string, (id: string, params: JsonObject, session: string) => void>
  > = {
    "Network.requestWillBeSent": (id, params, session) => this.onRequest(id, params, session),
    "Network.requestWillBeSentExtraInfo": (id, params) => this.onSent(id, params),
    "Network.responseReceivedExtraInfo": (id, params) => this.onReceived(id, params),
    "Network.responseReceived": (id, params, session) => this.onResponse(id, params, session),
    "Network.loadingFinished": (id, _params, session) => this.onFinished(id, session),
    "Network.loadingFailed": (id, params) => this.onFailed(id, params),
    "Network.requestServedFromCache": (id) => void this.chains.delete(id),
    "Network.webSocketCreated": (id, params) => void this.sockets.set(id, textAt(params, "url") ?? ""),
    "Network.webSocketHandshakeResponseReceived": (id, params) =>
      this.list(this.sockets.get(id) ?? "", numberAt(params, "response", "status") ?? 0, "web-socket"),
  };
  private mainFrame: string | null = null;
  private withBody = 0;
  private finished = false;
  private failure: { readonly error: unknown } | null = null;

  constructor(options: RecorderOptions) {
    this.options = options;
    this.lastActivity = performance.now();
    options.devtools.onEvent((event) => this.take(event));
  }

  /** Which frame is the page itself. */
  follow(frame: string): void {
    this.mainFrame = frame;
  }

  /** How many requests there were. A page can ask for ever. */
  get count(): number {
    return this.chains.size;
  }

  /** Requests that have neither ended nor stay open on purpose. */
  get inFlight(): number {
    let count = 0;
    for (const { hops } of this.chains.values()) {
      const last = hops.at(-1);
      if (last && !last.settled && !open.has(last.kind)) count += 1;
    }
    return count;
  }

  get coverage(): Coverage {
    return coverageOf(this.withBody, this.listed);
  }

  /**
   * Waits up to `ms` for the bodies that are on their way, and lists what has not ended, with as much as there is of it.
   * Throws if something could not be written. Nothing is recorded any more after that.
   */
  async finish(ms: number): Promise<void> {
    const late = sleep(ms);
    while (this.bodies.size > 0 && (await Promise.race([Promise.all(this.bodies), late])) !== undefined);
    const parts = await this.partsOfUnfinished(late);
    this.finished = true;
    for (const exchange of this.taking) this.endBodiless(exchange, "unfinished");
    for (const { hops } of this.chains.values()) {
      const last = hops.at(-1);
      if (!last || last.settled) continue;
      if (last.response) this.endBodiless(last, "unfinished", parts.get(last));
      else this.endUnanswered(last, "not answered before the visit ended");
    }
    // Only now the browser has certainly told what it knows of their headers.
    for (const exchange of this.redirected) this.write(exchange, { reason: "redirect", part: nothing });
    if (this.failure) throw this.failure.error;
  }

  /** What has come so far of responses that have not ended. */
  private async partsOfUnfinished(late: Promise<void>): Promise<ReadonlyMap<Exchange, Buffer>> {
    const parts = new Map<Exchange, Buffer>();
    const asked = [...this.chains].flatMap(([id, { session, hops }]) => {
      const last = hops.at(-1);
      if (!last?.response || last.settled || session === null) return [];
      return [this.partOf(id, session).then((part) => parts.set(last, part))];
    });
    await Promise.race([Promise.all(asked), late]);
    return parts;
  }

  private take({ method, params, session }: DevToolsEvent): void {
    const id = textAt(params, "requestId");
    if (id === null || this.finished || !method.startsWith("Network.")) return;
    this.handlers[method]?.(id, params, session);
  }

  private onRequest(id: string, params: JsonObject, session: string): void {
    const url = textAt(params, "request", "url") ?? "";
    if (!/^https?:/i.test(url)) return;
    this.touch();
    const chain = this.chainOf(id);
    chain.session ??= session;
    // A frame in a process of its own may be announced in two sessions.
    if (chain.session !== session) return;
    const last = chain.hops.at(-1);
    if (last) {
      last.response = objectAt(params, "redirectResponse");
      this.noteRedirect(id, params, last, url);
      this.endRedirect(last);
    } else this.noteMove(id, params, url);
    chain.hops.push({
      url,
      request: objectAt(params, "request"),
      at: this.options.now().toISOString(),
      kind: (textAt(params, "type") ?? "other").toLowerCase(),
      isPage: this.isOfPage(id, params),
      sent: null,
      received: null,
      response: null,
      settled: false,
    });
    link(chain);
  }

  private noteRedirect(id: string, params: JsonObject, { url }: Exchange, to: string): void {
    if (!this.isOfPage(id, params)) return;
    this.redirects.push({ from: url, to, status: numberAt(params, "redirectResponse", "status") });
  }

  /** A page that moves on by itself begins another request. */
  private noteMove(id: string, params: JsonObject, to: string): void {
    if (this.page === null || !this.isOfPage(id, params)) return;
    this.redirects.push({ from: this.page.url, to, status: null });
  }

  private isOfPage(id: string, params: JsonObject): boolean {
    const isDocument = textAt(params, "type") === "Document" && textAt(params, "loaderId") === id;
    return isDocument && textAt(params, "frameId") === this.mainFrame;
  }

  private onSent(id: string, params: JsonObject): void {
    const chain = this.chainOf(id);
    chain.sent.push(params);
    link(chain);
  }

  private onReceived(id: string, params: JsonObject): void {
    const chain = this.chainOf(id);
    chain.received.push(params);
    link(chain);
  }

  private chainOf(id: string): Chain {
    const chain = this.chains.get(id) ?? { session: null, hops: [], sent: [], received: [] };
    this.chains.set(id, chain);
    return chain;
  }

  private onResponse(id: string, params: JsonObject, session: string): void {
    const last = this.chains.get(id)?.hops.at(-1);
    if (!last || last.response) return;
    this.touch();
    const response = objectAt(params, "response");
    last.response = response;
    const origin = /^https:\/\/[^/]+/i.exec(last.url)?.[0];
    if (origin !== undefined) this.encrypted.set(origin, session);
    if (!this.isOfPage(id, params)) return;
    const mediaType = textAt(response, "mimeType") ?? "";
    this.page = { url: last.url, status: statusOf(last), byGuard: this.isOfGuard(last), mediaType };
    this.pageFailure = null;
  }

  private onFinished(id: string, session: string): void {
    const last = this.chains.get(id)?.hops.at(-1);
    if (!last?.response || last.settled) return;
    this.touch();
    const none = bodilessByNature(textAt(last.request, "method") ?? "GET", statusOf(last));
    const why = this.isOfGuard(last)
      ? "no-content"
      : last.response.fromServiceWorker === true
        ? "service-worker"
        : none;
    if (why !== null) this.endBodiless(last, why);
    else this.beginBody(id, last, session);
  }

  private beginBody(id: string, last: Exchange, session: string): void {
    last.settled = true;
    const body = this.takeBody(id, last, session);
    this.bodies.add(body);
    void body.then(() => this.bodies.delete(body));
  }

  private onFailed(id: string, params: JsonObject): void {
    const last = this.chains.get(id)?.hops.at(-1);
    if (!last || last.settled) return;
    this.touch();
    const error = textAt(params, "blockedReason") ?? textAt(params, "errorText") ?? "failed";
    if (last.response) this.endBodiless(last, params.canceled === true ? "cancelled" : "broken");
    else this.endUnanswered(last, error);
    if (last.isPage) this.pageFailure = { url: last.url, error };
  }

  private async takeBody(id: string, exchange: Exchange, session: string): Promise<void> {
    this.taking.add(exchange);
    const body = await this.bodyOf(id, session);
    if (this.finished) return;
    this.taking.delete(exchange);
    if (body === null) return this.endBodiless(exchange, "not-kept");
    if (!body.exact) return this.endBodiless(exchange, "not-kept", body.bytes);
    if (!this.write(exchange, body.bytes)) return this.endBodiless(exchange, "too-large");
    this.withBody += 1;
    this.touch();
  }

  private async partOf(id: string, session: string): Promise<Buffer> {
    const asked = { requestId: id };
    const answer = await this.options.devtools
      .send("Network.streamResourceContent", asked, session)
      .catch(() => ({}));
    return Buffer.from(textAt(answer, "bufferedData") ?? "", "base64");
  }

  /**
   * The body as it came. What the browser gives as text it has read in some encoding, so that it is exact only where every
   * encoding has the same bytes.
   */
  private async bodyOf(
    id: string,
    session: string,
  ): Promise<{ readonly bytes: Buffer; readonly exact: boolean } | null> {
    try {
      const answer = await this.options.devtools.send("Network.getResponseBody", { requestId: id }, session);
      const [text, isBytes] = [textAt(answer, "body") ?? "", answer.base64Encoded === true];
      const bytes = Buffer.from(text, isBytes ? "base64" : "utf8");
      return { bytes, exact: isBytes || bytes.length === text.length };
    } catch (error) {
      if (error instanceof DevToolsError) return null;
      throw error;
    }
  }

  /** Ends an exchange of whose response there is no whole body. What the guard answered is no response of a site. */
  private endBodiless(exchange: Exchange, reason: BodilessReason, part: Buffer = nothing): void {
    if (this.isOfGuard(exchange)) {
      this.endUnanswered(exchange, "held back by the egress guard");
      return;
    }
    exchange.settled = true;
    this.list(exchange.url, statusOf(exchange), reason);
    if (!this.write(exchange, { reason, part })) this.write(exchange, { reason, part: nothing });
  }

  private endRedirect(exchange: Exchange): void {
    exchange.settled = true;
    this.list(exchange.url, statusOf(exchange), "redirect");
    this.redirected.push(exchange);
  }

  /** A disk that takes no more is told at the end: there is nobody to tell while the browser speaks. */
  private write(exchange: Exchange, body: Parameters<ExchangeWriter["write"]>[1]): boolean {
    try {
      return this.options.writer.write(exchange, body);
    } catch (error) {
      this.failure ??= { error };
      return true;
    }
  }

  private endUnanswered(exchange: Exchange, error: string): void {
    exchange.settled = true;
    this.unanswered.push({ url: exchange.url, error });
  }

  private list(url: string, status: number, reason: BodilessReason): void {
    this.listed.push({ url, status, reason });
  }

  private isOfGuard({ response, received }: Exchange): boolean {
    return [objectAt(response, "headers"), objectAt(received, "headers")].some((headers) =>
      Object.entries(headers).some(
        ([name, value]) => name.toLowerCase() === "proxy-status" && value === this.options.guardMark,
      ),
    );
  }

  private touch(): void {
    this.lastActivity = performance.now();
  }
}

/** Gives each exchange what went over the wire for it. */
function link({ hops, sent, received }: Chain): void {
  for (const [index, hop] of hops.entries()) {
    hop.sent = sent[index] ?? null;
    hop.received = received[index] ?? null;
  }
}

function statusOf({ response, received }: Exchange): number {
  return numberAt(received, "statusCode") ?? numberAt(response, "status") ?? 0;
}
