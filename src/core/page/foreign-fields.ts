import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import type { Field } from "./warc.js";

/** The member of somebody else's object at a path; undefined if there is none. */
export function memberAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at = value;
  for (const name of path) at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return at;
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string | null {
  const found = memberAt(value, ...path);
  return typeof found === "string" ? found : null;
}

export function numberAt(value: Json | undefined, ...path: readonly string[]): number | null {
  const found = memberAt(value, ...path);
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = memberAt(value, ...path);
  return isJsonObject(found) ? found : {};
}

export function listAt(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = memberAt(value, ...path);
  return isList(found) ? found : [];
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Header fields as the browser's protocol names them: an object in which a repeated field stands as lines of one value. */
export function fieldsOf(headers: JsonObject): readonly Field[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" ? value.split("\n").map((line): Field => [name, line]) : [],
  );
}

/** Header fields in the order and spelling in which a site sent them, from the text of an HTTP/1 header. */
export function fieldsOfText(text: string): readonly Field[] {
  const [, ...rest] = text.split(/\r?\n/);
  return rest.flatMap((line): readonly Field[] => {
    const [, name, value] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
}

/** The protocols of a connection, as `WARC-Protocol` names them. */
export function protocolsOf(spoken: string | null, encryption: string | null): readonly string[] {
  const http = spoken === null ? null : spoken === "h2" || spoken === "h3" ? spoken : spoken.toLowerCase();
  const tls = /^(?:TLS|SSL) ?([\d.]+)$/i.exec(encryption ?? "")?.[1];
  return [...(http === null ? [] : [http]), ...(tls === undefined ? [] : [`tls/${tls}`])];
}
