import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { captureA, edit, type PackageFiles, rebag } from "../support/packages.js";
import {
  clean,
  cleanOutcome,
  programPath,
  runAfter,
  scratch,
  verify,
  video,
  write,
} from "../support/verify-sh.js";
import { flip } from "./package-changes.js";

/** Whether what could hide behind something else is also tried without it. */
export type Extent = "together" | "each alone";

/** What a shell may do in its own way: print, quote, calculate, and go on after a fault. */
export function shellClaims(shell: string, extent: Extent): void {
  it("a clean package passes every step with key and roots from elsewhere, and it needs nothing but a shell, awk, coreutils, openssl and ssh-keygen", () => {
    const outcome = cleanOutcome(shell);
    expect(Object.fromEntries(outcome.steps)).toEqual({
      names: "PASS",
      version: "PASS",
      tagmanifests: "PASS",
      manifests: "PASS",
      complete: "PASS",
      entries: "PASS",
      inclusion: "PASS",
      checkpoints: "PASS",
      list: "ABSENT",
      tokens: "PASS",
      signature: "PASS",
      witnesses: "ABSENT",
      against: "ABSENT",
      files: "PASS",
      annex: "ABSENT",
    });
    expect(outcome.status).toBe(0);
  });

  it("a hostile name is refused at the names, nothing else is read and nothing is executed", () => {
    const names = [
      "a\nb",
      "$(touch x)",
      "`touch x`",
      "-rf;touch x",
      "a\\b",
      "a b",
      "*",
      "ü",
      "\u001b[2J",
      "'\"; touch x",
    ];
    const refused = (folder: string) => {
      const outcome = verify(shell, folder);
      expect([[...outcome.steps], outcome.status]).toEqual([[["names", "FAIL"]], 1]);
      expect(outcome.text).not.toContain("\u001b");
      expect([folder, dirname(folder)].some((one) => existsSync(join(one, "x")))).toBe(false);
      return outcome.text.match(/^ {11}\S.* is a name that no package has$/gm)?.length;
    };
    for (const [index, place] of ["", `data/${captureA}/`, "proof/"].entries()) {
      const folder = write(clean.files);
      for (const name of names) writeFileSync(join(folder, place, name), "x");
      expect(refused(folder)).toBe(names.length);
      const alone = names.filter(
        (_, at) => at % 3 === index && (extent === "each alone" || (at < 3 && shell === "dash")),
      );
      for (const name of alone) {
        const one = write(clean.files);
        writeFileSync(join(one, place, name), "x");
        expect(refused(one)).toBe(1);
      }
    }
  });

  // Of the two, only bash calculates with what stands in brackets.
  if (extent === "each alone" || shell === "bash") {
    it("texts in the package are never taken for commands or calculations", () => {
      const hostile = "a[$(touch x)]";
      const changes: ((files: PackageFiles) => unknown)[] = [
        (files) => edit(files, "bag-info.txt", /holdfast\/[0-9a-f]+/, hostile),
        (files) => edit(files, "bag-info.txt", captureA, hostile),
        (files) => edit(files, "bag-info.txt", /Oxum: .*/, `Oxum: ${hostile}`),
        (files) => edit(files, "proof/entries.jsonl", '"seq":4', `"seq":${hostile}`),
        (files) => edit(files, "proof/entries.jsonl", '"bytes":60000', `"bytes":${hostile}`),
        (files) => edit(files, "proof/entries.jsonl", /"public_key":"[^"]*/, `"public_key":"${hostile}`),
        (files) => edit(files, "proof/entries.jsonl", /"path":"log\/[^"]*/, `"path":"log/${hostile}`),
        (files) => edit(files, "proof/entries.jsonl", /"at":"[^"]*/g, `"at":"${hostile}`),
        (files) => edit(files, "proof/000007/checkpoint", "7", hostile),
        (files) => edit(files, "proof/000007/6.proof", "7", hostile),
        (files) => edit(files, "proof/000007/6.proof", /[0-9a-f]{64}/, hostile),
      ];
      const alone = changes.map((change) => [change]);
      const together = [changes.slice(0, 3), changes.slice(3, 8), changes.slice(8)];
      for (const some of extent === "together" ? together : alone) {
        const files = new Map(clean.files);
        for (const change of some) change(files);
        const folder = write(files);
        expect(verify(shell, folder).status).toBe(1);
        expect([folder, dirname(folder)].some((one) => existsSync(join(one, "x")))).toBe(false);
      }
    });
  }

  // Dash keeps silent about more that it could not write.
  if (extent === "each alone" || shell === "dash") {
    it("a temporary folder that cannot be written to the end lets nothing pass and accuses nobody", () => {
      const folder = write(clean.files);
      const full = runAfter(shell, "trap '' XFSZ; ulimit -f 1", folder);
      expect([full.status, full.said, full.stderr.includes("is full")]).toEqual([2, false, true]);

      const files = new Map(clean.files);
      flip(files, video);
      rebag(files);
      const changed = write(files);
      // As it is, it fails at the files: that is one of the damages.
      for (const program of extent === "together" ? ["sort"] : ["comm", "cut", "sort", "tr"]) {
        const path = join(scratch.path, `full-${shell}-${program}`);
        mkdirSync(path);
        // As on a full disk: what it was to write is lost. What is not written to the temporary folder is.
        const only = `case $(readlink /proc/$$/fd/1) in */tmp.*) cat > /dev/null; exit 1 ;; esac`;
        const whole = `#!/bin/sh\n${only}\nexec ${programPath(program)} "$@"\n`;
        writeFileSync(join(path, program), whole, { mode: 0o755 });
        const lost = runAfter(shell, `PATH=${path}:$PATH`, changed);
        expect([program, lost.status, lost.said]).toEqual([program, 2, false]);
      }
    });
  }
}
