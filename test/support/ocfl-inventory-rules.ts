import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  changeInventories,
  conflicts,
  digestOf,
  files,
  type Json,
  ofInventories,
  ofObjects,
  pairs,
  record,
  replaceFile,
  replaceInventory,
  type StoredObject,
  unless,
} from "./ocfl.js";
import { head, move, older, repath, rule } from "./ocfl-damage.js";
import { allOf } from "./ocfl-object-rules.js";
import { ofObject } from "./ocfl-storage-rules.js";

const sidecars = ({ nodes }: StoredObject, place: string) =>
  files(nodes, place).filter((name) => name.startsWith("inventory.json."));
const sidecarText = (object: StoredObject, place: string) =>
  String(object.nodes.get(`${place}${sidecars(object, place)[0]}`)?.bytes);
export const hexOf = (block: unknown, length: number) =>
  Object.keys(record(block)).filter((digest) => !new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digest));
export const states = (inventory: Json) =>
  Object.values(record(inventory.versions)).map((block) => record(block).state);
/** "logical path digest" for every file of a version block. */
const stateOf = (inventory: Json | null | undefined, version: string) =>
  pairs(record(record(inventory?.versions)[version]).state)
    .map(([digest, path]) => `${path} ${digest.toLowerCase()}`)
    .sort()
    .join("\n");
export const missing = (value: Json, keys: readonly string[]) => keys.filter((key) => !(key in value));
export const extra = (value: unknown, keys: readonly string[]) =>
  Object.keys(record(value)).filter((key) => !keys.includes(key));

