import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliRun, holdfast } from "../support/cli.js";
import { edit, makePackage, tarMembers, tarOf, writeFolder } from "../support/packages.js";
import { openSite, type Site } from "../support/site.js";
import { keygen } from "../support/ssh.js";
import { copyVault, makeVault, temporaryFolder } from "../support/vaults.js";

const published = new URL("../../schemas/", import.meta.url);
// documents/schemas.test.ts holds that the schemas are schemas.
const ajv = new Ajv2020({ strict: true, validateSchema: false });
addFormats.default(ajv);
for (const name of readdirSync(published).filter((file) => file.endsWith(".schema.json")))
  ajv.addSchema(JSON.parse(readFileSync(new URL(name, published), "utf8")));

/** Every kind of line that the schema allows, by the name of its definition. */
const kinds: ReadonlyMap<string, ValidateFunction> = new Map(
  JSON.parse(readFileSync(new URL("cli-output.schema.json", published), "utf8")).anyOf.map(
    ({ $ref }: { $ref: string }) => [$ref.replace("#/$defs/", ""), validator($ref)],
  ),
);

function validator(pointer: string): ValidateFunction {
  const found = ajv.getSchema(`cli-output.schema.json${pointer}`);
  if (!found) throw new Error(`no schema ${pointer}`);
  return found;
}

function kindsOf(line: unknown): string[] {
  return [...kinds].filter(([, validate]) => validate(line)).map(([kind]) => kind);
}

/** What keeps a line from being of a kind, for the message of a test that fails. */
function problems(kind: string, line: unknown): string {
  const validate = kinds.get(kind);
  return validate?.(line) ? "" : JSON.stringify([line, validate?.errors]);
}

interface Scene {
  /** The command line, without `--json`. */
  readonly argv: (facts: Facts) => readonly string[];
  readonly status: number;
  /** The kind of each line, in order. */
  readonly kinds: readonly string[];
  /** What the first line must say, so that the scene is the one its title names. */
  readonly says?: Readonly<Record<string, unknown>>;
}

/** What later command lines name and earlier ones made. */
interface Facts {
  readonly captured: string;
  readonly failed: string;
  readonly underived: string;
}

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
let site: Site;
const clip = at("clip.mp4");
const vault = at("vault");
const fetched = at("fetched");
const witnessed = at("witnessed");

