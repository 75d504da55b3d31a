import { join } from "node:path";
import {
  type Check,
  conflicts,
  digestOf,
  isRecord,
  type Json,
  ofInventories,
  ofVersionBlocks,
  pairs,
  pathsOf,
  record,
  repeated,
  replaceFile,
  type StoredObject,
  unless,
} from "./ocfl.js";
import { firstKey, head, rekey, repath, rule } from "./ocfl-damage.js";
import { extra, hexOf, missing, states } from "./ocfl-inventory-rules.js";

const contentPath = (bad: (path: string, object: StoredObject) => boolean): Check =>
  ofInventories((i, o) => pathsOf(i.manifest).filter((path) => bad(path, o)));
const logicalPath = (bad: (path: string) => boolean): Check =>
  ofVersionBlocks((block) => pathsOf(block.state).filter(bad));
const elements = (path: string) => path.split("/");
const blocks = (i: Json) => Object.entries(record(i.fixity));
const controlled: Check = ofInventories((i) =>
  extra(i.fixity, ["md5", "sha1", "sha256", "sha512", "blake2b-512"]),
);
const notLists = (block: unknown) =>
  Object.entries(record(block))
    .filter(([, paths]) => !Array.isArray(paths))
    .map(([digest]) => digest);
const time = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

export const contentRules = [
  rule(
    "E014",
    "content paths name version folders as they are",
    contentPath((path, { versions }) => !versions.includes(elements(path)[0]!)),
    head((i) => repath(i.manifest, (path) => path.replace("v", "v0"))),
  ),
  rule(
    "E031",
    "SHA-512 digests are hex",
    ofInventories((i) => [i.manifest, ...states(i)].flatMap((block) => hexOf(block, 128))),
    head((i) => rekey(i.manifest, Buffer.from(firstKey(i.manifest), "hex").toString("base64"))),
  ),
  rule(
    "E035",
    "content paths use the forward slash",
    ofInventories((i) =>
      [i.manifest, ...Object.values(record(i.fixity))].flatMap(pathsOf).filter((path) => path.includes("\\")),
    ),
    head((i) => repath(i.fixity.sha256!, (path) => path.replaceAll("/", "\\"))),
  ),
  rule(
    "E041",
    "an inventory has manifest and versions",
    ofInventories((i) => missing(i, ["manifest", "versions"])),
    head((i) => Object.assign(i, { manifests: i.manifest, manifest: undefined })),
  ),
  rule(
    "E042",
    "content paths are relative to the object's root",
    contentPath((path, { nodes }) => nodes.get(path)?.kind !== "file"),
    head((i) => repath(i.manifest, (path) => `objects/${path}`)),
  ),
  rule(
    "E092",
    "the manifest lists under a digest the files that have it",
    ofInventories((i, { nodes }) => [
      ...notLists(i.manifest),
      ...pairs(i.manifest)
        .filter(
          ([digest, path]) =>
            digestOf("sha512", nodes.get(String(path))?.bytes ?? Buffer.alloc(0)) !== digest.toLowerCase(),
        )
        .map(([, path]) => String(path)),
    ]),
    ({ object }) => replaceFile(join(object, "v1/content/original/track-1.mp4"), "another"),
  ),
  rule(
    "E096",
    "no digest is twice in the manifest, whatever its case",
    ofInventories((i) => repeated(i.manifest)),
    head((i) => {
      i.manifest[firstKey(i.manifest).toUpperCase()] = [];
    }),
  ),
  rule(
    "E098",
    "a content path has one element or more",
    contentPath((path) => path === ""),
    head((i) => repath(i.manifest, () => "")),
  ),
  rule(
    "E099",
    "no element of a content path is empty, . or ..",
    contentPath((path) => elements(path).some((one) => /^\.{0,2}$/.test(one))),
    head((i) => repath(i.manifest, (path) => path.replace("/", "/../v1/"))),
  ),
  rule(
    "E100",
    "no content path begins or ends with a slash",
    contentPath((path) => /^\/|\/$/.test(path)),
    head((i) => repath(i.manifest, (path) => `/${path}`)),
  ),
  rule(
    "E101",
    "content paths are unique and in no other's way",
    ofInventories((i) => conflicts(pathsOf(i.manifest))),
    head((i) => {
      i.manifest["0".repeat(128)] = [`${pathsOf(i.manifest)[0]}/more`];
    }),
  ),
  rule(
    "E106",
    "the manifest is a JSON object",
    ofInventories((i) => unless(isRecord(i.manifest), "no object")),
    head((i) => Object.assign(i, { manifest: [] })),
  ),
  rule(
    "E107",
    "every digest of the manifest is in a state",
    ofInventories((i) =>
      Object.keys(record(i.manifest)).filter((digest) => !states(i).some((state) => digest in record(state))),
    ),
    head((i) => {
      i.manifest["ab".repeat(64)] = ["v1/content/more"];
    }),
  ),
  rule(
    "E026",
    "fixity uses the algorithms of the standard",
    controlled,
    head((i) => rekey(i.fixity, "crc32")),
  ),
  rule(
    "E030",
    "SHA-256 digests are hex",
    ofInventories((i) => hexOf(record(i.fixity).sha256, 64)),
    head((i) => rekey(i.fixity.sha256!, "g".repeat(64))),
  ),
  rule(
    "E055",
    "fixity is under the key fixity",
    ofInventories((i) => missing(i, ["fixity"])),
    head((i) => {
      i.Fixity = i.fixity;
      Object.assign(i, { fixity: undefined });
    }),
  ),
  rule(
    "E056",
    "the keys of fixity are names of algorithms",
    controlled,
    head((i) => rekey(i.fixity, "SHA-256")),
  ),
  rule(
    "E057",
    "a block of fixity is built as the manifest is",
    ofInventories((i) =>
      blocks(i).flatMap(([name, block]) => [...unless(isRecord(block), name), ...notLists(block)]),
    ),
    head((i) => {
      i.fixity.sha256![firstKey(i.fixity.sha256!)] = "v1/content/record.json";
    }),
  ),
  rule(
    "E093",
    "digests of fixity are those of the files",
    ofInventories((i, { nodes }) =>
      blocks(i).flatMap(([name, block]) =>
        pairs(block)
          .filter(
            ([digest, path]) => digestOf(name, nodes.get(String(path))?.bytes ?? Buffer.alloc(0)) !== digest,
          )
          .map(([, path]) => String(path)),
      ),
    ),
    head((i) => rekey(i.fixity.sha256!, "0".repeat(64))),
  ),
  rule(
    "E097",
    "no digest is twice in a block of fixity, whatever its case",
    ofInventories((i) => blocks(i).flatMap(([, block]) => repeated(block))),
    head((i) => {
      i.fixity.sha256![firstKey(i.fixity.sha256!).toUpperCase()] = [];
    }),
  ),
  rule(
    "E111",
    "fixity is a JSON object",
    ofInventories((i) => unless(isRecord(i.fixity), "no object")),
    head((i) => Object.assign(i, { fixity: [] })),
  ),
];

