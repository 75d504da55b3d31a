import {
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Check,
  changeInventories,
  conflicts,
  digestOf,
  files,
  folders,
  isEmpty,
  isRecord,
  type Json,
  type LooseInventory,
  ofInventories,
  ofObjects,
  ofVersionBlocks,
  pairs,
  parse,
  pathsOf,
  readStorageRoot,
  record,
  repeated,
  replaceFile,
  replaceInventory,
  type StorageRoot,
  type StoredNode,
  type StoredObject,
  unless,
} from "../support/ocfl.js";
import { copyVault, errorCodes, makeVault, temporaryFolder } from "../support/vaults.js";

/*
 * Every MUST of OCFL 1.1 by its validation code (https://ocfl.io/1.1/spec/validation-codes.html). A code is either held over
 * the stored bytes, by a check that is shown to find a damage, or named with the reason why no stored byte can break it.
 */

const last = (range: string): readonly string[] => {
  const [from = 0, to = from] = range.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, at) => `E${String(from + at).padStart(3, "0")}`);
};
/** E065, E068, E086 and E109 were never given out or were withdrawn. */
const allCodes = ["1-64", "66-67", "69-85", "87-90", "92-108", "110-112"].flatMap(last);

/** Where a damage is done: the storage root, the object of three versions, the object of one. */
interface Place {
  readonly storage: string;
  readonly object: string;
  readonly single: string;
}

interface Rule {
  readonly code: string;
  readonly must: string;
  readonly check: Check;
  readonly damage: (place: Place) => void;
}

function rule(code: string, must: string, check: Check, damage: (place: Place) => void): Rule {
  return { code, must, check, damage };
}

/** Changes the root inventory and its copy in the newest version. */
function head(change: (inventory: LooseInventory) => void): (place: Place) => void {
  return ({ object }) => changeInventories(object, ["", "v3"], change);
}

function older(version: string, change: (inventory: LooseInventory) => void): (place: Place) => void {
  return ({ object }) => changeInventories(object, [version], change);
}

function move(from: string, to: string): (place: Place) => void {
  return ({ object }) => renameSync(join(object, from), join(object, to));
}

function moveInRoot(from: string, to: string): (place: Place) => void {
  return ({ storage }) => renameSync(join(storage, from), join(storage, to));
}

function put(path: string): (place: Place) => void {
  return ({ object }) => plant(join(object, path));
}

function putInRoot(path: string): (place: Place) => void {
  return ({ storage }) => plant(join(storage, path));
}

function plant(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "planted");
}

function firstKey(block: object): string {
  return Object.keys(block)[0]!;
}

/** Puts another first path into a manifest, a state or a block of fixity. */
function repath(block: Record<string, unknown>, change: (path: string) => string): void {
  const digest = firstKey(block);
  block[digest] = [
    change(pathsOf(block)[0]!),
    ...pairs({ [digest]: block[digest] })
      .slice(1)
      .map(([, path]) => path),
  ];
}

function rekey(block: Record<string, unknown>, to: string): void {
  const key = firstKey(block);
  block[to] = block[key];
  delete block[key];
}

const declaration = "0=ocfl_object_1.1";

/** Files that are or look like a declaration, and the MUSTs about them; the same for objects and for the storage root. */
function declarations(nodes: ReadonlyMap<string, StoredNode>, prefix: string) {
  const found = files(nodes, "").filter((name) => /^.=|ocfl_(object_)?\d/.test(name));
  const version = new RegExp(`^[^=]*=${prefix}(\\d+\\.\\d+)$`);
  return {
    namaste: unless(
      found.some((name) => /^\d=[^=]+$/.test(name)),
      "no NAMASTE tag",
    ),
    one: unless(found.filter((name) => version.test(name)).length === 1, `declarations: ${found}`),
    pattern: found.filter((name) => !/^[^=]+=[^=]+$/.test(name)),
    zero: found.filter((name) => !name.startsWith("0=")),
    dvalue: found.filter((name) => !version.test(name)),
    text: found.filter((name) => String(nodes.get(name)?.bytes) !== `${name.replace(/^.*=/, "")}\n`),
    version: found.map((name) => version.exec(name)?.[1]).find((one) => one !== undefined) ?? "none",
  };
}

const ofObject = ({ nodes }: StoredObject) => declarations(nodes, "ocfl_object_");
const ofRoot = ({ nodes }: StorageRoot) => declarations(nodes, "ocfl_");

