import { join } from "node:path";
import { pageFolder } from "../audit/inventory.js";
import { objectPath } from "../audit/log-captures.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { pageElements } from "../core/capture/elements.js";
import { readPlatformFacts } from "../core/capture/info-json.js";
import type { PageRecord } from "../core/page/page-record.js";
import { wallSentences } from "../core/page/wall-sentences.js";
import { discardAttempt } from "../vault/commit.js";
import { digestFile } from "../vault/digest-file.js";
import { syncedAside } from "../vault/durable.js";
import { beginAttempt } from "../vault/recovery.js";
import { inTurn } from "../vault/turn.js";
import type { World } from "../world.js";
import { commitHasBegun, logFailure, storageFailure } from "./failed-capture.js";
import {
  failedPage,
  failureOfVisit,
  isNoPage,
  noPage,
  type PageResult,
  runsOf,
  seePage,
  storedPage,
} from "./page.js";
import type { PageAddress, PageTools } from "./page-tools.js";
import { type HashedFile, type RecordFacts, stageCapture, storeCapture } from "./store-capture.js";
import { emptyAnnex, preparePage } from "./store-page.js";

/**
 * Takes the page at an address that has no capture, as a capture of its own with the method `page` (FORMAT.md §6.2). A page
 * that cannot be taken is logged as a failed attempt. Throws only for a problem that concerns everything that follows.
 */
export async function takePageAlone(
  tools: PageTools,
  world: World,
  address: PageAddress,
): Promise<PageResult> {
  const { vault, browser, clock } = tools;
  const capture = buildCaptureId(world.now(), world.random(5));
  const [startedAt, startedMs] = [world.now(), world.monotonic()];
  const staging = beginAttempt(vault, capture, `the page at ${address.shown}`);
  try {
    const seen = await seePage(tools, world, staging, address);
    world.signal.throwIfAborted();
    const { visit } = seen;
    if (visit.outcome === "failed") {
      discardAttempt(vault, capture);
      if (isNoPage(visit)) return noPage(null, address);
      const failure = failureOfVisit(visit);
      const annex = emptyAnnex(tools, world, capture, address, seen.connections);
      const resources = { vault, clock, software: browser.software };
      const failed = { capture, method: "page", url: address.shown, subject: address.url, failure } as const;
      const { entry } = await logFailure(resources, { ...failed, runs: runsOf(visit), annex });
      return failedPage(capture, address.shown, failure, entry);
    }
    const page = { capture, version: "v1", address, seen, staging };
    const { record, annex } = await preparePage(tools, world, page);
    const facts = recordFacts(tools, world, record, address, { startedAt, startedMs });
    const files = hashedFiles(staging, record, facts.ended_at);
    const ready = await syncedAside(stageCapture(vault, staging, facts, files, annex));
    const { entry } = await inTurn(vault, () => storeCapture(vault, ready));
    return storedPage(record, objectPath(capture), address, entry.seq);
  } catch (error) {
    // If the journal names the commit, the next writer finishes it and needs these files.
    if (storageFailure(error) === null && !commitHasBegun(tools, capture)) discardAttempt(vault, capture);
    throw error;
  }
}

function hashedFiles(staging: string, record: PageRecord, hashedAt: string): readonly HashedFile[] {
  const content = join(staging, "content");
  const statement = `${pageFolder(record.version)}/page.json`;
  const own: HashedFile = {
    path: join(content, statement),
    logicalPath: statement,
    role: "page_record",
    receivedAs: null,
    asReceived: false,
    digest: digestFile(join(content, statement)),
    hashedAt,
  };
  const files = record.files.map(({ kind, path, as_received, bytes, sha256, sha512 }): HashedFile => {
    const digest = { bytes, sha256, sha512 };
    return {
      ...{ path: join(content, path), logicalPath: path, role: kind, receivedAs: null, digest, hashedAt },
      asReceived: as_received,
    };
  });
  return [...files, own];
}

function recordFacts(
  { clock, browser }: PageTools,
  world: World,
  page: PageRecord,
  { shown, url }: PageAddress,
  { startedAt, startedMs }: { readonly startedAt: Date; readonly startedMs: number },
): RecordFacts {
  const { wall } = page;
  const ground = wall === null ? "a page was asked for, and no clip" : wallSentences[wall];
  const cut = "parts of the requested address are cut from this record; the private annex has it as typed";
  return {
    capture: page.capture,
    method: "page",
    status: wall === null ? "captured" : "incomplete",
    started_at: startedAt.toISOString(),
    ended_at: world.now().toISOString(),
    elapsed_ms: Math.round(world.monotonic() - startedMs),
    clock,
    requested_url: shown,
    final_url: page.final_url,
    redirects: page.redirects.map(({ to }) => to),
    claimed_url: null,
    parent: null,
    source: { ...readPlatformFacts({}, "page.json"), title: page.title },
    requests: [],
    completeness: { verdict: wall === null ? "unknown" : "incomplete", grounds: [ground] },
    rendition: null,
    elements: (files) => pageElements(files, wall),
    alterations: [],
    runs: page.runs,
    software: browser.software,
    redactions: page.redactions,
    warnings: shown === url ? [] : [cut],
  };
}
