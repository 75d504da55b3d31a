import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { annotationBody, fromCommandLine } from "../../src/core/capture/annotation.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { packagePage } from "../../src/core/package/page.js";
import { vaultPage } from "../../src/core/package/vault-page.js";
import { declarationDocument } from "../../src/core/report/declaration.js";
import type { ReportFacts } from "../../src/core/report/facts.js";
import { reportDocument } from "../../src/core/report/page.js";
import { reportLanguages } from "../../src/core/report/texts/texts.js";
import {
  contentSecurityPolicy,
  folderPlayerPolicy,
  folderSecurityPolicy,
  html,
} from "../../src/core/words/html.js";
import { printable, wellFormed } from "../../src/core/words/printable.js";
import { reportCapture } from "../../src/handover/report.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import { hostileTexts, steeringIn } from "../support/hostile-texts.js";
import { hostileFacts } from "../support/hostile-vault.js";
import { htmlTokens } from "../support/html-tokens.js";
import { captureFacts, packageFacts } from "../support/package-facts.js";
import * as samples from "../support/samples.js";
import { captureText, deriveText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const texts = hostileTexts.map(({ text }) => text);

/** The same text harmless: as many lines, and a letter for each other character. */
const harmless = (text: string) => text.replace(/[^\r\n]/g, "x");

/** Ten texts at a time, each in another place of the page. */
const groups = texts.map((_, at) => [...texts, ...texts].slice(at, at + 10)).filter((_, at) => at % 9 === 0);

interface Made {
  readonly title: string;
  readonly pages: (record: CaptureRecord, texts: readonly string[]) => readonly string[];
}

const kinds: readonly Made[] = [
  {
    title: "the report, in every language",
    pages: (record, some) =>
      reportLanguages.map((language) =>
        reportDocument(withTexts(record, some), { contactSheet: null, page: null }, language),
      ),
  },
  {
    title: "the draft of a declaration",
    pages: (record, some) => [declarationDocument(withTexts(record, some), "en")],
  },
  {
    title: "the page of a package",
    pages: (record, some) => [
      packagePage(
        packageFacts([
          captureFacts("20261123-4T9KX2MB", {
            record,
            annotations: some.map((text, entry) => ({ key: text, value: text, entry })),
          }),
        ]),
      ),
    ],
  },
  {
    title: "the page of a capture in a vault",
    pages: (record) => [
      vaultPage({
        madeAt: "2026-11-24T09:12:33.000Z",
        tool: "holdfast/0.1.0",
        captures: [{ ...captureFacts("20261123-4T9KX2MB", { record }), missing: [] }],
      }),
    ],
  },
];

const folder = temporaryFolder();
let known: ReportFacts;

beforeAll(async () => {
  const root = join(folder.path, "vault");
  const vault = await openTestVault(root);
  const { record } = captureText(vault, "first");
  deriveText(vault, record, "one");
  logEntry(vault, "annotate", annotationBody(record.capture, { place: "Almaty" }, fromCommandLine));
  closeVault(vault);
  known = (await reportCapture({ vault: root, id: record.capture, withAnnex: true }, testWorld())).facts;
});
afterAll(() => folder.remove());

/** The facts of a real report whose record, log, annex and check say these texts. */
function withTexts(
  record: CaptureRecord,
  some: readonly string[],
): ReportFacts & { readonly record: CaptureRecord } {
  const [first = "", second = ""] = some.map(wellFormed);
  const { annex } = known.collector;
  if (annex === null) throw new Error("the report has no annex");
  return {
    ...known,
    record,
    collector: {
      ...known.collector,
      annex: { ...annex, collector: first, hostname: second, received_from: first, proxy: second },
    },
    files: known.files.map((file) => ({ ...file, received_as: first })),
    custody: known.custody.map((event) => ({ ...event, detail: first })),
    pending: [{ authority: first, reason: second, next_at: null }],
    check: {
      ...known.check,
      ok: false,
      findings: [{ code: "file-changed", severity: "error", where: first, message: second }],
    },
  };
}

describe.each(kinds)("$title", ({ pages }) => {
  it.each([samples.record, samples.importRecord])(
    "has the markup of a harmless one, whatever the texts in it ($method)",
    (like) => {
      for (const some of groups) {
        const made = pages(hostileFacts(some, like), some);
        const plain = some.map(harmless);
        const expected = pages(hostileFacts(plain, like), plain);
        for (const [index, page] of made.entries()) {
          expect(steeringIn(page)).toBeNull();
          expect(htmlTokens(page).tags).toEqual(htmlTokens(expected[index] ?? "").tags);
        }
      }
    },
  );

  it("runs nothing and asks nobody", () => {
    const [page = ""] = pages(hostileFacts(texts.slice(0, 10)), texts.slice(0, 10));
    const { tags } = htmlTokens(page);
    expect(
      tags.filter((tag) =>
        /^<(script|iframe|object|embed|link|base|form|svg|math)\b| on[a-z]+=|^<(audio|video)(?! controls preload="none")/.test(
          tag,
        ),
      ),
    ).toEqual([]);
    expect(tags.filter((tag) => /(?:href|src)="(?!#|\.\.\/|\d{8}-|ro-crate)/.test(tag))).toEqual([]);
    const policy = tags.find((tag) => tag.includes("Content-Security-Policy")) ?? "";
    expect(
      [contentSecurityPolicy, folderSecurityPolicy, folderPlayerPolicy]
        .map((one) => html`${one}`.text)
        .some((one) => policy.includes(`content="${one}"`)),
    ).toBe(true);
  });

  it("is seen by another parser as having the same elements and attributes", () => {
    const made = groups.slice(0, 8).flatMap((some) => pages(hostileFacts(some), some));
    const script = `
import sys, json
from html.parser import HTMLParser
class Seen(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags = []
    def handle_starttag(self, name, attributes): self.tags.append([name, [a[0] for a in attributes]])
    def handle_comment(self, text): self.tags.append(["comment", [text]])
    def unknown_decl(self, text): self.tags.append(["declaration", [text]])
    def handle_pi(self, text): self.tags.append(["instruction", [text]])
seen = []
for page in json.load(sys.stdin):
    parser = Seen()
    parser.feed(page)
    parser.close()
    seen.append(parser.tags)
json.dump(seen, sys.stdout)
`;
    const seen: unknown = JSON.parse(
      execFileSync("python3", ["-c", script], {
        input: JSON.stringify(made),
        encoding: "utf8",
        maxBuffer: 1 << 28,
      }),
    );
    const ours = made.map((page) =>
      htmlTokens(page)
        .tags.filter((tag) => /^<[a-z]/.test(tag))
        .map((tag) => [
          /^<([a-z0-9]+)/.exec(tag)?.[1],
          [...tag.matchAll(/ ([a-z-]+)(?:="[^"]*")?/g)].map((match) => match[1]),
        ]),
    );
    expect(seen).toEqual(ours);
  });
});

describe("a value in a page", () => {
  it.each(hostileTexts)("$attack: is text, and in an attribute the value of that attribute", ({ text }) => {
    const page = html`<p title="${text}">${text}</p>`.text;
    const { tags, texts: shown } = htmlTokens(page);
    expect(tags).toHaveLength(2);
    expect(shown.join("")).toBe(printable(text));
    expect(tags[0]).toMatch(/^<p title="[^"<>]*">$/);
  });
});
