import { printableJson } from "../words/printable.js";
import type { CaptureFacts, PackagedFile, PackageFacts } from "./facts.js";
import { actionEntities } from "./ro-crate-actions.js";
import { type Entity, reference, references, seriesId } from "./ro-crate-entity.js";
import { sourceEntities, sourceId } from "./ro-crate-source.js";
import { type DescribedFile, describedFiles, mediaType } from "./roles.js";

const specification = "https://w3id.org/ro/crate/1.2";

/**
 * `data/ro-crate-metadata.json` of a package: RO-Crate 1.2 (https://w3id.org/ro/crate/1.2), flat JSON-LD with one LF at
 * its end, the same for the same facts. What a platform, a file or a person says is a `PropertyValue` that names whose
 * word it is. Nobody is named as author, agent or publisher: who collected is in the private annex alone. `pageFile` is
 * the package's `index.html` as written.
 */
export function roCrate(of: PackageFacts, pageFile: Pick<PackagedFile, "bytes" | "sha256">): string {
  const graph = [
    descriptor(),
    root(of),
    ...rootProperties(of),
    noLicence,
    { ...page, contentSize: String(pageFile.bytes), sha256: pageFile.sha256 },
    ...of.captures.flatMap(captureEntities),
    ...actionEntities(of),
  ];
  return `${printableJson({ "@context": `${specification}/context`, "@graph": graph }, 2)}\n`;
}

function descriptor(): Entity {
  return {
    "@id": "ro-crate-metadata.json",
    "@type": "CreativeWork",
    name: "What this package holds, for programs",
    about: reference("./"),
    conformsTo: reference(specification),
    description:
      "A description of this package for programs, made together with it. It is the word of whoever made the package; the custody log and its proofs are what can be checked.",
  };
}

function root(of: PackageFacts): Entity {
  return {
    "@id": "./",
    "@type": "Dataset",
    name: `holdfast package of ${of.captures.length === 1 ? "one capture" : `${of.captures.length} captures`}: ${of.captures.map(({ id }) => id).join(", ")}`,
    description:
      "Captures of online video as received, with the files made from them. This folder is the payload of a BagIt bag; beside it lie the log entries, signed checkpoints and time-stamps that cover these files, and VERIFY.md, which says how to check them.",
    datePublished: of.madeAt,
    license: reference(noLicence["@id"]),
    additionalProperty: references(rootProperties(of)),
    hasPart: [reference(page["@id"]), ...of.captures.map(({ id }) => reference(`${id}/`))],
    mentions: references(actionEntities(of).filter((entity) => entity["@type"] === "CreateAction")),
  };
}

function rootProperties({ origin, profile }: PackageFacts): readonly Entity[] {
  const withoutAnnex = "The private annex of each capture is not in this package.";
  const withAnnex = "The private annex of each capture is in this package. It names people and machines.";
  return [
    {
      "@id": "#origin",
      "@type": "PropertyValue",
      name: "origin",
      value: origin,
      description: "Names the vault and its custody log.",
    },
    {
      "@id": "#profile",
      "@type": "PropertyValue",
      name: "profile",
      value: profile,
      description: profile === "redacted" ? withoutAnnex : withAnnex,
    },
  ];
}

const noLicence = {
  "@id": "#no-licence",
  "@type": "CreativeWork",
  name: "No licence is granted",
  description:
    "Whoever made this package grants no licence to these files, and under which terms they were published is not known. Rights in them belong to whoever holds them.",
} as const;

const page = {
  "@id": "index.html",
  "@type": "File",
  name: "A page to begin with",
  description: "Shows the captures of this package to a person. It is the word of whoever made the package.",
  encodingFormat: "text/html",
  about: reference("./"),
} as const;

function captureEntities(clip: CaptureFacts): readonly Entity[] {
  const files = describedFiles(clip);
  const verdict = (clip.derivation ?? clip.record).completeness;
  const isJudged = clip.derivation !== null || verdict.verdict !== "whole";
  const completeness: Entity = {
    "@id": seriesId("completeness", clip.id),
    "@type": "PropertyValue",
    name: "completeness",
    value: isJudged ? verdict.verdict : "not judged by decoding",
    description: `Whether the clip arrived whole, as holdfast judged it. ${verdict.grounds.join("; ")}`,
  };
  return [
    {
      "@id": `${clip.id}/`,
      "@type": "Dataset",
      name: `Capture ${clip.id}`,
      description: `Files as received and files made from them. Status: ${clip.record.status}.`,
      identifier: clip.id,
      isBasedOn: reference(sourceId(clip)),
      additionalProperty: references([completeness, ...noteEntities(clip)]),
      hasPart: files.map(({ path }) => reference(path)),
    },
    completeness,
    ...noteEntities(clip),
    ...files.map(fileEntity),
    ...sourceEntities(clip),
  ];
}

/** What people noted about a capture; in a package only if somebody asked for it. */
function noteEntities({ id, annotations }: CaptureFacts): readonly Entity[] {
  return annotations.map(({ key, value, entry }, at) => ({
    "@id": seriesId("note", id, String(at + 1)),
    "@type": "PropertyValue",
    name: `noted ${key}`,
    value,
    description: `What a person asserts (log entry ${entry}). Nobody measured or checked it.`,
  }));
}

function fileEntity(file: DescribedFile): Entity {
  const copy =
    file.asReceived === false
      ? "; not as received: a redacted copy, or put together or written by holdfast"
      : "";
  return {
    "@id": file.path,
    "@type": "File",
    name: file.logicalPath,
    description: `${file.role}${copy}`,
    contentSize: String(file.bytes),
    encodingFormat: mediaType(file.path),
    sha256: file.sha256,
  };
}
