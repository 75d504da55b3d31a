import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "../../src");
const root = join(source, "..");

interface SourceFile {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** Those of `imports` that are still there when the program runs. */
  readonly loaded: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const text = readFileSync(join(source, path), "utf8");
    const imports = [
      ...text.matchAll(/(?:^|\s)(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g),
    ];
    const names = (found: readonly RegExpMatchArray[]) => found.map((match) => match[1] ?? match[2] ?? "");
    const loaded = imports.filter(([statement]) => !/^\s*(?:import|export)\s+type\b/.test(statement));
    return { path, text, imports: names(imports), loaded: names(loaded) };
  });

/** The rooms of `src` by the floor they stand on. An arrow goes from a higher floor to a lower one, never along a floor. */
const floors = {
  audit: 0,
  core: 1,
  vault: 2,
  tools: 2,
  verify: 3,
  search: 3,
  seal: 4,
  capture: 5,
  batch: 6,
  handover: 6,
  upkeep: 6,
  cli: 7,
} as const;

type Room = keyof typeof floors;

/** Null for `world.ts`, the one file that stands in no room. */
function roomOf(path: string): Room | null {
  const folder = path.split("/")[0] ?? "";
  return isRoom(folder) ? folder : null;
}

function isRoom(name: string): name is Room {
  return name in floors;
}

/** Rooms that are pure: bytes and values in, values out. */
const isPure = (path: string) => ["audit", "core"].includes(roomOf(path) ?? "");

/** Relative to `src`, with `.ts`. */
function targetOf(file: SourceFile, name: string): string {
  return relative(source, join(source, dirname(file.path), name)).replace(/\.js$/, ".ts");
}

/** `path: import` of everything that breaks a rule. */
function offenders(breaks: (file: SourceFile, imported: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((name) => breaks(file, name)).map((name) => `${file.path}: ${name}`),
  );
}

