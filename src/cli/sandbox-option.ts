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
    "refuse where programs that fetch or read a clip cannot be locked in (or HOLDFAST_REQUIRE_SANDBOX=1)",
  );
}

/**
 * Refuses with `program-missing` where a jail is asked for and does not work; says so where it was not asked for. Returns the downloader
 * of a command that fetches, null where there is none.
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
  const words = `${programs} are not locked in: ${jail.reason}`;
  for (const line of errorLines(words, jail.hint)) session.screen.note(line);
  return downloader;
}