const scenes: Readonly<Record<string, Scene>> = {
  "a vault that is there already": {
    argv: () => ["init", "--vault", vault],
    status: 0,
    kinds: ["initResult"],
    says: { created: false },
  },
  "the key of a vault": {
    argv: () => ["key", "show", "--vault", vault],
    status: 0,
    kinds: ["keyReport"],
    says: { held: "file", history: [expect.objectContaining({ entry: 1, until: null })] },
  },
  "the keys of a vault for whoever checks": {
    argv: () => ["key", "export", "--vault", vault],
    status: 0,
    kinds: ["signersReport"],
    says: { to: null, keys: 1 },
  },
  "a package of a capture": {
    argv: ({ captured }) => ["export", captured, "--to", at("exported.tar"), "--vault", vault],
    status: 0,
    kinds: ["exportResult"],
    says: { form: "tar", annex: false, recipients: 0, existed_by: [] },
  },
  "a vault's next key": {
    argv: () => ["key", "rotate", "--vault", at("rotated")],
    status: 0,
    kinds: ["keyRotation"],
    says: { entry: expect.any(Number), endorsed: true, problem: null },
  },
  "a folder with what is no footage": {
    argv: () => ["import", at("mixed"), "--vault", vault],
    status: 4,
    kinds: ["captureResult", "leftOutFile"],
    says: { status: "already-captured" },
  },
  "a file imported before, and one that is missing": {
    argv: () => ["import", clip, at("missing.mp4"), "--vault", vault],
    status: 4,
    kinds: ["captureResult", "captureResult"],
    says: { status: "already-captured" },
  },
  "an address in a private network": {
    argv: () => ["archive", "http://nas.local/clip.mp4", "--vault", vault],
    status: 4,
    kinds: ["captureResult"],
    says: { status: "failed", object: null, url: "http://nas.local/clip.mp4" },
  },
  "what a site offers of a clip": {
    argv: () => ["formats", `${site.url}/clips/clip.mp4`],
    status: 0,
    kinds: ["offeredFormat", "offer"],
    says: { taken: true, container: "mp4", by: "one file" },
  },
  "an address that no browser is sent to": {
    argv: () => ["page", "ftp://site.example/post", "--vault", at("pages")],
    status: 4,
    kinds: ["pageResult"],
    says: { status: "failed", id: null, wall: null, coverage: null, files: [] },
  },
  "a list of which nothing can be captured": {
    argv: () => ["batch", at("list.csv"), "--to", at("results"), "--keep-free", "1", "--vault", at("batch")],
    status: 4,
    kinds: ["batchRow", "batchRow", "batchRow", "batchRow", "batchReport"],
    says: { row: expect.any(Number), row_status: expect.any(String) },
  },
  "the same list again, which has nothing left to do": {
    argv: () => ["batch", "--resume", "--to", at("results"), "--keep-free", "1", "--vault", at("batch")],
    status: 4,
    kinds: ["batchReport"],
    says: { stopped: null, counts: expect.objectContaining({ refused: 4, skipped: 0, waiting: 0 }) },
  },
  "what a list would do": {
    argv: () => ["batch", at("list.csv"), "--dry-run", "--vault", at("batch")],
    status: 0,
    kinds: ["plannedRow", "plannedRow", "plannedRow", "plannedRow"],
    says: { row: 2, plan: "refused", problems: [expect.any(String)] },
  },
  "a copy for publication": {
    argv: ({ captured }) => [
      ...[
        "redact",
        captured,
        "--fill",
        "0,0,20x20@0-0.5",
        "--to",
        at("published.mp4"),
        "--vault",
        at("annotated"),
      ],
    ],
    status: 0,
    kinds: ["redactResult"],
    says: { to: at("published.mp4"), clip_start: "0.000000" },
  },
  "a preview of regions": {
    argv: ({ captured }) => [
      ...["redact", captured, "--fill", "0,0,20x20@0-0.5", "--preview", "0:00.2"],
      ...["--to", at("preview.png"), "--vault", at("annotated")],
    ],
    status: 0,
    kinds: ["previewResult"],
    says: { preview: at("preview.png"), shown: 1 },
  },
  "a copy without tags": {
    argv: ({ captured }) => ["redact", captured, "--no-fill", "--vault", at("annotated")],
    status: 0,
    kinds: ["redactResult"],
    says: { publication: expect.objectContaining({ fills: [] }) },
  },
  "a derivation made again": {
    argv: ({ captured }) => ["derive", captured, "--vault", vault],
    status: 0,
    kinds: ["captureResult"],
    says: { status: "captured", derivation: "done" },
  },
  "no derivation to make": { argv: () => ["derive", "--vault", vault], status: 0, kinds: [] },
  "the list of a vault": {
    argv: () => ["list", "--status", "captured", "--vault", vault],
    status: 0,
    kinds: ["captureRow"],
    says: { method: "import" },
  },
  "the list of failed attempts": {
    argv: () => ["list", "--status", "failed", "--sort", "at", "--reverse", "--limit", "1", "--vault", vault],
    status: 0,
    kinds: ["captureRow"],
    says: { status: "failed" },
  },
  "the list of fetched captures": {
    argv: () => ["list", "--vault", fetched],
    status: 0,
    kinds: ["captureRow", "captureRow"],
    says: { method: "ytdlp" },
  },
  "an imported capture": {
    argv: ({ captured }) => ["show", captured, "--vault", vault],
    status: 0,
    kinds: ["shownCapture"],
    says: {
      method: "import",
      keyframes: expect.arrayContaining([expect.anything()]),
      derivation: expect.anything(),
    },
  },
  "a fetched capture without derivatives": {
    argv: ({ underived }) => ["show", underived, "--vault", fetched],
    status: 0,
    kinds: ["shownCapture"],
    says: { method: "ytdlp", keyframes: [], derivation: null },
  },
  "what a person notes": {
    argv: ({ captured }) => ["annotate", captured, "place=Тараз", "--vault", at("annotated")],
    status: 0,
    kinds: ["annotationResult"],
    says: { row: null, status: "annotated", problems: [] },
  },
  "what is withdrawn": {
    argv: ({ captured }) => [
      ...["withdraw", captured, "--reason", "an order", "--yes"],
      // With the package that a command line before this one made.
      ...["--vault", copyVault(vault, at("withdrawn"))],
    ],
    status: 0,
    kinds: ["withdrawalResult"],
    says: { record: "kept", removed: true, packages: [expect.objectContaining({ form: "tar" })] },
  },
  "what is found by a word in a note": {
    argv: () => ["find", "тараз", "--vault", at("annotated")],
    status: 0,
    kinds: ["foundCapture"],
    says: { matched: ["note place"], annotations: [{ key: "place", value: "Тараз" }] },
  },
  "a file that is looked for": {
    argv: () => ["find", clip, "--vault", vault],
    status: 0,
    kinds: ["foundCapture"],
    says: { matched: ["file original/track-1.mp4"], annotations: [] },
  },
  "nothing that is found": { argv: () => ["find", "nowhere", "--vault", vault], status: 0, kinds: [] },
  "what a vault holds": {
    argv: () => ["stats", "--vault", vault],
    status: 0,
    kinds: ["statsReport"],
    says: { captures: 1, without_keyframes: 0, without_time_stamp: 1, asks_for_time_stamps: true },
  },
  "what an empty vault holds": {
    argv: () => ["stats", "--vault", at("none-yet")],
    status: 0,
    kinds: ["statsReport"],
    says: { captures: 0, failed: 0, sites: [], months: [], oldest: null, newest: null },
  },
  "a script for a shell, which is no JSON": { argv: () => ["completion", "bash"], status: 2, kinds: [] },
  "a list of notes of which a row is refused": {
    argv: () => ["annotate", "--from", at("notes.csv"), "--vault", at("annotated")],
    status: 2,
    kinds: ["annotationResult", "annotationResult"],
    says: { row: 2, status: "refused", capture: null, problems: [expect.any(String)] },
  },
  "a capture with notes": {
    argv: ({ captured }) => ["show", captured, "--vault", at("annotated")],
    status: 0,
    kinds: ["shownCapture"],
    says: {
      annotations: [
        expect.objectContaining({ in_force: false }),
        expect.objectContaining({ in_force: true }),
      ],
    },
  },
  "a page of a capture": {
    argv: ({ captured }) => ["open", captured, "--vault", vault],
    status: 0,
    kinds: ["openResult"],
    says: { page: expect.stringMatching(/index\.html$/), opened: false },
  },
  "a failed attempt": {
    argv: ({ failed }) => ["show", failed, "--vault", vault],
    status: 0,
    kinds: ["shownFailure"],
    says: { status: "failed" },
  },
  "a vault as recorded": {
    argv: () => ["verify", "--vault", vault],
    status: 0,
    kinds: ["verifyReport"],
    says: { ok: true, findings: [expect.objectContaining({ code: "anchor-pending", severity: "note" })] },
  },
  "a vault looked at quickly": {
    argv: () => ["verify", "--quick", "--vault", vault],
    status: 0,
    kinds: ["verifyReport"],
    says: { checked: expect.objectContaining({ digests_per_file: 1 }) },
  },
  "a damaged vault": {
    argv: () => ["verify", "--vault", at("damaged")],
    status: 1,
    kinds: ["verifyReport"],
    says: { ok: false, hashes: "fail", findings: expect.arrayContaining([expect.anything()]) },
  },
  "a package": {
    argv: () => ["verify", at("package.tar")],
    status: 0,
    kinds: ["packageReport"],
    says: { ok: true, signature: "unchecked", tokens: "absent" },
  },
  "a package of another version": {
    argv: () => ["verify", at("package-of-2")],
    status: 1,
    kinds: ["packageReport"],
    says: { ok: false, hashes: "unchecked", package: expect.objectContaining({ origin: null }) },
  },
  "a file that is in the vault": {
    argv: () => ["verify", clip, "--vault", vault],
    status: 0,
    kinds: ["fileReport"],
    says: { ok: true, matches: [expect.anything()] },
  },
  "a file and the capture that holds it": {
    argv: ({ captured }) => ["verify", clip, captured, "--vault", vault],
    status: 0,
    kinds: ["fileReport", "verifyReport"],
  },
  "a file that is not in the vault": {
    argv: () => ["verify", at("other.bin"), "--vault", vault],
    status: 1,
    kinds: ["fileReport"],
    says: { ok: false, matches: [] },
  },
  "a file whose stored copy is damaged": {
    argv: () => ["verify", clip, "--vault", at("damaged")],
    status: 1,
    kinds: ["fileReport"],
    says: {
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ code: "file-changed" })]),
    },
  },
  "the facts of a report": {
    argv: ({ captured }) => ["report", captured, "--vault", vault],
    status: 0,
    kinds: ["reportResult"],
    says: { outcome: "captured", failed: null, file: null, record: expect.objectContaining({ v: 1 }) },
  },
  "the facts of a report with the private annex, and the document beside them": {
    argv: ({ captured }) => [
      ...["report", captured, "--vault", vault],
      ...["--with-annex", "--lang", "ru", "--to", at("report.html")],
    ],
    status: 0,
    kinds: ["reportResult"],
    says: { file: at("report.html"), collector: expect.objectContaining({ annex: expect.anything() }) },
  },
  "the facts of a report about a failed attempt": {
    argv: ({ failed }) => ["report", failed, "--vault", vault],
    status: 0,
    kinds: ["reportResult"],
    says: { outcome: "failed", record: null, failed: expect.objectContaining({ method: "import" }) },
  },
  "a log sealed now": {
    argv: () => ["checkpoint", "--vault", vault],
    status: 0,
    kinds: ["headReport"],
    says: { created: false, tokens: [], problem: null },
  },
  "a checkpoint to give away": {
    argv: () => ["checkpoint", "--show", "--vault", vault],
    status: 0,
    kinds: ["shownCheckpoint"],
    says: { checkpoint: expect.stringMatching(/^holdfast\/[0-9a-f]{32}\n\d+\n/) },
  },
  "a checkpoint as a note for public witnesses": {
    argv: () => ["checkpoint", "--note", "--vault", vault],
    status: 0,
    kinds: ["checkpointNote"],
    says: { note: expect.stringMatching(/^holdfast\/[0-9a-f]{32}\n\d+\n.+\n\n— holdfast\/\S+ \S+\n$/) },
  },
  "a witness's signature": {
    argv: () => ["witness", "add", at("witness.sig"), "--vault", witnessed],
    status: 0,
    kinds: ["witnessReport"],
    says: { added: true, head: expect.objectContaining({ created: true }) },
  },
  "a database made again": {
    argv: () => ["rebuild", "--vault", at("lost")],
    status: 0,
    kinds: ["rebuildReport"],
    says: { strays: [], head: expect.objectContaining({ created: true }) },
  },
  "this machine with a vault": {
    argv: () => ["doctor", "--vault", vault],
    status: 0,
    kinds: ["doctorReport"],
    says: { vault: expect.objectContaining({ captures: 1 }) },
  },
  "this machine without a vault": {
    argv: () => ["doctor", "--vault", at("nowhere")],
    status: 0,
    kinds: ["doctorReport"],
    says: { vault: null },
  },
  "what crashes left in a vault": {
    argv: () => ["doctor", "--sweep", "--vault", vault],
    status: 0,
    kinds: ["sweepReport"],
    says: { busy: false, entries: [], head: null },
  },
  "this machine with a folder that is no vault": {
    argv: () => ["doctor", "--vault", at("empty")],
    status: 5,
    kinds: ["doctorReport"],
    says: { ok: false, vault: { problem: expect.any(String) } },
  },
};

