import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { encodeCanonical } from "../audit/canonical-json.js";
import type { CaptureId } from "../audit/digest.js";
import { pageFolder } from "../audit/inventory.js";
import { redactUrl } from "../core/capture/redact.js";
import { webUrl } from "../core/capture/source-url.js";
import { pageFileKind } from "../core/page/page-file-kind.js";
import type { PageFile, PageRecord } from "../core/page/page-record.js";
import type { PageVisit } from "../core/page/visit.js";
import { wellFormed } from "../core/words/printable.js";
import type { Connection } from "../tools/network/egress-guard.js";
import { type AnnexFacts, writeAnnex } from "../vault/annex.js";
import { type ReadyVersion, stageNextVersion } from "../vault/commit.js";
import { digestFile } from "../vault/digest-file.js";
import { makeReadOnly } from "../vault/disk-niceties.js";
import { type SyncedWork, writeUnsynced } from "../vault/durable.js";
import { schemaProblems } from "../vault/json-schemas.js";
import type { StoredObject } from "../vault/objects.js";
import type { World } from "../world.js";
import { type CutFile, cutPageFiles, redactionsOf } from "./page-cut.js";
import type { PageAddress, PageTools } from "./page-tools.js";
import { collectorFacts } from "./resources.js";

/** A page as a browser saw it, before anything is stored. */
export interface SeenPage {
  readonly visit: PageVisit;
  /** The folder with the files that `visit` names. Absolute. */
  readonly folder: string;
  readonly connections: readonly Connection[];
}

/** A page whose files lie under their logical paths in `content`, and what goes with it. */
export interface PreparedPage {
  readonly record: PageRecord;
  readonly annex: AnnexFacts;
}

export interface PageToStore {
  readonly capture: CaptureId;
  readonly version: string;
  readonly address: PageAddress;
  readonly seen: SeenPage;
  readonly staging: string;
}

/**
 * Cuts what must be cut, hashes every file and moves it into `content` of the attempt under its logical path, and writes
 * the record beside it. The visit must not have failed.
 */
export async function preparePage(tools: PageTools, world: World, page: PageToStore): Promise<PreparedPage> {
  const { capture, version, address, seen, staging } = page;
  const { visit } = seen;
  const folder = pageFolder(version);
  const content = join(staging, "content");
  mkdirSync(join(content, folder), { recursive: true, mode: 0o700 });
  const known = [address.shown, ...originsOf(visit)];
  const { files: cut, secrets } = await cutPageFiles(seen.folder, visit.files, secretsOf(tools), known);
  const files = [...cut].flatMap(([name, file]) => keepFile(content, `${folder}/${name}`, name, file));
  const shown = (url: string) => wellFormed(redactUrl(url, secrets));
  const record: PageRecord = {
    v: 1,
    capture,
    version,
    started_at: visit.begun_at,
    viewed_at: visit.seen_at ?? visit.ended_at,
    ended_at: world.now().toISOString(),
    requested_url: address.shown,
    redirects: visit.redirects.map(({ from, to, status }) => ({ from: shown(from), to: shown(to), status })),
    final_url: shown(visit.final ?? address.url),
    http_status: visit.status,
    title:
      visit.title === null
        ? null
        : {
            value: wellFormed(redactUrl(visit.title, secrets)),
            basis: "platform_claim",
            from: "dom.html:title",
          },
    status: visit.outcome === "wall" ? "wall" : "captured",
    wall: visit.wall,
    // They name where the site led to, which can hold a token.
    grounds: visit.grounds.map(shown),
    viewport: visit.viewport,
    page_height: visit.page_height,
    tiles: visit.tiles.map((tile) => ({ ...tile, path: `${folder}/${tile.path}` })),
    cut: visit.cut,
    coverage: visit.coverage,
    listed: visit.listed.map((one) => ({ ...one, url: shown(one.url) })),
    unanswered: visit.unanswered.map(({ url, error }) => ({ url: shown(url), error: wellFormed(error) })),
    stops: visit.stops,
    held_back: visit.held_back,
    browser: visit.browser,
    user_agent: visit.user_agent,
    own_sandbox: visit.own_sandbox,
    files,
    redactions: redactionsOf(cut, folder),
    runs: visit.run === null ? [] : [visit.run],
    software: tools.browser.software,
    clock: tools.clock,
  };
  const problems = schemaProblems("page", record);
  if (problems.length > 0)
    throw new Error(`the record of the page would not be valid: ${problems.join("; ")}`);
  writeUnsynced(join(content, folder, "page.json"), encodeCanonical(record));
  return { record, annex: annexOf(tools, world, page, cut) };
}

