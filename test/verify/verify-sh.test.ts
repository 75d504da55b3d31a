import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readVectors } from "../support/vectors.js";
import {
  clean,
  cleanOutcome,
  failed,
  programPath,
  script,
  trust,
  verify,
  write,
} from "../support/verify-sh.js";
import { type Damage, damaged, damages, signedAs, signedTexts } from "../trials/package-damages.js";
import { packageClaims } from "../trials/verify-sh-claims.js";
import { shellClaims } from "../trials/verify-sh-shells.js";

/** Damages in as few packages as will do: no two in one package fail the same step or change the same file. */
function together(all: readonly Damage[]): readonly (readonly Damage[])[] {
  const groups: { readonly some: Damage[]; readonly taken: Set<string> }[] = [];
  for (const one of all) {
    const [, steps, , after] = one;
    const claims = [...steps, ...(after === undefined ? [] : [after]), ...changedBy(one)];
    const group = isAlone(one)
      ? undefined
      : groups.find(
          ({ some: [first], taken }) => first && !isAlone(first) && !claims.some((claim) => taken.has(claim)),
        );
    if (group === undefined) groups.push({ some: [one], taken: new Set(claims) });
    else {
      group.some.push(one);
      for (const claim of claims) group.taken.add(claim);
    }
  }
  return groups.map(({ some }) => some);
}

/** Whether others could not be seen beside it: it fails many steps, or leaves no checkpoint that tokens could be over. */
function isAlone(damage: Damage): boolean {
  const checkpoint = damaged([damage]).get("proof/000007/checkpoint")?.toString() ?? "";
  return damage[1].length > 2 || checkpoint.split("\n").length !== 4;
}

/** Paths of the files that a damage changes by itself. */
function changedBy([, , change]: Damage): readonly string[] {
  const files = new Map(clean.files);
  change(files);
  const paths = new Set([...files.keys(), ...clean.files.keys()]);
  return [...paths].filter((path) => !clean.files.get(path)?.equals(files.get(path) ?? Buffer.of(0)));
}

describe.each(["dash", "bash"])("verify.sh under %s", (shell) => {
  shellClaims(shell, "together");
});

describe("verify.sh", () => {
  packageClaims("dash", "together");

  // Two of the texts go through the whole script here; awk is asked about every one below.
  const tried = [...damages, ...[signedTexts[0], signedTexts[3]].map(signedAs)];
  // A package of few damages at once is the soak's, which tries each alone; most of those are scenarios of damage too.
  for (const some of together(tried).filter(({ length }) => length > 3)) {
    const claims = some.map(([title, steps]) => `${title} at ${steps.join(" and ")}`);
    it(`finds ${claims.join("; ")}`, () => {
      const outcome = verify("dash", write(damaged(some)));
      expect(failed(outcome).sort()).toEqual(some.flatMap(([, steps]) => steps).sort());
      expect(outcome.status).toBe(1);
    });
  }
});

describe("verify.sh where a program is another one than it was written for", () => {
  const awks = [["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"]] as const;
  const isThere = (name: string) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status === 0;
  const [, program = ""] = /canonical='\n([\s\S]*?)\n'\n/.exec(script.toString()) ?? [];
  const vectors = readVectors<{ readonly parse?: string; readonly expect: { readonly code?: string } }>(
    "canonical-json",
    "parse-",
  );
  const texts = vectors.flatMap(({ parse = "\n", expect: { code } }) =>
    /[\n\0]/.test(parse) ? [] : [{ parse, code }],
  );

  for (const [name, ...args] of awks) {
    it.skipIf(!isThere(name))(
      `${[name, ...args].join(" ")} knows every text of the vectors that is not canonical`,
      () => {
        const around = (body: string) =>
          `{"actor":"a","at":"x","body":${body},"event":"e","prev":"p","seq":1,"tool":"t","v":1}\n`;
        const { stdout, stderr } = spawnSync(name, [...args, program], {
          input: [
            ...texts.map(({ parse }) => `{"x":${parse}}`),
            ...signedTexts.map(([, text]) => `{${text}}`),
          ]
            .map(around)
            .join(""),
          env: { PATH: process.env.PATH, LC_ALL: "C" },
          encoding: "utf8",
        });
        expect(stderr).toBe("");
        const all = [...texts.map(({ code }) => code), ...signedTexts.map(([what]) => what)];
        const odd = all.flatMap((code, at) => (code === undefined ? [] : [String(at + 1)]));
        expect(odd.length).toBeGreaterThan(10);
        expect(stdout.trim().split("\n")).toEqual(odd);
      },
    );
  }

  it.skipIf(!isThere("busybox"))(
    "BusyBox's programs never make a clean package fail: it stops with status 2",
    () => {
      const folder = write(clean.files);
      const programs = (name: string, own: readonly string[]) => {
        const path = join(dirname(folder), name);
        mkdirSync(path);
        const applets = execFileSync("busybox", ["--list"], { encoding: "utf8" }).trim().split("\n");
        for (const applet of applets) symlinkSync(programPath("busybox"), join(path, applet));
        for (const one of own) symlinkSync(programPath(one), join(path, one));
        return path;
      };
      const run = (path: string, more = "") => {
        const env = { PATH: `${path}${more}`, LC_ALL: "C" };
        const { status, stdout } = spawnSync(
          join(path, "sh"),
          [join(folder, "verify.sh"), ...trust, folder],
          { env, encoding: "utf8" },
        );
        return [status, stdout.includes("FAIL")];
      };
      expect(run(programs("bare", []))).toEqual([2, false]);
      expect(run(programs("keys", ["openssl", "ssh-keygen"]))).toEqual([2, false]);
      // With the rest from elsewhere, what is BusyBox's own is tried before anything is said.
      expect(run(programs("more", ["openssl", "ssh-keygen"]), `:${process.env.PATH}`)).toEqual([2, false]);
    },
  );

  it("under bash, in the language C.UTF-8, it says what it says under dash in C", () => {
    expect(cleanOutcome("bash").text).toBe(cleanOutcome("dash").text);
  });
});
