import { describe, expect, it } from "vitest";
import { buildElements, type CollectionFacts } from "../../../src/core/capture/elements.js";
import type { ElementName } from "../../../src/core/capture/record.js";

const fetched: CollectionFacts = {
  method: "ytdlp",
  files: [
    { role: "media_track", path: "original/track-1.mp4" },
    { role: "info_json", path: "source/info.json" },
  ],
  commentsAsked: true,
  commentsCame: true,
  whole: true,
  urlClaimedBy: null,
};

function element(facts: Partial<CollectionFacts>, item: ElementName) {
  return buildElements({ ...fetched, ...facts }).find((one) => one.item === item);
}

describe("the eight elements say no more than what happened", () => {
  it("an incomplete capture does not state every track", () => {
    expect(element({}, "embedded_media_files")!.reason).toBe("every track as received");
    expect(element({ whole: false }, "embedded_media_files")!.reason).toMatch(/only part/);
  });

  it("comments that were asked for and did not come are not present", () => {
    expect(element({}, "contextual_data")!.status).toBe("captured");
    expect(element({ commentsCame: false }, "contextual_data")).toMatchObject({
      status: "not_present",
      paths: [],
    });
    expect(element({ commentsAsked: false }, "contextual_data")!.status).toBe("not_attempted");
  });

  it("an import without a metadata file has not looked into the file yet", () => {
    const files = [{ role: "media_track", path: "original/track-1.mp4" }] as const;
    expect(element({ method: "import", files }, "embedded_metadata")).toMatchObject({
      status: "not_attempted",
      reason: expect.stringMatching(/see the derivation/),
    });
  });

  it("an address is a person's word only where a person gave it", () => {
    const reason = (urlClaimedBy: CollectionFacts["urlClaimedBy"]) =>
      element({ method: "import", urlClaimedBy }, "target_web_address")!.reason;
    expect(reason("person")).toMatch(/a person stated/);
    expect(reason("file")).not.toMatch(/person/);
    expect(reason(null)).toMatch(/no address/);
  });
});
