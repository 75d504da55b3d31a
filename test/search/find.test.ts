import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logAnnotation } from "../../src/capture/annotate.js";
import { preserve } from "../../src/capture/store-capture.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { buildCaptureId } from "../../src/core/capture/capture-id.js";
import { foundColumns } from "../../src/core/lists/result-table.js";
import { readTable } from "../../src/core/lists/table.js";
import { hostAsked, meaningsOf } from "../../src/search/meanings.js";
import { listCaptures } from "../../src/search/show.js";
import { digestFile } from "../../src/vault/digest-file.js";
import { insideQuery, readsBeginningsAlone } from "../../src/vault/index/text-search.js";
import { beginAttempt } from "../../src/vault/recovery.js";
import { closeVault, type Vault } from "../../src/vault/vault.js";
import { type CliRun, holdfast } from "../support/cli.js";
import * as samples from "../support/samples.js";
import { errorCodes, everything, openTestVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");

interface Planted {
  readonly url: string;
  readonly title: string;
  readonly description?: string;
  readonly uploader?: string;
  /** As the site claims. */
  readonly posted?: string;
}

/** Name → what is in the vault under it. */
const planted = {
  market: {
    url: "https://video.example/watch/1",
    title: "Қайрат базары — «өрт» 2026",
    description: "Алматы қаласы, Ёлка тұр",
    uploader: "Ñandú News",
    posted: "2026-01-05T20:30:00.000Z",
  },
  bridge: {
    url: "https://news.sub.video.example/b",
    title: "Мост через реку",
    uploader: "Тараз ТВ",
    posted: "2025-06-30",
  },
  other: {
    url: "https://www.notvideo.example/x",
    title: '"quoted" AND NOT NEAR(a b) * : ^ {title}',
    posted: "sometime",
  },
} as const satisfies Readonly<Record<string, Planted>>;

type Name = keyof typeof planted | "failed";
const ids = new Map<string, Name>();
const idOf = (wanted: Name) => [...ids].find(([, name]) => name === wanted)?.[0] ?? "";
let clip = "";
let sha256 = "";
let sha512 = "";

beforeAll(async () => {
  const vault = await openTestVault(root);
  for (const [name, facts] of Object.entries(planted)) ids.set(capture(vault, facts), name as Name);
  closeVault(vault);
  const run = await holdfast(["import", join(folder.path, "missing.mp4"), "--vault", root, "--json"]);
  ids.set(String(run.lines[0]?.id), "failed");
  const again = await openTestVault(root);
  const note = (name: Name, values: Record<string, string>) =>
    logAnnotation(again, idOf(name), values, fromCommandLine);
  note("market", { place: "Алматы, Республика алаңы", case: "КҮЗ-14/2", incident_date: "2026-01-05" });
  note("bridge", { place: "Тараз", case: "14", incident_date: "2025-06", note: "Республика" });
  note("other", { case: "14/20", incident_date: "2026-01-06T02:30+05:00", note: "=cmd|' /C calc'!A0" });
  note("failed", { place: "Қордай", incident_date: "2020" });
  closeVault(again);
  clip = join(folder.path, "clip.mp4");
  writeFileSync(clip, `the clip at ${planted.market.url}`);
  ({ sha256, sha512 } = digestFile(clip));
});
afterAll(() => folder.remove());

function capture(vault: Vault, { url, title, description, uploader, posted }: Planted): string {
  const id = buildCaptureId(vault.now(), vault.random(5));
  const staging = beginAttempt(vault, id, url);
  const path = join(staging, "track-1.mp4");
  writeFileSync(path, `the clip at ${url}`, { mode: 0o444 });
  const { files: _, v: _v, elements, source, ...facts } = samples.record;
  const say = (value: string | undefined) =>
    value === undefined ? null : ({ value, basis: "platform_claim", from: "info.json" } as const);
  const claimed = { title: say(title), description: say(description), uploader: say(uploader) };
  const when = { posted_at: say(posted), upload_date: null, channel: null };
  const record = {
    ...facts,
    parent: null,
    capture: id,
    requested_url: url,
    final_url: url,
    redirects: [url],
  };
  preserve(
    vault,
    staging,
    { ...record, source: { ...source, ...claimed, ...when }, elements: () => elements },
    [
      {
        path,
        logicalPath: "original/track-1.mp4",
        role: "media_track",
        receivedAs: "track-1.mp4",
        asReceived: true,
        digest: digestFile(path),
        hashedAt: vault.now().toISOString(),
      },
    ],
    {
      capture: id,
      salt: Buffer.from(vault.random(16)).toString("hex"),
      collector: "somebody",
      hostname: "somewhere",
      os: "Linux",
      time_zone: "UTC",
      received_from: null,
      proxy: null,
      cookies_sha256: null,
      places: {},
      connections: [],
      rawFiles: [],
    },
  );
  return id;
}

function find(...argv: readonly string[]): Promise<CliRun> {
  return holdfast(["find", ...argv, "--vault", root, "--json"]);
}

/** Names of what was found, newest first. */
async function names(...argv: readonly string[]): Promise<readonly (Name | undefined)[]> {
  const { lines, status, stderr } = await find(...argv);
  expect(status, stderr).toBe(0);
  return lines.map(({ id }) => ids.get(String(id)));
}

describe("words", () => {
  it("each occur in title, description, uploader or a note, inside a word too, and all must occur", async () => {
    expect(await names("мост")).toEqual(["bridge"]);
    expect(await names("базар", "алмат")).toEqual(["market"]);
    expect(await names("базар мост")).toEqual([]);
    expect(await names("азар")).toEqual(["market"]);
    expect(await names("АЗАР", "лмат")).toEqual(["market"]);
    // Two letters are inside too many words.
    expect(await names("за")).toEqual([]);
    expect((await find("азар")).lines[0]?.matched).not.toEqual([]);
    expect(listCaptures(root, { ...everything, text: "азар" }).map(({ id }) => ids.get(id))).toEqual([
      "market",
    ]);
    expect(await names("республика")).toEqual(["bridge", "market"]);
    expect(await names("қордай")).toEqual(["failed"]);
  });

  it.each([
    ["кайрат", "market", "Russian letters for Kazakh ones"],
    ["ҚАЙРАТ", "market", "capitals"],
    ["орт", "market", "о for ө"],
    ["елка", "market", "е for ё"],
    ["ёлка", "market", "ё as it is"],
    ["қаласы", "market", "Kazakh letters as they are"],
    ["nandu", "market", "Latin letters without marks"],
    ["ÑANDÚ", "market", "Latin letters with marks"],
    ["кордаи", "", "but й is a letter of its own"],
    ["тәраз", "bridge", "a Kazakh letter typed for a Russian one"],
  ])("%s finds %s: %s", async (typed, name) => {
    expect(await names(typed)).toEqual(name === "" ? [] : [name]);
    expect(listCaptures(root, { ...everything, text: typed }).map(({ id }) => ids.get(id))).toEqual(
      name === "" ? [] : [name],
    );
  });

  it("among more than 20 000 captures are looked for at the beginnings alone", () => {
    const database = new Database(":memory:");
    database.exec("CREATE TABLE capture (id TEXT)");
    const add = database.prepare(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO capture SELECT i FROM n",
    );
    add.run(20_000);
    expect([readsBeginningsAlone(database), insideQuery(database, ["азар"]) === null]).toEqual([
      false,
      false,
    ]);
    add.run(1);
    expect([readsBeginningsAlone(database), insideQuery(database, ["азар"])]).toEqual([true, null]);
    database.close();
  });

  it("say where they were found", async () => {
    const { lines } = await find("алматы");
    expect(lines[0]?.matched).toEqual(["description", "note place"]);
    const { stdout } = await holdfast(["find", "тараз", "--vault", root]);
    expect(stdout).toMatch(/uploader, note place/);
  });

  it("are never an expression of the search engine", async () => {
    for (const typed of [
      '"quoted"',
      "AND NOT",
      "NEAR(a b)",
      "NEAR(a",
      "not near",
      "{title}",
      "a* b*",
      "title",
      ":a",
    ]) {
      expect(await names(typed), typed).toEqual(["other"]);
    }
    expect(await names("title:мост")).toEqual([]);
    expect(await names("базар OR мост")).toEqual([]);
    expect(await names("– мост")).toEqual(["bridge"]);
  });

  it("of any kind find something or nothing, and are never an error", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^["*^:(){}+\-\w ]{1,12}$/),
    );
    fc.assert(
      fc.property(text, (typed) => {
        expect(Array.isArray(listCaptures(root, { ...everything, text: typed }))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("that are none are refused, and so is nothing at all", async () => {
    for (const argv of [["—!?"], [], ["--limit", "1"], [" "]]) {
      const { status, stderr } = await find(...argv);
      expect([status, stderr], argv.join(" ")).toEqual([2, expect.stringContaining("holdfast find")]);
    }
  });

  it("that occur nowhere are said to, and that is no failure", async () => {
    const { status, stdout, stderr } = await holdfast(["find", "nowhere", "--vault", root]);
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toBe("no captures match\n");
  });
});

describe("a hash", () => {
  it("finds the capture by SHA-256 or SHA-512 of a file, whole or by its first digits, in any case of letters", async () => {
    for (const typed of [
      sha256,
      sha512,
      sha256.slice(0, 8),
      sha512.slice(0, 9),
      sha256.toUpperCase(),
      sha512.slice(0, 127),
    ]) {
      const { lines } = await find(typed);
      expect(
        lines.map(({ id }) => ids.get(String(id))),
        typed,
      ).toEqual(["market"]);
      expect(lines[0]?.matched, typed).toEqual(["file original/track-1.mp4"]);
    }
  });

  it("with another digit, or of something else, finds nothing", async () => {
    const changed = `${sha256.slice(0, -1)}${sha256.endsWith("0") ? "1" : "0"}`;
    expect(await names(changed)).toEqual([]);
    expect(await names(`${sha256}${sha256}`)).toEqual([]);
    expect(await names(sha256.slice(0, 7))).toEqual([]);
  });

  it("that no file has is looked for as a word", async () => {
    const vault = await openTestVault(root);
    logAnnotation(vault, idOf("bridge"), { phone: "87771234567" }, fromCommandLine);
    closeVault(vault);
    expect(await names("8777123456")).toEqual(["bridge"]);
  });

  it("of any file of a capture counts, also of its record", async () => {
    const paths = readdirSync(join(root, "objects"), { recursive: true, encoding: "utf8" });
    const record = paths.find((path) => path.endsWith(`${idOf("bridge")}/v1/content/record.json`));
    const { lines } = await find(digestFile(join(root, "objects", record ?? "")).sha256);
    expect(lines.map(({ id, matched }) => [ids.get(String(id)), matched])).toEqual([
      ["bridge", ["file record.json"]],
    ]);
  });
});

describe("an address", () => {
  it.each([
    "https://video.example/watch/1",
    "http://www.video.example/watch/1/?utm_source=x",
    "video.example/watch/1",
    "<https://video.example/watch/1>",
  ])("%s finds the capture of it, in whatever spelling", async (typed) => {
    const { lines } = await find(typed);
    expect(lines.map(({ id, matched }) => [ids.get(String(id)), matched])).toEqual([["market", ["address"]]]);
  });

  it("that was not captured finds nothing, whatever titles hold its letters, and that is said", async () => {
    const { status, stdout, stderr } = await holdfast([
      ...["find", "https://video.example/watch/1?ref=A-78", "--vault", root],
    ]);
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("no capture and no failed attempt of this address");
  });

  it("is narrowed by the other filters", async () => {
    expect(await names("https://video.example/watch/1", "--case", "14")).toEqual([]);
  });
});

describe("an id, a hash with its name, a site", () => {
  it("find what they name, and say where", async () => {
    const id = idOf("bridge");
    for (const [typed, matched] of [
      [id, ["id"]],
      [id.toLowerCase(), ["id"]],
      [id.slice(9), ["id"]],
      [id.slice(12), ["id"]],
      ["news.sub.video.example", ["site"]],
    ] as const) {
      const { lines } = await find(typed);
      expect([typed, lines.map((line) => [line.id, line.matched])]).toEqual([typed, [[id, matched]]]);
    }
    expect(await names("video.example")).toEqual(["bridge", "market"]);
    expect(await names(`sha256:${sha256}`)).toEqual(["market"]);
    expect(await names(`SHA-512=${sha512.slice(0, 20)}`)).toEqual(["market"]);
    expect(await names("sha256:00000000")).toEqual([]);
  });

  it("a site that is none here is a word, and so is one besides another that is asked for", async () => {
    expect(meaningsOf("тұр.кз").map(({ by }) => by)).toEqual(["host", "words"]);
    expect(await names("nandu.news")).toEqual(["market"]);
    expect(await names("video.example", "--host", "video.example")).toEqual([]);
  });
});

describe("a file", () => {
  it("is looked for by its SHA-256, and that is said", async () => {
    const { lines, stderr } = await find(clip);
    expect(lines.map(({ id }) => ids.get(String(id)))).toEqual(["market"]);
    expect(stderr).toContain(`searching for its SHA-256, ${sha256}`);
  });

  it("that no capture has finds nothing, and a folder is no file", async () => {
    const other = join(folder.path, "other.bin");
    writeFileSync(other, "other bytes");
    expect(await names(other)).toEqual([]);
    mkdirSync(join(folder.path, "мост"));
    expect(await names(join(folder.path, "мост"))).toEqual([]);
  });
});

describe("filters", () => {
  it.each([
    [
      "of the day of capture",
      ["--since", "2026-11-23", "--until", "2026-11-23"],
      ["other", "bridge", "market"],
    ],
    ["of the time of capture", ["--until", "2026-11-22"], []],
    [
      "of the claimed day",
      ["--date-of", "claim", "--since", "2026-01-05", "--until", "2026-01-05"],
      ["market"],
    ],
    ["of a claimed day and no end", ["--date-of", "claim", "--since", "2025-06-30"], ["bridge", "market"]],
    ["of a claimed time", ["--date-of", "claim", "--since", "2026-01-05T20:30:01Z"], []],
    [
      "of the day of the incident",
      ["--date-of", "incident", "--since", "2026-01-05", "--until", "2026-01-05"],
      ["other", "market"],
    ],
    [
      "of the incident, noted as a month",
      ["--date-of", "incident", "--since", "2025-06-10", "--until", "2025-06-11"],
      ["bridge"],
    ],
    ["of the incident, noted as a year", ["--date-of", "incident", "--until", "2020-12-31"], ["failed"]],
    [
      "of the incident, behind a year",
      ["--date-of", "incident", "--since", "2021-01-01", "--until", "2025-05-31"],
      [],
    ],
    ["of a site and those below it", ["--host", "video.example"], ["bridge", "market"]],
    ["of a site below it", ["--host", "SUB.video.example"], ["bridge"]],
    ["of an address instead of a site", ["--host", "https://www.notvideo.example/x"], ["other"]],
    ["of a site that only ends alike", ["--host", "deo.example"], []],
    ["of a site with signs that mean any", ["--host", "%.example"], []],
    ["of a case, in any letters for it", ["--case", "куз-14/2"], ["market"]],
    ["of a case whose name begins another", ["--case", "14"], ["bridge"]],
    ["of a case nobody noted", ["--case", "1"], []],
    ["of what was noted under a name", ["--where", "place=республика"], ["market"]],
    ["of two things noted", ["--where", "Орын=алматы", "--where", "дело=куз"], ["market"]],
    ["of two things of which one was not", ["--where", "place=тараз", "--where", "note=nothing"], []],
  ])("%s", async (_what, argv, wanted) => {
    expect(await names(...argv)).toEqual(wanted);
  });

  it("narrow words and hashes, and a limit takes the newest", async () => {
    expect(await names("республика", "--host", "video.example", "--case", "14")).toEqual(["bridge"]);
    expect(await names("республика", "--limit", "1")).toEqual(["bridge"]);
    expect(await names(sha256, "--where", "place=алматы")).toEqual(["market"]);
    expect(await names(sha256, "--where", "place=тараз")).toEqual([]);
    expect(await names("--host", "video.example", "--limit", "1")).toEqual(["bridge"]);
  });

  it.each([
    ["a name without words", ["--where", "place="]],
    ["words without a name", ["--where", "=x"]],
    ["a day that no calendar has", ["--since", "2026-02-30"]],
    ["which day, but no day", ["x", "--date-of", "claim"]],
    ["a day of something unknown", ["x", "--date-of", "upload", "--since", "2026-01-01"]],
    ["two kinds of output", ["x", "--csv"]],
  ])("with %s are refused", async (_what, argv) => {
    expect((await find(...argv)).status).toBe(2);
  });
});

describe("a table for a spreadsheet", () => {
  it("has the fixed columns, one for each thing that was noted, and runs nothing", async () => {
    const { stdout, status } = await holdfast([
      "find",
      "--host",
      "notvideo.example",
      "--csv",
      "--vault",
      root,
    ]);
    expect(status).toBe(0);
    expect(stdout.startsWith("\ufeffid,captured,")).toBe(true);
    expect(stdout.match(/\r\n/g)).toHaveLength(2);
    expect(stdout).toContain("'=cmd|");
    const { columns, rows } = readTable(stdout.slice(1), null);
    expect(columns).toEqual([...foundColumns, "case", "incident_date", "note"]);
    expect(rows[0]?.cells.slice(0, 1)).toEqual([idOf("other")]);
    expect(rows[0]?.cells.slice(-3)).toEqual(["14/20", "2026-01-06T02:30+05:00", "=cmd|' /C calc'!A0"]);
  });

  it("with a column that somebody added is a list of what to note, and nothing else of it is noted again", async () => {
    const { stdout } = await holdfast(["find", "--case", "14", "--csv", "--vault", root]);
    const [header = "", row = ""] = stdout.split("\r\n");
    const path = join(folder.path, "edited.csv");
    writeFileSync(path, `${header},checked by\r\n${row},Айгерім\r\n`);
    const run = await holdfast(["annotate", "--from", path, "--vault", root, "--json"]);
    expect(run.lines.map(({ status }) => status)).toEqual(["annotated"]);
    const shown = await holdfast(["show", idOf("bridge"), "--vault", root, "--json"]);
    const noted = shown.lines[0]?.annotations as readonly { readonly key: string; readonly from: string }[];
    expect(noted.filter(({ from }) => from.startsWith("list ")).map(({ key }) => key)).toEqual([
      "checked_by",
    ]);
  });
});

it("the index is that of the log, after all of this", async () => {
  expect(await errorCodes(root)).toEqual([]);
});

describe("a site as it is typed", () => {
  it.each([
    ["Video.Example", "video.example"],
    ["https://www.video.example/watch?v=1", "video.example"],
    ["video.example/path", "video.example"],
    ["пример.рф", "xn--e1afmkfd.xn--p1ai"],
    ["a b", "a b"],
  ])("%s: %s", (typed, host) => {
    expect(hostAsked(typed)).toBe(host);
  });
});
