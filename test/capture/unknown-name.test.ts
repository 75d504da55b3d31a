import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
afterAll(() => folder.remove());

describe("an address whose name nobody here knows, as without a network", () => {
  it("is asked for once, and the failure names what to look at", async () => {
    // RFC 6761 keeps this ending from ever being a name.
    const url = "https://no-such-name.invalid/clip";
    const { status, lines } = await holdfast(["archive", "--json", "--vault", vault, url]);
    expect([status, lines.map((line) => line.status)]).toEqual([4, ["failed"]]);
    expect(lines[0]?.reason).toBe(
      "the name no-such-name.invalid is not known here: the network is down, or the address is misspelt",
    );
    const [entry] = showCapture(vault, String(lines[0]?.id)).entries;
    const { body } = JSON.parse(entry?.line ?? "{}");
    expect([body.failure.code, body.attempts]).toEqual(["network", 1]);
    const tried = await holdfast([
      "find",
      "--json",
      "--vault",
      vault,
      "no-such-name.invalid/clip?utm_source=x",
    ]);
    expect(tried.lines.map((line) => [line.id, line.matched])).toEqual([[lines[0]?.id, ["address"]]]);
  });
});
