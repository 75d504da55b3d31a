import { resolve } from "node:path";
import type { CaptureRequest } from "../capture/archive.js";
import { defaultLanguages } from "../core/capture/subtitle-languages.js";
import type { DocumentedCommand } from "./documented-command.js";
import { type NewVaultOption, newVaultOption } from "./new-vault.js";
import { parseAddress, parseCount, parseLanguages, parseSize } from "./option-values.js";
import { type SandboxOption, sandboxOption } from "./sandbox-option.js";
import { isSwitchedOn, type Session } from "./session.js";

/** The options of every command that fetches, as commander hands them over. */
export interface CaptureOptions extends SandboxOption, NewVaultOption {
  readonly format?: string;
  readonly referer?: string;
  readonly cookies?: string;
  readonly proxy?: string;
  readonly subs?: boolean;
  readonly subsLangs?: readonly string[];
  readonly comments?: boolean;
  readonly again?: boolean;
  readonly limit?: number;
  readonly maxBytes?: number;
  readonly allowPrivate?: boolean;
  readonly allowOldYtDlp?: boolean;
  readonly deep?: boolean;
}

/** Adds them to a command. */
export function addCaptureOptions(command: DocumentedCommand): DocumentedCommand {
  const inParts = addReachOptions(command)
    .option("--subs", "fetch subtitles too: those in kk, ru and en, and what the platform heard in the clip")
    .option(
      "--subs-langs <list>",
      "fetch subtitles in these languages, such as original,de,uk; or all, which many sites refuse",
      parseLanguages,
    )
    .option("--comments", "fetch comments too")
    .option("--again", "capture once more what was captured before, beside the first")
    .option("--limit <n>", "at most n videos of a playlist or channel (default: 1000)", parseCount)
    .option(
      "--max-bytes <size>",
      "give up one download above this size, such as 500M or 20G, in powers of 1000 (default: 4 GiB)",
      parseSize,
    );
  return addLeaveOptions(inParts)
    .option("--deep", "hash every decoded frame too; slow")
    .addOption(newVaultOption())
    .addOption(sandboxOption());
}

/** Which format is asked for, as whom and by which way. */
export function addReachOptions(command: DocumentedCommand): DocumentedCommand {
  return command
    .option("--format <selector>", "another quality than the best, in yt-dlp's words")
    .option(
      "--referer <url>",
      "the page on which the stream was found, for a site that serves it to that page alone",
      parseAddress,
    )
    .option(
      "--cookies <file>",
      "for posts that only people with an account can see: a cookie file of your browser (Netscape format), of which only that site's cookies are used",
    )
    .option("--proxy <url>", "fetch through this proxy; for Tor socks5h://127.0.0.1:9050");
}

/** What is refused without them. */
export function addLeaveOptions(command: DocumentedCommand): DocumentedCommand {
  return command
    .option(
      "--allow-private",
      "allow addresses inside this machine and its networks (or HOLDFAST_ALLOW_PRIVATE=1)",
    )
    .option(
      "--allow-old-yt-dlp",
      "use a yt-dlp with known security holes; the record says so (or HOLDFAST_ALLOW_OLD_YTDLP=1)",
    );
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
    referer: options.referer ?? null,
    cookies: options.cookies === undefined ? null : resolve(session.io.cwd, options.cookies),
    proxy: options.proxy ?? null,
    subs: options.subsLangs ?? (options.subs === true ? defaultLanguages : null),
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
