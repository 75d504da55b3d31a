import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "../../src/cli/program.js";
import { Screen } from "../../src/cli/screen.js";
import { capturedTerminal } from "../cli/terminal-double.js";
import { makeSealedVault } from "../support/sealed-vault.js";
import { copyVault, temporaryFolder } from "../support/vaults.js";

const root = join(import.meta.dirname, "../..");
const documents = [
  "README.md",
  "CHANGELOG.md",
  "src/README.md",
  "src/cli/COMMANDS.md",
  "schemas/VERIFY-VAULT.md",
  ...["README", "PROMISES", "THREATS", "SOAK"].map((name) => `test/${name}.md`),
  ".github/CONTRIBUTING.md",
  ".github/SECURITY.md",
  ...readdirSync(join(root, ".github/docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `.github/docs/${name}`),
];
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

const io = capturedTerminal();
const screen = new Screen(io, () => new Date());
const program = await buildProgram(io, screen, "0.0.0", async () => undefined);
const commands = program.commands;
/** The options of a command and of the commands below it, each once. */
const optionsOf = (command: (typeof commands)[number]): string[] => [
  ...new Set([command, ...command.commands].flatMap(({ options }) => options.map(({ long }) => long ?? ""))),
];
const commonOptions = [...program.options.map(({ long }) => long ?? ""), "--help"];

/** The part of a text from a heading to the next heading of the same or a higher level. */
function section(text: string, heading: string): string {
  const level = heading.indexOf(" ");
  const from = text.indexOf(`\n${heading}`);
  if (from === -1) return "";
  const rest = text.slice(from + heading.length + 1);
  const end = rest.search(new RegExp(`\\n#{1,${level}} `));
  return end === -1 ? rest : rest.slice(0, end);
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
}

const optionsIn = (text: string): string[] => [...new Set(all(text, /(?<![\w-])--[a-z][a-z-]*/g))].sort();

/** What is called by name in code: `holdfast show ID`, `npm start -- verify`, and command lines in blocks. */
function commandsIn(text: string): string[] {
  const blocks = all(text, /```\w*\n([\s\S]*?)```/g).join("\n");
  const spans = all(text.replace(/```[\s\S]*?```/g, ""), /`([^`\n]+)`/g).join("\n");
  const called = /^(?:\$ |\s+next\s+|\s{8,})?(?:holdfast|npm start --) ([a-z][\w-]*)/gm;
  return [...all(blocks, called), ...all(spans, called)];
}

describe("documents and the command line say the same", () => {
  it("no document names a command that does not exist", () => {
    const known = [...commands.map((command) => command.name()), "help"];
    const named = documents.flatMap((path) => commandsIn(textOf(path)));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it("no option is named that does not exist", () => {
    const ofSetUp = optionsIn(readFileSync(new URL("../../bin/setup.js", import.meta.url), "utf8"));
    expect(ofSetUp).toContain("--update-yt-dlp");
    const known = [...commonOptions, ...commands.flatMap(optionsOf), ...ofSetUp];
    const told = documents.filter((path) => path === "README.md" || /CHANGELOG|SECURITY|docs\//.test(path));
    const named = told.flatMap((path) => optionsIn(textOf(path)));
    expect(named.filter((option) => !known.includes(option))).toEqual([]);
  });

  it("every variable of the environment that is named is one the program reads", () => {
    const source = sources.map(({ text }) => text).join("\n");
    const named = documents.flatMap((path) => all(textOf(path), /HOLDFAST_[A-Z_]+/g));
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !source.includes(name))).toEqual([]);
  });
});

describe("what the documents point to is there", () => {
  it.each(documents)("links of %s", (path) => {
    const targets = all(textOf(path), /\]\((?!https:)([^)#]+)[^)]*\)/g);
    expect(targets.filter((target) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });

  it.each([
    ["README.md", ""],
    ["src/README.md", "src"],
    ["test/README.md", "test"],
    ["test/PROMISES.md", "test"],
    ["test/THREATS.md", "test"],
    ["test/SOAK.md", "test"],
    [".github/CONTRIBUTING.md", ""],
  ])("files named in %s", (path, base) => {
    const named = all(textOf(path), /`([\w./-]+\.(?:ts|js|md|sql|sh))`/g);
    const isThere = (name: string) =>
      existsSync(join(root, base, name)) || existsSync(join(root, base === "" ? name : normalize(name)));
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });

  it("npm scripts", () => {
    const { scripts } = JSON.parse(textOf("package.json"));
    const named = documents.flatMap((path) => all(textOf(path), /npm run ([\w:]+)/g));
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("the newest changes are those of the version in package.json", () => {
    const { version } = JSON.parse(textOf("package.json"));
    const [newest] = all(textOf("CHANGELOG.md"), /^## (?!Unreleased$)(\S+)/gm);
    expect(newest).toBe(version);
  });

  it.each([
    ["test/PROMISES.md", /\]\([\w/-]+\.test\.ts\)/, 50],
    ["test/THREATS.md", /`[\w/-]+\.test\.ts`| none \|/, 30],
  ])("every line of %s names the test that holds it", (path, test, atLeast) => {
    const rows = all(textOf(path), /^\| (?!---|promise |id )(.*)$/gm);
    expect(rows.length).toBeGreaterThan(atLeast);
    expect(rows.filter((row) => !test.test(row))).toEqual([]);
  });

  it("the README stays short enough to be read", () => {
    expect(textOf("README.md").split("\n").length).toBeLessThanOrEqual(181);
  });

  it("the workflow runs the command that the build server runs, on the oldest Node that is supported and later ones", () => {
    const workflow = textOf(".github/workflows/check.yml");
    const { engines } = JSON.parse(textOf("package.json"));
    const nodes = /node: \[([\d, ]+)\]/.exec(workflow)?.[1]?.split(", ") ?? [];
    expect(workflow).toContain("- run: .ci/run\n");
    expect(textOf(".ci/run")).toContain("npm test\n");
    expect(engines.node).toMatch(new RegExp(`^>=${nodes[0]}\\.`));
    expect(nodes).toContain(textOf(".nvmrc").trim());
    expect(workflow).toMatch(/os: \[ubuntu-\S+ macos-\S+\]/);
  });
});

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: textOf(join("src", path)) }));

/** The texts of a source file that somebody may read: what stands in quotes, without comments. */
function literals(source: string): string[] {
  const code = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  return all(code, /"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g);
}

/** Words that promise what no hash can show; `immutable=1` is a parameter of SQLite. */
const promises =
  /\b(?:authentic(?:ity|ated)?|genuine|unedited|not ai|real (?:footage|video|clip)|tamper-?proof|immutable(?!=1\b)|blockchain|impossible to|could not have|original files?|same video|upload time|gps location|admissib\w+|legally|certif(?:y|ied|ies)|complian\w+|qualified|anonymous|verified|collision-free|forensic\w*)\b/i;
const denial = /\b(?:not|never|nor|no|nothing|cannot|without|neither|nobody)\b/i;

/** The sentences of a text that hold such a word and do not deny it before they say it. */
function claims(text: string): string[] {
  return text
    .split(/(?<=[.!?:;])\s+|\n\s*\n|\n\s*(?=[-|#*])/)
    .map((sentence) => sentence.replace(/\s+/g, " ").trim())
    .filter((sentence) => {
      const word = promises.exec(sentence);
      return word !== null && !denial.test(sentence.slice(0, word.index));
    });
}

const handedOut = ["schemas/package/VERIFY.md", "schemas/package/verify.sh", "src/vault/layout.ts"];

/** A text without the sections of which the heading denies what its list names. */
function withoutDenials(text: string): string {
  const sections = text.split(/^(?=#{2,} )/m);
  return sections.filter((one) => !/^#{2,} .*\b(?:none|not|never)\b.*\n/i.test(one)).join("");
}

describe("nothing is claimed that cannot be shown", () => {
  it.each(documents)("in %s", (path) => {
    expect(claims(textOf(path))).toEqual([]);
  });

  it.each(handedOut)("in %s, which goes out with the evidence", (path) => {
    expect(textOf(path).length).toBeGreaterThan(1000);
    expect(claims(withoutDenials(textOf(path)))).toEqual([]);
  });

  it("in what the program says", () => {
    const found = sources.flatMap(({ path, text }) =>
      literals(text).flatMap((literal) => claims(literal).map((claim) => `${path}: ${claim}`)),
    );
    expect(found).toEqual([]);
    expect(sources.flatMap(({ text }) => literals(text))).toContain(
      '"NOT EVERYTHING COULD BE CHECKED: what was checked is as recorded."',
    );
  });

  it.each([
    "The footage is authentic.",
    "Status: verified",
    "A tamper-proof log. It is not changed.",
    "| clip | genuine |",
    'done("all 3 files verified")',
  ])("and this check finds %j", (text) => {
    expect(claims(text)).toHaveLength(1);
  });

  it("and lets a list stand that its heading denies, but no other", () => {
    const list = "\n\n- whether it is genuine\n";
    expect(claims(withoutDenials(`## What none of this can show${list}`))).toEqual([]);
    expect(claims(withoutDenials(`## What this can show${list}`))).toHaveLength(1);
    expect(claims(withoutDenials(`## Not shown\n\n## Shown${list}`))).toHaveLength(1);
  });

  it("and lets a denial stand", () => {
    expect(
      claims("It does not show that footage is\ngenuine. It is never court-admissible by itself."),
    ).toEqual([]);
  });
});

