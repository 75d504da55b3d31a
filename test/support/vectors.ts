import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../vectors/", import.meta.url);

/** Every vector of a folder whose name begins with `prefix`, under its file name. The shape is the caller's claim. */
export function readVectors<T>(kind: string, prefix = ""): readonly (T & { readonly name: string })[] {
  return readdirSync(new URL(`${kind}/`, folder))
    .filter((name) => name.startsWith(prefix) && name.endsWith(".json"))
    .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(`${kind}/${name}`, folder), "utf8")) }));
}

/** Path of a file among the vectors. */
export function vectorPath(name: string): string {
  return new URL(name, folder).pathname;
}
