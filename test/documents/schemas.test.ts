import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { encodeCanonical, parseCanonical } from "../../src/audit/canonical-json.js";
import { type Entry, eventNames, lineHash, parseEntry } from "../../src/audit/entry.js";
import type { CheckState } from "../../src/audit/finding.js";
import { restsOnNothing } from "../../src/audit/log-facts.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { captureObject } from "../../src/cli/capture-page.js";
import { headObject } from "../../src/cli/show-head.js";
import { type FailureCode, failureOf } from "../../src/core/capture/failure-codes.js";
import type {
  Basis,
  DecodeCheck,
  DerivationStep,
  DerivedFile,
  ElementName,
  ElementStatus,
  FileRole,
  Wholeness,
} from "../../src/core/capture/record.js";
import type { PageTaken } from "../../src/core/page/page-taken.js";
import { HoldfastError } from "../../src/core/words/error.js";
import type { CaptureRow } from "../../src/search/captures.js";
import type { ShownCapture } from "../../src/search/show.js";
import type { Program, ProgramName } from "../../src/tools/run/programs.js";
import type { Sandbox } from "../../src/tools/run/run-request.js";
import type { DoctorReport } from "../../src/upkeep/doctor.js";
import type { WithCaveats } from "../../src/verify/caveats.js";
import type { FileReport } from "../../src/verify/file.js";
import type { VerifyReport } from "../../src/verify/reports.js";
import { annex, config, derivation, importRecord, page, publication, record } from "../support/samples.js";
import { readVectors } from "../support/vectors.js";

interface Schema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

const folder = new URL("../../schemas/", import.meta.url);
const format = readFileSync(new URL("FORMAT.md", folder), "utf8");
const names = readdirSync(folder).filter((name) => name.endsWith(".schema.json"));
const schemas = new Map<string, Schema>(
  names.map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), "utf8"))]),
);

const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats.default(ajv);
for (const schema of schemas.values()) ajv.addSchema(schema);

function problems(id: string, value: unknown): string[] {
  const validate = ajv.getSchema(id);
  if (!validate) throw new Error(`no schema ${id}`);
  validate(value);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** The schema a reference leads to, and the file it stands in. */
function resolve(schema: Schema, file: string): { readonly schema: Schema; readonly file: string } {
  if (schema.$ref === undefined) return { schema, file };
  const [target = "", pointer = ""] = schema.$ref.split("#");
  const next = target === "" ? file : target;
  const found = memberAt(schemas.get(next), pointer);
  if (!found) throw new Error(`${file}: ${schema.$ref} leads nowhere`);
  return resolve(found, next);
}

/** The schema a JSON pointer without escapes leads to. */
function memberAt(schema: Schema | undefined, pointer: string): Schema | undefined {
  let found: unknown = schema;
  for (const key of pointer.split("/").slice(1))
    found = (found as Record<string, unknown> | undefined)?.[key];
  return found as Schema | undefined;
}

/** Where the fields of `value` and of its schema differ, by path. Empty when they are the same all the way down. */
function differences(value: unknown, given: Schema, inFile: string, path: string): string[] {
  const { schema, file } = resolve(given, inFile);
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    return schema.items
      ? differences(value[0], schema.items, file, `${path}[]`)
      : [`${path}: not a list in the schema`];
  }
  if (typeof value !== "object" || value === null) return [];
  const branch = schema.anyOf?.find((one) => one.type !== "null");
  if (branch) return differences(value, branch, file, path);
  if (schema.patternProperties) return [];
  const inType = Object.keys(value).sort();
  const inSchema = Object.keys(schema.properties ?? {}).sort();
  const found = [
    ...inType.filter((key) => !inSchema.includes(key)).map((key) => `${path}.${key}: not in the schema`),
    ...inSchema.filter((key) => !inType.includes(key)).map((key) => `${path}.${key}: only in the schema`),
  ];
  for (const [key, member] of Object.entries(value)) {
    const next = schema.properties?.[key];
    if (next) found.push(...differences(member, next, file, `${path}.${key}`));
  }
  return found;
}

/** The schema at `id`, for instance `record.schema.json#/$defs/file`. */
function schemaAt(id: string): { readonly schema: Schema; readonly file: string } {
  const [file = ""] = id.split("#");
  return id.includes("#") ? resolve({ $ref: id }, file) : { schema: schemas.get(file) ?? {}, file };
}

