import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { withHint } from "../core/capture/failure-hints.js";
import { askedAddress } from "../core/capture/sites.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { HoldfastError } from "../core/words/error.js";
import type { World } from "../world.js";
import type { CaptureRequest } from "./archive.js";
import { cookieNotes, readCookieFile } from "./cookie-file.js";
import { fetchFormats, type OfferedNow } from "./fetch-attempts.js";
import { openFetchTools } from "./resources.js";

export type FormatsQuestion = Pick<CaptureRequest, "format" | "referer" | "proxy" | "allowPrivate"> & {
  readonly url: string;
  /** Path of a Netscape cookie file. */
  readonly cookies: string | null;
  readonly allowOldYtDlp: boolean;
};

/**
 * What the platform offers for a clip, and what a capture with the same options would take of it. Writes to no vault and
 * leaves nothing behind. Throws `program-missing`, `usage`, and `capture-failed` with the reason that a capture would have.
 */
export async function offeredFormats(question: FormatsQuestion, world: World): Promise<OfferedNow> {
  const { url, format, referer, allowPrivate } = question;
  const cookies = question.cookies === null ? null : await readCookieFile(question.cookies, world.signal);
  if (cookies !== null) cookieNotes(cookies, [url], world.now()).forEach(world.tell);
  const judged = parseSourceUrl(url, { allowPrivate });
  if ("failure" in judged) throw failed(judged.failure);
  const tools = await openFetchTools(question, world);
  const staging = mkdtempSync(join(tmpdir(), "holdfast-formats-"));
  try {
    const outcome = await fetchFormats(tools, world, {
      capture: buildCaptureId(world.now(), world.random(5)),
      url: askedAddress(judged.url),
      urlIsSecret: false,
      item: null,
      ofPost: false,
      staging,
      format,
      referer,
      cookies,
      ...{ subs: null, comments: false, maxBytes: null, maxMs: null, since: null },
    });
    world.signal.throwIfAborted();
    if (outcome.kind === "failed") throw failed(withHint(outcome.failure, judged.url.hostname));
    return outcome;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function failed({ reason, hint }: { readonly reason: string; readonly hint: string }): HoldfastError {
  return new HoldfastError("capture-failed", `asking what the platform offers: ${reason}`, hint);
}
