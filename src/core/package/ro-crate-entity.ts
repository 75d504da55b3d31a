/** A reference to another entity of the crate. */
export interface Reference {
  readonly "@id": string;
}

/** One entity of the flat graph. Values are text; numbers are written as text too. */
export interface Entity {
  readonly "@id": string;
  readonly "@type": string;
  readonly [term: string]: string | Reference | readonly Reference[];
}

export function reference(id: string): Reference {
  return { "@id": id };
}

export function references(entities: readonly Entity[]): readonly Reference[] {
  return entities.map((entity) => reference(entity["@id"]));
}

/** An id of ours inside the crate: `#<kind>-<parts>`. The parts are ids, numbers and names of fields, never a platform's text. */
export function seriesId(kind: string, ...parts: readonly (string | number)[]): string {
  return `#${[kind, ...parts].join("-")}`;
}