function everySchema(schema: unknown, path: string, visit: (schema: Schema, path: string) => void): void {
  if (typeof schema !== "object" || schema === null) return;
  if (!Array.isArray(schema)) visit(schema, path);
  for (const [key, member] of Object.entries(schema)) everySchema(member, `${path}/${key}`, visit);
}

const file = { role: "media_track", path: "original/track-1.mp4", bytes: 1, sha256: annex.files[0]!.sha256 };
const finding = {
  code: "file-changed",
  severity: "error",
  where: "entry:5",
  message: "not as hashed",
} as const;

const captureResult: CaptureResult = {
  url: "https://video.example/watch/811",
  status: "captured",
  derivation: "done",
  id: record.capture,
  title: "қалай",
  object: "objects/06/20261123-4T9KX2MB",
  files: [file],
  keyframes: 4,
  entry: 2,
  reason: "why",
  hint: "what next",
  uploader: "somebody",
  claimed_date: "2026-11-20",
  duration: "12.5",
  rendition: { grade: "reduced", reasons: ["no-js-runtime"] },
  method: "ytdlp",
  decode: "short",
  left_out: null,
};

const captureRow: CaptureRow = {
  id: record.capture,
  at: record.started_at,
  status: "captured",
  derivation: "done",
  method: "ytdlp",
  url: "https://video.example/watch/811",
  host: "video.example",
  title: "қалай",
  uploader: "somebody",
  claimed_date: "2026-11-20",
  duration: "12.5",
  bytes: 1,
  sha256: file.sha256,
  entry: 2,
  reason: "why",
  rendition: { grade: "best", reasons: [] },
  decode: "sound",
  file_name: null,
  anchor: "stamped",
  stamped_at: "2026-11-23T18:22:05.120Z",
};

const verifyReport: WithCaveats<VerifyReport> = {
  ok: false,
  hashes: "fail",
  chain: "pass",
  signature: "absent",
  tokens: "absent",
  checked: {
    entries: 3,
    unsigned_entries: 1,
    checkpoints: 1,
    tokens: 1,
    objects: 1,
    files: 4,
    bytes: 9,
    withdrawn: 1,
    annexes: 1,
    digests_per_file: 2,
  },
  rests_on: {
    keys: [
      {
        fingerprint: `SHA256:${"k".repeat(43)}`,
        from: "2026-11-23T18:22:05.120Z",
        until: null,
        source: "log",
      },
    ],
    authorities: [
      {
        authority: "one",
        checkpoint: 2,
        gen_time: "2026-11-23T18:22:05.120Z",
        signer: "CN=Authority",
        signer_sha256: file.sha256,
        root: null,
        trusted: false,
      },
    ],
    witnesses: [{ fingerprint: `SHA256:${"w".repeat(43)}`, checkpoint: 2 }],
  },
  findings: [finding],
  against: "absent",
  not_shown: ["whose key signed"],
  limits: ["the log is not signed"],
};

const fileReport: WithCaveats<FileReport> & { readonly checked: { readonly files: 1 } } = {
  ok: true,
  hashes: "pass",
  chain: "pass",
  signature: "pass",
  tokens: "absent",
  rests_on: restsOnNothing,
  against: "absent",
  not_shown: ["whose key signed"],
  limits: ["It does not show that footage is genuine."],
  checked: { files: 1 },
  file: "clip.mp4",
  bytes: 1,
  sha256: file.sha256,
  matches: [
    {
      capture: record.capture,
      path: file.path,
      entry: 2,
      since: record.started_at,
      requested_url: "https://video.example/watch/811",
      signed: true,
      not_later_than: null,
    },
  ],
  findings: [finding],
};

const pageTaken: PageTaken = {
  entry: 5,
  at: record.started_at,
  status: "wall",
  wall: "consent",
  url: "https://video.example/watch/811",
  version: "v4",
  title: "A post",
  coverage: { responses: 3, with_body: 2, listed: 1 },
  files: [{ kind: "page_view", path: "page/v4/view.png", bytes: 1, sha256: file.sha256 }],
  reason: null,
};
const pending = { authority: "first", reason: "HTTP 500", next_at: record.ended_at } as const;
const shown: Pick<
  ShownCapture,
  | "id"
  | "objectPath"
  | "publications"
  | "pages"
  | "packages"
  | "attempts"
  | "entries"
  | "anchor"
  | "annotations"
