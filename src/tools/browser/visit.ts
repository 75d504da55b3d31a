import { objectAt, textAt } from "../../core/page/foreign-fields.js";
import { seenPage } from "../../core/page/seen.js";
import { planTiles, tileName } from "../../core/page/tiles.js";
import type { PageVisit, Stop, Tile } from "../../core/page/visit.js";
import { type WallVerdict, wallVerdict } from "../../core/page/wall.js";
import type { EgressGuard } from "../network/egress-guard.js";
import {
  type Chromium,
  type ChromiumEnd,
  type ChromiumProgram,
  type NotStarted,
  startChromium,
} from "./chromium.js";
import { type VisitLimits, viewport } from "./chromium-command.js";
import { DevToolsError } from "./devtools.js";
import { ExchangeWriter } from "./exchange-writer.js";
import { type NavigationFailure, navigationFailure } from "./navigation-failure.js";
import { scrollThrough, settle } from "./pace.js";
import { lookScript } from "./page-scripts.js";
import { NoAnswer, type PageSession } from "./page-session.js";
import { Recorder } from "./recorder.js";
import { Targets } from "./targets.js";
import { VisitFiles } from "./visit-files.js";
import { closeWarc, warcHead } from "./warc-ends.js";
import { WarcFile } from "./warc-file.js";

/** What a visit is doing, for whoever waits. */
export type VisitStep = "starting" | "loading" | "scrolling" | "picturing" | "closing";

export interface VisitRequest {
  readonly chromium: ChromiumProgram;
  /** Absolute path of the Python that opens the door of the jail. */
  readonly python: string;
  /** A web address, as `parseSourceUrl` gave it out. */
  readonly url: string;
  /** An empty folder on the vault's disk, which receives the files. Absolute. */
  readonly folder: string;
  /** Another empty folder of holdfast's. Absolute. */
  readonly scratch: string;
  /** Opened for doors; the caller closes it, and reads from it which hosts were contacted. */
  readonly guard: EgressGuard;
  readonly limits: VisitLimits;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onProgress: (step: VisitStep) => void;
}

/** Kept for ending the visit when its time is over. */
const closingMs = 6000;

const warcName = "page.warc.gz";

/** A page can ask for ever. */
const mostRequests = 20_000;

