import { describe, expect, test } from "vitest";
import { doctorPage, statusOfDoctor } from "../../src/cli/doctor-page.js";
import { colorStyle, plainStyle } from "../../src/cli/style.js";
import type { DoctorReport } from "../../src/upkeep/doctor.js";
import { dangerous, hostileTitle } from "./terminal-double.js";

const report: DoctorReport = {
  ok: true,
  tool: "holdfast/0.1.0",
  node: "20.20.2",
  programs: [],
  modules: [],
  abilities: null,
  sqlite: null,
  sandbox: "prlimit",
  clock: { source: "timedatectl", synchronised: true, checked_at: "2026-09-19T14:03:22.123Z" },
  disks: [],
  vault: null,
  findings: [
    { severity: "ok", what: "ffmpeg", detail: "5.1, /usr/bin/ffmpeg", hint: null },
    { severity: "note", what: "yt-dlp", detail: "2026.05.01", hint: "sites change weekly" },
  ],
};

const missing: DoctorReport = {
  ...report,
  ok: false,
  findings: [
    ...report.findings,
    { severity: "problem", what: "ffprobe", detail: "not found", hint: "install ffmpeg" },
  ],
};

describe("the report on this machine", () => {
  test("gives every finding, and a hint below what has one", () => {
    expect(doctorPage(missing, false, 100, plainStyle)).toEqual([
      "ok         ffmpeg   5.1, /usr/bin/ffmpeg",
      "note       yt-dlp   2026.05.01",
      "                    hint: sites change weekly",
      "problem    ffprobe  not found",
      "                    hint: install ffmpeg",
      "",
      "fix the problems above first",
    ]);
  });

  test("quiet keeps what is not in order", () => {
    expect(doctorPage(report, true, 100, plainStyle).join("\n")).not.toContain("ffmpeg");
  });

  test("a note is never green", () => {
    const line = doctorPage(report, false, 100, colorStyle)[1];
    expect(line).toContain("\u001b[33mnote");
  });

  test("what a program calls itself cannot move the cursor", () => {
    const finding = {
      severity: "note",
      what: hostileTitle,
      detail: hostileTitle,
      hint: hostileTitle,
    } as const;
    const text = doctorPage({ ...report, findings: [finding] }, false, 80, plainStyle).join("\n");
    expect(dangerous.test(text)).toBe(false);
  });

  test("a missing program is 3, an unreadable vault 5, a bad clock 0", () => {
    const clock = { severity: "problem", what: "clock", detail: "x", hint: null } as const;
    expect(statusOfDoctor(report)).toBe(0);
    expect(statusOfDoctor(missing)).toBe(3);
    expect(statusOfDoctor({ ...report, vault: { problem: "no" } })).toBe(5);
    expect(statusOfDoctor({ ...report, ok: false, findings: [clock] })).toBe(0);
  });
});
