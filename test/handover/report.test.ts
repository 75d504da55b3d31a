import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import {
  checkpointName,
  checkpointNamespace,
  encodeCheckpoint,
  originOf,
} from "../../src/audit/checkpoint.js";
import { lineHash } from "../../src/audit/entry.js";
import type { Preserved } from "../../src/capture/store-capture.js";
import { leafHash, merkleRoot } from "../../src/core/package/merkle-proofs.js";
import { declarationDocument } from "../../src/core/report/declaration.js";
import { outcomeOf, type ReportFacts } from "../../src/core/report/facts.js";
import { reportDocument } from "../../src/core/report/page.js";
import { type ReportLanguage, reportLanguages } from "../../src/core/report/texts/texts.js";
import { reportCapture } from "../../src/handover/report.js";
import { readSeals } from "../../src/handover/report-seals.js";
import { secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { custodyOf } from "../../src/vault/index/custody.js";
import { linesFrom } from "../../src/vault/log.js";
import { readVault } from "../../src/vault/reader.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import { openAuthority, type TestAuthority } from "../support/authority.js";
import { holdfast } from "../support/cli.js";
import * as samples from "../support/samples.js";
import {
  captureText,
  copyVault,
  deriveText,
  objectFolder,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
let captured: Preserved;
let other: Preserved;

beforeAll(async () => {
  const vault = await openTestVault(root);
  captured = captureText(vault, "first");
  deriveText(vault, captured.record, "one");
  other = captureText(vault, "second, longer");
  logEntry(vault, "fixity-check", {
    scope: [other.record.capture],
    ok: true,
    findings: 0,
    checked: { entries: 1, objects: 1, files: 1, bytes: 1, annexes: 1, digests_per_file: 2 },
  });
  logEntry(vault, "fixity-check", {
    scope: "vault",
    ok: true,
    findings: 0,
    checked: { entries: 1, objects: 1, files: 1, bytes: 1, annexes: 1, digests_per_file: 2 },
  });
  closeVault(vault);
});
afterAll(() => folder.remove());

async function factsOf(id: string, vault = root, withAnnex = false): Promise<ReportFacts> {
  const { facts } = await reportCapture({ vault, id, withAnnex }, testWorld());
  return facts;
}

const page = (of: ReportFacts, language: ReportLanguage = "en") =>
  reportDocument(of, { contactSheet: null, page: null }, language);

/** A document's text as a reader sees it. */
function seen(text: string): string {
  return text
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

describe("the facts of a report are those of the record and the log", () => {
  it("the record and the derivation are given whole", async () => {
    const facts = await factsOf(captured.record.capture);
    expect(facts.record).toEqual(captured.record);
    expect(facts.derivation?.version).toBe(samples.derivation.version);
    expect(facts.capture).toBe(captured.record.capture);
  });

  it("every entry about the capture is there with its number and the hash of its line, and no other capture's", async () => {
    const facts = await factsOf(captured.record.capture);
    const vault = await openTestVault(root);
    const lines = [...linesFrom(vault.database, 1)];
    closeVault(vault);
    expect(facts.custody.map(({ event }) => event)).toEqual(["capture", "derive", "fixity-check"]);
    for (const { seq, hash } of facts.custody) expect(hash).toBe(lineHash(lines[seq - 1] ?? ""));
    expect(facts.custody.some(({ seq }) => seq === other.entry.seq)).toBe(false);
    expect(JSON.stringify(facts)).not.toContain(other.record.capture);
    expect(page(facts)).not.toContain(other.record.capture);
  });

  it("every file of the evidence has the size and digests of the entry, the record and the inventory", async () => {
    const facts = await factsOf(captured.record.capture);
    for (const file of captured.record.files) {
      expect(facts.files).toContainEqual(
        expect.objectContaining({
          path: file.path,
          bytes: file.bytes,
          sha256: file.sha256,
          sha512: file.sha512,
          hashed_at: file.hashed_at,
          entry: captured.entry.seq,
        }),
      );
      expect(page(facts)).toContain(file.sha256);
      expect(page(facts)).toContain(file.sha512);
    }
    expect(facts.files.map(({ kind }) => kind)).toContain("record");
    expect(facts.files.filter(({ version }) => version === "v2").length).toBe(2);
  });

  it("the hash of the hash list is the inventory's, as the log and the sidecar have it", async () => {
    const facts = await factsOf(captured.record.capture);
    for (const { version, path, sha512 } of facts.hash_lists)
      expect(readFileSync(join(root, `${path}.sha512`), "utf8"), version).toContain(sha512);
    expect(facts.hash_lists.map(({ version }) => version)).toEqual(["v1", "v2"]);
    expect(page(facts)).toContain(facts.hash_lists[1]?.sha512);
  });

  it("the eight items stand in the report with the record's reasons, in the order of §155", async () => {
    const text = seen(page(await factsOf(captured.record.capture)));
    const places = captured.record.elements.map(({ reason }) => text.indexOf(reason));
    expect(places.every((place) => place > 0)).toBe(true);
    for (const letter of "abcdefgh") expect(text).toContain(`(${letter}) `);
  });

  it("the four parts of Annex IV are there, and services that were not used are named as not used", async () => {
    const text = page(await factsOf(captured.record.capture));
    for (const part of ["collector", "target", "package", "services"])
      expect(text).toContain(`<section id="${part}">`);
    expect(seen(text)).toMatch(/IP service\s+not used/);
    expect(seen(text)).toMatch(/WHOIS service\s+not used/);
    expect(seen(text)).toMatch(/Time service\s+timedatectl/);
  });

  it("a claim says whose word it is and where it was read", async () => {
    const text = seen(page(await factsOf(captured.record.capture)));
    expect(text).toContain("the platform says so");
    expect(text).toContain("info.json:title");
  });

  it("every argument of every run is there, and what was cut", async () => {
    const text = page(await factsOf(captured.record.capture));
    for (const argument of samples.run.argv) expect(seen(text)).toContain(argument);
  });

  it("a changed byte is found by the check made with the report, and stands at its top", async () => {
    const damaged = copyVault(root, join(folder.path, "damaged"));
    const vault = await openTestVault(damaged);
    const file = join(
      objectFolder(damaged, vault, captured.record.capture),
      "v1/content/original/track-1.mp4",
    );
    closeVault(vault);
    chmodSync(file, 0o644);
    writeFileSync(file, readFileSync(file, "utf8").replace("f", "g"));
    const facts = await factsOf(captured.record.capture, damaged);
    expect(facts.check.hashes).toBe("fail");
    expect(facts.check.ok).toBe(false);
    const text = page(facts);
    expect(text.indexOf("NOT AS RECORDED")).toBeLessThan(text.indexOf("<h2>"));
    expect(seen(text)).toContain("original/track-1.mp4");
  });

  it("without an outside time the report says that there is none", async () => {
    const facts = await factsOf(captured.record.capture);
    expect(facts.existed_not_later_than).toEqual([]);
    expect(seen(page(facts))).toContain("No time-stamp over this capture was traced to a root certificate");
  });
});

describe("checkpoints, tokens and countersignatures are read from log/ and from the entries", () => {
  const signing = secretOfSeed(Buffer.alloc(32, 7));
  const witness = secretOfSeed(Buffer.alloc(32, 8));
  const body = (checkpoint: number, authority: string, at: string | null) => ({
    checkpoint,
    kind: at === null ? "opentimestamps" : "rfc3161",
    authority,
    url: "https://time.example/",
    path: `log/${checkpointName(checkpoint)}.${authority}.${at === null ? "ots" : "tsr"}`,
    bytes: 1,
    sha256: "ab".repeat(32),
    status: at === null ? "pending" : "granted",
    gen_time: at,
    accuracy_ms: null,
    policy: null,
    serial: null,
    signer_sha256: null,
    clock_difference_ms: -30,
    height: null,
  });
  let sealed: ReportFacts;
  let last: number;

  beforeAll(async () => {
    const copy = copyVault(root, join(folder.path, "sealed"));
    const settings = join(copy, "holdfast.json");
    const set = JSON.parse(readFileSync(settings, "utf8"));
    set.settings = {
      authorities: ["early", "silent"].map((name) => ({ name, url: "https://time.example/" })),
    };
    chmodSync(settings, 0o644);
    writeFileSync(settings, JSON.stringify(set));
    const vault = await openTestVault(copy);
    const lines = [...linesFrom(vault.database, 1)];
    last = lines.length;
    for (const size of [2, last]) {
      const root = merkleRoot(lines.slice(0, size).map(leafHash));
      const origin = originOf(vault.settings.vault_id);
      const text = encodeCheckpoint({ origin, size, root });
      const file = join(copy, "log", `${checkpointName(size)}.checkpoint`);
      rmSync(file, { force: true });
      rmSync(`${file}.sig`, { force: true });
      writeFileSync(file, text);
      writeFileSync(`${file}.sig`, signMessage(Buffer.from(text), checkpointNamespace, signing));
    }
    logEntry(vault, "token", body(2, "calendar", null));
    logEntry(vault, "token", body(last, "late", "2026-11-23T20:00:01.000Z"));
    logEntry(vault, "token", body(last, "early", "2026-11-23T20:00:00.000Z"));
    logEntry(vault, "witness-added", {
      checkpoint: last,
      public_key: witness.publicKey.line,
      path: `log/${checkpointName(last)}.witness-0123456789abcdef.sig`,
      bytes: 1,
      sha256: "ab".repeat(32),
    });
    closeVault(vault);
    sealed = await factsOf(captured.record.capture, copy);
  });

  it("each entry names the oldest checkpoint that covers it", () => {
    expect(sealed.custody.map(({ seq, checkpoint }) => [seq, checkpoint])).toEqual(
      sealed.custody.map(({ seq }) => [seq, seq <= 2 ? 2 : last]),
    );
    expect(sealed.custody.some(({ checkpoint }) => checkpoint === 2)).toBe(true);
  });

  it("a checkpoint has its root and the fingerprint of the key whose signature fits", () => {
    for (const checkpoint of sealed.checkpoints) {
      expect(checkpoint.key).toBe(signing.publicKey.fingerprint);
      expect(checkpoint.root).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(sealed.checkpoints.at(-1)?.witnesses.map(({ fingerprint }) => fingerprint)).toEqual([
      witness.publicKey.fingerprint,
    ]);
  });

  it("a token that an entry states and that is not there is no outside time", () => {
    expect(sealed.checkpoints.at(-1)?.tokens.map(({ authority }) => authority)).toEqual(["late", "early"]);
    expect(sealed.existed_not_later_than).toEqual([]);
    expect(sealed.check.ok).toBe(false);
    expect(seen(page(sealed))).toContain("No time-stamp over this capture was traced to a root certificate");
  });

  it("“existed not later than” rests on the oldest checkpoint with a token that was traced to a trusted root, earliest first", () => {
    const good = (checkpoint: number, authority: string, gen_time: string, trusted = true) => ({
      checkpoint,
      authority,
      gen_time,
      signer: "CN=Time",
      signer_sha256: "ab".repeat(32),
      root: null,
      trusted,
    });
    const authorities = [
      good(last, "late", "2026-11-23T20:00:01.000Z"),
      good(last, "early", "2026-11-23T20:00:00.000Z"),
    ];
    const earliest = (found: typeof authorities) =>
      readVault(join(folder.path, "sealed"), (reader) =>
        readSeals(reader, custodyOf(reader.database, captured.record.capture, false), {
          keys: [],
          authorities: found,
          witnesses: [],
        }),
      ).earliest.map(({ authority }) => authority);
    expect(earliest(authorities)).toEqual(["early", "late"]);
    expect(earliest(authorities.slice(0, 1))).toEqual(["late"]);
    expect(earliest([good(last, "late", "2020-01-01T00:00:00.000Z")])).toEqual([]);
    expect(earliest([good(last, "early", "2026-11-23T20:00:00.000Z", false)])).toEqual([]);
    expect(sealed.checkpoints[0]?.tokens.map(({ status }) => status)).toEqual(["pending"]);
  });

  it("an authority that has not answered for the newest checkpoint is pending, with the reason", () => {
    expect(sealed.pending).toEqual([{ authority: "silent", reason: "not asked yet", next_at: null }]);
  });

  it("a signature that does not fit names no key", async () => {
    const copy = join(folder.path, "sealed");
    const sig = join(copy, "log", `${checkpointName(last)}.checkpoint.sig`);
    writeFileSync(sig, signMessage(Buffer.from("another text"), checkpointNamespace, signing));
    const facts = await factsOf(captured.record.capture, copy);
    expect(facts.checkpoints.at(-1)?.key).toBeNull();
    expect(seen(page(facts))).toContain("no signature that fits");
  });
});

const token = {
  entry: 9,
  checkpoint: 8,
  kind: "rfc3161",
  authority: "example",
  status: "granted",
  gen_time: "2026-11-23T19:00:00.000Z",
  accuracy_ms: 1000,
  clock_difference_ms: 12,
  path: "log/000008.example.tsr",
  sha256: "ab".repeat(32),
};

/** The same capture as if it were signed and stamped. */
async function stamped(): Promise<ReportFacts> {
  const facts = await factsOf(captured.record.capture);
  return {
    ...facts,
    checkpoints: [
      {
        size: 8,
        path: "log/000008.checkpoint",
        root: "cd".repeat(32),
        key: "SHA256:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
        tokens: [token],
        witnesses: [{ entry: 10, fingerprint: "SHA256:witness" }],
      },
    ],
    existed_not_later_than: [token],
    check: {
      ...facts.check,
      rests_on: {
        keys: [{ fingerprint: "SHA256:inforce", from: token.gen_time, until: null, source: "log" }],
        authorities: [
          {
            authority: token.authority,
            checkpoint: token.checkpoint,
            gen_time: token.gen_time,
            signer: "CN=Time Unit",
            signer_sha256: "ef".repeat(32),
            root: "CN=Root",
            trusted: true,
          },
        ],
        witnesses: [],
      },
    },
    pending: [{ authority: "slow", reason: "no answer within 10 s", next_at: null }],
  };
}

describe("outside time", () => {
  it.each([
    ["en", "Existed not later than"],
    ["ru", "Существовало не позднее"],
  ] as const)("is stated as “not later than” and by whom, in %s", async (language, words) => {
    const of = await stamped();
    const text = seen(page(of, language));
    expect(text).toContain(words);
    expect(text).toContain(token.gen_time);
    expect(text).toContain("SHA256:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ");
    expect(text).toContain("SHA256:witness");
    expect(text).toContain(language === "en" ? "no answer within 10 s" : "нет ответа в течение 10 с");
    expect(seen(page(of))).not.toContain("is not one that the check was given to trust");
    const doubting = of.check.rests_on.authorities.map((found) => ({ ...found, trusted: false }));
    const check = { ...of.check, rests_on: { ...of.check.rests_on, authorities: doubting } };
    const untraced = seen(page({ ...of, existed_not_later_than: [], check }));
    expect(untraced).toContain("is not one that the check was given to trust");
    expect(untraced).toContain("States the time");
    expect(untraced).not.toMatch(/Existed not later than\s+\d/);
    for (const basis of ["SHA256:inforce", "CN=Time Unit", "ef".repeat(32), "CN=Root"])
      expect(text).toContain(basis);
  });
});

describe("one capture's reports in all languages", () => {
  const facts =
    /\d{4}-\d{2}-\d{2}T[\d:.]+Z|[0-9a-f]{64,128}|https?:\/\/\S+|\d{8}-[0-9A-Z]{8}|(?<![\w§])\d+(?![\w])/g;

  it("have the same dates, digests, ids, addresses and numbers, in the same order", async () => {
    const of = await stamped();
    const [english, ...others] = reportLanguages.map((language) => seen(page(of, language)).match(facts));
    expect(english?.length).toBeGreaterThan(60);
    for (const list of others) expect(list).toEqual(english);
  });

  it("and so have the drafts of a declaration", async () => {
    const of = await stamped();
    const record = of.record!;
    const [english, ...others] = reportLanguages.map((language) =>
      seen(declarationDocument({ ...of, record }, language)).match(facts),
    );
    expect(english?.length).toBeGreaterThan(30);
    for (const list of others) expect(list).toEqual(english);
  });

  it("a Kazakh one marks every Russian text as Russian", async () => {
    const text = page(await stamped(), "kk");
    expect(text).toContain('<html lang="kk">');
    expect(text).toContain('<span lang="ru">Цепочка хранения</span>');
    expect(text).toContain("орыс тілінде");
  });
});

/** What a browser would load, run, follow by itself or send. */
const reaches =
  /<(?:script|iframe|object|embed|link|base|form|video|audio|source|svg|math|template)\b|\son\w+\s*=|javascript:|@import|url\(|\b(?:src|srcset|action|poster|background)\s*=\s*"(?!data:image\/(?:jpeg|png);base64,)|\bhref\s*=\s*"(?!#)|http-equiv="refresh"/i;

/** The tags of a document, without the text between them: text can harm nobody. */
const tags = (text: string) => (text.match(/<[^>]*>/g) ?? []).join("\n");

describe("a document loads nothing and runs nothing", () => {
  it.each(reportLanguages)("in %s", async (language) => {
    const of = await stamped();
    const record = of.record!;
    const documents = [
      reportDocument(of, { contactSheet: Buffer.alloc(5000, 1).toString("base64"), page: "AQEB" }, language),
      declarationDocument({ ...of, record }, language),
    ];
    for (const text of documents) {
      expect(tags(text)).not.toMatch(reaches);
      expect(text).not.toMatch(/@import|url\(/);
      expect(text).toContain("default-src &#39;none&#39;");
    }
    expect(documents[0]).toContain('src="data:image/jpeg;base64,AQEB');
  });

  it("a picture in it is there to its last byte", async () => {
    const sheet = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251)).toString("base64");
    const text = reportDocument(await stamped(), { contactSheet: sheet, page: null }, "en");
    expect(/base64,([^"]*)"/.exec(text)?.[1]).toBe(sheet);
  });

  it.each(['<img src="http://a/b">', "<script>", '<a href="https://a/b">', "<p onclick=x>"])(
    "and this check finds %s",
    (text) => expect(tags(text)).toMatch(reaches),
  );
});

const hostile = [
  '</title></style><script>alert(1)</script><img src="http://evil.example/x" onerror="alert(2)">',
  "\"' onmouseover='alert(3)' x=\"",
  "\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\u0000\u001b[31m",
  `${"Ж".repeat(10_000)}`,
  "</span></bdi></td></table><!--",
  "{{7*7}} &lt;script&gt; &#60;script&#62;",
  "مقطع\nҚала\r\nконец",
] as const;

describe("what a hostile page wrote stays text", () => {
  it.each(hostile)("%#", async (title) => {
    const of = await stamped();
    const said = { value: title, basis: "platform_claim", from: title } as const;
    const source = { ...of.record!.source, title: said, description: said, uploader: said };
    const record = {
      ...of.record!,
      source,
      requested_url: title,
      warnings: [title],
      parent: { url: title, title, index: 1 },
      runs: [{ ...samples.run, argv: [title], program: title }],
    };
    const attacked: ReportFacts = { ...of, record, capture: of.capture };
    for (const language of reportLanguages) {
      for (const text of [page(attacked, language), declarationDocument({ ...attacked, record }, language)]) {
        expect(tags(text)).not.toMatch(reaches);
        expect(tags(text)).not.toContain("evil.example");
        expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\0\u001b]/);
        // One opening tag of each kind for every closing one: nothing broke out of its place.
        for (const tag of ["section", "table", "td", "span", "bdi", "code", "title", "style"])
          expect(text.split(`<${tag}`).length, tag).toBe(text.split(`</${tag}>`).length);
        expect(text.length).toBeLessThan(400_000);
      }
    }
  });

  it("a title of another direction turns nothing around it", async () => {
    const of = await stamped();
    const said = { value: "مقطع فيديو", basis: "platform_claim", from: "info.json:title" } as const;
    const record = { ...of.record!, source: { ...of.record!.source, title: said } };
    expect(page({ ...of, record })).toContain("<bdi>مقطع فيديو</bdi>");
  });
});

describe("the private annex", () => {
  const canaries = [
    "CANARY-WHO",
    "CANARY-HOST",
    "CANARY-OS",
    "CANARY-SOURCE",
    "203.0.113.77",
    "CANARY-PROXY",
  ];

  /** A copy of the vault whose annex names things that stand nowhere else. */
  function vaultWithCanaries(): string {
    const copy = copyVault(root, join(folder.path, "canaries"));
    const file = join(copy, "private", captured.record.capture, "annex.json");
    const annex = {
      ...JSON.parse(readFileSync(file, "utf8")),
      collector: "CANARY-WHO",
      hostname: "CANARY-HOST",
      os: "CANARY-OS",
      received_from: "CANARY-SOURCE",
      proxy: "socks5://user:CANARY-PASSWORD@CANARY-PROXY:1080",
      egress: { address: "203.0.113.77", how: "said so" },
      places: { "<vault>": "/CANARY-PLACE" },
    };
    chmodSync(file, 0o644);
    writeFileSync(file, encodeCanonical(annex));
    return copy;
  }

  it("is in no report unless it was asked for by name: only its SHA-256 is", async () => {
    const vault = vaultWithCanaries();
    const facts = await factsOf(captured.record.capture, vault);
    expect(facts.collector.annex).toBeNull();
    expect(facts.collector.annex_sha256).toMatch(/^[0-9a-f]{64}$/);
    const record = facts.record!;
    const texts = reportLanguages.flatMap((language) => [
      page(facts, language),
      declarationDocument({ ...facts, record }, language),
    ]);
    for (const text of [...texts, JSON.stringify(facts)])
      for (const canary of [...canaries, "CANARY"]) expect(text).not.toContain(canary);
    for (const text of texts.filter((_, at) => at % 2 === 0))
      expect(text).toContain(facts.collector.annex_sha256);
    const asked = await factsOf(captured.record.capture, vault, true);
    const importRecord = { ...record, method: "import" } as const;
    const shown = page({ ...asked, record: importRecord });
    for (const canary of canaries) expect(shown).toContain(canary);
    for (const secret of ["CANARY-PASSWORD", "CANARY-PLACE"])
      expect(JSON.stringify(asked) + shown).not.toContain(secret);
  });

  it("asked for, it stands there under a warning, without its salt", async () => {
    const facts = await factsOf(captured.record.capture, root, true);
    const annex = JSON.parse(
      readFileSync(join(root, "private", captured.record.capture, "annex.json"), "utf8"),
    );
    expect(facts.collector.annex).toMatchObject({
      as_logged: true,
      collector: "somebody",
      hostname: "somewhere",
      time_zone: "UTC",
    });
    const text = page(facts);
    expect(text.indexOf("PRIVATE")).toBeLessThan(text.indexOf("<h2>"));
    expect(text).toContain("somewhere");
    expect(text).not.toContain(annex.salt);
    expect(JSON.stringify(facts)).not.toContain(annex.salt);
  });

  it("another annex than the one logged is named as that", async () => {
    const changed = copyVault(root, join(folder.path, "changed-annex"));
    const file = join(changed, "private", captured.record.capture, "annex.json");
    chmodSync(file, 0o644);
    writeFileSync(file, readFileSync(file, "utf8").replace("somebody", "somebody-else"));
    const facts = await factsOf(captured.record.capture, changed, true);
    expect(facts.collector.annex?.as_logged).toBe(false);
    expect(page(facts)).toContain("is NOT the one whose SHA-256 the log states");
    expect(facts.check.ok).toBe(false);
  });
});

describe("a clip that did not come whole", () => {
  it.each([
    ["en", "INCOMPLETE"],
    ["ru", "ПОЛУЧЕНО НЕ ПОЛНОСТЬЮ"],
  ] as const)(
    "says so before anything else, in %s, and in the draft of a declaration",
    async (language, words) => {
      const of = await stamped();
      const record = { ...of.record!, status: "incomplete" } as const;
      const incomplete: ReportFacts = { ...of, record, outcome: outcomeOf(record, of.derivation) };
      for (const text of [
        page(incomplete, language),
        declarationDocument({ ...incomplete, record }, language),
      ]) {
        expect(text.indexOf(words)).toBeGreaterThan(0);
        expect(text.indexOf(words)).toBeLessThan(text.indexOf('<table class="facts">'));
      }
    },
  );

  it("is not passed off as whole where nobody could judge it", async () => {
    const of = await stamped();
    const unknown = [{ original: "original/track-1.mp4", verdict: "unknown", grounds: [] }] as const;
    expect(page(of)).not.toContain("NOT JUDGED");
    for (const derivation of [
      null,
      { ...of.derivation!, decode: unknown },
      { ...of.derivation!, decode: [] },
    ]) {
      const text = page({ ...of, derivation });
      expect(text).toContain("NOT JUDGED");
      expect(text.indexOf("NOT JUDGED")).toBeLessThan(text.indexOf("<h2>"));
    }
  });

  it("is told apart: incomplete by the transfer, incomplete by decoding, damaged", () => {
    const { record, derivation } = samples;
    const decode = (verdict: "sound" | "short" | "damaged" | "unknown") => [
      { original: "original/track-1.mp4", verdict, grounds: [] },
    ];
    expect(outcomeOf(record, derivation)).toBe("captured");
    expect(outcomeOf(record, null)).toBe("captured");
    expect(outcomeOf({ ...record, status: "incomplete" }, derivation)).toBe("incomplete");
    const incomplete = { verdict: "incomplete", grounds: [] } as const;
    expect(outcomeOf(record, { ...derivation, completeness: incomplete })).toBe("incomplete");
    expect(outcomeOf(record, { ...derivation, decode: decode("damaged") })).toBe("damaged");
    expect(outcomeOf(record, { ...derivation, decode: decode("unknown") })).toBe("captured");
  });
});

describe("the draft of a declaration", () => {
  const statements = (text: string) => text.slice(text.indexOf('<ol class="statements">'));

  it.each([
    [
      "en",
      "not a certification until a qualified person adopts it",
      "under penalty of perjury under the laws of ______",
    ],
    [
      "ru",
      "не является удостоверением (certification), пока его не примет квалифицированное лицо",
      "ответственности за ложные показания по законодательству ______",
    ],
  ] as const)(
    "in %s says at its top and at its end that it is nothing until a person adopts it",
    async (language, notice, oath) => {
      const of = await stamped();
      const text = declarationDocument({ ...of, record: of.record! }, language);
      expect(text.indexOf(notice)).toBeLessThan(text.indexOf('<ol class="statements">'));
      expect(text.lastIndexOf(notice)).toBeGreaterThan(text.indexOf(oath));
      expect(text).toContain(oath);
      expect(statements(text).match(/class="rule"/g)?.length).toBeGreaterThan(12);
      for (const { sha256, sha512 } of of.record!.files) {
        expect(text).toContain(sha256);
        expect(text).toContain(sha512);
      }
    },
  );

  it("does not name a step that was not taken: without checkpoint and token nobody declares either", async () => {
    const of = await factsOf(captured.record.capture);
    const bare = declarationDocument({ ...of, checkpoints: [], record: of.record! }, "en");
    const whole = await stamped();
    const full = declarationDocument({ ...whole, record: whole.record! }, "en");
    for (const step of ["It signed a checkpoint", "It sent a digest of the signed checkpoint"]) {
      expect(seen(bare)).not.toContain(step);
      expect(seen(full)).toContain(step);
    }
  });

  it("never says of an import that it was fetched", async () => {
    const of = await factsOf(captured.record.capture);
    const record = { ...samples.importRecord, files: of.record!.files };
    const text = seen(declarationDocument({ ...of, record }, "en"));
    expect(text).toContain("It did not fetch them from an address");
    expect(text).not.toContain("The program asked for the address");
    expect(text).not.toContain("It had the downloader write");
  });
});

describe("a capture that an authority has time-stamped", () => {
  let authority: TestAuthority;
  beforeAll(async () => {
    authority = await openAuthority();
  });
  afterAll(() => authority.close());

  it("is not said to have existed by then where the check traced the token to no root that it trusts: the token states it", async () => {
    const vault = join(folder.path, "stamped");
    await holdfast(["init", "--vault", vault]);
    const path = join(vault, "holdfast.json");
    const settings = JSON.parse(readFileSync(path, "utf8"));
    settings.settings.authorities = [{ name: "loopback", url: authority.url, roots: [authority.rootPem] }];
    chmodSync(path, 0o644);
    writeFileSync(path, JSON.stringify(settings));
    const tried = await holdfast(["import", join(folder.path, "missing.mp4"), "--vault", vault, "--json"], {
      HOLDFAST_OFFLINE: "",
    });
    const id = String(tried.lines[0]?.id);
    const facts = await factsOf(id, vault);
    expect(facts.check.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(facts.check.signature).toBe("pass");
    // The throw-away root is none that anybody was told to trust, and that stands beside the time.
    expect(facts.check.tokens).not.toBe("fail");
    expect(seen(page(facts))).toContain("is not one that the check was given to trust");
    expect(facts.existed_not_later_than).toEqual([]);
    expect(facts.pending).toEqual([]);
    const [good] = facts.check.rests_on.authorities;
    const text = seen(page(facts, "ru"));
    for (const word of [good!.gen_time, good!.signer, good!.signer_sha256, facts.checkpoints[0]!.key!])
      expect(text).toContain(word);
    expect(text).toContain("Указывает время");
    expect(text).not.toContain("Существовало не позднее 2");
  });
});

describe("holdfast report", () => {
  const at = (name: string) => join(folder.path, name);

  it("reports a failed attempt: what was tried and why it failed", async () => {
    const vault = at("failed");
    await holdfast(["init", "--vault", vault]);
    const tried = await holdfast(["import", at("missing.mp4"), "--vault", vault, "--json"]);
    const id = String(tried.lines[0]?.id);
    const run = await holdfast(["report", id, "--vault", vault, "--to", at("failed.html")]);
    expect(run.status, run.stderr).toBe(0);
    const text = readFileSync(at("failed.html"), "utf8");
    expect(text.indexOf("FAILED. Nothing was captured")).toBeLessThan(text.indexOf("<h2>"));
    expect(seen(text)).toContain("Why nothing was captured");
    const facts = await factsOf(id, vault);
    expect(seen(text)).toContain(facts.failed!.reason);
    expect(facts.custody.map(({ event }) => event)).toEqual(["capture-failed"]);
    const declared = await holdfast(["report", id, "--vault", vault, "--declaration", "--to", at("no.html")]);
    expect(declared.status).toBe(2);
    expect(existsSync(at("no.html"))).toBe(false);
  });

  it("writes a new file, readable for its owner alone, and never over another", async () => {
    const argv = ["report", captured.record.capture, "--vault", root, "--to", at("report.html")];
    const first = await holdfast(argv);
    expect(first.status, first.stderr).toBe(0);
    expect(first.stdout).toContain("report.html");
    expect(statSync(at("report.html")).mode & 0o077).toBe(0);
    writeFileSync(at("report.html"), "mine");
    const second = await holdfast(argv);
    expect(second.status).toBe(2);
    expect(second.stderr).toContain("does not overwrite");
    expect(readFileSync(at("report.html"), "utf8")).toBe("mine");
  });

  it("changes nothing in the vault", async () => {
    const before = readdirSync(root, { recursive: true }).sort();
    const database = readFileSync(join(root, "vault.db"));
    await holdfast(["report", captured.record.capture, "--vault", root, "--json"]);
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(before);
    expect(readFileSync(join(root, "vault.db")).equals(database)).toBe(true);
  });

  it("ends with status 1 and still writes the report where something is not as recorded", async () => {
    const run = await holdfast([
      ...["report", captured.record.capture, "--vault", at("damaged")],
      ...["--to", at("damaged.html"), "--lang", "ru"],
    ]);
    expect(run.status).toBe(1);
    expect(readFileSync(at("damaged.html"), "utf8")).toContain("НЕ СООТВЕТСТВУЕТ ЗАПИСАННОМУ");
  });

  it.each([
    ["an unknown id", ["ZZZZZZZZ"], 2],
    ["an unknown language", ["CAPTURE", "--lang", "de"], 2],
    ["a document asked for where none is written", ["CAPTURE", "--json", "--declaration"], 2],
    ["a folder that is not there", ["CAPTURE", "--to", "/nowhere/at/all.html"], 4],
  ])("refuses %s", async (_title, argv, status) => {
    const named = argv.map((word) => (word === "CAPTURE" ? captured.record.capture : word));
    const run = await holdfast(["report", ...named, "--vault", root]);
    expect(run.status, run.stderr).toBe(status);
    expect(run.stdout).toBe("");
  });
});
