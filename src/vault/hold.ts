import type { Settings } from "./settings.js";
import type { WorkFolder } from "./work-folder.js";
import type { WriterLock } from "./writer-lock.js";

/** How long a command that shares a vault leaves it free at least once a second, so that whoever waits gets a turn. */
const [freeMs, oftenMs] = [60, 1000];

/** How a process holds a vault: from opening to closing or, once it shares it, for one turn at a time. */
export class Hold {
  /** Where a process that shares the vault stages its work; null for one that holds it throughout. */
  work: WorkFolder | null = null;
  /** The last entry when this process's last turn ended, and what SQLite then said of other connections' writing. */
  seen: { readonly seq: number; readonly changes: unknown } = { seq: 0, changes: null };
  /** Captures whose commit failed in this process. */
  left: ReadonlySet<string> = new Set();
  /** Which file the vault.db is that this process has open. */
  file: string | null = null;
  settings: Settings;
  private lock: WriterLock | null;
  private take: () => Promise<WriterLock> = () => Promise.reject(new Error("the vault is closed"));
  private users = 0;
  private entering: Promise<void> | null = null;
  private releasedMs = performance.now();
  private freeUntilMs = performance.now();

  constructor(lock: WriterLock, settings: Settings) {
    this.lock = lock;
    this.settings = settings;
  }

  /** Whether it is this process's turn: only then may it journal, log or move anything into place. */
  get isOwnTurn(): boolean {
    return this.lock !== null;
  }

  /** From now on the lock is held for turns only, and taken with `take`. */
  share(work: WorkFolder, take: () => Promise<WriterLock>): void {
    this.work = work;
    this.take = take;
    this.letGo();
  }

  /** Begins a turn or joins the one that this process has. `onTurn` runs first in a new one; if it throws, there is none. */
  async enter(onTurn: () => void): Promise<void> {
    this.users += 1;
    try {
      if (this.lock !== null) return;
      this.entering ??= this.begin(onTurn).finally(() => {
        this.entering = null;
      });
      await this.entering;
    } catch (error) {
      this.users -= 1;
      throw error;
    }
  }

  /** Leaves a turn. It ends with the last part of this process's work in it; `onEnd` runs just before. */
  leave(onEnd: () => void): void {
    this.users -= 1;
    if (this.users > 0 || this.work === null) return;
    try {
      onEnd();
    } finally {
      this.letGo();
    }
  }

  close(): void {
    this.work?.close();
    this.lock?.release();
    this.lock = null;
  }

  private async begin(onTurn: () => void): Promise<void> {
    const now = performance.now();
    const wasFree = now - this.releasedMs >= freeMs;
    if (!wasFree && now - this.freeUntilMs > oftenMs)
      await new Promise((resolve) => setTimeout(resolve, freeMs));
    if (wasFree || now - this.freeUntilMs > oftenMs) this.freeUntilMs = performance.now();
    this.lock = await this.take();
    try {
      onTurn();
    } catch (error) {
      this.letGo();
      throw error;
    }
  }

  private letGo(): void {
    this.releasedMs = performance.now();
    this.lock?.release();
    this.lock = null;
  }
}
