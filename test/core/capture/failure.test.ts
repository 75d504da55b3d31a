import { describe, expect, test } from "vitest";
import { classifyFailure, type FailureFacts, readErrorLines } from "../../../src/core/capture/failure.ts";
import { failureOf } from "../../../src/core/capture/failure-codes.ts";

const nothing: FailureFacts = {
  endedBy: "exited",
  exitCode: 1,
  watchdog: null,
  errors: [],
  remarks: [],
  lastStatus: null,
};
const codeOf = (facts: Partial<FailureFacts>) => classifyFailure({ ...nothing, ...facts }).code;

describe("the reason of a failure", () => {
  test.each([
    ["Unsupported URL: https://example.org/login", "no-video"],
    [
      "x: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404: Not Found>)",
      "not-found",
    ],
    ["x: Unable to download webpage: HTTP Error 410: Gone", "gone"],
    ["x: Unable to download webpage: HTTP Error 403: Forbidden", "forbidden"],
    [
      "x: HTTP Error 403: Forbidden. Use --cookies-from-browser or --cookies for the authentication",
      "login-required",
    ],
    ["x: HTTP Error 401: Unauthorized", "login-required"],
    ["x: HTTP Error 429: Too Many Requests", "rate-limited"],
    ["x: HTTP Error 503: Service Unavailable", "server-error"],
    ["x: HTTP Error 302: Found (redirect loop detected)", "server-error"],
    ["x: This video is DRM protected", "drm"],
    [
      "x: This video is only available for registered users. Use --cookies, --cookies-from-browser",
      "login-required",
    ],
    ["x: The uploader has not made this video available in your country", "geo-blocked"],
    ["x: This video is not available from your location due to geo restriction", "geo-blocked"],
    ["x: Requested format is not available. Use --list-formats", "format-unavailable"],
    ["x: No video formats found!", "no-video"],
    ["x: Video unavailable. This video has been removed by the uploader", "gone"],
    ["x: Unable to download webpage: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "tls"],
    ["x: Unable to download webpage: Failed to resolve 'example.org'", "network"],
    ["x: Unable to download webpage: [Errno 111] Connection refused", "network"],
    ["x: Unable to connect to proxy, OSError('Tunnel connection failed: 403 Forbidden')", "private-address"],
    ["Got error: Downloaded 31488 bytes, expected 62977 bytes", "cut-short"],
    ["Got error: [Errno 104] Connection reset by peer", "cut-short"],
    ["fragment 2 not found, unable to continue", "cut-short"],
    ["Did not get any data blocks", "empty"],
    ["unable to write data: [Errno 27] File too large", "too-large"],
    ["unable to write data: [Errno 28] No space left on device", "disk-full"],
    ["something nobody has ever seen", "downloader-failed"],
  ])("%s means %s", (line, code) => expect(codeOf({ errors: [line] })).toBe(code));

  test("words that a server puts into its reason phrase decide nothing", () => {
    expect(codeOf({ errors: ["x: HTTP Error 404: login required DRM video removed"] })).toBe("not-found");
    expect(codeOf({ errors: ["x: HTTP Error 500: No space left in your country"] })).toBe("server-error");
  });

  test("how the run was ended goes before what was printed", () => {
    const errors = ["x: HTTP Error 404: Not Found"];
    expect(codeOf({ errors, endedBy: "aborted" })).toBe("interrupted");
    expect(codeOf({ errors, endedBy: "wall-time" })).toBe("timed-out");
    expect(codeOf({ errors, endedBy: "watchdog", watchdog: "stalled" })).toBe("stalled");
    expect(codeOf({ errors, endedBy: "not-started" })).toBe("downloader-missing");
    expect(codeOf({ exitCode: 127 })).toBe("downloader-missing");
  });

  test("status 0 without a file is explained by the downloader's remarks", () => {
    const large = "[download] File is larger than max-filesize (504961 bytes > 5 bytes). Aborting.";
    expect(codeOf({ remarks: [large] })).toBe("too-large");
    expect(codeOf({ remarks: ["[download] live does not pass filter (!is_live), skipping .."] })).toBe(
      "live-stream",
    );
  });

  test("the last status speaks when nobody else does", () => {
    expect(codeOf({ lastStatus: 403 })).toBe("forbidden");
    expect(codeOf({ lastStatus: 200 })).toBe("downloader-failed");
  });

  test("words are one line in lower case without a full stop", () => {
    for (const code of ["not-found", "tls", "drm", "cut-short", "empty", "live-stream"] as const) {
      const { reason, hint } = failureOf(code);
      expect(reason).toMatch(/^[a-z][^\n]*[^.\n]$/);
      expect(hint).toMatch(/^[a-z][^\n]*[^.\n]$/);
    }
  });
});

test("error lines are taken out of stderr, capped, without the extractor's name", () => {
  const stderr = `WARNING: [generic] Falling back\nERROR: [generic] x: HTTP Error 404\nERROR: ${"y".repeat(5000)}\nno\n`;
  const lines = readErrorLines(stderr);
  expect(lines[0]).toBe("x: HTTP Error 404");
  expect(lines[1]?.length).toBe(2000);
  expect(lines).toHaveLength(2);
});
