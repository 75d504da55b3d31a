import { describe, expect, test } from "vitest";
import { restsOnNothing } from "../../src/audit/log-facts.js";
import { colorStyle, plainStyle } from "../../src/cli/style.js";
import { filePage, findingBlock, verifyPage } from "../../src/cli/verify-page.js";
import type { WithCaveats } from "../../src/verify/caveats.js";
import type { FileReport } from "../../src/verify/file.js";
import type { VerifyReport } from "../../src/verify/reports.js";
import { dangerous, hostileTitle } from "./terminal-double.js";

const green = "\u001b[32m";
const yellow = "\u001b[33m";

const report: WithCaveats<VerifyReport> = {
  ok: true,
  hashes: "pass",
  chain: "pass",
  signature: "absent",
  tokens: "absent",
  checked: { objects: 3, files: 12, bytes: 28_100_000, log_entries: 1234 },
  rests_on: { keys: [], authorities: [], witnesses: [] },
  findings: [],
  limits: ["a vault rewritten from end to end by whoever holds it looks the same to this check"],
  against: "absent",
  not_shown: ["whose key signed"],
};

const damaged: WithCaveats<VerifyReport> = {
  ...report,
  ok: false,
  hashes: "fail",
  findings: [
    {
      code: "commit-interrupted",
      severity: "note",
      where: "objects/x",
      message: "the journal explains this",
    },
    {
      code: "file-changed",
      severity: "error",
      where: "objects/x/v1/content/original/track-1.mp4",
      message: "changed",
    },
    { code: "file-missing", severity: "error", where: "objects/y", message: "gone" },
  ],
};

const plain = (of: WithCaveats<VerifyReport>, quiet = false, explain = false) =>
  verifyPage(of, { quiet, explain }, 100, plainStyle).join("\n");

test("what a file manager leaves in every folder of a vault is counted, not listed", () => {
  const litter = Array.from({ length: 40 }, (_, at) => {
    const where = `objects/${at}/.DS_Store`;
    return { code: "stray", severity: "note", where, message: "holdfast did not put it here" } as const;
  });
  const lines = findingBlock(litter, 100, plainStyle);
  expect(lines.filter((line) => line.includes(".DS_Store"))).toHaveLength(3);
  expect(lines.at(-1)).toContain("37 files or folders  stray: more like these, which --json names");
});

describe("the report of a check", () => {
  test("says what was checked, and each question has an answer of its own", () => {
    const text = plain(report);
    expect(text).toContain("checked  3 objects, 12 files, 28.1 MB, 1 234 log entries");
    expect(text).toMatch(/hashes +pass +stored bytes against the digests in the records/);
    expect(text).toMatch(/chain +pass/);
    expect(text).toMatch(/signature +absent +no signed checkpoint: nothing shows whose log this is/);
    expect(text).toMatch(/tokens +absent +no outside time-stamp: only this vault says since when/);
    expect(text).toMatch(/against +absent +no checkpoint kept elsewhere was given/);
    expect(text).not.toContain("a vault rewritten from end to end");
    expect(plain(report, false, true)).toContain("a vault rewritten from end to end");
  });

  test("what is absent or was not asked is yellow, and green is kept for a pass", () => {
    const lines = verifyPage(
      { ...report, tokens: "unchecked" },
      { quiet: false, explain: false },
      100,
      colorStyle,
    );
    const line = (question: string) => lines.find((text) => text.includes(`  ${question}`)) ?? "";
    expect(line("hashes")).toContain(green);
    expect(line("signature")).toContain(yellow);
    expect(line("tokens")).toContain(yellow);
    for (const question of ["signature", "tokens"]) expect(line(question)).not.toContain(green);
    expect(line("tokens")).toContain("could not be checked");
  });

  test("every finding has its line, errors before notes", () => {
    const lines = plain(damaged).split("\n");
    const at = (text: string) => lines.findIndex((line) => line.includes(text));
    expect(lines[at("file-changed")]).toBe(
      "  error  objects/x/v1/content/original/track-1.mp4  file-changed: changed",
    );
    expect(at("file-changed")).toBeLessThan(at("file-missing"));
    expect(at("file-missing")).toBeLessThan(at("commit-interrupted"));
    expect(lines[0]).toBe("NOT AS RECORDED: 2 errors.");
  });

  test("begins with the verdict, in a line for somebody who reads no further", () => {
    expect(plain(report).split("\n")[0]).toBe(
      "OK: nothing has changed since it was logged. 3 clips, 12 files.",
    );
    const unread = plain({ ...report, ok: false, hashes: "unchecked" });
    expect(unread.split("\n")[0]).toBe("NOT EVERYTHING COULD BE CHECKED: what was checked is as recorded.");
  });

  test("says in three lines what it does not show, and the rest where it is asked for", () => {
    expect(plain(report)).toMatch(
      /not shown \(holdfast verify --explain says more\)\n {2}- whose key signed$/,
    );
    expect(plain(report, false, true)).not.toContain("--explain");
  });

  test("quiet keeps the errors and the conclusion", () => {
    expect(plain(damaged, true).split("\n")).toHaveLength(3);
  });

  test.each([report, damaged])("never says more than was checked", (of) => {
    expect(plain(of)).not.toMatch(/verified|authentic|genuine|tamper-proof|immutable|\bvalid\b/i);
  });

  test("a hostile path in a finding stays on its line", () => {
    const finding = {
      code: "stray",
      severity: "error",
      where: hostileTitle,
      message: hostileTitle,
    } as const;
    const text = plain({
      ...damaged,
      findings: [finding],
      limits: [hostileTitle],
      not_shown: [hostileTitle],
      checked: { [hostileTitle]: 1 },
    });
    expect(dangerous.test(text)).toBe(false);
    expect(text).not.toContain("\nholdfast: as recorded");
  });

  test("counts of one are in the singular", () => {
    const checked = { entries: 1, annexes: 1, files: 1, objects: 2, digests_per_file: 1 };
    expect(plain({ ...report, checked })).toContain(
      "checked  1 entry, 1 annex, 1 file, 2 objects, 1 digest per file",
    );
  });

  test("a check of nothing says so", () => {
    expect(plain({ ...report, checked: {} })).toContain("checked  nothing");
  });
});