/** A page that names another encoding would be read in that one: a mark at the beginning says that the file is in UTF-8. */
const namesOtherEncoding = /<meta[^>]{0,200}charset\s*=\s*["']?(?!utf-?8)\w/i;

/** The part of the room that bodies may take: pictures come after them. */
const bodyShare = 0.75;

/**
 * Visits a page in a browser in a jail, whose only way out is the guard, and writes what it got into `folder`: a picture of
 * the window before anything is touched, pictures of the whole page, MHTML, DOM and a WARC of every request. Nothing is
 * clicked. Whatever the page does, the visit ends within its limits and says how; what was written until then stands.
 * Throws only if a file could not be written.
 */
export async function visitPage(request: VisitRequest): Promise<PageVisit> {
  const { chromium, python, scratch, limits, signal, guard } = request;
  const begunAt = request.now().toISOString();
  const end = performance.now() + limits.wallMs - closingMs;
  request.onProgress("starting");
  let visit: Visit | null = null;
  const started = await startChromium({
    chromium,
    door: { python, receive: guard.receive },
    scratch,
    limits,
    signal,
    mustEnd: () =>
      visit && visit.requests > mostRequests ? `asked for more than ${mostRequests} files` : null,
  });
  if ("code" in started) return notStarted(request, begunAt, started);
  try {
    visit = new Visit(request, started, begunAt, end);
    await visit.make();
    return visit.result(await started.close());
  } finally {
    await started.close();
  }
}

class Visit {
  private readonly request: VisitRequest;
  private readonly chromium: Chromium;
  private readonly files: VisitFiles;
  private readonly warc: WarcFile;
  private readonly recorder: Recorder;
  private readonly targets: Targets;
  private readonly begunAt: string;
  private readonly end: number;
  private readonly stops = new Set<Stop>();
  private readonly tiles: Tile[] = [];
  private failure: NavigationFailure | null = null;
  private verdict: WallVerdict | null = null;
  private looked = false;
  private seenAt: string | null = null;
  private title: string | null = null;
  private final: string | null = null;
  private height: number | null = null;
  private hasCrashed = false;
  private hasEnded = false;
  private ownSandbox: boolean | null = null;

  /** `end`: when the visit must begin to close, in milliseconds of `performance.now`. */
  constructor(request: VisitRequest, chromium: Chromium, begunAt: string, end: number) {
    const { limits, folder, now, guard } = request;
    const { devtools } = chromium;
    this.request = request;
    this.chromium = chromium;
    this.begunAt = begunAt;
    this.end = end;
    this.files = new VisitFiles(folder, limits.bytes);
    this.warc = new WarcFile(this.files.path(warcName));
    const reserved = limits.bytes * (1 - bodyShare);
    const hasRoomFor = (bytes: number) => this.files.hasRoomFor(bytes + reserved, this.warc.bytes);
    const writer = new ExchangeWriter(this.warc, hasRoomFor);
    this.recorder = new Recorder({ devtools, writer, now, guardMark: guard.mark });
    this.targets = new Targets(devtools);
    void this.targets.crashed.then(() => {
      this.hasCrashed = true;
    });
    void chromium.ended.then(() => {
      this.hasEnded = true;
    });
  }

  /** How many requests the page has made. */
  get requests(): number {
    return this.recorder.count;
  }

  /** Takes what there is of the page and closes the files. */
  async make(): Promise<void> {
    const { request, chromium, warc, recorder } = this;
    try {
      warc.begin(this.begunAt, warcHead(request.url, chromium));
      await this.take();
      request.onProgress("closing");
      const inTime = performance.now() + closingMs / 2;
      await closeWarc(warc, recorder, chromium.devtools, request.now, () => inTime - performance.now());
      this.files.names.push(warcName);
    } finally {
      warc.close();
    }
  }

  /** Takes everything of the page, in order, until something ends the visit. */
  private async take(): Promise<void> {
    try {
      const page = await this.targets.openPage();
      this.recorder.follow(page.frame);
      if (!(await this.load(page))) return;
      await this.view(page);
      if (!this.wasSeen()) return;
      this.request.onProgress("scrolling");
      await this.scroll(page);
      this.request.onProgress("picturing");
      await this.step(() => this.picture(page));
      await this.step(() => this.keepText(page, "page.mhtml"));
      await this.step(() => this.keepText(page, "dom.html"));
    } catch (error) {
      if (!(error instanceof DevToolsError || error instanceof Over)) throw error;
    }
  }

  /** False if no page came. */
  private async load(page: PageSession): Promise<boolean> {
    const { request, recorder, chromium } = this;
    request.onProgress("loading");
    let hasLoaded = false;
    page.devtools.onEvent(({ method, session }) => {
      if (session === page.session && method === "Page.loadEventFired") hasLoaded = true;
    });
    const words = await this.go(page);
    const fail = (why: string) => navigationFailure(request.url, why, request.guard.connections);
    if (words !== null) this.failure = fail(words);
    else if (recorder.page?.byGuard) this.failure = fail("ERR_CONNECTION_FAILED");
    // The browser makes a page of its own around a clip or picture.
    else if (/^(?:video|audio|image)\//.test(recorder.page?.mediaType ?? ""))
      this.failure = fail("ERR_DOWNLOAD");
    if (this.failure !== null) return false;
    const isOver = () => this.isOver();
    const rests = await settle(
      recorder,
      () => hasLoaded,
      isOver,
      Math.min(request.limits.settleMs, this.left()),
    );
    if (!rests) this.stops.add("never-settled");
    this.ownSandbox = chromium.ownSandbox && chromium.isLockedIn();
    return true;
  }

  /** Asks for the page; the browser's words if it does not come. */
  private async go(page: PageSession): Promise<string | null> {
    try {
      const { url } = this.request;
      const answer = await page.ask("Page.navigate", { url }, this.left());
      return textAt(answer, "errorText") || (answer.isDownload === true ? "ERR_DOWNLOAD" : null);
    } catch (error) {
      if (error instanceof NoAnswer) return "ERR_TIMED_OUT";
      if (error instanceof DevToolsError && !error.over) return error.message;
      throw error;
    }
  }

  /** The first picture, and the facts by which a wall is recognised. Without them the page was not seen. */
  private async view(page: PageSession): Promise<void> {
    await this.step(async () => {
      const picture = await page.picture(null, this.patience());
      if (this.files.write("view.png", picture, this.warc.bytes))
        this.seenAt = this.request.now().toISOString();
    });
    await this.step(() => this.look(page));
  }

  private wasSeen(): boolean {
    return this.seenAt !== null && this.looked;
  }

  private async scroll(page: PageSession): Promise<void> {
    const { request, recorder } = this;
    const { limits } = request;
    await this.step(async () => {
      const stop = await scrollThrough(page, limits, this.left());
      if (stop !== null) this.stops.add(stop);
      const ms = Math.min(limits.settleMs / 2, this.left());
      if (
        !(await settle(
          recorder,
          () => true,
          () => this.isOver(),
          ms,
        ))
      )
        this.stops.add("never-settled");
    });
    await this.step(() => this.look(page));
  }

  private async look(page: PageSession): Promise<void> {
    const seen = await page.evaluate(lookScript, this.patience());
    if (seen === undefined) return;
    this.looked = true;
    const href = textAt(seen, "href") ?? "";
    if (href.startsWith("chrome-error:")) return this.noteErrorPage();
    this.final = href;
    const facts = seenPage(seen);
    this.title ??= facts.title;
    const { url } = this.request;
    const status = this.recorder.page?.status ?? null;
    this.verdict ??= wallVerdict({ requested: url, final: this.final ?? url, status, page: facts });
  }

  /** The page led on to an address from which nothing came, and the browser shows a page of its own. */
  private noteErrorPage(): void {
    const failed = this.recorder.pageFailure ?? { url: this.request.url, error: "ERR_FAILED" };
    this.failure ??= navigationFailure(failed.url, failed.error, this.request.guard.connections);
    this.final ??= failed.url;
  }

  private async picture(page: PageSession): Promise<void> {
    const { tallest } = this.request.limits;
    this.height = await page.height(this.patience());
    if (this.height > tallest) this.stops.add("too-tall");
    for (const [index, { y, height }] of planTiles(Math.min(this.height, tallest)).entries()) {
      const part = { y, width: viewport.width, height };
      const path = tileName(index);
      const content = await page.picture(part, this.patience());
      if (!this.files.write(path, content, this.warc.bytes)) return;
      this.tiles.push({ path, ...part });
    }
  }

  private async keepText(page: PageSession, name: "page.mhtml" | "dom.html"): Promise<void> {
    const text = name === "page.mhtml" ? await this.mhtml(page) : await this.html(page);
    this.files.write(name, Buffer.from(text, "utf8"), this.warc.bytes);
  }

  private async mhtml(page: PageSession): Promise<string> {
    const answer = await page.ask("Page.captureSnapshot", { format: "mhtml" }, this.patience());
    return textAt(answer, "data") ?? "";
  }

  private async html(page: PageSession): Promise<string> {
    const root = objectAt(await page.ask("DOM.getDocument", { depth: 0 }, this.patience()), "root");
    const asked = { nodeId: root.nodeId ?? 0, includeShadowDOM: true };
    const answer = await page.ask("DOM.getOuterHTML", asked, this.patience());
    const html = textAt(answer, "outerHTML") ?? "";
    return namesOtherEncoding.test(html.slice(0, 4096)) ? `\ufeff${html}` : html;
  }

  /** A page that does not answer one question may still answer the next. */
  private async step(work: () => Promise<void>): Promise<void> {
    if (this.isOver()) throw new Over();
    try {
      await work();
    } catch (error) {
      if (error instanceof NoAnswer) this.stops.add(this.left() > 0 ? "no-answer" : "too-long");
      else if (!(error instanceof DevToolsError) || error.over) throw error;
      else this.stops.add("no-answer");
    }
  }

  private isOver(): boolean {
    if (this.left() <= 0) this.stops.add("too-long");
    return this.hasEnded || this.hasCrashed || this.request.signal.aborted || this.left() <= 0;
  }

  private left(): number {
    return this.end - performance.now();
  }

  private patience(): number {
    return Math.min(this.request.limits.answerMs, this.left());
  }

  /** What the visit came to, once the browser has ended. */
  result(end: ChromiumEnd): PageVisit {
    const { recorder, targets, chromium } = this;
    if (this.files.full) this.stops.add("too-large");
    const bound = boundOf(end);
    if (bound !== null) this.stops.add(bound.stop);
    const failure = this.failure ?? this.breakOf(end) ?? this.unseen(bound?.failure ?? "no-answer");
    const wall = failure === null ? this.verdict : null;
    return {
      ...nothingOf(this.request, this.begunAt),
      outcome: failure !== null ? "failed" : wall !== null ? "wall" : "captured",
      wall: wall?.wall ?? null,
      grounds: wall?.grounds ?? [],
      failure,
      redirects: recorder.redirects,
      final: this.final ?? recorder.page?.url ?? null,
      status: recorder.page?.byGuard ? null : (recorder.page?.status ?? null),
      title: this.title,
      seen_at: this.seenAt,
      page_height: this.height,
      tiles: this.tiles,
      cut: this.height !== null && this.tiles.reduce((sum, { height }) => sum + height, 0) < this.height,
      coverage: recorder.coverage,
      listed: recorder.listed,
      unanswered: recorder.unanswered,
      files: this.files.names,
      stops: [...this.stops],
      held_back: targets.heldBack,
      browser: chromium.browser,
      user_agent: chromium.userAgent,
      own_sandbox: this.ownSandbox,
      run: end.run,
    };
  }

  /** What broke a visit off, whatever was seen before. */
  private breakOf({ because, result }: ChromiumEnd): NavigationFailure | null {
    if (this.request.signal.aborted) return { code: "interrupted", reason: "interrupted" };
    if (this.hasCrashed) return { code: "page-crashed", reason: "the process that draws the page crashed" };
    if (because !== "itself") return null;
    const how = result.signal === null ? `with status ${result.exitCode}` : `by ${result.signal}`;
    return { code: "browser-ended", reason: `the browser ended ${how} before the visit was over` };
  }

  private unseen(code: "memory" | "no-answer"): NavigationFailure | null {
    if (this.wasSeen()) return null;
    const why =
      code === "memory" ? "the browser needed more memory than it may have" : "the page did not answer";
    return { code, reason: `${why} before it could be seen` };
  }
}

function notStarted(request: VisitRequest, begunAt: string, { code, reason, run }: NotStarted): PageVisit {
  return { ...nothingOf(request, begunAt), failure: { code, reason }, run };
}

/** A visit that came to nothing. */
function nothingOf({ url, now }: VisitRequest, begunAt: string): PageVisit {
  return {
    outcome: "failed",
    wall: null,
    grounds: [],
    failure: null,
    requested: url,
    redirects: [],
    final: null,
    status: null,
    title: null,
    begun_at: begunAt,
    seen_at: null,
    ended_at: now().toISOString(),
    viewport,
    page_height: null,
    tiles: [],
    cut: false,
    coverage: { responses: 0, with_body: 0, listed: 0 },
    listed: [],
    unanswered: [],
    files: [],
    stops: [],
    held_back: { dialogs: 0, downloads: 0, windows: 0, processes: 0 },
    browser: null,
    user_agent: null,
    own_sandbox: null,
    run: null,
  };
}

/** The bound at which holdfast ended the browser; null if it was not for one. */
function boundOf({
  because,
}: ChromiumEnd): { readonly stop: Stop; readonly failure: "memory" | "no-answer" } | null {
  if (because === "memory") return { stop: "memory", failure: "memory" };
  if (because === "wall-time") return { stop: "too-long", failure: "no-answer" };
  return because === "bound" ? { stop: "too-large", failure: "no-answer" } : null;
}

/** Ends the steps of a visit that is over. */
class Over extends Error {}