export const versionRules = [
  rule(
    "E043",
    "an inventory has a block of versions",
    ofInventories((i) => missing(i, ["versions"])),
    head((i) => Object.assign(i, { versions: undefined })),
  ),
  rule(
    "E044",
    "the key of the block of versions is versions",
    ofInventories((i) => [
      ...missing(i, ["versions"]),
      ...Object.keys(i).filter((key) => /^versions?$/i.test(key) && key !== "versions"),
    ]),
    head((i) => {
      i.Versions = i.versions;
      Object.assign(i, { versions: undefined });
    }),
  ),
  rule(
    "E045",
    "the block of versions is a JSON object",
    ofInventories((i) => unless(isRecord(i.versions), "no object")),
    head((i) => Object.assign(i, { versions: Object.values(i.versions) })),
  ),
  rule(
    "E046",
    "the keys of versions are the names of the version folders",
    ofInventories((i, { versions }, place) =>
      unless(
        `${Object.keys(record(i.versions)).sort()}` ===
          `${versions.filter((name) => place === "" || versions.indexOf(name) <= versions.indexOf(place.slice(0, -1))).sort()}`,
        "others",
      ),
    ),
    head((i) => rekey(i.versions, "v01")),
  ),
  rule(
    "E047",
    "each version is a JSON object",
    ofInventories((i) =>
      Object.entries(record(i.versions))
        .filter(([, block]) => !isRecord(block))
        .map(([name]) => name),
    ),
    head((i) => Object.assign(i.versions, { v2: "two" })),
  ),
  rule(
    "E048",
    "each version has created and state",
    ofVersionBlocks((block) => missing(block, ["created", "state"])),
    head((i) => delete i.versions.v1!.created),
  ),
  rule(
    "E049",
    "created is a time of RFC 3339",
    ofVersionBlocks(({ created }) =>
      unless(time.test(String(created)) && !Number.isNaN(Date.parse(String(created))), String(created)),
    ),
    head((i) => {
      i.versions.v1!.created = "2026-11-23 18:00";
    }),
  ),
  rule(
    "E050",
    "every digest of a state is in the manifest",
    ofVersionBlocks((block, i) =>
      Object.keys(record(block.state)).filter((digest) => !(digest in record(i.manifest))),
    ),
    head((i) => rekey(i.versions.v1!.state, "cd".repeat(64))),
  ),
  rule(
    "E051",
    "a logical path has one element or more",
    logicalPath((path) => path === ""),
    head((i) => repath(i.versions.v1!.state, () => "")),
  ),
  rule(
    "E052",
    "no element of a logical path is empty, . or ..",
    logicalPath((path) => elements(path).some((one) => /^\.{0,2}$/.test(one))),
    head((i) => repath(i.versions.v2!.state, (path) => `./${path}`)),
  ),
  rule(
    "E053",
    "no logical path begins or ends with a slash",
    logicalPath((path) => /^\/|\/$/.test(path)),
    head((i) => repath(i.versions.v3!.state, (path) => `${path}/`)),
  ),
  rule(
    "E054",
    "a user has a name",
    ofVersionBlocks(({ user }) =>
      unless(user === undefined || typeof record(user).name === "string", "no name"),
    ),
    head((i) => {
      i.versions.v1!.user = { address: "mailto:a@example.org" };
    }),
  ),
  rule(
    "E094",
    "a message is a string",
    ofVersionBlocks(({ message }) =>
      unless(message === undefined || typeof message === "string", "no string"),
    ),
    head((i) => {
      i.versions.v1!.message = ["a"];
    }),
  ),
  rule(
    "E095",
    "logical paths are unique and in no other's way",
    ofVersionBlocks(({ state }) => conflicts(pathsOf(state))),
    head((i) => repath(i.versions.v1!.state, () => pathsOf(i.versions.v1!.state)[1]!)),
  ),
];
