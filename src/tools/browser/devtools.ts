import type { Writable } from "node:stream";
import type { Json, JsonObject } from "../../audit/canonical-json.js";
import { numberAt, objectAt, textAt } from "../../core/page/foreign-fields.js";

/** What the browser announces; `session` is empty for the browser as a whole. */
export interface DevToolsEvent {
  readonly method: string;
  readonly params: JsonObject;
  readonly session: string;
}

/** The browser refused a command, or will never answer it. */
export class DevToolsError extends Error {
  /** Whether the conversation is over. */
  readonly over: boolean;

  constructor(message: string, over: boolean) {
    super(message);
    this.name = "DevToolsError";
    this.over = over;
  }
}

interface Pending {
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: DevToolsError) => void;
}

/** A message carries at most one body or picture, in base64. */
const longestMessage = 512 * 1024 * 1024;

/**
 * Chromium's debugging protocol over its pipes: JSON messages, each ended by a NUL. Every page, frame and worker is a
 * session of its own over the one pipe.
 */
export class DevTools {
  private readonly pending = new Map<number, Pending>();
  private readonly listeners: ((event: DevToolsEvent) => void)[] = [];
  private readonly input: Writable;
  private parts: Buffer[] = [];
  private heldBytes = 0;
  private lastId = 0;
  private over: string | null = null;

  constructor(input: Writable) {
    this.input = input;
  }

  onEvent(listener: (event: DevToolsEvent) => void): void {
    this.listeners.push(listener);
  }

  /** Asks the browser for something. Rejects with a DevToolsError if it refuses or ends. */
  send(method: string, params: JsonObject = {}, session = ""): Promise<JsonObject> {
    if (this.over !== null) return Promise.reject(new DevToolsError(this.over, true));
    this.lastId += 1;
    const id = this.lastId;
    const message = { id, method, params, ...(session === "" ? {} : { sessionId: session }) };
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.input.write(`${JSON.stringify(message)}\0`);
    });
  }

  /** Takes what the browser wrote. False if it is no conversation, which the caller must then end. */
  hear(chunk: Buffer): boolean {
    let from = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, from)) {
      const text = Buffer.concat([...this.parts, chunk.subarray(from, end)]).toString("utf8");
      this.parts = [];
      this.heldBytes = 0;
      from = end + 1;
      if (!this.take(text)) return false;
    }
    const rest = chunk.subarray(from);
    this.parts.push(rest);
    this.heldBytes += rest.length;
    return this.heldBytes <= longestMessage;
  }

  /** Ends the conversation: whatever was asked, or is asked from now on, is rejected. */
  end(reason: string): void {
    this.over ??= reason;
    for (const { reject } of this.pending.values()) reject(new DevToolsError(reason, true));
    this.pending.clear();
  }

  private take(text: string): boolean {
    const message = parse(text);
    if (message === undefined) return false;
    const id = numberAt(message, "id");
    const method = textAt(message, "method");
    if (id !== null) this.settle(id, message);
    else if (method !== null) {
      const event = {
        method,
        params: objectAt(message, "params"),
        session: textAt(message, "sessionId") ?? "",
      };
      for (const listener of this.listeners) listener(event);
    }
    return true;
  }

  private settle(id: number, message: Json): void {
    const asked = this.pending.get(id);
    if (!asked) return;
    this.pending.delete(id);
    const error = textAt(message, "error", "message");
    if (error === null) asked.resolve(objectAt(message, "result"));
    else asked.reject(new DevToolsError(error, false));
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
