import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  encodeCanonical,
  isJsonObject,
  type JsonObject,
  parseCanonical,
} from "../../src/audit/canonical-json.js";
import { lineHash } from "../../src/audit/entry.js";
import { withPackageCaveats } from "../../src/verify/caveats.js";
import { nothingBrought } from "../../src/verify/trust.js";
import {
  captureA,
  captureC,
  listBody,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
} from "../support/packages.js";
import { openVerifiers } from "../support/two-verifiers.js";

/*
 * Packages whose log lists its entries, as an owner of the key could have made them, put to three verifiers. What is made here
 * lasts until the tests of the file that imports it are over.
 */

const { ask } = openVerifiers();
const script = join(import.meta.dirname, "../../schemas/package/verify.sh");

interface Opinions {
  /** `severity code where` of what this program finds about the lines of the log, and its answer to `chain`. */
  readonly found: readonly string[];
  readonly chain: string;
  /** What verify.sh says of the step `list`; null where it was not asked. */
  readonly script: string | null;
  readonly limits: string;
  readonly words: string;
}

const ofLines = /^(entry-|entries-|export-begun-|log-|inclusion-)/;

/** What the three checkers say; where this program and the second opinion differ, that is an error of the test. */
async function opinions(files: PackageFiles, byScript = true): Promise<Opinions> {
  const { path, report, findings } = await ask(files, (code) => ofLines.test(code));
  const { stdout } = byScript ? spawnSync("sh", [script, path], { encoding: "utf8" }) : { stdout: "" };
  rmSync(path, { recursive: true });
  const said = /^(\S+) +list +.*\n(?: {6,}.*\n)*/m.exec(stdout);
  return {
    found: findings,
    chain: report.chain,
    script: byScript ? (said?.[1] ?? "") : null,
    words: said?.[0] ?? "",
    limits: withPackageCaveats(report, nothingBrought).limits.join(" "),
  };
}

/** The package with these entries of its log, sealed at `size`, and all of it made to fit. */
function withEntries(lines: readonly string[], seqs: readonly number[], size = lines.length): PackageFiles {
  const { files, log } = makePackage({ listed: true });
  const kept = new Map([...files].filter(([path]) => !path.startsWith("proof/0")));
  const changed = { ...log, lines };
  putEntries(kept, changed, seqs);
  for (const one of [4, size]) {
    putCheckpoint(
      kept,
      changed,
      one,
      seqs.filter((seq) => seq <= one),
    );
  }
  rebag(kept);
  return kept;
}

/** The lines with these bodies in place of those of some entries, linked anew. */
function relogged(changes: Readonly<Record<number, (entry: JsonObject) => JsonObject>>): readonly string[] {
  let prev = "0".repeat(64);
  return makePackage({ listed: true }).log.lines.map((line, at) => {
    const entry = parseCanonical(line);
    if (!isJsonObject(entry)) throw new Error("a line is no entry");
    const changed = { ...(changes[at + 1]?.(entry) ?? entry), prev };
    const text = encodeCanonical(changed);
    prev = lineHash(text);
    return text;
  });
}

const all = [1, 2, 4, 6, 7, 8];

