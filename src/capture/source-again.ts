import { join } from "node:path";
import { cutMark } from "../core/capture/redact.js";
import { HoldfastError } from "../core/words/error.js";
import { annexPlace } from "../vault/annex.js";
import { oneCaptureByPart } from "../vault/index/captures.js";
import { readObject } from "../vault/objects.js";
import type { Vault } from "../vault/vault.js";
import { requestedUrl } from "./fetch-attempts.js";
import { type CaptureSource, sourceOf } from "./source.js";

/**
 * What an earlier capture was made of, to be fetched once more: its address as it was typed, which the private annex has
 * if the record may not, and which video of a page it is. Throws `not-found` if no capture or more than one has `part` in
 * its id, `usage` for an import and for an address of which a part is lost.
 */
export function sourceOfCapture(
  { database, layout }: Pick<Vault, "database" | "layout">,
  part: string,
): CaptureSource {
  const row = oneCaptureByPart(database, part);
  if (row.url === null) {
    throw new HoldfastError(
      "usage",
      `fetching ${row.id} again: it was imported, and nothing was fetched for it`,
      "give the address that you want to capture",
    );
  }
  const parent = row.object === null ? null : readObject(join(layout.root, row.object)).record.parent;
  const typed = annexPlace(layout, row.id, requestedUrl) ?? row.url;
  const source = sourceOf(typed, parent?.url === row.url ? parent.index : null, parent);
  const isWhole = typed !== row.url || !row.url.includes(cutMark);
  if (isWhole && source.shown === row.url) return source;
  throw new HoldfastError(
    "usage",
    `fetching ${row.id} again: a part of its address is cut from the log, and its private annex is not here`,
    "give the whole address: holdfast archive --again URL",
  );
}
