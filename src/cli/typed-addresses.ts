import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isCaptureId } from "../audit/digest.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { readAddress } from "../core/lists/cell-address.js";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";

/** An id or a part of one: no host has such a name. */
const partOfId = /^(?:\d{1,8}-)?[0-9A-HJKMNP-TV-Z]{1,8}$|^\d{1,8}-$/i;

/**
 * The texts that name captures and no addresses. Throws `usage` for a whole id where nothing says that it is to be fetched
 * again.
 */
export function typedNames(texts: readonly string[], again: boolean): readonly string[] {
  if (again) return texts.filter((text) => partOfId.test(text));
  const id = texts.find((text) => isCaptureId(text.toUpperCase()));
  if (id === undefined) return [];
  throw new HoldfastError(
    "usage",
    `capturing ${id}: this is the id of a capture`,
    `to fetch what it was made of once more: holdfast archive --again ${id}`,
  );
}

/**
 * The addresses that somebody typed, each with a scheme. Throws `usage` for the first text that is none, before anything
 * is written: what is no address may be a local path with a person's name in it, and the log keeps what it is given for
 * good. `folder`: where a relative path would begin.
 */
export function typedAddresses(texts: readonly string[], folder: string): readonly string[] {
  return texts.map((text) => {
    const isFile = text.trim() !== "" && existsSync(resolve(folder, text));
    const url = isFile ? text : (readAddress(text)?.url ?? text);
    const judged = parseSourceUrl(url, { allowPrivate: true });
    if ("url" in judged) return url;
    const { reason, hint } = judged.failure;
    const next = isFile ? "to add a file: holdfast import FILE" : hint;
    throw new HoldfastError("usage", `capturing ${printable(redactTypedUrl(text), 200)}: ${reason}`, next);
  });
}
