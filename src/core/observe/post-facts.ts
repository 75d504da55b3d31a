import type { SourceFacts } from "../capture/record.js";
import type { PostFacts } from "./changes.js";

/**
 * What can change of what a platform said of a post: of a record, or of a look-up read in the same way. Both sides of a
 * comparison are then cut and cleaned alike. `thumbnail` is the PDQ hash of the picture that came with it, null for none.
 */
export function postFactsOf(facts: SourceFacts, thumbnail: string | null): PostFacts {
  const seconds = Number(facts.duration?.value ?? "");
  return {
    title: facts.title?.value ?? null,
    description: facts.description?.value ?? null,
    uploader: facts.uploader?.value ?? null,
    seconds: facts.duration === null || !Number.isFinite(seconds) ? null : seconds,
    thumbnail,
  };
}