/** The scenes that make what the others look at. */
const beginnings: Readonly<Record<string, Scene>> = {
  "a new vault": {
    argv: () => ["init", "--vault", vault],
    status: 0,
    kinds: ["initResult"],
    says: { created: true },
  },
  "an imported file": {
    argv: () => ["import", clip, "--vault", vault],
    status: 0,
    kinds: ["captureResult"],
    says: { status: "captured", derivation: "done" },
  },
  "a missing file": {
    argv: () => ["import", at("missing.mp4"), "--vault", vault],
    status: 4,
    kinds: ["captureResult"],
    says: { status: "failed", url: "missing.mp4" },
  },
};

const everyScene = Object.entries({ ...beginnings, ...scenes });
const scenesWithLines = everyScene.filter(([, scene]) => scene.kinds.length > 0);
const runs = new Map<string, { readonly argv: readonly string[]; readonly run: CliRun }>();

function runOf(title: string): CliRun {
  const found = runs.get(title);
  if (!found) throw new Error(`${title} was not run`);
  return found.run;
}

async function play(title: string, scene: Scene, facts: Facts): Promise<void> {
  const argv = scene.argv(facts);
  runs.set(title, { argv, run: await holdfast([...argv, "--json"]) });
}

const idOf = (title: string) => String(runOf(title).lines[0]?.id);

