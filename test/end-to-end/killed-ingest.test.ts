import { afterAll, describe, expect, it } from "vitest";
import { roundOf } from "../soak/rounds.js";
import { temporaryFolder } from "../support/vaults.js";
import { killIngest } from "../trials/killed-ingest.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe("kill -9 at a moment by chance, while captures are made", () => {
  // A nightly run has thousands: `npm run soak`.
  it("loses nothing that one writer had acknowledged, and the same command finishes without a second copy", async () => {
    const { recoveries } = await killIngest(1, 6, roundOf(1), folder.path, 36);
    expect(recoveries, "kills that struck within a capture").toBeGreaterThan(0);
  });

  it("loses nothing that either of two writers had acknowledged", async () => {
    await killIngest(2, 1, roundOf(2), folder.path, 12);
  });
});
