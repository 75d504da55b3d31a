import { describe, expect, test } from "vitest";
import { changedAttempt } from "../../src/capture/next-attempt.ts";
import { failureOf } from "../../src/core/capture/failure-codes.ts";
import type { FetchFailed, FetchWays, Remedy } from "../../src/tools/download/fetch-types.ts";

const ways: FetchWays = {
  subtitles: ["kk"],
  comments: true,
  thumbnail: true,
  resume: true,
  impersonate: false,
};
const failed = (remedy: Remedy | null, subtitles = 0) =>
  ({
    kind: "failed",
    failure: failureOf("timed-out"),
    remedy,
    subtitles: Array.from({ length: subtitles }),
  }) as unknown as FetchFailed;
const none = new Set<Remedy>();

describe("an attempt that failed is made again at once, by other means, where those may bring the clip", () => {
  test.each<[Remedy, Partial<FetchWays>]>([
    ["fresh-start", { resume: false }],
    ["without-subtitles", { subtitles: null }],
    ["without-extras", { subtitles: null, comments: false, thumbnail: false }],
    ["impersonate", { impersonate: true }],
    ["fresh-look-up", {}],
  ])("%s", (remedy, change) => {
    expect(changedAttempt(failed(remedy), ways, none)?.ways).toEqual({ ...ways, ...change });
  });

  test("each of them once", () => {
    expect(changedAttempt(failed("impersonate"), ways, new Set(["impersonate"]))).toBeNull();
    expect(changedAttempt(failed(null), ways, none)).toBeNull();
  });

  test("what is left out is named in the record", () => {
    expect(changedAttempt(failed("without-extras"), ways, none)?.note).toBe(
      "the comments and the subtitles and the preview picture were left out: with them the clip never had its turn",
    );
    expect(changedAttempt(failed("without-subtitles", 3), ways, none)?.note).toBe(
      "3 of the subtitles came, the others could not be downloaded: the download did not end in the time it may take",
    );
  });
});
