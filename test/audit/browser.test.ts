import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { type BuildFailure, build, type Plugin } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { tarMembers } from "../../src/audit/tar.js";
import * as underNode from "../support/kernel-answers.js";
import { readVectors } from "../support/vectors.js";

const repository = join(import.meta.dirname, "../..");
const kernel = join(repository, "src/audit");
const golden = join(repository, "test/golden/v1");

/** What a browser brings in place of the kernel's crypto.ts. */
const browserCrypto: Plugin = {
  name: "browser-crypto",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/crypto\.js$/ }, ({ resolveDir }) =>
      resolveDir === kernel ? { path: join(repository, "test/support/browser-crypto.ts") } : null,
    ),
};

/** All of the kernel and what is asked of it, as one script for a browser. */
async function bundle(plugins: Plugin[]): Promise<string> {
  const all = readdirSync(kernel).filter((name) => name.endsWith(".ts") && name !== "crypto.ts");
  const parts = all.map((name, at) => `export * as part${at} from "./src/audit/${name}";`);
  const { outputFiles } = await build({
    stdin: {
      contents: [...parts, 'export * from "./test/support/kernel-answers.ts";'].join("\n"),
      resolveDir: repository,
    },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "kernel",
    target: "es2023",
    write: false,
    logLevel: "silent",
    plugins,
  });
  return outputFiles[0]?.text ?? "";
}

const plainV8 = createContext({ TextDecoder, TextEncoder });

beforeAll(async () => {
  runInContext(await bundle([browserCrypto]), plainV8);
});

function inPlainV8(call: "answersToVectors" | "answersToPackage", ...given: readonly unknown[]): unknown {
  return runInContext(`(given) => kernel.${call}(...given)`, plainV8)(given);
}

describe("the kernel runs in a browser", () => {
  it("reaches no module of Node but the one that its crypto.ts takes", async () => {
    const failed = await bundle([]).then(
      () => null,
      (error: BuildFailure) => error.errors.map(({ text, location }) => [location?.file, text]),
    );
    expect(failed).toEqual([
      ["src/audit/crypto.ts", expect.stringContaining('Could not resolve "node:crypto"')],
    ]);
  });

  it("has nothing of Node around it here", () => {
    const names = ["Buffer", "process", "require", "setTimeout", "crypto", "global"];
    const kindsOf = `[${names.map((name) => `typeof ${name}`)}].join()`;
    expect(runInContext(kindsOf, plainV8)).toBe(names.map(() => "undefined").join());
  });

  it("says of every vector what it says under Node", () => {
    const pairs = underNode.kernelKinds.flatMap((kind) => readVectors(kind).map((vector) => [kind, vector]));
    const vectors = JSON.stringify(pairs);
    const expected = JSON.parse(underNode.answersToVectors(vectors));
    const answers = JSON.parse(String(inPlainV8("answersToVectors", vectors)));
    expect(pairs.length).toBeGreaterThan(300);
    expect(pairs.map((pair, at) => [pair, answers[at]])).toEqual(
      pairs.map((pair, at) => [pair, expected[at]]),
    );
  });

  it("finds in a package what it finds under Node, as it is and with its proof changed", async () => {
    const tar = new Uint8Array(gunzipSync(readFileSync(join(golden, "package.tar.gz"))));
    const roots = [readFileSync(join(golden, "tsa-roots.pem"), "utf8")];
    const untouched = await underNode.answersToPackage(tar, roots);
    expect(untouched).toContain('"signature":"pass","tokens":"pass"');
    expect(await inPlainV8("answersToPackage", tar, roots)).toBe(untouched);
    for (const names of changed) {
      const copy = Uint8Array.from(tar);
      for (const at of names.map((name) => middleOf(tar, name))) copy[at] = (copy[at] ?? 0) ^ 1;
      const answer = await underNode.answersToPackage(copy, roots);
      expect(await inPlainV8("answersToPackage", copy, roots)).toBe(answer);
      const silent = names.filter((name) => !answer.includes(`"where":"${name}"`));
      expect([names, silent]).toEqual([names, []]);
    }
  });
});

/** Files that are changed together: a finding on each of them must not hang on the others. */
const changed = [
  [
    ...["bag-info.txt", "manifest-sha512.txt", "proof/000016/13.proof", "proof/000022/checkpoint.sig"],
    ...["proof/000022/second.tsr", "proof/000004/calendar.ots"],
  ],
  ["proof/entries.jsonl", "proof/000022/checkpoint"],
];

/** A byte in the middle of a file of the package. */
function middleOf(tar: Uint8Array, name: string): number {
  const source = { length: tar.length, read: (at: number, length: number) => tar.subarray(at, at + length) };
  const member = [...tarMembers(source)].find(({ path }) => path === name);
  if (member === undefined) throw new Error(`there is no ${name}`);
  return member.offset + Math.floor(member.size / 2);
}
