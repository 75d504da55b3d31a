import { createHash } from "node:crypto";
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
import { dirname, join } from "node:path";
import {
  files,
  folders,
  isEmpty,
  ofObjects,
  parse,
  record,
  replaceFile,
  type StorageRoot,
  type StoredNode,
  type StoredObject,
  unless,
} from "./ocfl.js";
import { move, moveInRoot, type Place, plant, putInRoot, rule } from "./ocfl-damage.js";

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

export const ofObject = ({ nodes }: StoredObject) => declarations(nodes, "ocfl_object_");
const ofRoot = ({ nodes }: StorageRoot) => declarations(nodes, "ocfl_");

export const declarationRules = [
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
    "the name of an object's declaration is T=dvalue",
    ofObjects((o) => ofObject(o).pattern),
    move(declaration, "0-ocfl_object_1.1"),
  ),
  rule(
    "E005",
    "the T of an object's declaration is 0",
    ofObjects((o) => ofObject(o).zero),
    move(declaration, "1=ocfl_object_1.1"),
  ),
  rule(
    "E006",
    "the dvalue of an object's declaration is ocfl_object_ and the version of OCFL",
    ofObjects((o) => ofObject(o).dvalue),
    move(declaration, "0=ocfl_thing_1.1"),
  ),
  rule(
    "E007",
    "the text of an object's declaration is its dvalue and a line feed",
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
    "the name of the root's declaration is T=dvalue",
    (root) => ofRoot(root).pattern,
    moveInRoot("0=ocfl_1.1", "0-ocfl_1.1"),
  ),
  rule(
    "E078",
    "the T of the root's declaration is 0",
    (root) => ofRoot(root).zero,
    moveInRoot("0=ocfl_1.1", "1=ocfl_1.1"),
  ),
  rule(
    "E079",
    "the dvalue of the root's declaration is ocfl_ and the version of OCFL",
    (root) => ofRoot(root).dvalue,
    moveInRoot("0=ocfl_1.1", "0=oxford_1.1"),
  ),
  rule(
    "E080",
    "the text of the root's declaration is its dvalue and a line feed",
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

/** Whatever lies in folders outside objects and extensions. */
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

export const storageRules = [
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
    ({ storage }) => mkdirSync(join(storage, "zz")),
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
    "the storage root has no links, hard or symbolic",
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