> = {
  pages: [
    pageTaken,
    {
      ...pageTaken,
      status: "failed",
      wall: null,
      version: null,
      title: null,
      coverage: null,
      files: [],
      reason: "why",
    },
  ],
  packages: [{ entry: 9, at: record.started_at }],
  attempts: [{ id: record.capture, at: record.started_at, status: "failed", reason: "why" }],
  publications: [],
  id: record.capture,
  objectPath: captureResult.object,
  entries: [],
  annotations: [
    { key: "place", value: "Тараз", entry: 4, at: record.started_at, from: "command line", in_force: true },
  ],
  anchor: {
    status: "pending",
    tokens: [{ authority: "first", gen_time: record.ended_at, checkpoint: 3 }],
    pending: [pending],
  },
};
const shownCapture = captureObject({
  ...shown,
  row: captureRow,
  record,
  derivation,
  publications: [publication],
});
const shownFailure = captureObject({
  ...shown,
  row: { ...captureRow, status: "failed" },
  record: null,
  derivation: null,
});

const doctorReport: DoctorReport = {
  ok: true,
  tool: "holdfast/0.1.0",
  node: "22.1.0",
  programs: [
    {
      name: "yt-dlp",
      path: "/usr/bin/yt-dlp",
      version: "2026.08.19",
      sha256: file.sha256,
      package_sha256: file.sha256,
      sha256_tells_no_place: false,
      released_days_ago: 12,
      old: false,
      source: "path",
    },
  ],
  modules: [
    {
      name: "yt-dlp",
      version: "2026.8.19",
      content_sha256: file.sha256,
      file_sha256: null,
      state: "as-pinned",
    },
  ],
  abilities: null,
  sqlite: {
    path: "/h/node_modules/better-sqlite3/build/Release/better_sqlite3.node",
    version: "12.11.1",
    sha256: file.sha256,
    state: "built-by-set-up",
  },
  sandbox: "prlimit",
  clock: record.clock,
  disks: [{ what: "vault", path: "/vault", free_bytes: 1, total_bytes: 2 }],
  vault: {
    path: "/vault",
    captures: 1,
    entries: 3,
    pending_derivations: 0,
    interrupted_commits: 0,
    last_entry_at: record.ended_at,
    newest_time: record.ended_at,
    seal: {
      key: { fingerprint: "SHA256:x", held: "file" },
      checkpoint: 3,
      unsigned_entries: 0,
      tokens: 1,
      pending: [pending],
      clock_difference_ms: null,
      witnesses: 0,
      stamped_until: null,
      memory: { size: 3, at: record.ended_at },
    },
  },
  findings: [{ severity: "note", what: "node", detail: "22.1.0", hint: "install a newer one" }],
};

const headReport = headObject({
  size: 3,
  created: true,
  root: file.sha256,
  key: "SHA256:x",
  tokens: [{ authority: "first", gen_time: record.ended_at, form: "cms" }],
  proven: [],
  pending: [pending],
  problem: "the disk is full",
  failure: new HoldfastError("io", "the disk is full", "make room"),
});

const samples: readonly (readonly [id: string, sample: unknown])[] = [
  ["record.schema.json", record],
  ["derivation.schema.json", derivation],
  ["publication.schema.json", publication],
  ["page.schema.json", page],
  ["config.schema.json", config],
  ["annex.schema.json", annex],
  ["cli-output.schema.json#/$defs/captureResult", captureResult],
  ["cli-output.schema.json#/$defs/captureRow", captureRow],
  ["cli-output.schema.json#/$defs/verifyReport", verifyReport],
  ["cli-output.schema.json#/$defs/fileReport", fileReport],
  ["cli-output.schema.json#/$defs/shownCapture", shownCapture],
  ["cli-output.schema.json#/$defs/shownFailure", shownFailure],
  ["cli-output.schema.json#/$defs/doctorReport", doctorReport],
  ["cli-output.schema.json#/$defs/headReport", headReport],
];

/** The keys of an object that TypeScript obliges to name every member of a union. */
function all<T extends string>(members: Readonly<Record<T, null>>): string[] {
  return Object.keys(members).sort();
}

