import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ClockCheck, Software } from "../core/capture/record.js";
import { HoldfastError } from "../core/words/error.js";
import type { ChromiumProgram } from "../tools/browser/chromium.js";
import type { GuardOptions } from "../tools/network/egress-guard.js";
import { isExecutable } from "../tools/run/jail-state.js";
import { findProgram, type Program } from "../tools/run/programs.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { statedSoftware } from "./stated-software.js";

/** What the capture of a page works with. */
export interface PageTools {
  readonly vault: Vault;
  readonly browser: Browser;
  readonly egress: GuardOptions;
  /** The proxy as typed, for the annex. */
  readonly proxy: string | null;
  readonly clock: ClockCheck;
}

/** The browser, and the Python that opens the door of its jail. */
export interface Browser {
  readonly chromium: ChromiumProgram;
  readonly python: string;
  readonly software: readonly Software[];
}

/** Of the system, because the jail shows its libraries anyway. */
const doorPython = "/usr/bin/python3";

/** The address of a page: as it is visited, and in the form that may be shown. */
export interface PageAddress {
  readonly url: string;
  readonly shown: string;
}

/** The browser of this machine; null if there is none, or no Python to open the door of its jail. */
export async function findBrowser(world: World): Promise<Browser | null> {
  const found = await findProgram("chromium", { env: world.env, now: world.now() });
  return found === null || !isExecutable(doorPython) ? null : browserOf(found, world);
}

/** The same. Throws `program-missing` with how to get it. */
export async function requireBrowser(world: World): Promise<Browser> {
  const browser = await findBrowser(world);
  if (browser !== null) return browser;
  throw new HoldfastError(
    "program-missing",
    "looking for a browser: Chromium and the system's Python are needed to take a page, and one of them is not here",
    "install Chromium with the system's package manager, on Debian the package chromium",
  );
}

function browserOf(program: Program, world: World): Browser {
  const { path, version } = program;
  return { chromium: { path, version }, python: doorPython, software: statedSoftware(world, [program]) };
}

/** A new empty folder below that of an attempt. */
export function freshFolder(staging: string, name: string): string {
  const folder = join(staging, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
