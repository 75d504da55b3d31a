import { HoldfastError } from "../core/words/error.js";

/** The one of these ids that contains `part`, upper or lower case. Throws as `oneCaptureByPart`. */
export function oneIdByPart(ids: Iterable<string>, part: string): string {
  const wanted = part.toUpperCase();
  const found = part === "" ? [] : [...ids].filter((id) => id.includes(wanted));
  return theOne(found.map((id) => ({ id })).slice(0, 10), part).id;
}

/** The one row among those that a part of an id matched. Throws `not-found` when there is none or more than one. */
export function theOne<Row extends { readonly id: string }>(rows: readonly Row[], part: string): Row {
  const row = rows[0];
  if (!row)
    throw new HoldfastError("not-found", `no capture has an id with ${part} in it`, "see 'holdfast list'");
  if (rows.length > 1) {
    const ids = rows.map(({ id }) => id).join(", ");
    throw new HoldfastError("not-found", `${part} is part of several ids: ${ids}`, "give more of the id");
  }
  return row;
}
