import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { dropRoutes } from "./site-drops.ts";
import { extraRoutes } from "./site-extras.ts";
import { faultRoutes } from "./site-faults.ts";
import { fileRoutes } from "./site-files.ts";
import { pageRoutes } from "./site-pages.ts";
import { streamRoutes } from "./site-streams.ts";

/** One request as the site saw it. */
export interface SiteRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What a route is handed: the request, where to answer, and which visit to this path this is (from 1). */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly site: string;
  /** Folder with the clips, as `makeSiteClips` left it. */
  readonly clips: string;
  readonly count: number;
  readonly visitorAddress: string;
}

/** Routes by path; a key that ends in `/` takes every path below it, the longest one first. */
export type Routes = Readonly<Record<string, (visit: Visit) => void>>;

export interface SiteOptions {
  readonly clips: string;
  /** What pages print as the visitor's address; on loopback the real one would tell nothing. */
  readonly visitorAddress?: string;
  /** Added to the routes that every site has. */
  readonly routes?: Routes;
}

export interface Site {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  readonly requests: readonly SiteRequest[];
  /** Serves whoever connected elsewhere. */
  readonly receive: (caller: Socket) => void;
  readonly close: () => Promise<void>;
}

const common: Routes = {
  ...fileRoutes,
  ...pageRoutes,
  ...streamRoutes,
  ...faultRoutes,
  ...dropRoutes,
  ...extraRoutes,
};

/** Opens the test site on 127.0.0.1 and a free port. `close` cuts every connection that is still open. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const requests: SiteRequest[] = [];
  const visits = new Map<string, number>();
  const sockets = new Set<Socket>();
  const routes = { ...common, ...options.routes };
  const server = createServer((request, response) => {
    const host = request.headers.host ?? "";
    const url = new URL(request.url ?? "/", `http://${host}`);
    const { method = "", headers } = request;
    requests.push({ method, host, path: `${url.pathname}${url.search}`, headers: { ...headers } });
    const count = (visits.get(url.pathname) ?? 0) + 1;
    visits.set(url.pathname, count);
    const visitorAddress = options.visitorAddress ?? "46.182.111.39";
    response.on("error", () => {});
    const visit = { request, response, url, site: siteUrl, clips: options.clips, count, visitorAddress };
    try {
      findRoute(routes, url.pathname)(visit);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const siteUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: siteUrl,
    requests,
    receive: (caller) => server.emit("connection", caller),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function findRoute(routes: Routes, path: string): (visit: Visit) => void {
  const exact = routes[path];
  if (exact) return exact;
  const prefix = Object.keys(routes)
    .filter((key) => key.endsWith("/") && path.startsWith(key))
    .sort((a, b) => b.length - a.length)[0];
  return (prefix === undefined ? undefined : routes[prefix]) ?? notFound;
}

function notFound({ response }: Visit): void {
  response
    .writeHead(404, { "content-type": "text/html" })
    .end("<html><title>gone</title>nothing here</html>");
}