const declarationRules = [
  rule(
    "E002",
    "the object's declaration is a NAMASTE tag",
    ofObjects((o) => ofObject(o).namaste),
    move(declaration, "ocfl_object_1.1"),
  ),
  rule(
    "E003",
    "an object has exactly one declaration",
    ofObjects((o) => ofObject(o).one),
    ({ object }) => writeFileSync(join(object, "0=ocfl_object_1.0"), "ocfl_object_1.0\n"),
  ),
  rule(
    "E004",
    "its name is T=dvalue",
    ofObjects((o) => ofObject(o).pattern),
    move(declaration, "0-ocfl_object_1.1"),
  ),
  rule(
    "E005",
    "its T is 0",
    ofObjects((o) => ofObject(o).zero),
    move(declaration, "1=ocfl_object_1.1"),
  ),
  rule(
    "E006",
    "its dvalue is ocfl_object_ and the version of OCFL",
    ofObjects((o) => ofObject(o).dvalue),
    move(declaration, "0=ocfl_thing_1.1"),
  ),
  rule(
    "E007",
    "its text is the dvalue and a line feed",
    ofObjects((o) => ofObject(o).text),
    ({ object }) => replaceFile(join(object, declaration), "ocfl_object_1.1"),
  ),
  rule(
    "E069",
    "the storage root has a declaration",
    (root) => unless(ofRoot(root).version !== "none", "none"),
    ({ storage }) => rmSync(join(storage, "0=ocfl_1.1")),
  ),
  rule(
    "E075",
    "the root's declaration is a NAMASTE tag",
    (root) => ofRoot(root).namaste,
    moveInRoot("0=ocfl_1.1", "ocfl_1.1"),
  ),
  rule(
    "E076",
    "the storage root has exactly one declaration",
    (root) => ofRoot(root).one,
    ({ storage }) => writeFileSync(join(storage, "0=ocfl_1.0"), "ocfl_1.0\n"),
  ),
  rule(
    "E077",
    "its name is T=dvalue",
    (root) => ofRoot(root).pattern,
    moveInRoot("0=ocfl_1.1", "0-ocfl_1.1"),
  ),
  rule("E078", "its T is 0", (root) => ofRoot(root).zero, moveInRoot("0=ocfl_1.1", "1=ocfl_1.1")),
  rule(
    "E079",
    "its dvalue is ocfl_ and the version of OCFL",
    (root) => ofRoot(root).dvalue,
    moveInRoot("0=ocfl_1.1", "0=oxford_1.1"),
  ),
  rule(
    "E080",
    "its text is the dvalue and a line feed",
    (root) => ofRoot(root).text,
    ({ storage }) => replaceFile(join(storage, "0=ocfl_1.1"), "ocfl_1.1\r\n"),
  ),
  rule(
    "E081",
    "no object declares a later OCFL than the storage root",
    (root) =>
      root.objects
        .map((o) => ofObject(o).version)
        .filter((version) => !(Number(version) <= Number(ofRoot(root).version))),
    move(declaration, "0=ocfl_object_1.2"),
  ),
];

/** Folders of the storage root outside objects and extensions. */
function hierarchy({ nodes, objects }: StorageRoot): readonly string[] {
  return [...nodes.keys()].filter((path) =>
    path.includes("/") || nodes.get(path)?.kind === "folder"
      ? !/^extensions(\/|$)/.test(path) &&
        !objects.some((o) => path === o.path || path.startsWith(`${o.path}/`))
      : false,
  );
}

const foldersOf = (root: StorageRoot) =>
  hierarchy(root).filter((path) => root.nodes.get(path)?.kind === "folder");
const strays = (root: StorageRoot) =>
  hierarchy(root).filter((path) => root.nodes.get(path)?.kind !== "folder");
const holdsObject = ({ objects }: StorageRoot, path: string) =>
  objects.some((o) => o.path.startsWith(`${path}/`));
const layoutOf = ({ nodes }: StorageRoot) => parse(nodes.get("ocfl_layout.json")?.bytes);
/** The storage layouts of the register of OCFL extensions. */
const registered = [
  "0002-flat-direct-storage-layout",
  "0003-hash-and-id-n-tuple-storage-layout",
  "0004-hashed-n-tuple-storage-layout",
  "0006-flat-omit-prefix-storage-layout",
  "0007-n-tuple-omit-prefix-storage-layout",
];

