import { join } from "node:path";
import type { CaptureId } from "../audit/digest.js";
import { cutMark, redactTypedUrl } from "../core/capture/redact.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { HoldfastError } from "../core/words/error.js";
import { closeAfterWriting, type HeadReport } from "../seal/checkpoint.js";
import { annexPlace } from "../vault/annex.js";
import { captureById, newestByKey, oneCaptureByPart } from "../vault/index/captures.js";
import { captureKey, pageKey } from "../vault/index/rows.js";
import { newestTime } from "../vault/log.js";
import { readObject } from "../vault/objects.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { examineClock, tellOfClock } from "./clock-check.js";
import { requestedUrl } from "./fetch-attempts.js";
import { askForOutsideCopy, type LoggedCopy } from "./outside-copy.js";
import { failedPage, type PageResult, takePage } from "./page.js";
import { takePageAlone } from "./page-alone.js";
import { type Browser, findBrowser, type PageAddress, type PageTools, requireBrowser } from "./page-tools.js";
import { egressOf, openOwn, sealOptions } from "./resources.js";

export interface PagesRequest {
  readonly vault: string;
  /** Each a web address, or any part of a capture's id that no other id contains. */
  readonly targets: readonly string[];
  readonly proxy: string | null;
  readonly allowPrivate: boolean;
  /** The service that is asked to keep a copy of each page too; null to ask nobody. */
  readonly wayback: string | null;
}

/**
 * Takes the page of each target in turn: of a capture as its next version, of an address that has none as a capture of its
 * own. After a failure the next one still runs. Throws `usage` for an address that is none, `not-found` for an id that is
 * unknown or not unique, `program-missing` without a browser.
 */
export async function takePages(
  request: PagesRequest,
  world: World,
  onResult: (result: PageResult, copy: LoggedCopy | null) => void,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<readonly PageResult[]> {
  const refused = (text: string) => refusedAddress(text, request.allowPrivate);
  const browser = await (request.targets.every(refused) ? findBrowser : requireBrowser)(world);
  const fetching = { ...request, allowOldYtDlp: false, kept: false };
  const egress = egressOf(fetching);
  const vault = await openOwn({ vault: request.vault, command: "page", capturing: true }, world);
  const results: PageResult[] = [];
  try {
    const tools = browser && (await pageTools(vault, browser, world, { egress, proxy: request.proxy }));
    // Every name is looked up before the first page is taken.
    const targets = request.targets.map((text) => refused(text) ?? targetOf(vault, text));
    for (const target of targets) {
      const result = "status" in target ? target : await takeOne(tools, world, target);
      const copy = tools && "address" in target ? await copyOf(tools, world, request, target, result) : null;
      results.push(result);
      onResult(result, copy);
      world.signal.throwIfAborted();
    }
  } finally {
    onHead(await closeAfterWriting(vault, world, sealOptions({ fetching }, world)));
  }
  return results;
}

async function pageTools(
  vault: Vault,
  browser: Browser,
  world: World,
  ways: Pick<PageTools, "egress" | "proxy">,
): Promise<PageTools> {
  const now = world.now();
  const clock = await examineClock(now, { log: newestTime(vault.database), downloader: null });
  tellOfClock(clock.contradicted_by ?? [], now, world);
  return { vault, browser, clock, ...ways };
}

interface Target {
  readonly capture: CaptureId | null;
  readonly address: PageAddress;
}

async function takeOne(
  tools: PageTools | null,
  world: World,
  { capture, address }: Target,
): Promise<PageResult> {
  if (tools === null) throw new Error("a page is about to be taken without a browser");
  return capture === null ? takePageAlone(tools, world, address) : takePage(tools, world, capture, address);
}

const isAddress = (text: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

/** The result for an address to which no browser is sent; null for any other, and for a name. */
function refusedAddress(text: string, allowPrivate: boolean): PageResult | null {
  if (!isAddress(text)) return null;
  const judged = parseSourceUrl(text, { allowPrivate });
  return "failure" in judged ? failedPage(null, redactTypedUrl(text), judged.failure, null) : null;
}

/** What an outside archive says that was asked to keep the page; null if none was. */
async function copyOf(
  tools: PageTools,
  world: World,
  { wayback }: PagesRequest,
  { address }: Target,
  { id }: PageResult,
): Promise<LoggedCopy | null> {
  const held = id === null ? undefined : captureById(tools.vault.database, id);
  if (wayback === null || !held?.object) return null;
  return askForOutsideCopy(tools, world, held.id, address, wayback);
}

/** The capture that a target is about, if there is one, and its address. */
function targetOf(vault: Vault, text: string): Target {
  if (!isAddress(text)) return ofCapture(vault, text);
  const shown = redactTypedUrl(text);
  const { database } = vault;
  const held = newestByKey(database, captureKey(shown, null)) ?? newestByKey(database, pageKey(shown));
  return { capture: held?.id ?? null, address: { url: new URL(text).href, shown } };
}

function ofCapture({ database, layout }: Vault, part: string): Target {
  const row = oneCaptureByPart(database, part);
  const address =
    row.url === null ? claimedAddress(layout.root, row.object) : typedAddress(layout, row.id, row.url);
  if (address !== null) return { capture: row.id, address };
  throw new HoldfastError(
    "usage",
    `taking the page of ${row.id}: ${row.url === null ? "nobody said where this file came from" : "a part of its address is cut from the log, and its private annex is not here"}`,
    "give the address of the page: holdfast page URL",
  );
}

function typedAddress(layout: Vault["layout"], id: CaptureId, shown: string): PageAddress | null {
  const url = annexPlace(layout, id, requestedUrl) ?? shown;
  return url.includes(cutMark) ? null : { url, shown };
}

/** What somebody said an imported file came from. */
function claimedAddress(root: string, object: string | null): PageAddress | null {
  const claimed = object === null ? null : readObject(join(root, object)).record.claimed_url;
  if (!claimed || claimed.value.includes(cutMark)) return null;
  return { url: claimed.value, shown: claimed.value };
}
