import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  files,
  folders,
  isEmpty,
  type Json,
  ofInventories,
  ofObjects,
  pathsOf,
  type StoredObject,
  unless,
} from "./ocfl.js";
import { head, move, older, put, rule } from "./ocfl-damage.js";

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
export const allOf = (object: StoredObject, key: string) =>
  object.inventories.map(({ value }) => value?.[key]);

export const folderRules = [
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
    "a version folder's name is a letter and a positive number of base ten",
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