/** The sites that the page itself lay on. */
function originsOf({ final, redirects }: PageVisit): readonly string[] {
  return [final ?? "", ...redirects.map(({ to }) => to)].flatMap((url) => webUrl(url)?.origin ?? []);
}

/** Completes a page as the next version of its capture, in the attempt's folder. Needs no turn. */
export async function stagePage(
  tools: PageTools,
  world: World,
  page: PageToStore & { readonly object: StoredObject },
): Promise<{ readonly record: PageRecord; readonly work: SyncedWork<ReadyVersion> }> {
  const { vault } = tools;
  const { staging, object, capture, version } = page;
  const { record, annex } = await preparePage(tools, world, page);
  const content = join(staging, "content");
  const path = `${pageFolder(version)}/page.json`;
  const statement = { path, ...digestFile(join(content, path)) };
  const files = [...record.files, statement];
  const work = stageNextVersion(vault, object.inventory, {
    capture,
    content,
    files,
    annex: join(staging, "annex"),
    replaced: null,
    note: { created: record.ended_at, message: "page as seen", user: vault.tool },
    event: "page",
    body: {
      capture,
      url: record.requested_url,
      status: record.status,
      wall: record.wall,
      record_sha256: statement.sha256,
      annex_sha256: writeAnnex(join(staging, "annex"), annex),
      files: files.map(({ path: of, bytes, sha256 }) => ({ path: of, bytes, sha256 })),
    },
  });
  return { record, work };
}

/** Moves a file of the page to its place; nothing for one that is in the annex alone. */
function keepFile(content: string, path: string, name: string, { kept, raw }: CutFile): readonly PageFile[] {
  const kind = pageFileKind(name);
  // The record is written by itself, and no browser made it.
  if (kept === null || kind === "page_record") return [];
  const place = join(content, path);
  renameSync(kept, place);
  makeReadOnly(place);
  return [{ kind, path, ...digestFile(place), as_received: raw === null }];
}

/** Who and where, of a page of which nothing else is kept. */
export function emptyAnnex(
  tools: PageTools,
  world: World,
  capture: CaptureId,
  address: PageAddress,
  connections: readonly Connection[],
): AnnexFacts {
  return annexOf(tools, world, { capture, address, seen: { connections } }, new Map());
}

function annexOf(
  { proxy, vault }: PageTools,
  world: World,
  {
    capture,
    address,
    seen,
  }: Pick<PageToStore, "capture" | "address"> & {
    readonly seen: Pick<SeenPage, "connections">;
  },
  cut: ReadonlyMap<string, CutFile>,
): AnnexFacts {
  const raw = [...cut].flatMap(([name, file]) => (file.raw === null ? [] : [{ path: file.raw, name }]));
  return {
    capture,
    salt: Buffer.from(world.random(16)).toString("hex"),
    ...collectorFacts(),
    received_from: null,
    proxy,
    cookies_sha256: null,
    places: {
      "<vault>": vault.layout.root,
      ...(address.shown === address.url ? {} : { "<requested url>": wellFormed(address.url) }),
    },
    connections: seen.connections.map(({ at, host, port, address: dialled, bytesIn, bytesOut, refused }) => ({
      ...{ at, host, port, address: dialled, refused },
      bytes_in: bytesIn,
      bytes_out: bytesOut,
    })),
    rawFiles: raw,
  };
}

/** What identifies this machine or opens a session of its user, as far as a page could come to know it. */
function secretsOf({ proxy, vault }: PageTools): readonly string[] {
  const password = proxy === null ? "" : (webUrl(proxy)?.password ?? "");
  return [vault.layout.root, ...(password === "" ? [] : [decodeURIComponent(password)])];
}
