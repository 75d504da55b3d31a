import type { EndedBy, Started } from "./run/run.js";

/** Between asking a program to end and ending it. */
export const graceMs = 3000;

/** Ends the whole process group: politely, then for good. Some programs ignore SIGTERM while they allocate. */
export class GroupEnding {
  by: EndedBy = "exited";
  reason = "exited";
  private killer: NodeJS.Timeout | undefined;
  private readonly kill: Started["kill"];

  constructor(kill: Started["kill"]) {
    this.kill = kill;
  }

  end(by: EndedBy, reason: string): void {
    if (this.by !== "exited") return;
    this.note(by, reason);
    this.kill("SIGTERM");
    this.killer = setTimeout(() => this.kill("SIGKILL"), graceMs);
  }

  note(by: EndedBy, reason: string): void {
    this.by = by;
    this.reason = reason;
  }

  sweep(): void {
    clearTimeout(this.killer);
    this.kill("SIGKILL");
  }
}
