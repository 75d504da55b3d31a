import { X509Certificate } from "node:crypto";
import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "../../audit/canonical-json.js";

/**
 * How two texts of `holdfast.json` differ, one line for each difference. Authorities and their roots come first and in
 * full, since they decide who is believed about times. Null if a text cannot be read.
 */
export function settingsChanges(before: string, after: string): readonly string[] | null {
  const [old, now] = [readJson(before), readJson(after)];
  if (old === null || now === null) return null;
  const [was, is] = [leavesOf(old), leavesOf(now)];
  const names = [...new Set([...was.keys(), ...is.keys()])];
  const changed = names.filter((name) => was.get(name) !== is.get(name));
  return byWeight(changed).map(
    (name) => `${name}: ${was.get(name) ?? "(none)"} → ${is.get(name) ?? "(none)"}`,
  );
}

/** Every authority and root of a text, one line each; empty for a text that cannot be read. */
export function settingsTrust(text: string): readonly string[] {
  const value = readJson(text);
  if (value === null) return [];
  return [...leavesOf(value)].filter(([name]) => isTrust(name)).map(([name, words]) => `${name}: ${words}`);
}

function byWeight(names: readonly string[]): readonly string[] {
  return [...names.filter(isTrust), ...names.filter((name) => !isTrust(name))];
}

function isTrust(name: string): boolean {
  return name.startsWith("authority ") || name.startsWith("calendar ");
}

/** Each value by its place; an authority by its name, so that moving a line is not a change. */
function leavesOf(value: Json, at = ""): ReadonlyMap<string, string> {
  if (Array.isArray(value)) {
    const kind = /^settings\.(authorities|calendars)$/.exec(at)?.[1];
    const word = kind === "authorities" ? "authority" : "calendar";
    return new Map(
      value.flatMap((item, index) => [
        ...leavesOf(
          item,
          kind !== undefined && isJsonObject(item) ? `${word} ${nameOf(item, index)}` : `${at}[${index}]`,
        ),
      ]),
    );
  }
  if (!isJsonObject(value)) return new Map([[at, wordsOf(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, item]) => [...leavesOf(item, at === "" ? key : `${at}.${key}`)]),
  );
}

function nameOf(item: JsonObject, index: number): string {
  return typeof item.name === "string" ? item.name : `number ${index + 1}`;
}

/** A certificate by its SHA-256, which a person can compare; everything else as it stands, except a password. */
function wordsOf(value: Json): string {
  if (typeof value !== "string") return JSON.stringify(value);
  if (value.includes("-----BEGIN CERTIFICATE-----")) return certificateWords(value);
  return value.replace(/\/\/[^/@\s]*@/, "//(user)@");
}

function certificateWords(pem: string): string {
  try {
    const { fingerprint256, subject } = new X509Certificate(pem);
    return `certificate with SHA-256 ${fingerprint256.replaceAll(":", "").toLowerCase()} (${subject.replaceAll("\n", ", ")})`;
  } catch {
    return pem;
  }
}

function readJson(text: string): Json | null {
  try {
    return parseForeignJson(text);
  } catch {
    return null;
  }
}