/** The path that extension 0003 gives to an id that needs no percent-encoding, by the settings stored beside it. */
function mapped(root: StorageRoot, id: string): string {
  const config = record(parse(root.nodes.get(`extensions/${layoutOf(root)?.extension}/config.json`)?.bytes));
  const digest = createHash(String(config.digestAlgorithm ?? "sha256"))
    .update(id)
    .digest("hex");
  const [size, count] = [Number(config.tupleSize ?? 3), Number(config.numberOfTuples ?? 3)];
  return [...Array.from({ length: count }, (_, at) => digest.slice(at * size, (at + 1) * size)), id].join(
    "/",
  );
}

function relayout(change: (layout: Record<string, unknown>) => void): (place: Place) => void {
  return ({ storage }) => {
    const layout: Record<string, unknown> = JSON.parse(
      readFileSync(join(storage, "ocfl_layout.json"), "utf8"),
    );
    change(layout);
    replaceFile(join(storage, "ocfl_layout.json"), JSON.stringify(layout));
  };
}

const storageRules = [
  rule(
    "E070",
    "ocfl_layout.json has extension and description",
    (root) => ["extension", "description"].filter((key) => typeof layoutOf(root)?.[key] !== "string"),
    relayout((layout) => delete layout.description),
  ),
  rule(
    "E071",
    "the layout is a registered extension",
    (root) => unless(registered.includes(String(layoutOf(root)?.extension)), "not registered"),
    relayout((layout) => {
      layout.extension = "0003-made-up";
    }),
  ),
  rule("E072", "the hierarchy holds no file outside an object", strays, putInRoot("ab/notes.txt")),
  rule(
    "E073",
    "no folder under the storage root is empty",
    ({ nodes }) =>
      [...nodes.keys()].filter((path) => nodes.get(path)?.kind === "folder" && isEmpty(nodes, path)),
    ({ storage }) => mkdirSync(join(storage, "ab"), { recursive: false }),
  ),
  rule(
    "E082",
    "no object lies in another",
    ofObjects(({ nodes }) => [...nodes.keys()].filter((path) => /\/0=ocfl_object_[^/]*$/.test(path))),
    ({ object, single }) => cpSync(single, join(object, "v1/content/inner"), { recursive: true }),
  ),
  rule(
    "E083",
    "an object lies where the layout puts its id",
    (root) =>
      root.objects
        .filter((o) => mapped(root, String(o.inventories[0]?.value?.id)) !== o.path)
        .map((o) => o.path),
    ({ storage, object }) => {
      mkdirSync(join(storage, "zz"));
      renameSync(object, join(storage, "zz", object.replace(/^.*\//, "")));
    },
  ),
  rule(
    "E084",
    "no file lies in a folder on the way to an object",
    (root) => strays(root).filter((path) => holdsObject(root, dirname(path))),
    ({ object }) => plant(join(object, "../notes.txt")),
  ),
  rule(
    "E085",
    "every branch ends at an object",
    (root) => foldersOf(root).filter((path) => folders(root.nodes, `${path}/`).length === 0),
    putInRoot("zz/deep/notes.txt"),
  ),
  rule(
    "E088",
    "folders hold objects or extensions, nothing else",
    (root) => foldersOf(root).filter((path) => !holdsObject(root, path)),
    putInRoot("notes/deep/a.txt"),
  ),
  rule(
    "E090",
    "there are no links, hard or symbolic",
    ({ nodes }) =>
      [...nodes]
        .filter(([, { kind, links }]) => kind === "other" || (kind === "file" && links > 1))
        .map(([path]) => path),
    ({ object, storage }) => {
      renameSync(join(object, "v1/content/record.json"), join(storage, "../staging/aside"));
      symlinkSync(join(storage, "../staging/aside"), join(object, "v1/content/record.json"));
      linkSync(join(object, "inventory.json"), join(storage, "../staging/second"));
    },
  ),
  rule(
    "E112",
    "the root's extensions folder holds folders only",
    ({ nodes }) => files(nodes, "extensions/"),
    putInRoot("extensions/notes.txt"),
  ),
];

const numbers = ({ versions }: StoredObject) => versions.map((name) => Number(name.slice(1)));
const padding = (name: string) => (/^v0/.test(name) ? name.length : 0);
const others = ({ nodes }: StoredObject) =>
  folders(nodes, "").filter((name) => name !== "extensions" && name !== "logs");
const contentFolder = (inventory: Json | null | undefined) =>
  String(inventory?.contentDirectory ?? "content");
/** Versions the newest inventory names content of, with the folder that must hold it. */
const contentFolders = (inventory: Json) => [
  ...new Set(
    pathsOf(inventory.manifest).map((path) => `${path.replace(/\/.*$/, "")}/${contentFolder(inventory)}`),
  ),
];
const content = (object: StoredObject) =>
  [...object.nodes].filter(
    ([path]) =>
      /^v\d+\/[^/]+\//.test(path) && path.split("/")[1] === contentFolder(object.inventories[0]?.value),
  );
const allOf = (object: StoredObject, key: string) => object.inventories.map(({ value }) => value?.[key]);

const folderRules = [
  rule(
    "E001",
    "an object's root holds nothing but what OCFL names",
    ofObjects(({ nodes }) =>
      [...files(nodes, ""), ...folders(nodes, "")].filter(
        (name) =>
          !/^(0=ocfl_object_\d+\.\d+|inventory\.json(\.sha(256|512))?|v\d+|logs|extensions)$/.test(name),
      ),
    ),
    put("notes.txt"),
  ),
  rule(
    "E008",
    "an object has one version or more",
    ofObjects(({ versions }) => unless(versions.length > 0, "no version")),
    ({ object }) => {
      for (const name of ["v1", "v2", "v3"]) rmSync(join(object, name), { recursive: true });
    },
  ),
  rule(
    "E009",
    "versions start at 1",
    ofObjects((o) => unless(numbers(o)[0] === 1, "no v1")),
    ({ object }) => rmSync(join(object, "v1"), { recursive: true }),
  ),
  rule(
    "E010",
    "versions have no gap",
    ofObjects((o) =>
      numbers(o)
        .filter((n, at, all) => at > 0 && n !== all[at - 1]! + 1)
        .map(String),
    ),
    ({ object }) => rmSync(join(object, "v2"), { recursive: true }),
  ),
  rule(
    "E012",
    "version folders are named alike",
    ofObjects(({ versions }) => unless(new Set(versions.map(padding)).size <= 1, `${versions}`)),
    move("v2", "v02"),
  ),
  rule(
    "E013",
    "later versions are named as the first is",
    ofObjects(({ versions }) => versions.filter((name) => padding(name) !== padding(versions[0]!))),
    move("v3", "v003"),
  ),
  rule(
    "E104",
    "a version folder's name begins with v",
    ofObjects((o) => others(o).filter((name) => !name.startsWith("v"))),
    move("v2", "r2"),
  ),
  rule(
    "E105",
    "and goes on with a positive number of base ten",
    ofObjects((o) => others(o).filter((name) => !/^.0*[1-9]\d*$/.test(name))),
    move("v3", "v3a"),
  ),
  rule(
    "E015",
    "a version folder's only files are its inventory and sidecar",
    ofObjects(({ nodes, versions }) =>
      versions.flatMap((name) =>
        files(nodes, `${name}/`).filter((file) => !/^inventory\.json(\.sha512)?$/.test(file)),
      ),
    ),
    put("v2/notes.txt"),
  ),
  rule(
    "E016",
    "a version with files has its content folder",
    ofInventories((inventory, { nodes }) =>
      contentFolders(inventory).filter((path) => nodes.get(path)?.kind !== "folder" || isEmpty(nodes, path)),
    ),
    move("v2/content", "v2/contents"),
  ),
  rule(
    "E023",
    "every content file is in the manifest",
    ofObjects((o) =>
      content(o)
        .filter(
          ([path, { kind }]) =>
            kind !== "folder" && !pathsOf(o.inventories[0]?.value?.manifest).includes(path),
        )
        .map(([path]) => path),
    ),
    put("v1/content/original/more.mp4"),
  ),
  rule(
    "E024",
    "no folder of the content is empty",
    ofObjects((o) =>
      content(o)
        .filter(([path, { kind }]) => kind === "folder" && isEmpty(o.nodes, path))
        .map(([path]) => path),
    ),
    ({ object }) => mkdirSync(join(object, "v1/content/empty")),
  ),
  rule(
    "E067",
    "an object's extensions folder holds folders only",
    ofObjects(({ nodes }) => files(nodes, "extensions/")),
    put("extensions/notes.txt"),
  ),
  rule(
    "E017",
    "contentDirectory has no slash",
    ofInventories((i) => unless(!contentFolder(i).includes("/"), "slash")),
    head((i) => {
      i.contentDirectory = "content/original";
    }),
  ),
  rule(
    "E018",
    "contentDirectory is not . or ..",
    ofInventories((i) => unless(!/^\.\.?$/.test(contentFolder(i)), "dots")),
    head((i) => {
      i.contentDirectory = "..";
    }),
  ),
  rule(
    "E019",
    "contentDirectory is set from the first version on",
    ofObjects((o) =>
      o.inventories.filter(({ value }) => value && !("contentDirectory" in value)).map(({ place }) => place),
    ),
    older("v1", (i) => delete i.contentDirectory),
  ),
  rule(
    "E020",
    "contentDirectory never changes",
    ofObjects((o) => unless(new Set(allOf(o, "contentDirectory")).size === 1, "changes")),
    older("v2", (i) => {
      i.contentDirectory = "data";
    }),
  ),
  rule(
    "E108",
    "contentDirectory is a direct child of the version folder",
    ofInventories((i, { nodes }) =>
      contentFolders(i).filter((path) => path.split("/").length !== 2 || nodes.get(path)?.kind !== "folder"),
    ),
    head((i) => {
      i.contentDirectory = "content/derived";
    }),
  ),
];

const sidecars = ({ nodes }: StoredObject, place: string) =>
  files(nodes, place).filter((name) => name.startsWith("inventory.json."));
const sidecarText = (object: StoredObject, place: string) =>
  String(object.nodes.get(`${place}${sidecars(object, place)[0]}`)?.bytes);
const hexOf = (block: unknown, length: number) =>
  Object.keys(record(block)).filter((digest) => !new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digest));
const states = (inventory: Json) =>
  Object.values(record(inventory.versions)).map((block) => record(block).state);
/** "logical path digest" for every file of a version block. */
const stateOf = (inventory: Json | null | undefined, version: string) =>
  pairs(record(record(inventory?.versions)[version]).state)
    .map(([digest, path]) => `${path} ${digest.toLowerCase()}`)
    .sort()
    .join("\n");
const missing = (value: Json, keys: readonly string[]) => keys.filter((key) => !(key in value));
const extra = (value: unknown, keys: readonly string[]) =>
  Object.keys(record(value)).filter((key) => !keys.includes(key));

const inventoryRules = [
  rule(
    "E033",
    "an inventory is a JSON object",
    ofObjects((o) => o.inventories.filter(({ value }) => value === null).map(({ place }) => place)),
    ({ object }) => replaceInventory(object, "[]\n"),
  ),
  rule(
    "E034",
    "it is called inventory.json",
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
    "it is byte for byte that of the newest version",
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
    "id, type, digestAlgorithm and head are there",
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
    "there are no other keys",
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

const contentRules = [
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
    "manifest and versions are there",
    ofInventories((i) => missing(i, ["manifest", "versions"])),
    head((i) => rekey(i, "manifests")),
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

const versionRules = [
  rule(
    "E043",
    "there is a block of versions",
    ofInventories((i) => missing(i, ["versions"])),
    head((i) => Object.assign(i, { versions: undefined })),
  ),
  rule(
    "E044",
    "its key is versions",
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
    "it is a JSON object",
    ofInventories((i) => unless(isRecord(i.versions), "no object")),
    head((i) => Object.assign(i, { versions: Object.values(i.versions) })),
  ),
  rule(
    "E046",
    "its keys are the names of the version folders",
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

const rules = [
  ...declarationRules,
  ...storageRules,
  ...folderRules,
  ...inventoryRules,
  ...contentRules,
  ...versionRules,
];

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
  it.each(rules)("$code: $must", ({ check }) => {
    expect(check(readStorageRoot(join(original, "objects")))).toEqual([]);
  });
});

describe("a vault that breaks a MUST of OCFL 1.1 is found, by that very check and by holdfast verify", () => {
  it.each(rules)("$code, broken, is found: $must", async ({ code, check, damage }) => {
    const vault = copyVault(original, join(folder.path, code));
    damage(place(vault));
    expect(check(readStorageRoot(join(vault, "objects")))).not.toEqual([]);
    expect(await errorCodes(vault)).not.toEqual([]);
  });
});
