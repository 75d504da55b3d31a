import { readFileSync } from "node:fs";
import { join } from "node:path";

export const contextUrl = "https://w3id.org/ro/crate/1.2/context";
export const context = JSON.parse(readFileSync(join(import.meta.dirname, "ro-crate-context.json"), "utf8"));

/** Gives the context of this repository for RO-Crate's, and nothing for any other address. */
export async function loader(url: string) {
  if (url !== contextUrl) throw new Error(`nothing is loaded from ${url}`);
  return { documentUrl: url, document: context };
}

/** For `jsonld.expand`. `safe`, which its types do not know, makes every term that would be dropped an error. */
export const strictly = { documentLoader: loader, base: "https://crate.invalid/", safe: true };