describe("the published schemas", () => {
  test.each(names)("%s is a strict JSON Schema 2020-12 under its own name", (name) => {
    const schema = schemas.get(name);
    expect(schema?.$id).toBe(name);
    expect(schema).toHaveProperty("$schema", "https://json-schema.org/draft/2020-12/schema");
    expect(() => ajv.getSchema(name)).not.toThrow();
  });

  test.each(names)("%s allows no field it does not name, and says what each is for", (name) => {
    const missing: string[] = [];
    everySchema(schemas.get(name), "", (schema, path) => {
      if (path.endsWith("/if") || path.includes("/if/") || path.includes("/then") || path.includes("/else"))
        return;
      if (schema.type === "object" && (schema.properties || schema.patternProperties)) {
        if (schema.additionalProperties !== false) missing.push(`${path}: additionalProperties`);
      }
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        const own = typeof property === "object" && typeof property.description === "string";
        const elsewhere = typeof property === "object" && resolve(property, name).schema.description;
        if (!own && !elsewhere && !path.endsWith("/properties")) missing.push(`${path}.${key}: description`);
      }
    });
    expect(missing).toEqual([]);
  });
});

/** Missing in files of version 1. */
const sinceVersion11: readonly string[] = ["place_bytes", "rendition", "timing"];

