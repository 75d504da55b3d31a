import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "../src");

interface SourceFile {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const text = readFileSync(join(source, path), "utf8");
    const imports = [
      ...text.matchAll(/(?:^|\s)(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g),
    ];
    return { path, text, imports: imports.map((match) => match[1] ?? match[2] ?? "") };
  });

type Layer = "core" | "vault" | "tools" | "operations" | "cli";

const mayImport: Readonly<Record<Layer, readonly Layer[]>> = {
  core: ["core"],
  vault: ["vault", "core"],
  tools: ["tools", "core"],
  operations: ["operations", "vault", "tools", "core"],
  cli: ["cli", "operations", "core"],
};

function layerOf(path: string): Layer {
  const folder = path.split("/")[0] ?? "";
  if (folder === "core" || folder === "vault" || folder === "tools" || folder === "cli") return folder;
  return "operations";
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

  it("imports point from cli to operations to vault and tools to core, and vault and tools do not know each other", () => {
    const wrong = offenders((file, name) => {
      if (!name.startsWith(".")) return false;
      const target = relative(source, join(source, dirname(file.path), name));
      return !mayImport[layerOf(file.path)].includes(layerOf(target));
    });
    expect(wrong).toEqual([]);
  });

  it("core is pure: it imports nothing but node:crypto, and ASN.1 for time-stamps, and reads no clock, chance or environment", () => {
    const allowed = (file: SourceFile, name: string) =>
      name === "node:crypto" ||
      (file.path.startsWith("core/time-stamp") && (name === "pkijs" || name === "asn1js"));
    expect(
      offenders(
        (file, name) => layerOf(file.path) === "core" && !name.startsWith(".") && !allowed(file, name),
      ),
    ).toEqual([]);
    const impure =
      /\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b|\bprocess\.|\brandomBytes\b|\brandomUUID\b|\bfetch\(/;
    expect(
      files.filter((file) => layerOf(file.path) === "core" && impure.test(file.text)).map(({ path }) => path),
    ).toEqual([]);
  });

  it("core has no type assertion", () => {
    const cast = /\)\s+as\s+[A-Z]|\w\s+as\s+(?!const\b)[A-Za-z{]+[^"]*[;,)]/;
    const lines = files
      .filter((file) => layerOf(file.path) === "core")
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
      file.imports.some((name) => name === "node:child_process" || name === "child_process"),
    );
    expect(starters.map(({ path }) => path)).toEqual(["tools/run/run.ts"]);
  });

  it("the network is spoken to in named places only: the guard, what asks through it, and channels to programs of ours", () => {
    const speakers = (modules: RegExp) => [
      ...new Set(offenders((_, name) => modules.test(name)).map((line) => line.split(":")[0])),
    ];
    const guard = ["egress-dial", "egress-guard", "egress-relay", "socks"];
    const channels = ["jail-door", "prefork-interpreter", "yt-dlp-jail"];
    expect(
      speakers(/^(node:)?(net|http|https|http2|tls|dgram|dns|dns\/promises|inspector|cluster)$/).sort(),
    ).toEqual(
      ["authority", ...channels, ...guard, "guarded-request"].map((name) => `tools/${name}.ts`).sort(),
    );
    // These come with Node and need no import.
    const builtIn = /(?<![.\w])(fetch\(|WebSocket\b|EventSource\b|XMLHttpRequest\b)/;
    expect(files.filter(({ text }) => builtIn.test(text)).map(({ path }) => path)).toEqual([
      "batch-turns.ts",
      "tools/media/content-credentials-worker.ts",
    ]);
  });

  it("names are looked up and connections made by the guard alone; what asks through it connects to the guard", () => {
    const calls = /\b(lookup|resolve[46]|getaddrinfo|createConnection)\(|\bconnect\(\{|\bnew Socket\(/;
    const callers = files.filter(({ text }) => calls.test(text)).map(({ path }) => path);
    expect(callers.sort()).toEqual(
      ["egress-dial", "egress-guard", "guarded-request"].map((name) => `tools/${name}.ts`),
    );
  });

  it("foreign text becomes a URL in one place only", () => {
    const judged = files.filter(({ text }) => /\bURL\.canParse\(/.test(text));
    expect(judged.map(({ path }) => path)).toEqual([]);
  });

  it("only the screen writes to a terminal", () => {
    const writers = files.filter(
      ({ path, text }) => layerOf(path) === "cli" && /(?:\bstdout|\bstderr|\])\.write\(/.test(text),
    );
    expect(writers.map(({ path }) => path)).toEqual(["cli/screen.ts"]);
  });

  it("only the vault speaks SQL", () => {
    expect(offenders((file, name) => name === "better-sqlite3" && layerOf(file.path) !== "vault")).toEqual(
      [],
    );
  });

  it("only the command line prints or ends the process", () => {
    const prints = /\bconsole\.|\bprocess\.(stdout|stderr|exit)\b/;
    expect(
      files.filter((file) => layerOf(file.path) !== "cli" && prints.test(file.text)).map(({ path }) => path),
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

  it("no file of the sources is longer than 320 lines, and those of the record and the vault stay below 300", () => {
    const long = files.filter((file) => {
      const limit = ["core", "vault"].includes(layerOf(file.path)) ? 300 : 320;
      return file.text.split("\n").length > limit;
    });
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it("no unfinished places are left behind", () => {
    expect(
      files
        .filter(({ text }) => /\b(TODO|FIXME|XXX|not implemented|not yet[: ]\$)\b/.test(text))
        .map(({ path }) => path),
    ).toEqual([]);
  });
});
