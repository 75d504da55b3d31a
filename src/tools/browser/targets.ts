import type { JsonObject } from "../../audit/canonical-json.js";
import { objectAt, textAt } from "../../core/page/foreign-fields.js";
import type { HeldBack } from "../../core/page/visit.js";
import { viewport } from "./chromium-command.js";
import type { DevTools, DevToolsEvent } from "./devtools.js";
import { PageSession } from "./page-session.js";

/** Pages, frames and workers that are followed; a page can make as many as it likes. */
const mostSessions = 300;

const mib = 1024 * 1024;

/** How much of what it received the browser keeps until it is asked for it. */
const kept = { maxTotalBufferSize: 160 * mib, maxResourceBufferSize: 64 * mib, enableDurableMessages: true };

/**
 * Everything in the browser that runs a page's code. Each frame and worker is held until what it requests is recorded; a
 * window that the page opens is closed before it runs anything, and no dialog or download gets past.
 */
export class Targets {
  /** Resolves when the process that draws the page has crashed. */
  readonly crashed: Promise<void>;
  private readonly devtools: DevTools;
  private readonly counts = { dialogs: 0, downloads: 0, windows: 0, processes: 0 };
  private page: PageSession | null = null;
  private sessions = 0;
  private onCrash = () => {};
  private onPage = (_page: PageSession) => {};

  constructor(devtools: DevTools) {
    this.devtools = devtools;
    this.crashed = new Promise((resolve) => {
      this.onCrash = resolve;
    });
    devtools.onEvent((event) => this.take(event));
  }

  get heldBack(): HeldBack {
    return { ...this.counts };
  }

  /** Opens the one page, in which nothing is loaded yet. Throws a DevToolsError if the browser ends. */
  async openPage(): Promise<PageSession> {
    const opened = new Promise<PageSession>((resolve) => {
      this.onPage = resolve;
    });
    await this.devtools.send("Browser.setDownloadBehavior", { behavior: "deny", eventsEnabled: true });
    await this.devtools.send("Target.setAutoAttach", attachToAll);
    await this.devtools.send("Target.createTarget", { url: "about:blank", ...viewport });
    return opened;
  }

  private take({ method, params, session }: DevToolsEvent): void {
    if (method === "Target.attachedToTarget") this.onAttached(params);
    if (method === "Page.javascriptDialogOpening") this.onDialog(params, session);
    if (method === "Browser.downloadWillBegin") this.counts.downloads += 1;
    if (method === "Inspector.targetCrashed" && session === this.page?.session) this.onCrash();
  }

  private onAttached(params: JsonObject): void {
    const session = textAt(params, "sessionId") ?? "";
    const target = objectAt(params, "targetInfo");
    const [type, id] = [textAt(target, "type"), textAt(target, "targetId") ?? ""];
    this.sessions += 1;
    const isWindow = type === "page" && this.page !== null;
    if (isWindow || this.sessions > mostSessions) {
      if (isWindow) this.counts.windows += 1;
      else this.counts.processes += 1;
      this.tell("Target.closeTarget", { targetId: id });
      return;
    }
    if (type === "page") void this.beginPage(new PageSession(this.devtools, session, id));
    else this.record(session);
  }

  private async beginPage(page: PageSession): Promise<void> {
    this.page = page;
    const metrics = { ...viewport, deviceScaleFactor: 1, mobile: false };
    const screen = { screenWidth: viewport.width, screenHeight: viewport.height };
    this.tell("Page.enable", {}, page.session);
    this.tell("Emulation.setDeviceMetricsOverride", { ...metrics, ...screen }, page.session);
    await this.record(page.session);
    this.onPage(page);
  }

  /** Has all requests of a session announced, and those of what it starts, and then lets it run. */
  private record(session: string): Promise<unknown> {
    return Promise.all([
      this.tell("Network.enable", kept, session),
      this.tell("Network.setCacheDisabled", { cacheDisabled: true }, session),
      this.tell("Network.setBypassServiceWorker", { bypass: true }, session),
      this.tell("Target.setAutoAttach", attachToAll, session),
      this.tell("Runtime.runIfWaitingForDebugger", {}, session),
    ]);
  }

  /** Leaving the page is agreed to, anything else refused. */
  private onDialog(params: JsonObject, session: string): void {
    this.counts.dialogs += 1;
    this.tell("Page.handleJavaScriptDialog", { accept: textAt(params, "type") === "beforeunload" }, session);
  }

  /** A worker lacks some of the commands, and any session may be gone by now. */
  private tell(method: string, params: JsonObject, session = ""): Promise<unknown> {
    return this.devtools.send(method, params, session).catch(() => undefined);
  }
}

const attachToAll = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