describe("code and schema state the same fields", () => {
  test.each(samples)("%s", (id, sample) => {
    const { schema, file: inFile } = schemaAt(id);
    expect(differences(sample, schema, inFile, "")).toEqual([]);
    expect(problems(id, sample)).toEqual([]);
  });

  test.each(samples)("%s demands each of them, and refuses another", (id, sample) => {
    for (const key of Object.keys(sample as object).filter((one) => !sinceVersion11.includes(one))) {
      const { [key]: _, ...rest } = sample as Record<string, unknown>;
      expect(problems(id, rest), key).not.toEqual([]);
    }
    expect(problems(id, { ...(sample as object), other: 1 })).not.toEqual([]);
  });

  const roles = all<FileRole>({
    media_track: null,
    media_segment: null,
    segment_map: null,
    info_json: null,
    html_source: null,
    manifest: null,
    thumbnail: null,
    subtitle: null,
    comments: null,
    sidecar: null,
    page_view: null,
    page_tile: null,
    page_mhtml: null,
    page_dom: null,
    page_warc: null,
    page_record: null,
  });
  const failures = all<FailureCode>({
    "browser-missing": null,
    "browser-failed": null,
    "not-a-url": null,
    "unsupported-scheme": null,
    "private-address": null,
    "not-found": null,
    gone: null,
    "not-on-web": null,
    forbidden: null,
    "login-required": null,
    "geo-blocked": null,
    "ip-blocked": null,
    "bot-check": null,
    "rate-limited": null,
    "server-error": null,
    network: null,
    tls: null,
    "no-video": null,
    "not-media": null,
    empty: null,
    "too-large": null,
    drm: null,
    "live-stream": null,
    "format-unavailable": null,
    "cut-short": null,
    stalled: null,
    "timed-out": null,
    "disk-full": null,
    "js-runtime-missing": null,
    "impersonation-missing": null,
    "ffmpeg-needed": null,
    "old-downloader": null,
    "downloader-missing": null,
    "downloader-failed": null,
    interrupted: null,
  });
  const elements = all<ElementName>({
    target_web_address: null,
    source_code: null,
    full_page_capture: null,
    embedded_media_files: null,
    embedded_metadata: null,
    contextual_data: null,
    collection_data: null,
    hash_value: null,
  });
  const kinds = all<DerivedFile["kind"]>({
    ffprobe: null,
    exiftool: null,
    content_credentials: null,
    stream_hashes: null,
    keyframe: null,
    contact_sheet: null,
    playable: null,
    derivation: null,
  });
  const steps = all<DerivationStep["step"]>({
    ffprobe: null,
    exiftool: null,
    content_credentials: null,
    stream_hashes: null,
    keyframes: null,
    decode: null,
    playable: null,
  });
  const bases = all<Basis>({
    observed: null,
    platform_claim: null,
    file_claim: null,
    person_assertion: null,
    derived: null,
  });
  const statuses = all<ElementStatus>({
    captured: null,
    not_present: null,
    not_applicable: null,
    not_attempted: null,
    failed: null,
  });
  test.each<[string, string, string | null, string[]]>([
    ["file roles", "record.schema.json#/$defs/file", "role", roles],
    ["element names", "record.schema.json#/$defs/element", "item", elements],
    ["bases", "record.schema.json#/$defs/basis", null, bases],
    ["element statuses", "record.schema.json#/$defs/element_status", null, statuses],
    [
      "judgements of wholeness",
      "record.schema.json#/$defs/wholeness",
      null,
      all<Wholeness>({ whole: null, incomplete: null, unknown: null }),
    ],
    ["kinds of derivatives", "derivation.schema.json#/$defs/derived_file", "kind", kinds],
    ["derivation steps", "derivation.schema.json#/$defs/step", "step", steps],
    [
      "judgements of decoding",
      "derivation.schema.json#/$defs/decode",
      "verdict",
      all<DecodeCheck["verdict"]>({ sound: null, short: null, damaged: null, unknown: null }),
    ],
    [
      "states of a check",
      "cli-output.schema.json#/$defs/verifyReport",
      "chain",
      all<CheckState>({ pass: null, fail: null, absent: null, unchecked: null }),
    ],
    [
      "programs",
      "cli-output.schema.json#/$defs/program",
      "name",
      all<ProgramName>({
        "yt-dlp": null,
        node: null,
        ffmpeg: null,
        ffprobe: null,
        exiftool: null,
        bwrap: null,
        prlimit: null,
        chromium: null,
      }),
    ],
    [
      "places of programs",
      "cli-output.schema.json#/$defs/program",
      "source",
      all<Program["source"]>({ path: null, "tools-folder": null, bundled: null }),
    ],
    [
      "ways to confine",
      "cli-output.schema.json#/$defs/doctorReport",
      "sandbox",
      all<Sandbox>({ bwrap: null, prlimit: null, none: null }),
    ],
    ["events", "entry.schema.json", "event", [...eventNames].sort()],
  ])("the %s are the same", (_what, id, property, members) => {
    const { schema, file: inFile } = schemaAt(id);
    const found = property === null ? schema : resolve(schema.properties?.[property] ?? {}, inFile).schema;
    expect([...(found.enum ?? [])].sort()).toEqual(members);
  });

  test("the failure codes are the same", () => {
    const failure = schemaAt("entry.schema.json#/$defs/capture-failed").schema.properties?.failure;
    expect([...(failure?.properties?.code?.enum ?? [])].sort()).toEqual(failures);
  });

  test("FORMAT.md names each failure code, and says of which a further try may help", () => {
    const section = format.slice(format.indexOf("#### Failure codes"), format.indexOf("### 4.5 "));
    const rows = [...section.matchAll(/^\| `([a-z-]+)` +\| .* \| (yes|no) +\|$/gm)];
    expect(rows.map(([, code]) => code).sort()).toEqual(failures);
    for (const [, code, again] of rows)
      expect([code, again]).toEqual([code, failureOf(code as FailureCode).retry ? "yes" : "no"]);
  });

  test("an entry has the same fields in code and schema", () => {
    const entry: Entry = parseEntry(readVectors<{ line: string }>("entries", "good-capture.json")[0]!.line);
    const { schema } = schemaAt("entry.schema.json");
    expect(Object.keys(entry).sort()).toEqual(Object.keys(schema.properties ?? {}).sort());
    expect([...(schema.required ?? [])].sort()).toEqual(Object.keys(entry).sort());
  });
});

