import type { Command } from "commander";
import type { PageResult } from "../../capture/page.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { type NewVaultOption, newVaultOption, sessionForCapture } from "../new-vault.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showPage } from "../show-page.js";

interface PageOptions extends NewVaultOption {
  readonly proxy?: string;
  readonly allowPrivate?: boolean;
  readonly wayback?: string | true;
}

export function addPage(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("page")
    .summary("take the page around a clip")
    .description(
      "Shows a page to a browser and keeps what it saw: a picture before anything is touched, the whole page in pictures, the page in one file, its document, and every request with its answer. The page of a capture becomes its next version; an address that has no capture gets one of its own.",
    )
    .argument("<target...>", "addresses of pages, and ids of captures or parts of ids")
    .option("--proxy <url>", "go through this proxy; for Tor socks5h://127.0.0.1:9050")
    .option(
      "--allow-private",
      "allow addresses inside this machine and its networks (or HOLDFAST_ALLOW_PRIVATE=1)",
    )
    .option(
      "--wayback [service]",
      "ask the Wayback Machine, or a service with the same interface, to keep a copy too; it learns the address",
    )
    .addOption(newVaultOption())
    .explain({
      notes: [
        "The browser is the system's Chromium, in a sandbox, with a new profile that knows nobody: it is not logged in anywhere, and nothing on the page is clicked. It asks the site and the other sites that the page names, and nobody else. A login, consent, captcha or error page is kept as what it is.",
      ],
      examples: [
        ["holdfast page SC12NB50", "the page that a captured clip came from"],
        ["holdfast page https://video.example/post/9", "the page at an address"],
        ["holdfast page SC12NB50 --wayback", "and a copy at the Wayback Machine, which then knows of it"],
      ],
      needsPrograms: true,
      statuses: {
        4: "a page could not be taken, the site showed a wall in its place, a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
      },
    })
    .action((targets: readonly string[], options: PageOptions, command: Command) =>
      run(command, (session) => page(session, targets, options)),
    );
}

async function page(asked: Session, targets: readonly string[], options: PageOptions) {
  const session = await sessionForCapture(asked, options);
  const { takePages } = await import("../../capture/take-pages.js");
  const request = {
    vault: session.vault,
    targets,
    proxy: options.proxy ?? null,
    wayback: await serviceOf(options),
    allowPrivate: options.allowPrivate === true || isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"),
  };
  const results = await takePages(
    request,
    session.world,
    (result, copy) => showPage(session, result, copy),
    (head) => showHead(session, head),
  );
  return statusOfPages(results);
}

/** The service that is asked for a second copy; null for none. */
async function serviceOf({ wayback }: PageOptions): Promise<string | null> {
  if (wayback === undefined) return null;
  const { serviceAddress } = await import("../../capture/outside-copy.js");
  return serviceAddress(wayback === true ? "https://web.archive.org" : wayback);
}

/** 4 if a page could not be taken, or a wall stood in its place. */
function statusOfPages(results: readonly PageResult[]) {
  const all = results.every(({ status }) => status === "captured" || status === "none");
  return all ? exitStatus.done : exitStatus.notCaptured;
}