export const inventoryRules = [
  rule(
    "E033",
    "an inventory is a JSON object",
    ofObjects((o) => o.inventories.filter(({ value }) => value === null).map(({ place }) => place)),
    ({ object }) => replaceInventory(object, "[]\n"),
  ),
  rule(
    "E034",
    "an inventory is called inventory.json",
    ofObjects(({ nodes }) =>
      [...nodes.keys()].filter(
        (path) => /^(v\d+\/)?inventory\.json$/i.test(path) && !path.endsWith("inventory.json"),
      ),
    ),
    move("inventory.json", "Inventory.json"),
  ),
  rule(
    "E063",
    "the object's root has the inventory of the newest version",
    ofObjects((o) =>
      unless(
        o.inventories[0]?.place === "" && o.versions.at(-1)! in record(o.inventories[0].value?.versions),
        "not the newest",
      ),
    ),
    ({ object }) => {
      for (const name of ["inventory.json", "inventory.json.sha512"])
        replaceFile(join(object, name), readFileSync(join(object, "v2", name)));
    },
  ),
  rule(
    "E064",
    "the root's inventory is byte for byte that of the newest version",
    ofObjects((o) => unless(o.inventories.at(-1)?.bytes.equals(o.inventories[0]!.bytes) === true, "differs")),
    ({ object }) => replaceInventory(object, `${readFileSync(join(object, "inventory.json"), "utf8")}\n`),
  ),
  rule(
    "E066",
    "older inventories state the same of each version",
    ofObjects((o) =>
      o.inventories.flatMap(({ value, place }) =>
        Object.keys(record(value?.versions))
          .filter((name) => stateOf(value, name) !== stateOf(o.inventories[0]?.value, name))
          .map((name) => `${place}${name}`),
      ),
    ),
    older("v2", (i) => repath(i.versions.v1!.state, (path) => `${path}.renamed`)),
  ),
  rule(
    "E036",
    "an inventory has id, type, digestAlgorithm and head",
    ofInventories((i) => missing(i, ["id", "type", "digestAlgorithm", "head"])),
    head((i) => delete i.digestAlgorithm),
  ),
  rule(
    "E037",
    "an id belongs to one object",
    ({ objects }) => conflicts(objects.map((o) => String(o.inventories[0]?.value?.id))),
    ({ object, single }) =>
      changeInventories(single, ["", "v1"], (i) => {
        i.id = object.replace(/^.*\//, "");
      }),
  ),
  rule(
    "E110",
    "an object's id never changes",
    ofObjects((o) => unless(new Set(allOf(o, "id")).size === 1, "changes")),
    older("v1", (i) => {
      i.id = "20261123-ABCDEFGH";
    }),
  ),
  rule(
    "E038",
    "type is that of the declared OCFL",
    ofInventories((i, o) =>
      unless(i.type === `https://ocfl.io/${ofObject(o).version}/spec/#inventory`, String(i.type)),
    ),
    head((i) => {
      i.type = "https://ocfl.io/1.0/spec/#inventory";
    }),
  ),
  rule(
    "E103",
    "no version is of an earlier OCFL than the one before",
    ofObjects((o) =>
      o.inventories
        .slice(1)
        .map(({ value }) => String(value?.type))
        .filter((type, at, all) => at > 0 && type < all[at - 1]!),
    ),
    older("v2", (i) => {
      i.type = "https://ocfl.io/1.0/spec/#inventory";
    }),
  ),
  rule(
    "E025",
    "digestAlgorithm is sha512 or sha256",
    ofInventories((i) => unless(/^sha(512|256)$/.test(String(i.digestAlgorithm)), String(i.digestAlgorithm))),
    head((i) => {
      i.digestAlgorithm = "sha1";
    }),
  ),
  rule(
    "E039",
    "digestAlgorithm is the one of manifest and state",
    ofInventories((i, { nodes }) => [
      ...pairs(i.manifest)
        .filter(
          ([digest, path]) =>
            digest.toLowerCase() !==
            digestOf(i.digestAlgorithm, nodes.get(String(path))?.bytes ?? Buffer.alloc(0)),
        )
        .map(([, path]) => String(path)),
      ...states(i).flatMap((state) => hexOf(state, digestOf(i.digestAlgorithm, Buffer.alloc(0)).length)),
    ]),
    head((i) => {
      i.digestAlgorithm = "sha256";
    }),
  ),
  rule(
    "E040",
    "head is the newest version",
    ofInventories((i, { versions }, place) =>
      unless(i.head === (place.slice(0, -1) || versions.at(-1)), String(i.head)),
    ),
    head((i) => {
      i.head = "v2";
    }),
  ),
  rule(
    "E102",
    "an inventory has no other keys",
    ofInventories((i) => [
      ...extra(i, [
        "id",
        "type",
        "digestAlgorithm",
        "head",
        "contentDirectory",
        "manifest",
        "versions",
        "fixity",
      ]),
      ...Object.values(record(i.versions)).flatMap((block) => [
        ...extra(block, ["created", "state", "message", "user"]),
        ...extra(record(block).user, ["name", "address"]),
      ]),
    ]),
    head((i) => {
      i.versions.v2!.note = "more";
    }),
  ),
  rule(
    "E058",
    "every inventory has a sidecar",
    ofObjects((o) =>
      o.inventories
        .filter(({ place }) => sidecars(o, place).length !== 1)
        .map(({ place }) => `${place}inventory.json`),
    ),
    ({ object }) => rmSync(join(object, "v1/inventory.json.sha512")),
  ),
  rule(
    "E059",
    "the sidecar's name ends with digestAlgorithm",
    ofInventories((i, o, place) =>
      sidecars(o, place).filter((name) => name !== `inventory.json.${i.digestAlgorithm}`),
    ),
    move("v2/inventory.json.sha512", "v2/inventory.json.sha256"),
  ),
  rule(
    "E060",
    "the sidecar holds the inventory's digest",
    ofObjects((o) =>
      o.inventories
        .filter(
          ({ place, bytes, value }) =>
            !sidecarText(o, place).startsWith(`${digestOf(value?.digestAlgorithm, bytes)} `),
        )
        .map(({ place }) => place),
    ),
    ({ object }) =>
      replaceFile(join(object, "v1/inventory.json.sha512"), `${"0".repeat(128)}  inventory.json\n`),
  ),
  rule(
    "E061",
    "the sidecar reads DIGEST inventory.json",
    ofObjects((o) =>
      o.inventories
        .filter(({ place }) => !/^[0-9a-f]+[ \t]+inventory\.json\n?$/.test(sidecarText(o, place)))
        .map(({ place }) => place),
    ),
    ({ object }) =>
      replaceFile(
        join(object, "inventory.json.sha512"),
        `${digestOf("sha512", readFileSync(join(object, "inventory.json")))}\n`,
      ),
  ),
];
