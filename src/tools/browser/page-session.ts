import type { Json, JsonObject } from "../../audit/canonical-json.js";
import { memberAt, numberAt, textAt } from "../../core/page/foreign-fields.js";
import { type DevTools, DevToolsError } from "./devtools.js";

/** The page did not answer in time: what it runs does not let anything else have its turn. */
export class NoAnswer extends Error {
  constructor(method: string) {
    super(`no answer to ${method}`);
    this.name = "NoAnswer";
  }
}

/** The page that is visited, and what it can be asked. Whatever it does, each question ends in its time. */
export class PageSession {
  readonly devtools: DevTools;
  readonly session: string;
  /** Its main frame. */
  readonly frame: string;

  constructor(devtools: DevTools, session: string, frame: string) {
    this.devtools = devtools;
    this.session = session;
    this.frame = frame;
  }

  /** Throws NoAnswer after `ms`, or a DevToolsError. */
  async ask(method: string, params: JsonObject, ms: number): Promise<JsonObject> {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new NoAnswer(method)), Math.max(0, ms));
    });
    try {
      return await Promise.race([this.devtools.send(method, params, this.session), tooLate]);
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * The value of an expression in a world of its own, in which no script of the page has changed anything. The expression
   * gives a text of JSON, or a promise of one. Undefined if the page moved on meanwhile, or the text is none.
   */
  async evaluate(expression: string, ms: number): Promise<Json | undefined> {
    const end = performance.now() + ms;
    try {
      const world = { frameId: this.frame, worldName: "holdfast" };
      const made = await this.ask("Page.createIsolatedWorld", world, ms);
      const contextId = numberAt(made, "executionContextId") ?? 0;
      const asked = { expression, contextId, returnByValue: true, awaitPromise: true };
      const answer = await this.ask("Runtime.evaluate", asked, end - performance.now());
      return parse(textAt(answer, "result", "value") ?? "");
    } catch (error) {
      if (error instanceof DevToolsError && !error.over) return undefined;
      throw error;
    }
  }

  /** A PNG of the window, or of a part of the whole page. */
  async picture(
    part: { readonly y: number; readonly height: number; readonly width: number } | null,
    ms: number,
  ) {
    const clip = part === null ? {} : { clip: { x: 0, ...part, scale: 1 }, captureBeyondViewport: true };
    const answer = await this.ask("Page.captureScreenshot", { format: "png", ...clip }, ms);
    return Buffer.from(textAt(answer, "data") ?? "", "base64");
  }

  /** The height of the page, in pixels. */
  async height(ms: number): Promise<number> {
    const metrics = await this.ask("Page.getLayoutMetrics", {}, ms);
    return Math.ceil(numberAt(memberAt(metrics, "cssContentSize"), "height") ?? 0);
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
