import { describe, expect, test } from "vitest";
import type { RenditionReason } from "../../../src/core/capture/record.js";
import { type FetchMeans, isWorthAnother } from "../../../src/core/capture/rendition-causes.js";

const nothing: FetchMeans = { runtime: false, impersonation: false, cookies: false };
const everything: FetchMeans = { runtime: true, impersonation: true, cookies: true };
const asked = (reasons: readonly RenditionReason[], now: FetchMeans, fetched = 1, cookies = false) =>
  isWorthAnother({ grade: "reduced", reasons }, { cookies }, now, fetched);

describe("a reduced clip is fetched again once its cause is gone", () => {
  test.each([
    ["no-js-runtime", "runtime"],
    ["impersonation-missing", "impersonation"],
    ["login-limited", "cookies"],
  ] as const)("%s: when there is what was missing, and not before", (reason, means) => {
    expect(asked([reason], { ...everything, [means]: false })).toBe(false);
    expect(asked([reason], { ...nothing, [means]: true })).toBe(true);
    expect(asked([reason, "server-abr-only"], nothing)).toBe(false);
  });

  test("an account that did not help is no reason to ask again", () => {
    expect(asked(["login-limited"], everything, 1, true)).toBe(false);
  });

  test.each(["n-challenge-failed", "signature-failed", "server-abr-only", "po-token-missing"] as const)(
    "%s: once, since nothing on this machine decides it",
    (reason) => {
      expect(asked([reason], nothing, 1)).toBe(true);
      expect(asked([reason], everything, 2)).toBe(false);
    },
  );

  test("never for what a person chose, for DRM or for a protocol that is not used", () => {
    for (const reason of ["user-choice", "drm-protected", "protocol-unsupported"] as const)
      expect(asked([reason], everything)).toBe(false);
    expect(asked(["no-js-runtime", "user-choice"], everything)).toBe(false);
  });

  test("never for a clip that is not reduced", () => {
    for (const grade of ["best", "unknown"] as const) {
      const claim = { grade, reasons: ["no-js-runtime"] } as const;
      expect(isWorthAnother(claim, { cookies: false }, everything, 1)).toBe(false);
    }
  });
});
