/**
 * Which files a folder holds beside which footage: `clip.srt` beside `clip.mp4`, `clip.info.json` beside
 * `clip.f137.mp4`. Names are compared byte by byte, so each stands here with one character for each of its bytes.
 */
export function companionsOf(
  footage: readonly string[],
  others: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>(footage.map((name) => [name, []]));
  const stems = stemsOf(footage);
  for (const other of others) for (const name of ownersOf(other, stems)) found.get(name)?.push(other);
  return found;
}

type Stems = ReadonlyMap<string, ReadonlySet<string>>;

/** What a companion's name may begin with, up to its own last part, and whose it then is. */
function stemsOf(footage: readonly string[]): Stems {
  const stems = new Map<string, Set<string>>();
  for (const name of footage) {
    const stem = name.replace(/(?<=.)\.[^.]*$/, "");
    // yt-dlp names the formats that it has not merged yet: title.f137.mp4, title.f140-drc.m4a.
    const base = stem.replace(/\.f(?:\d|hls|dash|http|audio|video)[\w-]{0,40}$/, "");
    for (const one of [name, stem, base]) {
      const owners = stems.get(one) ?? new Set();
      stems.set(one, owners.add(name));
    }
  }
  return stems;
}

/** Every part of a name that ends before one of its dots, the longest first: the first that is a stem decides. */
function ownersOf(other: string, stems: Stems): ReadonlySet<string> {
  for (let dot = other.lastIndexOf("."); dot > 0; dot = other.lastIndexOf(".", dot - 1)) {
    const owners = stems.get(other.slice(0, dot)) ?? byCustom(other, dot, stems);
    if (owners !== undefined) return owners;
  }
  return new Set();
}

/** The longest name that Google's export gives a metadata file, without its ending. */
const takeoutLength = 46;

/** Names by which cameras and exports tie a file to footage otherwise than by its stem. */
function byCustom(other: string, dot: number, stems: Stems): ReadonlySet<string> | undefined {
  const stem = other.slice(0, dot);
  // Sony: C0001M01.XML beside C0001.MP4.
  const sony = /^(.*)M\d\d$/.exec(stem)?.[1];
  if (sony !== undefined && /\.xml$/i.test(other)) return stems.get(sony);
  // Apple: the edits of IMG_0001.MOV are in IMG_O0001.AAE.
  const apple = /^IMG_O(\d+)$/.exec(stem)?.[1];
  if (apple !== undefined) return stems.get(`IMG_${apple}`);
  if (!/\.json$/i.test(other)) return undefined;
  // Google: clip.mp4.supplemental-metadata(1).json or clip.mp4(1).json beside clip(1).mp4; long names are cut.
  const counted = /^(.+)\.([^.]+)\.s[a-z-]*(\(\d+\))$/.exec(stem) ?? /^(.+)\.([^.]+)(\(\d+\))$/.exec(stem);
  const [, name, ending, count] = counted ?? [];
  if (name !== undefined) return stems.get(`${name}${count}.${ending}`);
  if (stem.length < takeoutLength) return undefined;
  const cut = [...stems.keys()].find((one) => one.startsWith(stem));
  return cut === undefined ? undefined : stems.get(cut);
}
