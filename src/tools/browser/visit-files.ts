import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The files of a visit, which together may not take more than `mostBytes`. */
export class VisitFiles {
  readonly names: string[] = [];
  /** Whether something was left out for want of room. */
  full = false;
  private readonly folder: string;
  private readonly mostBytes: number;
  private bytes = 0;

  constructor(folder: string, mostBytes: number) {
    this.folder = folder;
    this.mostBytes = mostBytes;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Whether so many more bytes have room beside the files and `beside`. */
  hasRoomFor(bytes: number, beside: number): boolean {
    const fits = this.bytes + beside + bytes <= this.mostBytes;
    this.full ||= !fits;
    return fits;
  }

  /** Writes a file that is not there yet. False, and nothing is written, if there is no room for it. */
  write(name: string, content: Uint8Array, beside: number): boolean {
    if (!this.hasRoomFor(content.length, beside)) return false;
    writeFileSync(this.path(name), content, { flag: "wx" });
    this.names.push(name);
    this.bytes += content.length;
    return true;
  }
}
