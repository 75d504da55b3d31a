import type { Software } from "../capture/record.js";
import type { CaptureFacts, PackageFacts } from "./facts.js";
import { type Entity, type Reference, reference, references, seriesId } from "./ro-crate-entity.js";
import { sourceId } from "./ro-crate-source.js";
import { describedFiles } from "./roles.js";
import { digestToHandOn } from "./telling-digests.js";

/** What was done to make these files, each with its times and programs, and the programs with their versions. */
export function actionEntities(of: PackageFacts): readonly Entity[] {
  const programs = softwareOf(of);
  return [
    ...of.captures.flatMap((clip) => captureActions(clip, programs)),
    {
      "@id": "#packaging",
      "@type": "CreateAction",
      name: "Making of this package",
      endTime: of.madeAt,
      object: of.captures.map(({ id }) => reference(`${id}/`)),
      instrument: [reference("#packager")],
      result: [reference("./")],
    },
    { "@id": "#packager", "@type": "SoftwareApplication", ...nameAndVersion(of.tool) },
    ...programs.values(),
  ];
}

function nameAndVersion(tool: string): { readonly name: string; readonly version: string } {
  const at = tool.indexOf("/");
  return at === -1
    ? { name: tool, version: "not stated" }
    : { name: tool.slice(0, at), version: tool.slice(at + 1) };
}

function keyOf({ name, version, sha256 }: Software): string {
  return JSON.stringify([name, version, sha256]);
}

/** Each program once, in the order in which the captures name them. */
function softwareOf({ captures }: PackageFacts): ReadonlyMap<string, Entity> {
  const programs = new Map<string, Entity>();
  const all = captures.flatMap(({ record, derivation }) => [
    ...record.software,
    ...(derivation?.software ?? []),
  ]);
  for (const program of all) {
    if (programs.has(keyOf(program))) continue;
    const sha256 = digestToHandOn(program);
    const digest = sha256 === null ? {} : { identifier: `sha256:${sha256}` };
    programs.set(keyOf(program), {
      "@id": seriesId("software", programs.size + 1),
      "@type": "SoftwareApplication",
      name: program.name,
      version: program.version,
      ...digest,
    });
  }
  return programs;
}

function captureActions(clip: CaptureFacts, programs: ReadonlyMap<string, Entity>): readonly Entity[] {
  const { id, record, derivation } = clip;
  const files = describedFiles(clip);
  const of = (group: "received" | "derived") =>
    files.filter((file) => file.group === group).map(({ path }) => reference(path));
  const known = new Set(files.map(({ path }) => path));
  const instruments = (software: readonly Software[]): readonly Reference[] =>
    references(software.flatMap((program) => programs.get(keyOf(program)) ?? []));
  const capture: Entity = {
    "@id": seriesId("capture", id),
    "@type": "CreateAction",
    name: `Capture ${id}`,
    description: "Times are those of the clock of the collecting machine. Who collected is not stated here.",
    startTime: record.started_at,
    endTime: record.ended_at,
    object: [reference(sourceId(clip))],
    instrument: instruments(record.software),
    result: of("received"),
  };
  if (derivation === null) return [capture];
  const originals = derivation.derived_from
    .map(({ path }) => `${id}/${path}`)
    .filter((path) => known.has(path));
  return [
    capture,
    {
      "@id": seriesId("derivation", id),
      "@type": "CreateAction",
      name: `Making of the files derived from ${id}`,
      description: "Made from copies of the received files, which were not changed by it.",
      startTime: derivation.started_at,
      endTime: derivation.ended_at,
      object: originals.map(reference),
      instrument: instruments(derivation.software),
      result: of("derived"),
    },
  ];
}