/** A copy of the vault in which one bit of the original is another one. */
function damageCopy(): void {
  const object = String(runOf("an imported file").lines[0]?.object);
  const original = join(copyVault(vault, at("damaged")), object, "v1/content/original/track-1.mp4");
  const bytes = readFileSync(original);
  bytes[100] = (bytes[100] ?? 0) ^ 0x04;
  chmodSync(original, 0o644);
  writeFileSync(original, bytes);
}

/** A colleague's signature over the newest checkpoint, as they would send it. */
function signAsWitness(): void {
  const logFolder = join(copyVault(vault, witnessed), "log");
  const newest =
    readdirSync(logFolder)
      .filter((name) => name.endsWith(".checkpoint"))
      .at(-1) ?? "";
  writeFileSync(at("witness"), readFileSync(join(logFolder, newest)));
  keygen("-q", "-t", "ed25519", "-N", "", "-f", at("colleague"));
  keygen("-Y", "sign", "-q", "-n", "holdfast-checkpoint@v1", "-f", at("colleague"), at("witness"));
}

beforeAll(async () => {
  const picture = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=160x120:r=10:d=2",
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
  ];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...picture, clip]);
  site = await openSite({ clips: folder.path });
  writeFileSync(at("other.bin"), "other bytes");
  mkdirSync(at("mixed"));
  copyFileSync(clip, at("mixed/clip.mp4"));
  writeFileSync(at("mixed/notes.txt"), "words");
  const { files } = makePackage();
  writeFileSync(at("package.tar"), tarOf(tarMembers(files)));
  edit(files, "bag-info.txt", "Package: 1", "Package: 2");
  writeFolder(files, at("package-of-2"));
  mkdirSync(at("empty"));
  const rows = [
    "url,date",
    "ftp://files.example/clip.mp4,soon",
    "no address,",
    "ftp://files.example/clip.mp4,",
    ",x",
  ];
  writeFileSync(at("list.csv"), rows.join("\n"));
  for (const empty of ["batch", "none-yet"]) await holdfast(["init", "--vault", at(empty)]);
  const [, underived] = await makeVault(fetched);
  const nothing: Facts = { captured: "", failed: "", underived: underived!.record.capture };
  for (const [title, scene] of Object.entries(beginnings)) await play(title, scene, nothing);
  damageCopy();
  copyVault(vault, at("rotated"));
  copyVault(vault, at("annotated"));
  const id = idOf("an imported file");
  writeFileSync(at("notes.csv"), `id,place\nZZZZZZZZ,nowhere\n${id},Алматы\n`);
  signAsWitness();
  rmSync(join(copyVault(vault, at("lost")), "vault.db"));
  const facts = { ...nothing, captured: idOf("an imported file"), failed: idOf("a missing file") };
  for (const [title, scene] of Object.entries(scenes)) await play(title, scene, facts);
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

