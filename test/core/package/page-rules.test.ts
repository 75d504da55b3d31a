import { join } from "node:path";
import { HtmlValidate } from "html-validate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VaultCaptureFacts } from "../../../src/core/package/facts.js";
import { packagePage } from "../../../src/core/package/page.js";
import { vaultPage } from "../../../src/core/package/vault-page.js";
import { declarationDocument } from "../../../src/core/report/declaration.js";
import type { ReportFacts } from "../../../src/core/report/facts.js";
import { reportDocument } from "../../../src/core/report/page.js";
import { reportLanguages } from "../../../src/core/report/texts/texts.js";
import { reportCapture } from "../../../src/handover/report.js";
import { closeVault } from "../../../src/vault/vault.js";
import { htmlTokens } from "../../support/html-tokens.js";
import { captureFacts, derivation, packageFacts } from "../../support/package-facts.js";
import * as samples from "../../support/samples.js";
import { captureText, deriveText, openTestVault, temporaryFolder, testWorld } from "../../support/vaults.js";

const folder = temporaryFolder();
let known: ReportFacts & { readonly record: NonNullable<ReportFacts["record"]> };

beforeAll(async () => {
  const root = join(folder.path, "vault");
  const vault = await openTestVault(root);
  const { record } = captureText(vault, "first");
  deriveText(vault, record, "one");
  closeVault(vault);
  const { facts } = await reportCapture({ vault: root, id: record.capture, withAnnex: true }, testWorld());
  known = { ...facts, record };
});
afterAll(() => folder.remove());

const [id, other] = ["20261123-4T9KX2MB", "20261124-AAAA2222"];
const inVault = (capture: string, changes: Partial<VaultCaptureFacts> = {}): VaultCaptureFacts => ({
  ...captureFacts(capture, changes),
  missing: changes.missing ?? [],
});
const vaultFacts = (...captures: readonly VaultCaptureFacts[]) => ({
  madeAt: "2026-11-24T09:12:33.000Z",
  tool: "holdfast/0.1.0",
  captures,
});

const made: Readonly<Record<string, () => string>> = {
  ...Object.fromEntries(
    reportLanguages.flatMap((language) => [
      [
        `the report (${language})`,
        () => reportDocument(known, { contactSheet: "AQEB", page: "AQEB" }, language),
      ],
      [`the draft of a declaration (${language})`, () => declarationDocument(known, language)],
    ]),
  ),
  "the page of a package": () => packagePage(packageFacts([captureFacts(id!)])),
  "the page of a package of two clips": () =>
    packagePage(packageFacts([captureFacts(id!), captureFacts(other!, { record: samples.importRecord })])),
  "the page of an empty package": () => packagePage(packageFacts([], { checkpoints: [] })),
  "the page of a clip in a vault": () => vaultPage(vaultFacts(inVault(id!))),
  "the page of two clips in a vault, one without a derivation and with missing files": () =>
    vaultPage(
      vaultFacts(inVault(id!), inVault(other!, { derivation: null, missing: ["original/track-2.mp4"] })),
    ),
};

const checker = new HtmlValidate({
  extends: ["html-validate:recommended", "html-validate:a11y"],
  // The widths of columns stand in the tags, since no two tables are alike. Titles are for a person's tabs and files.
  rules: { "no-inline-style": "off", "long-title": "off" },
});

const voidTags = /^<(?:meta|br|col|img|!DOCTYPE)\b/;

/** The tags that stand directly in `body`, as a reader who listens to the page goes through them. */
function landmarks(page: string): readonly string[] {
  const { tags } = htmlTokens(page);
  const found: string[] = [];
  let depth = 0;
  for (const tag of tags.slice(tags.indexOf("<body>") + 1, tags.indexOf("</body>"))) {
    if (tag.startsWith("</")) depth -= 1;
    else {
      if (depth === 0) found.push(tag);
      if (!voidTags.test(tag)) depth += 1;
    }
  }
  return found;
}

