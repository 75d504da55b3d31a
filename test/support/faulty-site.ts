import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type PieceFault, pieceFaults } from "./piece-faults.ts";
import { openSite, type Visit } from "./site.ts";
import { makeSiteCertificates } from "./site-certificates.ts";
import { makeSiteClips } from "./site-clips.ts";
import { clipBytes, sendBody, sendClip, sendPage } from "./site-files.ts";

/** How a clip is served: in one piece, or as a stream with a manifest and segments. */
export const layouts = ["http", "hls", "dash"] as const;
export type Layout = (typeof layouts)[number];

/** What can be wrong with whoever has a piece, where it is fetched over TLS; `good` is nothing. */
const servers = {
  good: { certificate: "good", old: false },
  "self-signed": { certificate: "self-signed", old: false },
  expired: { certificate: "expired", old: false },
  "wrong host": { certificate: "wrong-host", old: false },
  "TLS 1.0": { certificate: "good", old: true },
} as const;

export interface FaultySite {
  /** What a fault does, by its name; a test may add some. */
  readonly faults: Map<string, PieceFault>;
  /** An address at which a clip is served in this layout with this fault in one of its pieces; new at each call. */
  readonly address: (layout: Layout, fault: string) => string;
  /** The pieces of the clip's picture, or of all of it, in order, as they are where nothing is wrong. */
  readonly pieces: (layout: Layout) => readonly Buffer[];
  /** PEM file of the root that a client must trust for a certificate to be the only thing that is wrong. */
  readonly rootFile: string;
  readonly close: () => Promise<void>;
}

const folders: Readonly<Record<Layout, string>> = { http: "", hls: "hls/", dash: "dash/segments/" };

/** The files of the picture in order; the fault is in the last but one, or in the only one. */
const files: Readonly<Record<Layout, readonly string[]>> = {
  http: ["clip.mp4"],
  hls: ["segment-0.ts", "segment-1.ts", "segment-2.ts"],
  dash: [1, 2, 3].map((number) => `chunk-stream0-0000${number}.m4s`),
};

const faultyFile = (layout: Layout) => files[layout].at(-2) ?? files[layout][0] ?? "";

/** Opens a site on loopback whose pieces are served as the address says: `/faulty/NUMBER/FAULT/LAYOUT/FILE`. */
export async function openFaultySite(folder: string): Promise<FaultySite> {
  const clips = join(folder, "clips");
  makeSiteClips(clips);
  const certificates = makeSiteCertificates(join(folder, "certificates"));
  const secure: Server[] = [];
  const ports = new Map<string, number>();
  for (const [name, { certificate, old }] of Object.entries(servers)) {
    const server = await openSecure(certificates.of(certificate), old, clips);
    secure.push(server);
    ports.set(name, (server.address() as AddressInfo).port);
  }
  const faults = new Map(Object.entries(pieceFaults));
  const site = await openSite({ clips, routes: { "/faulty/": (visit) => serve(visit, faults, ports) } });
  let number = 0;
  return {
    faults,
    rootFile: certificates.rootFile,
    pieces: (layout) => files[layout].map((name) => clipBytes(clips, `${folders[layout]}${name}`)),
    address: (layout, fault) => {
      number += 1;
      const start = { http: "page", hls: "index.m3u8", dash: "index.mpd" }[layout];
      return `${site.url}/faulty/${number}/${encodeURIComponent(fault)}/${layout}/${start}`;
    },
    close: async () => {
      await site.close();
      for (const server of secure) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function openSecure(
  certificate: { readonly key: string; readonly cert: string },
  old: boolean,
  clips: string,
): Promise<Server> {
  const only = old
    ? ({ minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" } as const)
    : {};
  const server = createServer({ ...certificate, ...only }, (request, response) => {
    const body = clipBytes(clips, request.url?.slice(1) ?? "");
    response.writeHead(200, { "content-length": String(body.length) }).end(body);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function serve(
  visit: Visit,
  faults: ReadonlyMap<string, PieceFault>,
  ports: ReadonlyMap<string, number>,
): void {
  const [fault = "", layout = "", file = ""] = visit.url.pathname.split("/").slice(3).map(decodeURIComponent);
  if (layout !== "http" && layout !== "hls" && layout !== "dash") throw new Error("no such layout");
  const faulty = faultyFile(layout);
  const name = `${folders[layout]}${faulty}`;
  const address = fault.startsWith("TLS: ")
    ? `https://127.0.0.1:${ports.get(fault.slice(5))}/${name}`
    : faulty;
  const act = faults.get(fault);
  if (file === "page")
    sendPage(visit, `<!doctype html><title>a clip</title><video src="${address}"></video>`);
  else if (file === "index.m3u8") sendBody(visit, playlist(address), file);
  else if (file === "index.mpd") sendBody(visit, manifest(visit, faulty, address), file);
  else if (file === faulty && act) act(visit, clipBytes(visit.clips, name));
  else sendClip(visit, `${folders[layout]}${file}`);
}

function playlist(address: string): string {
  const list = files.hls.map((name) => `#EXTINF:1.0,\n${name === faultyFile("hls") ? address : name}\n`);
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n${list.join("")}#EXT-X-ENDLIST\n`;
}

function manifest(visit: Visit, faulty: string, address: string): string {
  return clipBytes(visit.clips, "dash/segments/manifest.mpd").toString().replace(faulty, address);
}