const hasStockTools = ["sqlite3 -version", "sha256sum --version", "openssl version"].every(
  (command) => spawnSync("bash", ["-c", command]).status === 0,
);

const canMount = spawnSync("unshare", ["-rm", "mount", "--bind", "/tmp", "/tmp"]).status === 0;

describe.skipIf(!hasStockTools)(
  "checking a vault without holdfast, with the commands of VERIFY-VAULT.md",
  () => {
    const document = textOf("schemas/VERIFY-VAULT.md");
    const folder = temporaryFolder();
    const vault = join(folder.path, "vault");
    let capture = "";
    let original = "";
    let newest = "";

    beforeAll(async () => {
      const { names, signers, roots } = await makeSealedVault(vault);
      capture = names["first-id"] ?? "";
      original = `${names.first}/v1/content/original/track-1.mp4`;
      newest = readdirSync(join(vault, "log")).findLast((name) => /^\d+\.checkpoint$/.test(name)) ?? "";
      writeFileSync(join(folder.path, "allowed_signers"), signers);
      writeFileSync(join(folder.path, "roots.pem"), roots);
    });
    afterAll(() => folder.remove());

    /** Runs the commands below a heading in a vault, with names in it for those in the document. */
    function follow(
      heading: string,
      cwd: string,
      time = "",
    ): { readonly good: boolean; readonly said: string } {
      const [block = ""] = all(section(document, `## ${heading}\n`), /```sh\n([\s\S]*?)```/g).slice(
        time === "" ? 0 : 1,
      );
      const script = block
        .replace(/\d{8}-[0-9A-Z]{8}/g, capture)
        .replaceAll("000042", newest.replace(".checkpoint", ""))
        .replaceAll("AUTHORITY", "first")
        .replaceAll("SECONDS", time);
      const { status, stdout, stderr } = spawnSync("bash", ["-ec", script], { cwd, encoding: "utf8" });
      return { good: status === 0 && !stdout.includes("DOES NOT FIT"), said: stdout + stderr };
    }

    const damagedCopy = (name: string): string => copyVault(vault, join(folder.path, name));
    const digestsIn = (text: string): ReadonlySet<string> => new Set(all(text, /[0-9a-f]{64}/g));
    const [log, signature, files, one, annex] = [
      "The log",
      "The signature and the time",
      "Every file against the log",
      "One capture alone",
      "The private file of a capture",
    ] as const;

    it("a vault nobody touched is in order, and the chain ends with the last entry's hash", () => {
      const copy = damagedCopy("untouched");
      expect(all(document, /^## (.*)$/gm)).toEqual([log, signature, files, one, annex]);
      const chain = follow(log, copy);
      const last = spawnSync("sqlite3", ["vault.db", "SELECT hash FROM entry ORDER BY seq DESC LIMIT 1"], {
        cwd: copy,
        encoding: "utf8",
      });
      expect(chain).toMatchObject({ good: true, said: `last entry: ${last.stdout.trim()}\n` });
      const compared = follow(files, copy);
      expect(compared.good, compared.said).toBe(true);
      expect(compared.said).toContain(`${original}: OK`);
      expect(follow(one, copy).good).toBe(true);
      const annexes = follow(annex, copy);
      expect(annexes.good, annexes.said).toBe(true);
      expect(digestsIn(annexes.said).size).toBe(1);
    });

    it("a checkpoint is seen to be signed and time-stamped, and a changed one is not", () => {
      const copy = damagedCopy("sealed");
      expect(follow(signature, copy)).toMatchObject({ good: true, said: expect.stringContaining("Good ") });
      const path = join(copy, "log", newest.replace("checkpoint", "first.tsr"));
      const { stdout } = spawnSync("openssl", ["ts", "-reply", "-in", path, "-text"], { encoding: "utf8" });
      const stamped = Date.parse(/^Time stamp: (.*)$/m.exec(stdout)?.[1] ?? "");
      const time = String(Math.floor(stamped / 1000));
      expect(follow(signature, copy, time)).toMatchObject({
        good: true,
        said: expect.stringContaining("Verification: OK"),
      });
      const checkpoint = join(copy, "log", newest);
      const text = readFileSync(checkpoint, "utf8");
      chmodSync(checkpoint, 0o644);
      writeFileSync(checkpoint, text.replace(/\n(\d)/, "\n9$1"));
      expect(follow(signature, copy).good).toBe(false);
      expect(follow(signature, copy, time).good).toBe(false);
    });

    it("a changed byte is found against the log and in the capture's own folder", () => {
      const copy = damagedCopy("changed-file");
      const file = join(copy, original);
      chmodSync(file, 0o644);
      const bytes = readFileSync(file);
      bytes[0]! ^= 1;
      writeFileSync(file, bytes);
      expect([log, files, one].map((heading) => follow(heading, copy).good)).toEqual([true, false, false]);
      expect(follow(files, copy).said).toContain(`${original}: FAILED`);
    });

    it("a changed entry is found by the chain", () => {
      const copy = damagedCopy("changed-entry");
      const change = `DROP TRIGGER entry_never_changed; UPDATE entry SET line = replace(line, '"at":"2', '"at":"3') WHERE seq = 2`;
      expect(spawnSync("sqlite3", ["vault.db", change], { cwd: copy }).status).toBe(0);
      expect(follow(log, copy).said).toMatch(/DOES NOT FIT: .*"seq":3,/);
    });

    it.skipIf(!canMount)(
      "on read-only media, README.txt, FORMAT.md and VERIFY-VAULT.md say how the log is read",
      () => {
        const copy = damagedCopy("read-only");
        const mounted = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && ! touch new 2> /dev/null &&`;
        const onMedia = (command: string) =>
          spawnSync("unshare", ["-rm", "sh", "-c", `${mounted} ${command}`, "sh", copy], {
            encoding: "utf8",
          });
        const whole = spawnSync("sqlite3", ["vault.db", "SELECT line FROM entry ORDER BY seq"], {
          cwd: copy,
          encoding: "utf8",
        }).stdout;
        expect(whole.split("\n").length).toBeGreaterThan(5);
        for (const text of [readFileSync(join(copy, "README.txt"), "utf8"), textOf("schemas/FORMAT.md")]) {
          const [command = ""] = /sqlite3 'file:vault\.db\?immutable=1' "[^"]*"/.exec(text) ?? [];
          expect(onMedia(command)).toMatchObject({ stdout: whole, stderr: "", status: 0 });
          expect(text).toContain("cat log/*.jsonl");
          expect(text).toContain("3.37 or newer");
        }
        // What was written since the newest checkpoint is in no segment.
        const segments = onMedia("cat log/*.jsonl").stdout;
        expect(whole.startsWith(segments) && segments.length > whole.length / 2).toBe(true);
        const sums = /sqlite3 -readonly vault\.db "\n {2}SELECT[^"]*"/.exec(document)?.[0] ?? "";
        const files = onMedia(sums.replace("-readonly vault.db", "'file:vault.db?immutable=1'"));
        expect([files.status, files.stdout.includes(original)]).toEqual([0, true]);
      },
    );

    it("another private file than the one logged is found", () => {
      const copy = damagedCopy("changed-annex");
      const file = join(copy, "private", capture, "annex.json");
      chmodSync(file, 0o644);
      writeFileSync(file, readFileSync(file, "utf8").replace("somebody", "somebody else"));
      expect(follow(log, copy).good).toBe(true);
      expect(digestsIn(follow(annex, copy).said).size).toBe(2);
    });
  },
);