const rested: WithCaveats<VerifyReport> = {
  ...report,
  signature: "pass",
  tokens: "pass",
  rests_on: {
    keys: [
      {
        fingerprint: `SHA256:${"k".repeat(43)}`,
        from: "2026-09-19T14:03:30.100Z",
        until: null,
        source: "log",
      },
    ],
    authorities: [42, 60].map((checkpoint) => ({
      authority: "one",
      checkpoint,
      gen_time: `2026-09-${checkpoint === 42 ? "19" : "21"}T14:04:00.000Z`,
      signer: "CN=Some Authority",
      signer_sha256: "a".repeat(64),
      root: "CN=Some Root",
      trusted: true,
    })),
    witnesses: [{ fingerprint: `SHA256:${"w".repeat(43)}`, checkpoint: 42 }],
  },
};

describe("what a result rests on", () => {
  test("each key, authority and witness is named with who says so, for comparing with what came from elsewhere", () => {
    const text = plain(rested);
    expect(text).toMatch(/key +SHA256:k{43}\n +since 2026-09-19 14:03:30 UTC, named only by the log/);
    expect(text).toContain("2 time-stamps, 2026-09-19 14:04:00 UTC to 2026-09-21 14:04:00 UTC");
    expect(text).toContain("authority  CN=Some Authority");
    expect(text).toContain("root CN=Some Root, which you named");
    expect(text).toMatch(/witness +SHA256:w{43}/);
  });

  test.each([80, 120])("nothing of it is wider than %i columns", (columns) => {
    const lines = verifyPage(
      { ...rested, tokens: "unchecked" },
      { quiet: false, explain: true },
      columns,
      plainStyle,
    );
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test("a hostile name of an authority stays on its line", () => {
    const [first] = rested.rests_on.authorities;
    const authorities = [{ ...first!, authority: hostileTitle, signer: hostileTitle, root: hostileTitle }];
    const text = plain({ ...rested, rests_on: { ...rested.rests_on, authorities } });
    expect(dangerous.test(text)).toBe(false);
  });
});

const file: WithCaveats<FileReport> = {
  ok: true,
  hashes: "pass",
  chain: "pass",
  signature: "pass",
  tokens: "absent",
  rests_on: restsOnNothing,
  limits: ["It does not show that footage is genuine."],
  against: "absent",
  not_shown: ["whose key signed"],
  file: "/tmp/clip.mp4",
  bytes: 1500,
  sha256: "a".repeat(64),
  matches: [
    {
      capture: "20260919-ABCDEFGH",
      path: "original/track-1.mp4",
      entry: 12,
      since: "2026-09-19T14:03:30.100Z",
      requested_url: "https://example.org/v/1",
      signed: true,
      not_later_than: null,
    },
  ],
  findings: [],
};

describe("the report on one file", () => {
  const text = (of: WithCaveats<FileReport>) => filePage(of, false, 100, plainStyle).join("\n");

  test("names the capture, the entry and whose clock the time is from", () => {
    expect(text(file)).toContain("since      log entry 12, dated 2026-09-19 14:03:30 UTC by this vault");
    expect(text(file)).toMatch(/SHA-256 +a{64}/);
    expect(text(file)).toMatch(
      /^OK: these bytes are in this vault, in 1 capture, and nothing that this rests on has changed\.\n/,
    );
  });

  test("says plainly when the bytes are not there", () => {
    const message = "these bytes are not in this vault";
    const finding = { code: "not-in-vault", severity: "error", where: "/tmp/clip.mp4", message } as const;
    const lines = text({ ...file, ok: false, matches: [], findings: [finding] }).split("\n");
    expect(lines.filter((line) => line.includes(message))).toEqual([`NOT AS RECORDED: ${message}.`]);
    expect(lines[0]).toBe(`NOT AS RECORDED: ${message}.`);
  });

  test("bytes found beside damage are not called as recorded", () => {
    const message = "the stored copy is not as the log states";
    const finding = { code: "file-changed", severity: "error", where: "objects/x", message } as const;
    expect(text({ ...file, ok: false, findings: [finding] })).toMatch(
      /^NOT AS RECORDED: .*, but not everything is as recorded\.\n/,
    );
  });

  test("what could not be checked is not called wrong", () => {
    expect(text({ ...file, ok: false })).toMatch(
      /^NOT EVERYTHING COULD BE CHECKED: these bytes are in this vault/,
    );
  });
});