/** What three verifiers say of a list. verify.sh is asked about a sample, or about everything. */
export function packageListClaims(extent: "a sample" | "everything"): void {
  describe("a package whose log lists its entries", () => {
    it("is found whole by three checkers, and none of them claims more than the list says", async () => {
      const { files } = makePackage({ listed: true });
      const { found, chain, script: said, limits, words } = await opinions(files);
      expect([found, chain, said]).toEqual([[], "pass", "PASS"]);
      expect(limits).toContain("listed them before the package was made");
      expect(limits).toContain("nothing in it tells whether there is any");
      expect(limits).toContain(`${captureC}: nothing in this package says whether its clip decodes whole`);
      expect(words).toContain(`nothing here says whether the clip of ${captureC} decodes whole`);
      expect(words).not.toContain(`the clip of ${captureA}`);
    });

    it.each(["derivation", "newest derivation", "capture"])(
      "from which a %s was taken out is found out",
      async (what) => {
        const seq = { derivation: 4, "newest derivation": 7, capture: 2 }[what] ?? 0;
        const byScript = extent === "everything" || what === "derivation";
        const { log } = makePackage({ listed: true });
        const {
          found,
          chain,
          script: said,
          words,
        } = await opinions(
          withEntries(
            log.lines,
            all.filter((one) => one !== seq),
          ),
          byScript,
        );
        expect([found, chain]).toEqual([[`error entry-missing entry:${seq}`], "fail"]);
        if (!byScript) return;
        expect(said).toBe("FAIL");
        expect(words).toContain(`entry ${seq} of ${captureA} is in the list of entry 8, and it is not here`);
      },
    );

    it("from which the list itself was taken out is found out", async () => {
      const { log } = makePackage({ listed: true });
      const { found, chain, script: said } = await opinions(withEntries(log.lines, [1, 2, 4, 6, 7]));
      expect([found, chain, said]).toEqual([
        ["error export-begun-missing proof/entries.jsonl"],
        "fail",
        "FAIL",
      ]);
    });

    it("that has an entry which the list does not name is found out", async () => {
      const lines = relogged({ 8: (entry) => ({ ...entry, body: { ...listBody([2, 7], [6]) } }) });
      const { found, chain, script: said } = await opinions(withEntries(lines, all));
      expect([found, chain, said]).toEqual([["error entry-unlisted entry:4"], "fail", "FAIL"]);
    });

    it("that has an annotation although its list is of none is found out", async () => {
      const annotate = (entry: JsonObject) => ({
        ...entry,
        event: "annotate",
        body: {
          capture: captureA,
          values: [{ key: "place", value: "here" }],
          basis: "person_assertion",
          from: "command line",
        },
      });
      const lines = relogged({ 5: annotate });
      const { found, chain, script: said } = await opinions(withEntries(lines, [1, 2, 4, 5, 6, 7, 8]));
      expect([found, chain, said]).toEqual([["error entry-unlisted entry:5"], "fail", "FAIL"]);
      const listed = relogged({
        5: annotate,
        8: (entry) => ({ ...entry, body: { ...listBody([2, 4, 5, 7], [6], true) } }),
      });
      const byScript = extent === "everything";
      const whole = await opinions(withEntries(listed, [1, 2, 4, 5, 6, 7, 8]), byScript);
      expect([whole.found, whole.chain, whole.script]).toEqual([[], "pass", byScript ? "PASS" : null]);
      expect(whole.limits).not.toContain("nothing in it tells whether there is any");
    });

    it.each([
      [
        "with captures that do not ascend",
        [
          { capture: captureC, entries: [6] },
          { capture: captureA, entries: [2, 4, 7] },
        ],
      ],
      [
        "with entries that do not ascend",
        [
          { capture: captureA, entries: [4, 2, 7] },
          { capture: captureC, entries: [6] },
        ],
      ],
      [
        "that lists itself",
        [
          { capture: captureA, entries: [2, 4, 7] },
          { capture: captureC, entries: [6, 8] },
        ],
      ],
    ])("%s is refused", async (what, captures) => {
      const byScript = extent === "everything" || what === "with captures that do not ascend";
      const lines = relogged({ 8: (entry) => ({ ...entry, body: { annotations: false, captures } }) });
      const { found, chain, script: said } = await opinions(withEntries(lines, all), byScript);
      expect(found).toContain("error export-begun-wrong entry:8");
      expect([chain, said]).toEqual(["fail", byScript ? "FAIL" : null]);
    });

    it("whose list names another capture too is found out", async () => {
      const [a, c] = [2, 6].map((seq) => ({ capture: seq === 2 ? captureA : captureC, entries: [seq] }));
      const body = {
        annotations: false,
        captures: [{ ...a, entries: [2, 4, 7] }, { capture: "20261123-BBBBBBBB", entries: [3] }, c],
      };
      const lines = relogged({ 8: (entry) => ({ ...entry, body: JSON.parse(JSON.stringify(body)) }) });
      const byScript = extent === "everything";
      const { found, script: said } = await opinions(withEntries(lines, all), byScript);
      expect(found).toEqual(["error entry-missing entry:3", "error export-begun-wrong entry:8"]);
      expect(said).toBe(byScript ? "FAIL" : null);
    });

    it("whose newest checkpoint covers more than the list is found out: an entry behind the list can be missing", async () => {
      const { log } = makePackage({ listed: true });
      const prev = lineHash(log.lines.at(-1) ?? "");
      const derived = parseCanonical(log.lines[6] ?? "");
      if (!isJsonObject(derived)) throw new Error("entry 7 is none");
      const longer = [...log.lines, encodeCanonical({ ...derived, prev, seq: 9 })];
      const { found, chain, script: said } = await opinions(withEntries(longer, all));
      expect([found, chain, said]).toEqual([["error export-begun-wrong entry:8"], "fail", "FAIL"]);
    });

    it("that holds an older package's list too is found out", async () => {
      const lines = relogged({
        5: (entry) => ({ ...entry, event: "export-begun", body: { ...listBody([2, 4], [3]) } }),
      });
      const { found, chain } = await opinions(withEntries(lines, [1, 2, 4, 5, 6, 7, 8]), false);
      expect([found, chain]).toEqual([["error entry-foreign entry:5"], "fail"]);
    });
  });

  describe("a package of a log of version 1", () => {
    it("passes with a note, and every checker says which entries may be missing", async () => {
      const { found, chain, script: said, limits, words } = await opinions(makePackage().files);
      expect([found, chain, said]).toEqual([
        ["note entries-uncommitted proof/entries.jsonl"],
        "pass",
        "ABSENT",
      ]);
      for (const kind of ["derivations", "recoveries", "annotations"]) {
        expect(limits).toContain(kind);
        expect(words).toContain(kind);
      }
    });
  });
}
