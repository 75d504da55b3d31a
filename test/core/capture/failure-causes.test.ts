import { describe, expect, it, test } from "vitest";
import { canImpersonate, type FailureCauses, withCause } from "../../../src/core/capture/failure-causes.js";
import { type FailureCode, failureOf } from "../../../src/core/capture/failure-codes.js";
import type { RenditionReason } from "../../../src/core/capture/record.js";

const plain: FailureCauses = {
  skipped: [],
  formatChosen: false,
  forBrowsers: false,
  canImpersonate: null,
};
const caused = (code: FailureCode, causes: Partial<FailureCauses>) =>
  withCause(failureOf(code), { ...plain, ...causes });

describe("a selection that found nothing is the person's doing only if the person made it", () => {
  it("with --format the site does not offer it, and the hint says where to look", () => {
    const failure = caused("format-unavailable", { formatChosen: true, skipped: ["no-js-runtime"] });
    expect(failure).toEqual(failureOf("format-unavailable"));
    expect(failure.hint).toContain("holdfast formats URL");
  });

  it("without it the site offered nothing that can be fetched, which may pass", () => {
    const failure = caused("format-unavailable", {});
    expect(failure).toMatchObject({ code: "downloader-failed", retry: true });
    expect(failure.reason + failure.hint).not.toMatch(/format/);
  });

  test.each<[RenditionReason, FailureCode]>([
    ["no-js-runtime", "js-runtime-missing"],
    ["n-challenge-failed", "js-runtime-missing"],
    ["signature-failed", "js-runtime-missing"],
    ["impersonation-missing", "impersonation-missing"],
    ["login-limited", "login-required"],
    ["drm-protected", "drm"],
  ])("and where every format was skipped, why: %s", (reason, code) => {
    for (const found of ["format-unavailable", "no-video"] as const) {
      expect(caused(found, { skipped: ["server-abr-only", reason] })).toEqual(failureOf(code));
    }
  });

  it("a page without a video stays one only where nothing was skipped", () => {
    expect(caused("no-video", {})).toEqual(failureOf("no-video"));
    expect(caused("no-video", { skipped: ["po-token-missing"] })).toMatchObject({
      code: "downloader-failed",
      retry: true,
    });
  });
});

describe("what is there is not called missing", () => {
  it("a site that does not answer what looks like a browser is not for want of curl-cffi", () => {
    const failure = caused("impersonation-missing", { canImpersonate: true });
    expect(failure.code).toBe("downloader-failed");
    expect(failure.reason).toMatch(/although yt-dlp looked like one/);
  });

  it.each([false, null])("it is missing where yt-dlp lacks it or does not say: %s", (able) => {
    expect(caused("impersonation-missing", { canImpersonate: able }).code).toBe("impersonation-missing");
  });

  it("a refusal of a request that could not be made like a browser's is for want of it", () => {
    expect(caused("forbidden", { skipped: ["impersonation-missing"] }).code).toBe("impersonation-missing");
    expect(caused("forbidden", {}).code).toBe("forbidden");
    expect(caused("not-found", { skipped: ["impersonation-missing"] }).code).toBe("not-found");
  });

  it("a login is not asked of a person where only a browser's look was missing", () => {
    const given = (causes: Partial<FailureCauses>) => caused("login-required", causes).code;
    expect(given({ forBrowsers: true, canImpersonate: false })).toBe("impersonation-missing");
    expect(given({ forBrowsers: true, canImpersonate: true })).toBe("login-required");
    expect(given({ forBrowsers: false, canImpersonate: false })).toBe("login-required");
  });

  it("yt-dlp's list of handlers says whether it can imitate a browser", () => {
    const said = (handlers: string) => canImpersonate(`[debug] x\n[debug] Request Handlers: ${handlers}\n`);
    expect([said("urllib, requests, websockets, curl_cffi"), said("urllib")]).toEqual([true, false]);
    expect(canImpersonate("WARNING: Request Handlers: curl_cffi\n")).toBeNull();
  });
});