describe("what a command prints with --json is of exactly the published kind", () => {
  it.each(everyScene)("%s", (title, scene) => {
    const { status, lines, stderr } = runOf(title);
    if (scene.says) expect(lines[0]).toMatchObject(scene.says);
    expect(lines.length, stderr).toBe(scene.kinds.length);
    for (const [index, kind] of scene.kinds.entries()) {
      expect(problems(kind, lines[index])).toBe("");
      expect(kindsOf(lines[index])).toEqual([kind]);
    }
    expect(status, stderr).toBe(scene.status);
  });

  it("for every command there is, and no kind is published that no command prints", async () => {
    const { stdout } = await holdfast(["--help"]);
    const commands = [...stdout.matchAll(/^ {2}(?!holdfast)([a-z]+) /gm)].map((match) => match[1]);
    const used = new Set([...runs.values()].map(({ argv }) => argv[0]));
    expect([...used].sort()).toEqual(commands.sort());
    expect([...new Set(everyScene.flatMap(([, scene]) => scene.kinds))].sort()).toEqual(
      [...kinds.keys()].sort(),
    );
  });
});

describe("the schema lets nothing else pass", () => {
  it.each(scenesWithLines)(
    "%s: a key less, a key more or another type is refused, at any depth",
    (title, scene) => {
      let tried = 0;
      for (const [index, kind] of scene.kinds.entries()) {
        for (const { where, changed } of changes(runOf(title).lines[index], "")) {
          if (kinds.get(kind)?.(changed)) expect.fail(`${kind} allows this at ${where}`);
          if (kindsOf(changed).length > 0) expect.fail(`${kindsOf(changed)} allows this at ${where}`);
          tried += 1;
        }
      }
      expect(tried).toBeGreaterThanOrEqual(scene.kinds.length * 8);
    },
  );
});

