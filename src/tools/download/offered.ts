import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Json, parseForeignJson } from "../../audit/canonical-json.js";
import { classifyFailure, readErrorLines } from "../../core/capture/failure.js";
import { canImpersonate, withCause } from "../../core/capture/failure-causes.js";
import { type Failure, failureOf } from "../../core/capture/failure-codes.js";
import { firstVideo, type Offer, readOffer } from "../../core/capture/offered-formats.js";
import type { Rendition } from "../../core/capture/record.js";
import { judgeRendition, refusals } from "../../core/capture/rendition.js";
import { isForBrowsers } from "../../core/capture/sites.js";
import { ytDlpListLimits } from "../run/limits.js";
import type { RunResult } from "../run/run-request.js";
import type { FetchRequest } from "./fetch-types.js";
import { loginFailure } from "./fetch-verdict.js";
import { readReceived } from "./received-files.js";
import { isAntiBot } from "./remedy.js";
import { codeOfEmptyPost, telegramPostOf } from "./telegram-page.js";
import { confinementOf, toolsOf } from "./yt-dlp.js";
import { ytDlpFormatsArgs } from "./yt-dlp-args.js";

export type FormatsRequest = Pick<
  FetchRequest,
  | "program"
  | "run"
  | "url"
  | "folder"
  | "proxy"
  | "jail"
  | "cookiesFile"
  | "format"
  | "referer"
  | "impersonate"
  | "bounds"
  | "signal"
>;

/** Another question that may be answered, at once: for one entry of the post, or as a browser asks. */
export type NextQuestion = { readonly url: string } | { readonly impersonate: true };

export type FormatsOutcome =
  | {
      readonly kind: "formats";
      readonly offer: Offer;
      /** What a capture would get, and why it may not be the best. */
      readonly rendition: Rendition;
    }
  | {
      readonly kind: "failed";
      readonly failure: Failure;
      readonly next: NextQuestion | null;
    };

/** Asks yt-dlp what a platform offers for a clip and what a capture would take of it. Downloads no media. */
export async function askFormats(request: FormatsRequest): Promise<FormatsOutcome> {
  const [cwd, noPrograms] = [join(request.folder, "received"), join(request.folder, "no-programs")];
  for (const made of [cwd, noPrograms]) mkdirSync(made, { mode: 0o700 });
  const argv = ytDlpFormatsArgs({ ...request, ...toolsOf(request.program), noPrograms });
  const result = await request.run({
    program: request.program.path,
    argv,
    cwd,
    ...confinementOf(request, noPrograms),
    limits: { ...ytDlpListLimits, wallMs: Math.min(ytDlpListLimits.wallMs, request.bounds.wallMs) },
    signal: request.signal,
  });
  return judgeFormats(request, result, cwd);
}

function judgeFormats(request: FormatsRequest, result: RunResult, cwd: string): FormatsOutcome {
  const { url, format, folder, proxy, cookiesFile } = request;
  const stderr = result.stderr.toString("utf8");
  const json = parseOrNull(result.stdout.toString("utf8"));
  // With its answer on stdout, yt-dlp writes its remarks among its other words.
  const remarks = stderr.split("\n").filter((line) => /^\[(?!debug\])[\w:.+-]+\] /.test(line));
  const failed = (failure: Failure, next: NextQuestion | null = null): FormatsOutcome => {
    return { kind: "failed", failure, next };
  };
  if (remarks.some(isLive)) return failed(failureOf("live-stream"));
  const offer = result.endedBy === "exited" ? readOffer(json) : null;
  if (offer !== null) {
    const secrets = [folder, proxy ?? "", cookiesFile ?? ""];
    const rendition = judgeRendition({ stderr, remarks, info: firstVideo(json), format, secrets });
    return { kind: "formats", offer, rendition };
  }
  const { endedBy, exitCode } = result;
  const errors = readErrorLines(stderr);
  if (endedBy === "exited" && exitCode === 0 && errors.length === 0) {
    const post = telegramPostOf(request.url, readReceived(cwd, new Set()).pages);
    const [video] = post?.videos ?? [];
    return failed(failureOf(codeOfEmptyPost(post)), video === undefined ? null : { url: `${video}?single` });
  }
  const facts = { endedBy, exitCode, watchdog: null, errors, remarks, lastStatus: null };
  const causes = {
    skipped: refusals({ stderr, remarks }),
    formatChosen: format !== null,
    forBrowsers: cookiesFile === null && isForBrowsers(new URL(url).hostname),
    canImpersonate: canImpersonate(stderr),
  };
  const failure = withCause(classifyFailure(facts), causes);
  const led = remarks.flatMap((line) => followed.exec(line)?.[1] ?? []).at(-1) ?? null;
  const wantsBrowser = !request.impersonate && errors.some(isAntiBot);
  return failed(
    loginFailure(failure, request.url, led) ?? failure,
    wantsBrowser ? { impersonate: true } : null,
  );
}

/** Where yt-dlp says that a page sent it. */
const followed = /^\[redirect\] Following redirect to (\S+)$/;

const isLive = (line: string) => line.endsWith("does not pass filter (!is_live), skipping ..");

function parseOrNull(text: string): Json {
  try {
    return parseForeignJson(text);
  } catch {
    return null;
  }
}
