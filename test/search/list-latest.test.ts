import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { captureText, openTestVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
const ids: string[] = [];

beforeAll(async () => {
  const vault = await openTestVault(root);
  for (const [text, url] of [
    ["first", "https://x.com/somebody/status/5"],
    ["second", "https://twitter.com/somebody/status/5?s=20"],
    ["other", "https://video.example/player?ref=A-77"],
    ["another", "https://video.example/player?ref=A-78"],
  ] as const)
    ids.push(captureText(vault, text, url).record.capture);
  closeVault(vault);
});
afterAll(() => folder.remove());

const list = async (...argv: readonly string[]) =>
  (await holdfast(["list", "--json", ...argv, "--vault", root])).lines.map(({ id }) =>
    ids.indexOf(String(id)),
  );

describe("the list of what a vault holds", () => {
  it("has every capture, or of each address the newest, whatever its spelling", async () => {
    expect(await list()).toEqual([3, 2, 1, 0]);
    expect(await list("--latest")).toEqual([3, 2, 1]);
    expect(await list("--latest", "--limit", "2")).toEqual([3, 2]);
    expect(await list("--latest", "--sort", "at", "--reverse")).toEqual([1, 2, 3]);
  });

  it("ends with totals", async () => {
    const { stderr } = await holdfast(["list", "--vault", root]);
    expect(stderr).toMatch(/^4 captured; \d+ (?:B|bytes|kB)$/m);
  });
});
