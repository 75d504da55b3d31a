import { resolve } from "node:path";
import type { Command } from "commander";
import type { CaptureRequest } from "../capture/archive.js";
import { parseCount, parseSize } from "./option-values.js";
import { type SandboxOption, sandboxOption } from "./sandbox-option.js";
import { isSwitchedOn, type Session } from "./session.js";

/** The options of every command that fetches, as commander hands them over. */
export interface CaptureOptions extends SandboxOption {
  readonly format?: string;
  readonly cookies?: string;
  readonly proxy?: string;
  readonly subs?: boolean;
  readonly comments?: boolean;
  readonly again?: boolean;
  readonly limit?: number;
  readonly maxBytes?: number;
  readonly allowPrivate?: boolean;
  readonly allowOldYtDlp?: boolean;
  readonly deep?: boolean;
}

/** Adds them to a command. */
export function addCaptureOptions(command: Command): Command {
  return command
    .option("--format <selector>", "which format to fetch, in yt-dlp's words")
    .option(
      "--cookies <file>",
      "a browser's cookie file (Netscape format); only the site's own cookies are used",
    )
    .option("--proxy <url>", "fetch through this proxy, for instance socks5h://127.0.0.1:9050 for Tor")
    .option("--subs", "fetch subtitles too")
    .option("--comments", "fetch comments too")
    .option("--again", "capture once more what was captured before")
    .option("--limit <n>", "at most n videos of a playlist or channel", parseCount)
    .option(
      "--max-bytes <size>",
      "give up above this size, for instance 500M or 4G (powers of 1000)",
      parseSize,
    )
    .option(
      "--allow-private",
      "allow addresses inside this machine and its networks (or HOLDFAST_ALLOW_PRIVATE=1)",
    )
    .option(
      "--allow-old-yt-dlp",
      "use a yt-dlp with known holes; the record says so (or HOLDFAST_ALLOW_OLD_YTDLP=1)",
    )
    .option("--deep", "hash every decoded frame too; slow")
    .addOption(sandboxOption());
}

/** What they ask of each capture, the path of the cookie file, and whether an old yt-dlp will do. */
export function captureRequest(
  session: Session,
  options: CaptureOptions,
): CaptureRequest & {
  readonly cookies: string | null;
  readonly allowOldYtDlp: boolean;
} {
  return {
    format: options.format ?? null,
    cookies: options.cookies === undefined ? null : resolve(session.io.cwd, options.cookies),
    proxy: options.proxy ?? null,
    subs: options.subs === true,
    comments: options.comments === true,
    again: options.again === true,
    limit: options.limit ?? null,
    since: null,
    maxBytes: options.maxBytes ?? null,
    maxMs: null,
    allowPrivate: options.allowPrivate === true || isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"),
    allowOldYtDlp: options.allowOldYtDlp === true || isSwitchedOn(session, "HOLDFAST_ALLOW_OLD_YTDLP"),
    deep: options.deep === true,
  };
}
