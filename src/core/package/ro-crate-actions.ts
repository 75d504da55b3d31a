import type { Software } from "../capture/record.js";
import { english } from "../report/texts/en.js";
import type { CaptureFacts, PackageFacts } from "./facts.js";
import { type Entity, type Reference, reference, references, seriesId } from "./ro-crate-entity.js";
import { sourceId } from "./ro-crate-source.js";
import { describedFiles, type FileGroup } from "./roles.js";
import { digestToHandOn } from "./telling-digests.js";

/** Where a program that records name has its home. */
const homePages: ReadonlyMap<string, string> = new Map([
  ["brotli", "https://github.com/google/brotli"],
  ["bwrap", "https://github.com/containers/bubblewrap"],
  ["certifi", "https://github.com/certifi/python-certifi"],
  ["cffi", "https://github.com/python-cffi/cffi"],
  ["charset-normalizer", "https://github.com/jawah/charset_normalizer"],
  ["curl-cffi", "https://github.com/lexiforest/curl_cffi"],
  ["exiftool", "https://exiftool.org/"],
  ["chromium", "https://www.chromium.org/"],
  ["ffmpeg", "https://ffmpeg.org/"],
  ["ffprobe", "https://ffmpeg.org/ffprobe.html"],
  ["idna", "https://github.com/kjd/idna"],
  ["node", "https://nodejs.org/"],
  ["prlimit", "https://github.com/util-linux/util-linux"],
  ["pycparser", "https://github.com/eliben/pycparser"],
  ["pycryptodomex", "https://www.pycryptodome.org/"],
  ["requests", "https://requests.readthedocs.io/"],
  ["sharp", "https://sharp.pixelplumbing.com/"],
  ["typing-extensions", "https://github.com/python/typing_extensions"],
  ["urllib3", "https://urllib3.readthedocs.io/"],
  ["vips", "https://www.libvips.org/"],
  ["websockets", "https://websockets.readthedocs.io/"],
  ["yt-dlp", "https://github.com/yt-dlp/yt-dlp"],
  ["yt-dlp-ejs", "https://github.com/yt-dlp/ejs"],
]);

/** For a program without a known public address, holdfast among them. RFC 2606 keeps `.invalid` from leading anywhere. */
const noHomePage = {
  url: "https://address-not-known.invalid/",
  description: "No public address of this program is known here; the one given leads nowhere.",
} as const;

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
    programEntity("#packager", nameAndVersion(of.tool)),
    ...programs.values(),
  ];
}

function nameAndVersion(tool: string): Pick<Software, "name" | "version"> {
  const at = tool.indexOf("/");
  return at === -1 ? { name: tool, version: "" } : { name: tool.slice(0, at), version: tool.slice(at + 1) };
}

/** A program as RO-Crate 1.2 wants it: with a name, a version and a `url`, which strict readers require. */
function programEntity(id: string, { name, version }: Pick<Software, "name" | "version">): Entity {
  const address = homePages.get(name.split(" (", 1)[0] ?? "");
  return {
    "@id": id,
    "@type": "SoftwareApplication",
    name,
    version: version === "" ? "not stated" : version,
    ...(address === undefined ? noHomePage : { url: address }),
  };
}

function keyOf({ name, version, sha256 }: Software): string {
  return JSON.stringify([name, version, sha256]);
}

/** Each program once, in the order in which the captures name them. */
function softwareOf({ captures }: PackageFacts): ReadonlyMap<string, Entity> {
  const programs = new Map<string, Entity>();
  const all = captures.flatMap(({ record, derivation, pages }) => [
    ...record.software,
    ...pages.flatMap(({ software }) => software),
    ...(derivation?.software ?? []),
  ]);
  for (const program of all) {
    if (programs.has(keyOf(program))) continue;
    const sha256 = digestToHandOn(program);
    const digest = sha256 === null ? {} : { identifier: `sha256:${sha256}` };
    const entity = programEntity(seriesId("software", programs.size + 1), program);
    programs.set(keyOf(program), { ...entity, ...digest });
  }
  return programs;
}

function captureActions(clip: CaptureFacts, programs: ReadonlyMap<string, Entity>): readonly Entity[] {
  const { id, record, derivation, pages } = clip;
  const files = describedFiles(clip);
  const of = (group: FileGroup) =>
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
  const visits = pages
    .filter(({ version }) => files.some(({ group, logicalPath }) => isOfPage(version, group, logicalPath)))
    .map(
      (page): Entity => ({
        "@id": seriesId("page", id, page.version),
        "@type": "CreateAction",
        name: `Visit of a browser to the page around ${id}`,
        description: `${english[`page.${page.status}`]}. Nothing on the page was clicked.`,
        startTime: page.started_at,
        endTime: page.ended_at,
        object: [reference(sourceId(clip))],
        instrument: instruments(page.software),
        result: files
          .filter(({ group, logicalPath }) => isOfPage(page.version, group, logicalPath))
          .map(({ path }) => reference(path)),
      }),
    );
  if (derivation === null) return [capture, ...visits];
  const originals = derivation.derived_from
    .map(({ path }) => `${id}/${path}`)
    .filter((path) => known.has(path));
  return [
    capture,
    ...visits,
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

/** Whether a file came with the page that this version is; those of a page alone belong to the capture itself. */
function isOfPage(version: string, group: FileGroup, logicalPath: string): boolean {
  return group === "page" && logicalPath.startsWith(`page/${version}/`);
}
