import { readFileSync } from "node:fs";
import { sha256 } from "../audit/digest.js";
import { type FixedTextName, fixedTextNames, type KnownTexts } from "../audit/sender-texts.js";

/** The bytes of a text that goes into every package (FORMAT.md §17), beside this program. */
export function fixedText(name: FixedTextName): Buffer {
  return readFileSync(new URL(`../../schemas/package/${name}`, import.meta.url));
}

/** The texts of this program, and those of versions before it by their digests. */
export function knownTexts(): KnownTexts {
  const path = new URL("../../schemas/package/known-texts.json", import.meta.url);
  const { texts }: { readonly texts: KnownTexts["released"] } = JSON.parse(readFileSync(path, "utf8"));
  const [guide, script] = fixedTextNames.map((name) => sha256(fixedText(name)));
  return { own: { "VERIFY.md": guide ?? "", "verify.sh": script ?? "" }, released: texts };
}
