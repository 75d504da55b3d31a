import { describe, expect, test } from "vitest";
import { packageObject, packagePage } from "../../src/cli/package-page.js";
import { colorStyle, plainStyle } from "../../src/cli/style.js";
import type { WithCaveats } from "../../src/verify/caveats.js";
import type { PackageReport } from "../../src/verify/reports.js";
import { dangerous, hostileTitle } from "./terminal-double.js";

const report: WithCaveats<PackageReport> = {
  contents: { list: null },
  ok: true,
  hashes: "pass",
  chain: "pass",
  signature: "pass",
  tokens: "unchecked",
  checked: { entries: 6, captures: 1, files: 12, bytes: 28_100_000 },
  rests_on: {
    keys: [
      {
        fingerprint: `SHA256:${"a".repeat(43)}`,
        from: "2026-11-23T18:22:05.000Z",
        until: null,
        source: "log",
      },
    ],
    authorities: [],
    witnesses: [],
  },
  findings: [],
  limits: ["a package holds what its maker chose"],
  against: "absent",
  not_shown: ["whose key signed"],
  package: {
    path: "/somewhere/package",
    origin: "holdfast/0f6c3d3b5a1e4c9d8b7a69584736251f",
    profile: "redacted",
    captures: [
      {
        id: "20261123-4T9KX2MB",
        files: 4,
        bytes: 1_843_221,
        completeness: "incomplete",
        existed_by: [
          { authority: "first", signer_sha256: "1f".repeat(32), gen_time: "2026-11-23T18:25:00.000Z" },
          { authority: "second", signer_sha256: "2f".repeat(32), gen_time: "2026-11-23T18:26:00.000Z" },
        ],
      },
      { id: "20261123-CCCCCCCC", files: 3, bytes: 12, completeness: null, existed_by: [] },
    ],
  },
};

const page = (changed: Partial<WithCaveats<PackageReport>> = {}, quiet = false) =>
  packagePage({ ...report, ...changed }, { quiet, explain: false }, 100, plainStyle).join("\n");

describe("the page of a package", () => {
  test("says for each capture by when it existed, and by whose word", () => {
    const text = page();
    expect(text).toMatch(/existed not later than +2026-11-23 18:25:00 UTC by first\n/);
    expect(text).toContain("2026-11-23 18:26:00 UTC by second");
    expect(text).toMatch(/existed not later than +no time-stamp leads to a root that you trust/);
  });

  test("names the key that it rests on and who says so", () => {
    expect(page()).toContain(`SHA256:${"a".repeat(43)}`);
    expect(page()).toContain("named only by the log");
  });

  test("never says more than was checked, and green only of what passed", () => {
    expect(page()).not.toMatch(/\bverified\b|authentic|tamper-proof/i);
    const coloured = packagePage(report, { quiet: false, explain: false }, 100, colorStyle).join("\n");
    expect(coloured.match(/\u001b\[32m/g)).toHaveLength(3);
    expect(page({ signature: "absent" })).toContain("no signed checkpoint");
    expect(page({ chain: "unchecked" })).toContain("not checked: each log entry");
  });

  test("in quiet has the errors and the conclusion only", () => {
    const finding = { code: "file-changed", severity: "error", where: "data/x", message: "changed" } as const;
    expect(page({ ok: false, findings: [finding] }, true)).toBe(
      "NOT AS RECORDED: 1 error.\n  error  data/x  file-changed: changed",
    );
  });

  test("lets nothing of a hostile package reach the terminal raw", () => {
    const name = hostileTitle;
    const hostile = page({
      ok: false,
      findings: [{ code: "package-path", severity: "error", where: name, message: name }],
      package: {
        path: name,
        origin: name,
        profile: null,
        captures: [
          {
            id: name,
            files: 1,
            bytes: 1,
            completeness: "whole",
            existed_by: [{ authority: name, signer_sha256: name, gen_time: name }],
          },
        ],
      },
    });
    expect(hostile.split("\n").filter((line) => dangerous.test(line))).toEqual([]);
  });

  test("as JSON has what the report has", () => {
    // Which entries it lists is in the sentences.
    const { contents: _, ...shown } = report;
    expect(Object.keys(packageObject(report)).sort()).toEqual(Object.keys(shown).sort());
  });
});
