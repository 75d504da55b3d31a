import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStorageRoot, type StorageRoot } from "../support/ocfl.js";
import { contentRules, versionRules } from "../support/ocfl-content-rules.js";
import type { Place } from "../support/ocfl-damage.js";
import { inventoryRules } from "../support/ocfl-inventory-rules.js";
import { folderRules } from "../support/ocfl-object-rules.js";
import { declarationRules, storageRules } from "../support/ocfl-storage-rules.js";
import { copyVault, errorCodes, makeVault, temporaryFolder } from "../support/vaults.js";

/*
 * Every MUST of OCFL 1.1 by its validation code (https://ocfl.io/1.1/spec/validation-codes.html). A code is either held over
 * the stored bytes, by a check that is shown to find a damage, or named with the reason why no stored byte can break it.
 */

/** "1-3" is E001, E002, E003. */
const codesIn = (range: string): readonly string[] => {
  const [from = 0, to = from] = range.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, at) => `E${String(from + at).padStart(3, "0")}`);
};
/** The list of OCFL 1.1 has no E065, E068, E086, E091 and E109. */
const allCodes = ["1-64", "66-67", "69-85", "87-90", "92-108", "110-112"].flatMap(codesIn);

const rules = [
  ...declarationRules,
  ...storageRules,
  ...folderRules,
  ...inventoryRules,
  ...contentRules,
  ...versionRules,
];

const titled = rules.map((one) => [`${one.code}: ${one.must}`, one] as const);

/** What no stored byte of a vault can break. */
const elsewhere: Readonly<Record<string, string>> = {
  E011: "holdfast never pads version numbers with zeros; E012 and E013 hold that",
  E021: "contentDirectory is always written; E019 holds that",
  E022: "a rule for readers; E001 and E015 hold what there is to read",
  E027: "a rule for clients that read the fixity of others",
  E028: "a rule for clients that read the fixity of others",
  E029: "holdfast states no SHA-1",
  E032: "holdfast states no BLAKE2b",
  E062: "the order of writing; what lies there afterwards is held by E060",
  E074: "a vault has one storage root",
  E087: "a rule for validators; this one ignores other files in the storage root",
  E089: "holdfast keeps no feature of a file system; E090 holds that there are no links",
};

const folder = temporaryFolder();
const original = join(folder.path, "vault");

/** Paths of both objects in a copy of the reference vault, by their number of versions. */
function place(vault: string): Place {
  const storage = join(vault, "objects");
  const { objects } = readStorageRoot(storage);
  const [object, single] = [3, 1].map(
    (count) => objects.find(({ versions }) => versions.length === count)!.path,
  );
  return { storage, object: join(storage, object!), single: join(storage, single!) };
}

beforeAll(async () => {
  await makeVault(original);
});
afterAll(() => folder.remove());

describe("the validation codes of OCFL 1.1", () => {
  it("every code of the standard is held here or named with the reason why it cannot be broken, once", () => {
    const named = [...rules.map(({ code }) => code), ...Object.keys(elsewhere)];
    expect(named.sort()).toEqual([...allCodes].sort());
  });

  it("the reading sees both objects, every version and every inventory of the reference vault", () => {
    const { objects } = readStorageRoot(join(original, "objects"));
    const seen = objects.map(({ versions, inventories }) => [versions.length, inventories.length]);
    expect(seen.sort()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe("a vault nobody touched meets every MUST of OCFL 1.1", () => {
  let untouched: StorageRoot;
  beforeAll(() => {
    untouched = readStorageRoot(join(original, "objects"));
  });

  it.each(titled)("%s", (_title, { check }) => {
    expect(check(untouched)).toEqual([]);
  });
});

describe("a vault that breaks a MUST is found, by the check of that code and by holdfast verify", () => {
  it.each(titled)("%s", async (_title, { code, check, damage }) => {
    const vault = copyVault(original, join(folder.path, code));
    damage(place(vault));
    expect(check(readStorageRoot(join(vault, "objects")))).not.toEqual([]);
    expect(await errorCodes(vault)).not.toEqual([]);
  });
});