describe.each(Object.entries(made))("%s", (_title, page) => {
  it("is HTML that a checker has nothing to say of", async () => {
    const { results } = await checker.validateString(page());
    expect(
      results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`)),
    ).toEqual([]);
  });

  it("has all of its content in landmarks, one of them the main one", () => {
    const found = landmarks(page());
    expect(found.filter((tag) => !/^<(?:header|nav|main|footer)>$/.test(tag))).toEqual([]);
    expect(found.filter((tag) => tag === "<main>")).toHaveLength(1);
  });

  it("states its language, and has one heading of the first rank and no gap between ranks", () => {
    const { tags } = htmlTokens(page());
    expect(tags[1]).toMatch(/^<html lang="(?:en|ru|kk)">$/);
    const ranks = tags.flatMap((tag) => /^<h([1-6])>$/.exec(tag)?.[1] ?? []).map(Number);
    expect(ranks.filter((rank) => rank === 1)).toEqual([1]);
    expect(ranks[0]).toBe(1);
    ranks.reduce((above, rank) => {
      expect(rank - above).toBeLessThanOrEqual(1);
      return rank;
    });
  });

  it("describes every picture and player in words", () => {
    for (const tag of htmlTokens(page()).tags) {
      if (tag.startsWith("<img")) expect(tag).toMatch(/ alt="[^"]+"/);
      if (/^<(?:video|audio)/.test(tag)) expect(tag).toMatch(/ aria-label="[^"]+"/);
    }
  });
});

describe("the page of a clip in a vault", () => {
  it("has a player that loads nothing before somebody plays it, of the playable copy where there is one", () => {
    const page = made["the page of a clip in a vault"]!();
    const players = htmlTokens(page).tags.filter((tag) => /^<(?:video|audio)/.test(tag));
    expect(players).toEqual([
      `<video controls preload="none" src="${id}/derived/playable.mp4" poster="${id}/derived/keyframes/kf-0.jpg" aria-label="derived/playable.mp4">`,
    ]);
    expect(page).toContain("media-src &#39;self&#39; file:");
  });

  it("plays sound without a picture, and has no player for what no browser plays", () => {
    const as = (path: string) => {
      const record = {
        ...samples.record,
        files: samples.record.files.map((file) => (file.role === "media_track" ? { ...file, path } : file)),
      };
      return vaultPage(vaultFacts(inVault(id!, { record, derivation: null })));
    };
    expect(as("original/track-1.m4a")).toContain(
      `<audio controls preload="none" src="${id}/original/track-1.m4a"`,
    );
    expect(as("original/track-1.bin")).not.toMatch(/<(?:audio|video)/);
  });

  it("has no player for a clip of which nothing could be read, and says so", () => {
    const unread = {
      ...derivation,
      playable: null,
      stream_hashes: [],
      runs: [],
      decode: [
        { original: "original/track-1.mp4", verdict: "unknown" as const, grounds: ["nothing was decoded"] },
      ],
    };
    const page = vaultPage(vaultFacts(inVault(id!, { derivation: unread })));
    expect(page).not.toMatch(/<(?:audio|video)/);
    expect(page).toContain("There is no player: unreadable");
  });

  it("names what an index says of time-stamps as not checked", () => {
    const page = made["the page of a clip in a vault"]!();
    expect(page).toContain("not checked here");
    expect(vaultPage(vaultFacts(inVault(id!, { existedBy: [] })))).toContain(
      "No time-stamp over this clip is in the vault yet",
    );
  });
});

describe("the files of a clip", () => {
  it("are called as received only where they are as they arrived", () => {
    for (const page of [made["the page of a package"]!(), made["the page of a clip in a vault"]!()]) {
      const [received = "", written = ""] = page.split("<h3>Files ").slice(1, 3);
      expect(received).toMatch(/^as received/);
      expect(written).toMatch(/^that holdfast wrote/);
      for (const { path, as_received } of samples.record.files)
        expect((as_received ? received : written).includes(`>${path}<`), path).toBe(true);
      expect(received).not.toContain(">record.json<");
      expect(written).toContain(">record.json<");
    }
  });

  it("are named on a button as received only where they are", () => {
    const files = samples.record.files.map((file) => ({ ...file, as_received: false }));
    const page = packagePage(packageFacts([captureFacts(id!, { record: { ...samples.record, files } })]));
    expect(page).not.toContain("As received: ");
    expect(page).toContain("Stored: original/track-1.mp4");
  });

  it("that a browser would run are no links", () => {
    const files = samples.record.files.map((file, at) =>
      at === 0 ? { ...file, path: "source/page.html" } : file,
    );
    const page = packagePage(packageFacts([captureFacts(id!, { record: { ...samples.record, files } })]));
    expect(page).toContain(">source/page.html<");
    expect(page).not.toMatch(/href="[^"]*page\.html"/);
  });
});
