import { describe, expect, it } from "vitest";
import { readJobStatus, readSubmission } from "../../../src/core/page/wayback.ts";

const asked = { service: "https://archive.example", url: "https://video.example/watch/811" };
const now = new Date("2026-12-01T17:00:00.000Z");
const said = (value: unknown) => readJobStatus(JSON.stringify(value), "spn2-1", asked, now);
const saved = { status: "success", timestamp: "20261201165900", original_url: asked.url };

describe("what an outside archive says of a page that it was asked to keep", () => {
  it("is a copy where it names the address that was asked for, and its time", () => {
    expect(said(saved)).toEqual({
      status: "saved",
      job: "spn2-1",
      archived_url: "https://archive.example/web/20261201165900/https://video.example/watch/811",
      archived_at: "2026-12-01T16:59:00.000Z",
      reason: null,
    });
  });

  it.each([
    ["of another address", { ...saved, original_url: "https://other.example/" }, "contradictory"],
    ["of no address", { ...saved, original_url: null }, "contradictory"],
    ["from the future", { ...saved, timestamp: "20271201165900" }, "contradictory"],
    ["of a day that does not exist", { ...saved, timestamp: "20261131000000" }, "contradictory"],
    ["without a time", { ...saved, timestamp: 7 }, "contradictory"],
    ["not made yet", { status: "pending" }, "pending"],
    ["refused", { status: "error", message: "blocked by the site" }, "refused"],
    ["in a state nobody knows", { status: "maybe" }, "unanswered"],
    ["in no object", ["success"], "unanswered"],
  ])("is no copy where it is %s", (_, value, status) => {
    expect(said(value)).toMatchObject({ status, job: "spn2-1", archived_url: null, archived_at: null });
  });

  it("is no answer where it is a page, or JSON too deep to read", () => {
    for (const body of ["<html>Save Page Now", "[".repeat(5000), "", "null"])
      expect(readSubmission(body)).toMatchObject({ status: "unanswered", job: null });
  });

  it("names a job only in letters that an address can hold", () => {
    expect(readSubmission('{"job_id":"spn2-7f3a"}')).toMatchObject({ status: "pending", job: "spn2-7f3a" });
    for (const job of ["../../etc", "a b", "", "x".repeat(300)])
      expect(readSubmission(JSON.stringify({ job_id: job }))).toMatchObject({ status: "unanswered" });
  });

  it("is quoted on one line that steers no terminal", () => {
    const { reason } = readSubmission('{"status":"error","message":"no\\n\\u001b[31mred"}');
    expect(reason).not.toMatch(/[\n\u001b]/);
  });
});