describe("the parts depend on each other one way", () => {
  it("there are sources to look at", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(offenders(() => true).length).toBeGreaterThan(100);
  });

  it("every file but world.ts stands in a room", () => {
    expect(files.filter(({ path }) => roomOf(path) === null).map(({ path }) => path)).toEqual(["world.ts"]);
  });

  it("every arrow goes down a floor: vault and tools, verify and search, batch, handover and upkeep do not know each other", () => {
    const wrong = offenders((file, name) => {
      if (!name.startsWith(".")) return false;
      const [from, to] = [roomOf(file.path), roomOf(targetOf(file, name))];
      if (to === null) return from === null || floors[from] < floors.verify;
      return from === null || (from !== to && floors[from] <= floors[to]);
    });
    expect(wrong).toEqual([]);
  });

  it("no files import each other in a circle, types included", () => {
    expect(circles()).toEqual([]);
  });

  it("what checks reaches nothing that signs, captures or starts a program", () => {
    const reached = reachedFrom(files.filter(({ path }) => roomOf(path) === "verify"));
    const rooms = new Set(reached.map(roomOf));
    expect(reached.length).toBeGreaterThan(50);
    expect(["seal", "tools", "capture", "cli"].filter((room) => isRoom(room) && rooms.has(room))).toEqual([]);
  });

  it("audit is a kernel for any machine: of Node it has crypto.ts alone, of others ASN.1 for time-stamps, and no Buffer", () => {
    const allowed = (file: SourceFile, name: string) =>
      file.path.startsWith("audit/time-stamp") && (name === "pkijs" || name === "asn1js");
    const inside = (file: SourceFile, name: string) =>
      name.startsWith(".") && roomOf(targetOf(file, name)) === "audit";
    const outside = offenders(
      (file, name) => roomOf(file.path) === "audit" && !inside(file, name) && !allowed(file, name),
    );
    expect(outside).toEqual(["audit/crypto.ts: node:crypto"]);
    const ofNode = /\b(?:Buffer|process|require|setImmediate|__dirname|import\.meta)\b/;
    const code = (text: string) => text.replace(/^\s*(?:\*|\/\*|\/\/).*$/gm, "");
    expect(
      files
        .filter(({ path, text }) => roomOf(path) === "audit" && ofNode.test(code(text)))
        .map(({ path }) => path),
    ).toEqual(["audit/crypto.ts"]);
  });

  it("audit and core are pure: core imports nothing but node:crypto, and both read no clock, chance or environment", () => {
    expect(
      offenders(
        (file, name) => roomOf(file.path) === "core" && !name.startsWith(".") && name !== "node:crypto",
      ),
    ).toEqual([]);
    const impure =
      /\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b|\bprocess\.|\brandomBytes\b|\brandomUUID\b|\bfetch\(/;
    expect(
      files.filter((file) => isPure(file.path) && impure.test(file.text)).map(({ path }) => path),
    ).toEqual([]);
  });

  it("audit and core have no type assertion", () => {
    const cast = /\)\s+as\s+[A-Z]|\w\s+as\s+(?!const\b)[A-Za-z{]+[^"]*[;,)]/;
    const lines = files
      .filter((file) => isPure(file.path))
      .flatMap((file) =>
        file.text
          .split("\n")
          .filter(
            (line) =>
              !/^\s*(\*|\/\/|\/\*|import|export \{)/.test(line) && !/["'`]/.test(line) && cast.test(line),
          ),
      );
    expect(lines).toEqual([]);
  });

  it("other programs are started in one place only", () => {
    const starters = files.filter((file) =>
      file.loaded.some((name) => name === "node:child_process" || name === "child_process"),
    );
    expect(starters.map(({ path }) => path)).toEqual(["tools/run/run.ts"]);
  });

  it("the network is spoken to in named places only: the guard, what asks through it, and channels to programs of ours", () => {
    const speakers = (modules: RegExp) => [
      ...new Set(
        files.filter(({ loaded }) => loaded.some((name) => modules.test(name))).map(({ path }) => path),
      ),
    ];
    // The list of root certificates that Node brings comes with its module for TLS.
    const roots = "verify/trust.ts";
    const guard = ["egress-dial", "egress-guard", "egress-relay", "guarded-request"];
    const channels = ["download/prefork-interpreter", "run/jail-door"];
    expect(
      speakers(/^(node:)?(net|http|https|http2|tls|dgram|dns|dns\/promises|inspector|cluster)$/).sort(),
    ).toEqual(
      [
        ...[...channels, ...guard.map((name) => `network/${name}`)].map((name) => `tools/${name}.ts`),
        roots,
      ].sort(),
    );
    // These come with Node and need no import.
    const builtIn = /(?<![.\w])(fetch\(|WebSocket\b|EventSource\b|XMLHttpRequest\b)/;
    expect(files.filter(({ text }) => builtIn.test(text)).map(({ path }) => path)).toEqual([
      "batch/row-scheduler.ts",
      "tools/media/content-credentials-worker.ts",
    ]);
  });

  it("names are looked up and connections made by the guard alone; what asks through it connects to the guard", () => {
    const calls = /\b(lookup|resolve[46]|getaddrinfo|createConnection)\(|\bconnect\(\{|\bnew Socket\(/;
    const callers = files.filter(({ text }) => calls.test(text)).map(({ path }) => path);
    expect(callers.sort()).toEqual(
      ["egress-dial", "egress-guard", "guarded-request"].map((name) => `tools/network/${name}.ts`),
    );
  });

  it("foreign text becomes a URL in one place only", () => {
    const judged = files.filter(({ text }) => /\bURL\.canParse\(/.test(text));
    expect(judged.map(({ path }) => path)).toEqual([]);
  });

  it("only the screen writes to a terminal", () => {
    const writers = files.filter(
      ({ path, text }) => roomOf(path) === "cli" && /(?:\bstdout|\bstderr|\])\.write\(/.test(text),
    );
    expect(writers.map(({ path }) => path)).toEqual(["cli/screen.ts"]);
  });

  it("only the vault speaks SQL", () => {
    expect(offenders((file, name) => name === "better-sqlite3" && roomOf(file.path) !== "vault")).toEqual([]);
  });

  it("only the command line prints or ends the process", () => {
    const prints = /\bconsole\.|\bprocess\.(stdout|stderr|exit)\b/;
    expect(
      files.filter((file) => roomOf(file.path) !== "cli" && prints.test(file.text)).map(({ path }) => path),
    ).toEqual([]);
  });
});

describe("the sources keep the rules of the house", () => {
  it("no file is a catch-all or a barrel", () => {
    expect(
      files.filter(({ path }) =>
        /(^|\/)(utils?|helpers?|common|manager|service|types|index)\.ts$/.test(path),
      ),
    ).toEqual([]);
    expect(files.filter(({ text }) => /^export \* from/m.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("a command's file and the file that does its work have two names", () => {
    const nameOf = (path: string) => path.split("/").at(-1);
    const commands = files.filter(({ path }) => path.startsWith("cli/commands/")).map(({ path }) => path);
    const others = new Set(
      files
        .map(({ path }) => path)
        .filter((path) => !commands.includes(path))
        .map(nameOf),
    );
    expect(commands.length).toBeGreaterThan(15);
    expect(commands.filter((path) => others.has(nameOf(path)))).toEqual([]);
  });

  it("no file of the sources is longer than 450 lines", () => {
    const long = files.filter((file) => {
      return file.text.split("\n").length > 450;
    });
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it("nothing is exported that no other file takes, save types that name what an export takes or gives", () => {
    const taken = takenNames();
    const values = /^export (?:async |abstract )*(?:function\*?|const|let|class) (\w+)/gm;
    const types = /^export (?:interface|type) (\w+)/gm;
    const idle = files.flatMap(({ path, text }) => {
      const isUsedHere = (name: string) => namesBy(new RegExp(`\\b(${name})\\b`, "g"), text).length > 1;
      const names = [...namesBy(values, text), ...namesBy(types, text).filter((name) => !isUsedHere(name))];
      return names
        .filter((name) => !taken.has(`${basename(path, ".ts")}: ${name}`))
        .map((name) => `${path}: ${name}`);
    });
    expect(taken.size).toBeGreaterThan(500);
    expect(idle).toEqual([]);
  });

  it("no unfinished places are left behind", () => {
    expect(
      files
        .filter(({ text }) => /\b(TODO|FIXME|XXX|not implemented|not yet[: ]\$)\b/.test(text))
        .map(({ path }) => path),
    ).toEqual([]);
  });
});

const namesBy = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map(([, name]) => name ?? "");

/** `file: name` of everything that a source, a test or a program in `bin` imports by name, statically or while it runs. */
function takenNames(): ReadonlySet<string> {
  const inBraces = /\{([^{}]*)\}\s*(?:from\s|=\s*await import\()[^;]*?([\w-]+)\.[jt]s"/g;
  const direct = /import\("[^"]*?([\w-]+)\.[jt]s"\)\)?\.(\w+)/g;
  const texts = ["src", "bin", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.[jt]s$/.test(path))
      .map((path) => readFileSync(join(root, folder, path), "utf8")),
  );
  const taken = texts.flatMap((text) => [
    ...[...text.matchAll(inBraces)].flatMap(([, names = "", file]) =>
      names.split(",").map(
        (name) =>
          `${file}: ${
            name
              .trim()
              .replace(/^type /, "")
              .split(/ as |:/)[0]
          }`,
      ),
    ),
    ...[...text.matchAll(direct)].map(([, file, name]) => `${file}: ${name}`),
  ]);
  return new Set(taken);
}

/** Paths of everything that these files import, directly or through others, themselves included. */
function reachedFrom(starts: readonly SourceFile[]): readonly string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const open = starts.map(({ path }) => path);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const file = known.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    open.push(...file.imports.filter((name) => name.startsWith(".")).map((name) => targetOf(file, name)));
  }
  return [...reached];
}

/** Files that can be reached from what they import. */
function circles(): readonly string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  return files
    .filter((file) => {
      const direct = file.imports.filter((name) => name.startsWith(".")).map((name) => targetOf(file, name));
      return reachedFrom(direct.flatMap((path) => known.get(path) ?? [])).includes(file.path);
    })
    .map(({ path }) => path);
}
