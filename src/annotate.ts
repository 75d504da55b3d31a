import type { AnnotationValues } from "./core/annotation.js";
import { annotationBody } from "./core/annotation.js";
import type { Entry } from "./core/entry.js";
import { HoldfastError } from "./core/error.js";
import { annotationsOf } from "./vault/annotations.js";
import { captureById } from "./vault/captures.js";
import { logEntry, type Vault } from "./vault/vault.js";

/**
 * Writes what a person asserts about a capture as one `annotate` entry (FORMAT.md §4.7): of `values`, made by
 * `readAnnotation`, those that are not in force exactly so already. Null where that leaves nothing: then no entry is
 * written. `also` runs in the same transaction, with an entry or without. Throws `not-found` for an id nobody has.
 */
export function logAnnotation(
  vault: Vault,
  capture: string,
  values: AnnotationValues,
  from: string,
  also: (database: Vault["database"]) => void = () => undefined,
): Entry | null {
  if (captureById(vault.database, capture) === undefined) {
    throw new HoldfastError("not-found", `no capture has the id ${capture}`, "see 'holdfast list'");
  }
  const news = notInForce(vault, capture, values);
  if (Object.keys(news).length > 0) {
    return logEntry(vault, "annotate", annotationBody(capture, news, from), also);
  }
  vault.database.transaction(() => also(vault.database)).immediate();
  return null;
}

function notInForce({ database }: Vault, capture: string, values: AnnotationValues): AnnotationValues {
  const known = new Map(annotationsOf(database, capture).map(({ key, value }) => [key, value]));
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => (known.get(key) ?? null) !== value),
  );
}
