import { describe, expect, it } from "vitest";
import { contentFiles, type Inventory, parseInventory } from "../../src/audit/inventory.js";
import {
  encodeInventory,
  firstInventory,
  headContentPaths,
  nextInventory,
  vaultAddress,
} from "../../src/core/capture/new-inventory.js";

const id = "20261123-4T9KX2MB";
const address = vaultAddress("0f6c3d3b5a1e4c9d8b7a69584736251f");
const note = { created: "2026-11-23T18:00:00.000Z", message: "m", user: "u", address };
const file = (path: string, digit: string) => ({
  path,
  bytes: 1,
  sha256: digit.repeat(64),
  sha512: digit.repeat(128),
});

const first = firstInventory(
  id as never,
  [file("original/track-1.mp4", "a"), file("record.json", "b")],
  note,
);
const second = nextInventory(first, [file("derived/x.json", "c")], "derived/", note);
const third = nextInventory(second, [file("derived/y.json", "d")], "derived/", note);

describe("an inventory", () => {
  it("names the vault as the user of each version by a URN, and no person", () => {
    for (const { user } of Object.values(third.versions))
      expect(user).toEqual({ name: "u", address: "urn:uuid:0f6c3d3b-5a1e-4c9d-8b7a-69584736251f" });
  });

  it("is read back as it was written, version by version", () => {
    for (const one of [first, second, third]) {
      expect(parseInventory(encodeInventory(one))).toEqual({ inventory: one });
    }
    expect([...headContentPaths(third)].sort()).toEqual([
      ["derived/y.json", "v3/content/derived/y.json"],
      ["original/track-1.mp4", "v1/content/original/track-1.mp4"],
      ["record.json", "v1/content/record.json"],
    ]);
    expect(contentFiles(third).map(({ path }) => path)).toHaveLength(4);
  });

  const digest = "e".repeat(128);
  const withManifest = (manifest: unknown) => ({ ...second, manifest });
  const withState = (state: unknown) => ({
    ...second,
    versions: { ...second.versions, v2: { ...second.versions.v2, state } },
  });
  const refused: readonly (readonly [what: string, value: unknown])[] = [
    ["that is a list", [second]],
    ["without an id", { ...second, id: undefined }],
    ["of another version of OCFL", { ...second, type: "https://ocfl.io/1.0/spec/#inventory" }],
    ["with another digest", { ...second, digestAlgorithm: "sha256" }],
    ["whose head is not its last version", { ...second, head: "v1" }],
    ["whose head is a version that is not there", { ...second, head: "v3" }],
    ["without versions", { ...second, versions: {} }],
    [
      "with a gap in its versions",
      { ...second, versions: { v1: second.versions.v1, v3: second.versions.v2 } },
    ],
    ["with a version without a time", { ...second, versions: { ...second.versions, v2: { state: {} } } }],
    ["without SHA-256", { ...second, fixity: { md5: {} } }],
    ["with a SHA-256 that is none", { ...second, fixity: { sha256: { a: ["v1/content/x"] } } }],
    ["with a manifest that is a list", withManifest([["v1/content/x"]])],
    ["with a digest that is none", withManifest({ ...second.manifest, beef: ["v1/content/x"] })],
    [
      "with a digest in capitals",
      withManifest({ ...second.manifest, [digest.toUpperCase()]: ["v1/content/x"] }),
    ],
    ["with paths that are no list", withManifest({ ...second.manifest, [digest]: "v1/content/x" })],
    ["with a digest without paths", withManifest({ ...second.manifest, [digest]: [] })],
    ...["../x", "/etc/x", "v1//x", "v1/./x", "v1/content/..", "v1/a b", "v1\\x", "", "v1/\u0430"].map(
      (path) =>
        [
          `with the path ${JSON.stringify(path)}`,
          withManifest({ ...second.manifest, [digest]: [path] }),
        ] as const,
    ),
    ["with a path that is a number", withManifest({ ...second.manifest, [digest]: [7] })],
    ["with a state that leads out", withState({ ["a".repeat(128)]: ["../../x"] })],
    ["with a state of what no manifest has", withState({ [digest]: ["derived/z.json"] })],
  ];

  it.each(refused)("%s is refused, whatever else is in it", (_, value) => {
    expect(parseInventory(JSON.stringify(value))).toHaveProperty("problems.0");
  });

  it("that is no JSON is refused", () => {
    expect(parseInventory("{")).toEqual({ problems: ["inventory.json is not JSON"] });
  });

  it("keeps what a version before it holds: nothing of v1 can be replaced", () => {
    const versions: Inventory["versions"] = third.versions;
    expect(versions.v1).toEqual(first.versions.v1);
    expect(versions.v2).toEqual(second.versions.v2);
    expect(third.manifest).toMatchObject(first.manifest);
  });
});
