import { join } from "node:path";
import { auditAnnexes } from "../../audit/annex.js";
import { exactText } from "../../audit/bytes.js";
import { errorAt, type Finding, noteAt, onePerPlace } from "../../audit/finding.js";
import {
  type LoggedCapture,
  type LoggedVersion,
  loggedVersion,
  statementOf,
} from "../../audit/log-captures.js";
import { auditObject, type FoundObject, type MeasuredFile } from "../../audit/object.js";
import type { Intent } from "../journal.js";
import { schemaProblems, statementFindings } from "../json-schemas.js";
import type { VaultLayout } from "../layout.js";
import { readBytes } from "./vault-files.js";

/** Folder of an object or annex, with a slash at its end → path inside it → what the file is now. */
export type MeasuredFolders = ReadonlyMap<string, ReadonlyMap<string, MeasuredFile>>;

/** Compares a capture's object and private annex with what the log and the journal say about them. */
export function captureFindings(
  layout: VaultLayout,
  capture: LoggedCapture,
  measured: MeasuredFolders,
  intent: Intent | null,
): readonly Finding[] {
  // If an id or a version is stated twice, both statements may lead to the same finding.
  return onePerPlace([
    ...objectFindings(layout, capture, measured, intent),
    ...annexFindings(layout, capture, measured, intent),
  ]);
}

/** Files that are read as a whole, by their path relative to the vault. */
export function isReadAsText(path: string): boolean {
  return (
    /\/(0=ocfl_object_1\.1|inventory\.json(\.sha512)?)$/.test(path) ||
    /\/v1\/content\/record\.json$|\/content\/(?:derived\/derivation|publication\/[^/]+\/publication|page\/[^/]+\/page)\.json$/.test(
      path,
    ) ||
    /^private\/[^/]+\/(?:v\d+\/)?annex\.json$/.test(path)
  );
}

function objectFindings(
  layout: VaultLayout,
  capture: LoggedCapture,
  measured: MeasuredFolders,
  intent: Intent | null,
): readonly Finding[] {
  if (capture.object === null) return [];
  const folder = capture.object;
  const pending = pendingVersion(intent);
  const files = measured.get(`${folder}/`) ?? new Map<string, MeasuredFile>();
  if (files.size === 0) {
    if (intent && capture.versions.length === 0) return [];
    const message = `entry ${capture.entry} names this object, but it is missing`;
    return [errorAt("object-missing", folder, message)];
  }
  const texts = readTexts(
    join(layout.root, folder),
    [...files.keys()].filter((path) => objectText.test(path)),
  );
  const found: FoundObject = { folder, files, texts };
  return [...auditObject(capture, found, pending), ...recordFindings(layout, capture, found)];
}

function pendingVersion(intent: Intent | null): LoggedVersion | null {
  return intent && intent.version !== "" ? loggedVersion({ seq: 0, ...intent }) : null;
}

/** record.json, derivation.json, publication.json and page.json: canonical form and schema. Their digests are checked with the other files. */
function recordFindings(layout: VaultLayout, capture: LoggedCapture, found: FoundObject): readonly Finding[] {
  return capture.versions.flatMap((version) => {
    const { path: logicalPath, schema } = statementOf(version);
    const path = `${version.version}/content/${logicalPath}`;
    if (!found.files.has(path)) return [];
    const where = `${found.folder}/${path}`;
    const bytes = readBytes(join(layout.root, where));
    if (bytes !== null) return statementFindings(schema, where, bytes, schemaProblems);
    const message = "it could not be read as a text and was not checked as one";
    return [noteAt("file-unreadable", where, message)];
  });
}

function annexFindings(
  layout: VaultLayout,
  capture: LoggedCapture,
  measured: MeasuredFolders,
  intent: Intent | null,
): readonly Finding[] {
  if (capture.annexes.length === 0) return [];
  const folder = `private/${capture.id}`;
  const files = measured.get(`${folder}/`) ?? new Map<string, MeasuredFile>();
  if (files.size === 0 && intent) return [];
  const textOf = (path: string) => {
    const bytes = files.has(path) ? readBytes(join(layout.root, folder, path)) : null;
    return bytes && exactText(bytes);
  };
  return auditAnnexes(capture, { folder, textOf, files }, pendingVersion(intent));
}

const objectText = /^(0=ocfl_object_1\.1|(v\d+\/)?inventory\.json(\.sha512)?)$/;

function readTexts(folder: string, paths: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const texts = new Map<string, Uint8Array>();
  for (const path of paths) {
    const bytes = readBytes(join(folder, path));
    if (bytes !== null) texts.set(path, bytes);
  }
  return texts;
}
