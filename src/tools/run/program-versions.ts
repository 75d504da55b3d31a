import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Facts that cost a process start and a read of the whole program. */
export interface VersionFacts {
  readonly version: string;
  readonly sha256: string;
}

interface CachedFacts extends VersionFacts {
  readonly size: string;
  readonly mtimeNs: string;
  readonly package_sha256: string | null;
}

const fileName = "versions.json";

/** Caches versions and digests of programs in the tools folder, by real path, size, time and package digest. */
export class VersionCache {
  private readonly folder: string;
  private readonly entries: Map<string, CachedFacts>;
  private changed = false;

  private constructor(folder: string, entries: Map<string, CachedFacts>) {
    this.folder = folder;
    this.entries = entries;
  }

  /** Reads the cache in `folder`. A missing or malformed cache counts as empty. */
  static async open(folder: string): Promise<VersionCache> {
    const text = await readFile(join(folder, fileName), "utf8").catch(() => "");
    return new VersionCache(folder, parseCache(text));
  }

  /** The facts about the file at `path`, from the cache if the file is unchanged, else from `lookUp`. */
  async recall(
    path: string,
    package_sha256: string | null,
    lookUp: () => Promise<VersionFacts | null>,
  ): Promise<VersionFacts | null> {
    const facts = await stat(path, { bigint: true });
    const key = { size: String(facts.size), mtimeNs: String(facts.mtimeNs), package_sha256 };
    const known = this.entries.get(path);
    if (
      known &&
      known.size === key.size &&
      known.mtimeNs === key.mtimeNs &&
      known.package_sha256 === package_sha256
    ) {
      return { version: known.version, sha256: known.sha256 };
    }
    const found = await lookUp();
    if (found === null) return null;
    this.entries.set(path, { ...found, ...key });
    this.changed = true;
    return found;
  }

  /** Writes the cache if anything is new. If the folder cannot be written, the next start only takes longer. */
  async save(): Promise<void> {
    if (!this.changed) return;
    const temporary = join(this.folder, `.${fileName}.${randomBytes(6).toString("hex")}`);
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(
        temporary,
        `${JSON.stringify({ v: 1, programs: Object.fromEntries(this.entries) }, null, 1)}\n`,
      );
      await rename(temporary, join(this.folder, fileName));
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}

function parseCache(text: string): Map<string, CachedFacts> {
  const entries = new Map<string, CachedFacts>();
  for (const [path, value] of fields(fields(parse(text)).get("programs"))) {
    const entry = fields(value);
    const [version, sha256, size, mtimeNs] = ["version", "sha256", "size", "mtimeNs"].map((key) =>
      entry.get(key),
    );
    const package_sha256 = entry.get("package_sha256");
    if (typeof version !== "string" || !isSha256(sha256)) continue;
    if (typeof size !== "string" || typeof mtimeNs !== "string") continue;
    if (package_sha256 !== null && !isSha256(package_sha256)) continue;
    entries.set(path, { version, sha256, size, mtimeNs, package_sha256 });
  }
  return entries;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fields(value: unknown): Map<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** SHA-256 of a file's bytes, lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