describe("an error is words on stderr and never a line of JSON", () => {
  it.each([
    ["an id that nobody has", ["show", "ZZZZZZZZ", "--vault", vault], 2],
    ["a file that is missing", ["verify", at("missing.mp4"), "--vault", vault], 2],
    ["a folder that is no vault", ["list", "--vault", at("empty")], 5],
    ["a command line that is wrong", ["list", "--sort", "mood", "--vault", vault], 2],
    ["a failed attempt, which has nothing to derive from", ["derive", "FAILED", "--vault", vault], 2],
  ])("%s", async (_title, argv, status) => {
    const named = argv.map((word) => (word === "FAILED" ? idOf("a missing file") : word));
    const run = await holdfast([...named, "--json"]);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^holdfast: /);
    expect(run.status, run.stderr).toBe(status);
  });
});

interface Change {
  readonly where: string;
  readonly changed: unknown;
}

/** Missing, not false, where a run was a process of its own; missing in the records of version 1. */
const mayBeMissing: readonly string[] = ["contradicted_by", "forked", "rendition", "sha256_of", "timing"];

/** Every value that differs from `value` in one place: a key less, a key more, or `{}` where something else was. */
function* changes(value: unknown, where: string): Generator<Change> {
  yield { where: `${where} {}`, changed: {} };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      for (const inner of changes(item, `${where}/${index}`))
        yield { where: inner.where, changed: value.with(index, inner.changed) };
  } else if (typeof value === "object" && value !== null) {
    yield { where: `${where} +other`, changed: { ...value, other: 1 } };
    for (const [key, member] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      if (!mayBeMissing.includes(key)) yield { where: `${where} -${key}`, changed: rest };
      for (const inner of changes(member, `${where}/${key}`))
        yield { where: inner.where, changed: { ...value, [key]: inner.changed } };
    }
  }
}
