import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PageVisit } from "../../src/core/page/visit.ts";
import { type VisitLimits, visitLimits } from "../../src/tools/browser/chromium-command.ts";
import { type VisitRequest, visitPage } from "../../src/tools/browser/visit.ts";
import {
  type EgressGuard,
  type GuardOptions,
  openEgressGuard,
} from "../../src/tools/network/egress-guard.ts";
import { findProgram } from "../../src/tools/run/programs.ts";
import { jail } from "./jails.ts";

const found = await findProgram("chromium", { env: process.env, now: new Date() });

/** Chromium, where it is installed and can run in a jail; tests that need it are skipped without it. */
export const chromium = jail.works ? found : null;

/** A visit that was made, and the folder and guard that it had. */
export interface MadeVisit {
  readonly visit: PageVisit;
  readonly folder: string;
  readonly guard: EgressGuard;
}

const folders: string[] = [];

/** Visits a page of this machine with the real Chromium. */
export async function makeVisit(
  url: string,
  options: {
    readonly limits?: Partial<VisitLimits>;
    readonly guard?: Partial<GuardOptions>;
    readonly request?: Partial<VisitRequest>;
  } = {},
): Promise<MadeVisit> {
  const place = await mkdtemp(join(tmpdir(), "holdfast-visit-"));
  folders.push(place);
  const [folder, scratch] = [await mkdtemp(join(place, "page-")), await mkdtemp(join(place, "scratch-"))];
  const guard = await openEgressGuard({ allowPrivate: true, upstream: null, ...options.guard }, "doors");
  try {
    const visit = await visitPage({
      chromium: { path: found?.path ?? "/nonexistent/chromium", version: found?.version ?? "" },
      python: "/usr/bin/python3",
      url,
      folder,
      scratch,
      guard,
      limits: { ...visitLimits, ...options.limits },
      signal: new AbortController().signal,
      now: () => new Date(),
      onProgress: () => undefined,
      ...options.request,
    });
    return { visit, folder, guard };
  } finally {
    await guard.close();
  }
}

/** Removes what the visits left; for `afterAll`. */
export async function removeVisits(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}