describe("the schemas hold what the format promises", () => {
  test("an import never shows as fetched, and a fetched capture has no claimed address", () => {
    expect(problems("record.schema.json", importRecord)).toEqual([]);
    expect(
      problems("record.schema.json", { ...importRecord, requested_url: record.requested_url }),
    ).not.toEqual([]);
    expect(problems("record.schema.json", { ...importRecord, final_url: record.final_url })).not.toEqual([]);
    expect(problems("record.schema.json", { ...record, claimed_url: importRecord.claimed_url })).not.toEqual(
      [],
    );
    expect(problems("record.schema.json", { ...record, requested_url: null })).not.toEqual([]);
  });

  test("what is shown of a capture is its record under the record's own rules", () => {
    const { properties, required, allOf } = schemas.get("record.schema.json")!;
    const shownSchema = schemaAt("cli-output.schema.json#/$defs/shownCapture").schema;
    expect(shownSchema.allOf).toEqual(allOf);
    expect(shownSchema.required).toEqual([
      ...(required ?? []),
      "file_name",
      "keyframes",
      "derivation",
      "anchor",
      "annotations",
      "packages",
      "attempts",
      "publications",
      "pages",
    ]);
    for (const key of Object.keys(properties ?? {}))
      expect(shownSchema.properties?.[key]).toEqual({ $ref: `record.schema.json#/properties/${key}` });
  });

  test("absent facts may be null", () => {
    const nothing = Object.fromEntries(Object.keys(record.source).map((key) => [key, null]));
    expect(problems("record.schema.json", { ...record, source: nothing, parent: null })).toEqual([]);
  });

  test.each([
    "../escape",
    "a/../b",
    "/absolute",
    "a//b",
    "a/",
    ".",
    "..",
    "a/..",
    "ә.mp4",
    "a b",
    "a\\b",
    "",
  ])("%j is no path in an object", (path) => {
    const files = [{ ...record.files[0], path }];
    expect(problems("record.schema.json", { ...record, files })).not.toEqual([]);
  });

  test.each([
    "original/track-1.mp4",
    "record.json",
    "derived/keyframes/0001_-0.040000.jpg",
    "a/..b/c",
    "a/.b",
  ])("%j is a path in an object", (path) => {
    expect(problems("record.schema.json", { ...record, files: [{ ...record.files[0], path }] })).toEqual([]);
  });

  test.each([
    "2026-11-23T18:22:05Z",
    "2026-11-23T18:22:05.120+00:00",
    "2026-02-30T18:22:05.120Z",
    "yesterday",
  ])("%j is no time", (time) => {
    expect(problems("record.schema.json", { ...record, started_at: time })).not.toEqual([]);
  });

  test("record and derivation have one canonical text", () => {
    for (const value of [record, importRecord, derivation, publication, page, annex]) {
      expect(parseCanonical(encodeCanonical(value))).toEqual(value);
    }
  });

  const bodies = readVectors<{ line: string }>("entries", "good-").filter(({ name }) =>
    eventNames.some((event) => name === `good-${event}.json`),
  );
  test.each(bodies)("$name is valid, with every field of its body and no other", ({ line }) => {
    const entry = parseEntry(line);
    expect(problems("entry.schema.json", entry)).toEqual([]);
    expect(problems("entry.schema.json", { ...entry, body: { ...entry.body, other: 1 } })).not.toEqual([]);
    for (const key of Object.keys(entry.body)) {
      const { [key]: _, ...rest } = entry.body;
      expect(problems("entry.schema.json", { ...entry, body: rest }), key).not.toEqual([]);
    }
  });

  test("each event has a body of its own", () => {
    expect(bodies.map(({ line }) => parseEntry(line).event).sort()).toEqual([...eventNames].sort());
  });

  test("a body under another event is refused", () => {
    const [first] = bodies;
    for (const event of eventNames) {
      const entry = parseEntry(first!.line);
      if (event !== entry.event) expect(problems("entry.schema.json", { ...entry, event })).not.toEqual([]);
    }
  });
});

describe("FORMAT.md", () => {
  const text = readFileSync(new URL("FORMAT.md", folder), "utf8");

  test("begins with an entry that is one, and states its hash", () => {
    const line = /```text\n(\{.*\})\n```/.exec(text)?.[1] ?? "";
    expect(problems("entry.schema.json", parseEntry(line))).toEqual([]);
    expect(text).toContain(lineHash(line));
  });

  test("names every event, every error code of an entry and every schema", () => {
    const codes = readVectors<{ expect: { code?: string } }>("entries", "bad-").map(
      ({ expect: e }) => e.code,
    );
    for (const word of [...eventNames, ...new Set(codes), ...names]) expect(text).toContain(`\`${word}\``);
  });

  test("has every section that the code cites", () => {
    const sections = [...text.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map((match) => match[1]);
    const cited = citations(new URL("../../src/", import.meta.url));
    expect(cited.filter((section) => !sections.includes(section))).toEqual([]);
    expect(cited.length).toBeGreaterThan(5);
  });
});

/** Every section number behind `FORMAT.md §` in the source. */
function citations(source: URL): string[] {
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [
      ...readFileSync(new URL(name, source), "utf8").matchAll(/FORMAT\.md §(\d+(?:\.\d+)?)/g),
    ])
    .map((match) => match[1] ?? "");
}
