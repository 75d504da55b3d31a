import { HoldfastError } from "../core/words/error.js";

/** The one of these ids that contains `part`, in upper or lower case. Throws as `oneCaptureByPart`. */
export function oneIdByPart(ids: Iterable<string>, part: string): string {
  const wanted = part.toUpperCase();
  const found = part === "" ? [] : [...ids].filter((id) => id.includes(wanted));
  return theOne(found.map((id) => ({ id })).slice(0, 10), part).id;
}

/** The only row that a part of an id matched. Throws `not-found` if there is none or more than one. */
export function theOne<Row extends { readonly id: string }>(rows: readonly Row[], part: string): Row {
  const row = rows[0];
  if (!row) throw new HoldfastError("not-found", `no capture id contains ${part}`, "see 'holdfast list'");
  if (rows.length > 1) {
    const ids = rows.map(({ id }) => id).join(", ");
    throw new HoldfastError(
      "not-found",
      `several capture ids contain ${part}: ${ids}`,
      "give more of the id",
    );
  }
  return row;
}
