import type { StoredObject } from "../vault/objects.js";
import { type ToldByDigests, toldByDigests } from "./told-by-digests.js";
import { type ToldByTags, toldByTags } from "./told-by-tags.js";

/** What the files of a package can reveal besides what they show. */
export interface ToldByFiles {
  readonly revealing_tags: readonly ToldByTags[];
  readonly telling_digests: readonly ToldByDigests[];
}

/** For each capture, in order. */
export function toldByFiles(objects: readonly StoredObject[]): ToldByFiles {
  return {
    revealing_tags: objects.map(toldByTags),
    telling_digests: objects.flatMap((object) => toldByDigests(object) ?? []),
  };
}
