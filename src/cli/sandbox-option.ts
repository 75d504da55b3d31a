import { Option } from "commander";
import type { JailNeeds, JailsFound } from "../capture/jails.js";
import { errorLines } from "./failure-report.js";
import { isSwitchedOn, type Session } from "./session.js";

/** The option of every command that lets programs read clips. */
export interface SandboxOption {
  readonly requireSandbox?: boolean;
}

/** As commander takes it. */
export function sandboxOption(): Option {
  return new Option(
    "--require-sandbox",
    "refuse to work if programs that fetch or read a clip cannot run in a sandbox (or HOLDFAST_REQUIRE_SANDBOX=1)",
  );
}

/**
 * Throws `program-missing` if the user requires a sandbox and it does not work; otherwise only says that it does not.
 * Returns the downloader of a command that fetches, or null.
 */
export async function checkSandbox(
  session: Session,
  { requireSandbox }: SandboxOption,
  needs: JailNeeds,
): Promise<JailsFound["downloader"]> {
  const { jailsOf, requireJails } = await import("../capture/jails.js");
  if (requireSandbox === true || isSwitchedOn(session, "HOLDFAST_REQUIRE_SANDBOX")) {
    return requireJails(needs, session.world);
  }
  const { jail, downloader } = await jailsOf(needs, session.world);
  if (jail.works || session.quiet) return downloader;
  const programs = needs.fetching ? "programs that fetch or read a clip" : "programs that read a clip";
  const words = `${programs} run without a sandbox: ${jail.reason}`;
  for (const line of errorLines(words, jail.hint)) session.screen.note(line);
  return downloader;
}
