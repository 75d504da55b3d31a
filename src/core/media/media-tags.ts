/** An original whose tags reveal where or with what it was filmed. */
export interface RevealingTags {
  /** Logical path of the original. */
  readonly original: string;
  /** Names of tags, as the programs that read them call them: `Keys:GPSCoordinates`. */
  readonly location: readonly string[];
  readonly device: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

// ExifTool names a place by the axis of its coordinates or in words, ffprobe by the key that stands in the file.
const locationName =
  /gps(?!d?o?p$)|latitude|longitude|altitude|location|iso6709|©?xyz|geotag|(?:^|[:_-])(?:city|country|state)$/i;
const deviceName =
  /(?:^|[:._-])(?:make|model|manufacturer|cameramodelname|uniquecameramodel|devicemanufacturer|devicemodelname|devicename|hostcomputer|author|artist|owner(?:name)?)(?:-\w{3})?$|serial(?:number)?\b|lens(?:model|make|id|info|serial)|camera(?:id|identifier|model|make|owner)|androidversion|android\.(?:version|manufacturer|model)|android(?:make|model|manufacturer)|deviceid|imageuniqueid/i;

// Where a sample of colour lies is not a place on earth.
const harmless = /chroma_?location|colou?r_?location|previewlocation/i;

/**
 * The tags of each original that reveal a place or a device, from the readings of ExifTool and ffprobe: objects whose
 * keys are the originals' paths. Whoever made the file chose every name in them.
 */
export function revealingTags(readings: readonly unknown[]): readonly RevealingTags[] {
  const byOriginal = new Map<string, Set<string>>();
  for (const reading of readings) {
    for (const [original, tags] of Object.entries(asObject(reading))) {
      const names = byOriginal.get(original) ?? new Set();
      byOriginal.set(original, names);
      for (const name of namesIn(tags)) names.add(name);
    }
  }
  return [...byOriginal].flatMap(([original, names]): readonly RevealingTags[] => {
    const told = [...names].filter((name) => !harmless.test(name)).sort();
    const location = told.filter((name) => locationName.test(name));
    const device = told.filter((name) => !locationName.test(name) && deviceName.test(name));
    return location.length + device.length === 0 ? [] : [{ original, location, device }];
  });
}

/** Names of ExifTool's own tags, and of the tags that ffprobe read from the file, streams and chapters. */
function namesIn(tags: unknown): readonly string[] {
  const reading = asObject(tags);
  const probed = [asObject(reading.format), ...asObjects(reading.streams), ...asObjects(reading.chapters)];
  const read = probed.flatMap((part) => Object.entries(asObject(part.tags)));
  const own = Array.isArray(reading.streams) ? [] : Object.entries(reading);
  return [...own, ...read].filter(([, value]) => isSaid(value)).map(([name]) => name.slice(0, 100));
}

/** An empty tag tells nothing. */
function isSaid(value: unknown): boolean {
  return value !== null && value !== undefined && !(typeof value === "string" && value.trim() === "");
}

/** Every text that a container holds about itself, its streams and its chapters, from the whole output of ffprobe. */
export function tagTexts(json: string): readonly string[] {
  const probe = asObject(parsed(json));
  const parts = [asObject(probe.format), ...asObjects(probe.streams), ...asObjects(probe.chapters)];
  const all = [...parts, ...asObjects(probe.programs)];
  return all.flatMap((part) =>
    Object.values(asObject(part.tags)).filter((value): value is string => typeof value === "string"),
  );
}

/** What the container of a finished copy must not say; null if it says only what every file of the muxer says. */
export function foreignTag(json: string): string | null {
  const probe = asObject(parsed(json));
  if (asObjects(probe.chapters).length > 0) return "chapters";
  const [format, streams] = [asObject(probe.format), asObjects(probe.streams)];
  const side = streams.some((stream) => asObjects(stream.side_data_list).length > 0);
  if (side) return "data beside a stream";
  const tags = [format, ...streams].flatMap((part) => Object.entries(asObject(part.tags)));
  const foreign = tags.find(([name, value]) => !muxerTags[name]?.test(String(value)));
  return foreign === undefined ? null : `the tag ${foreign[0].slice(0, 60)}`;
}

const muxerTags: Readonly<Record<string, RegExp>> = {
  major_brand: /^isom$/,
  minor_version: /^512$/,
  compatible_brands: /^(?:isom|iso2|avc1|mp41|mp42)+$/,
  language: /^und$/,
  handler_name: /^(?:Video|Sound)Handler$/,
  vendor_id: /^\[0\]\[0\]\[0\]\[0\]$/,
  encoder: /^Lavc (?:libx264|mpeg4|aac)$/,
};

/**
 * Null if a picture is shown as stored or in quarter turns; otherwise why it is not. Players differ in how they show a
 * mirrored or slanted picture, so nobody could say where a region lies.
 */
export function oddOrientation(json: string, stream: number): string | null {
  const video = asObjects(asObject(parsed(json)).streams).find(({ index }) => index === stream);
  const matrix = asObjects(video?.side_data_list).find(({ displaymatrix }) => displaymatrix !== undefined);
  if (matrix === undefined) return null;
  const rows = String(matrix.displaymatrix).matchAll(/^[0-9a-f]{8}:\s+(-?\d+)\s+(-?\d+)\s+-?\d+\s*$/gm);
  const numbers = [...rows].slice(0, 2).flatMap((row) => [Number(row[1]), Number(row[2])]);
  const turns = ["1,0,0,1", "0,1,-1,0", "-1,0,0,-1", "0,-1,1,0"];
  return turns.includes(numbers.map((number) => Math.round((100 * number) / 65536) / 100 + 0).join())
    ? null
    : "it is mirrored or slanted for display, and not every player shows that";
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function asObjects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}
