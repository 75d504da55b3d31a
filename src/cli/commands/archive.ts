import { resolve } from "node:path";
import type { Command } from "commander";
import type { ArchiveRequest } from "../../archive.js";
import { exitStatusHelp, statusOfCaptures } from "../exit-status.js";
import { parseCount, parseSize } from "../option-values.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showResult, showTally } from "../show-result.js";

export interface ArchiveOptions {
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

export function addArchive(program: Command, run: RunCommand): void {
  program
    .command("archive")
    .summary("capture online videos")
    .description(
      "Captures online videos: downloads each as the platform serves it, hashes every file as it arrives, writes the record and the log, then takes keyframes. A playlist or channel gives one capture per video.",
    )
    .argument("<url...>", "addresses of videos, posts, playlists or channels")
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
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130))
    .action((urls: readonly string[], options: ArchiveOptions, command: Command) =>
      run(command, (session) => archive(session, urls, options)),
    );
}

async function archive(session: Session, urls: readonly string[], options: ArchiveOptions) {
  const { archiveUrls } = await import("../../archive.js");
  const request = archiveRequest(session, urls, options);
  const results = await archiveUrls(
    request,
    session.world,
    (result) => showResult(session, result, "capture", "the platform says"),
    (head) => showHead(session, head),
  );
  showTally(session, results);
  return statusOfCaptures(results);
}

/** The options as the operation takes them: relative paths start from the current folder. */
export function archiveRequest(
  session: Session,
  urls: readonly string[],
  options: ArchiveOptions,
): ArchiveRequest {
  return {
    vault: session.vault,
    urls,
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
