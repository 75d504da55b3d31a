import type { CaptureId } from "../audit/digest.js";
import type { Entry } from "../audit/entry.js";
import { webUrl } from "../core/capture/source-url.js";
import type { OutsideCopy } from "../core/page/wayback.js";
import { HoldfastError } from "../core/words/error.js";
import { askForCopy } from "../tools/network/wayback.js";
import { inTurn } from "../vault/turn.js";
import { logEntry } from "../vault/vault.js";
import type { World } from "../world.js";
import type { PageAddress, PageTools } from "./page-tools.js";

/** What an outside archive said, as the entry `wayback` states it (FORMAT.md §6.2). */
export interface LoggedCopy extends OutsideCopy {
  readonly service: string;
  readonly entry: Entry["seq"];
}

/**
 * Asks an outside archive to keep the page of a capture, and logs its answer. Who is told what is said before anything is
 * sent. Null, and nothing is sent, for an address that holds what nobody else may know.
 */
export async function askForOutsideCopy(
  { vault, egress, proxy }: PageTools,
  world: World,
  capture: CaptureId,
  { url, shown }: PageAddress,
  service: string,
): Promise<LoggedCopy | null> {
  const host = webUrl(service)?.host ?? service;
  if (url !== shown) {
    world.tell(`${host} was not asked for a copy: the address holds a password or token, and would tell it`);
    return null;
  }
  world.tell(
    `asking ${host} to keep a copy: it learns the address ${shown}, and that somebody asks for it now`,
  );
  const way = { proxy, allowPrivate: egress.allowPrivate };
  const copy = await askForCopy({ service, url }, way, world);
  const { status, job, archived_url, archived_at, reason } = copy;
  const body = { capture, url: shown, service, status, job, archived_url, archived_at, reason };
  const entry = await inTurn(vault, () => logEntry(vault, "wayback", body));
  return { ...copy, service, entry: entry.seq };
}

/** The address of a service as typed, without a slash at its end. Throws `usage` for one that is none. */
export function serviceAddress(typed: string): string {
  const url = webUrl(typed);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "")
    return url.href.replace(/\/+$/, "");
  throw new HoldfastError(
    "usage",
    `asking ${typed} for a copy: this is not the address of a service`,
    "leave it out for https://web.archive.org",
  );
}
