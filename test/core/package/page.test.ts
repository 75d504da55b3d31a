import { describe, expect, it } from "vitest";
import type { PackageFacts } from "../../../src/core/package/facts.js";
import { packagePage } from "../../../src/core/package/page.js";
import { fullSize, position, shortSize } from "../../../src/core/package/page-markup.js";
import {
  captureFacts,
  derivation,
  hostileRecord,
  hostileTexts,
  packaged,
  packageFacts,
} from "../../support/package-facts.js";
import * as samples from "../../support/samples.js";

const ids = ["20261123-4T9KX2MB", "20261124-AAAA2222"] as const;
const [id] = ids;
const whole = packageFacts([captureFacts(id)]);

/** The tags of a document, without the text between them: text can harm nobody. */
const tags = (text: string) => (text.match(/<[^>]*>/g) ?? []).join("\n");

/** A document's text as a reader sees it. */
const seen = (text: string) =>
  text
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

const addresses = (text: string) =>
  [...tags(text).matchAll(/\b(?:href|src)\s*=\s*"([^"]*)"/g)].map((match) => match[1] ?? "");

/** What a browser would run, send, follow by itself, or load from elsewhere than the package. */
const reaches =
  /<(?:script|iframe|object|embed|link|base|form|video|audio|source|svg|math|template)\b|\son\w+\s*=|javascript:|\b(?:srcset|action|poster|background)\s*=\s*"|\sstyle="(?!width:\d+%")|http-equiv="refresh"|\b(?:href|src)\s*=\s*"(?:[a-z]+:|\/)/i;

const ours =
  /^(?:#[A-Za-z0-9-]+|\d{8}-[A-Z0-9]{8}\/[A-Za-z0-9._/-]+|\.\.\/(?:VERIFY\.md|verify\.sh|manifest-sha512\.txt)|ro-crate-metadata\.json)$/;

describe("the page of a package names what is in it", () => {
  it.each(ids)("every file with its size and SHA-256: %s", (of) => {
    const facts = packageFacts([captureFacts(ids[0]), captureFacts(ids[1])]);
    const text = packagePage(facts);
    const clip = facts.captures.find((capture) => capture.id === of)!;
    expect(clip.files.length).toBe(8);
    for (const { path, sha256 } of clip.files) {
      expect(text).toContain(`href="${path}"`);
      expect(text).toContain(sha256);
    }
    expect(seen(text)).toContain("1,234,567 bytes");
  });

  it("every entry of the log about a clip with its number, time and the hash of its line", () => {
    const text = seen(packagePage(whole));
    for (const { sha256 } of whole.captures[0]!.entries) expect(text).toContain(sha256);
    expect(text).toContain("2026-11-23 18:22:06 UTC");
    expect(text).toContain("capture stored");
  });

  it("every checkpoint with root, key, time-stamps and countersignatures", () => {
    const text = seen(packagePage(whole));
    const [checkpoint] = whole.checkpoints;
    for (const word of [checkpoint!.root, checkpoint!.signedBy!, ...checkpoint!.witnesses])
      expect(text).toContain(word);
    for (const { file, stamp } of checkpoint!.tokens) {
      for (const word of [file, stamp?.authority ?? "", stamp?.signer_sha256 ?? ""])
        expect(text).toContain(word);
    }
  });

  it("two clips stand one after the other, each with its own title, files and anchor", () => {
    const [one, two] = ids.map((name) => captureFacts(name));
    const text = packagePage(packageFacts([one!, two!]));
    for (const name of ids) expect(text).toContain(`<section class="clip" id="clip-${name}">`);
    expect(text.indexOf(`id="clip-${ids[0]}"`)).toBeLessThan(text.indexOf(`id="clip-${ids[1]}"`));
    expect(seen(text)).toContain("Clip 2 of 2");
  });

  it("every link and anchor leads to a file of the package or a place on the page", () => {
    const facts = packageFacts([captureFacts(ids[0]), captureFacts(ids[1])]);
    const text = packagePage(facts);
    const files = new Set(facts.captures.flatMap((clip) => clip.files.map(({ path }) => path)));
    const found = addresses(text);
    expect(found.length).toBeGreaterThan(30);
    for (const address of found) {
      expect(address).toMatch(ours);
      if (address.startsWith("#")) expect(text).toContain(`id="${address.slice(1)}"`);
      if (/^\d/.test(address)) expect([...files]).toContain(address);
    }
  });

  it("the same facts make the same page", () => {
    expect(packagePage(structuredClone(whole))).toBe(packagePage(whole));
  });
});

describe("the page shows the clip before the proof", () => {
  it("contact sheet, playable copy, original, keyframes with their times, then log and checkpoints", () => {
    const text = packagePage(whole);
    const places = [
      `src="${id}/derived/contact-sheet.jpg"`,
      `href="${id}/derived/playable.mp4"`,
      `href="${id}/original/track-1.mp4"`,
      `src="${id}/derived/keyframes/kf-0.jpg"`,
      "Its entries in the log",
      'id="checkpoints"',
      'id="shows"',
      'id="check"',
    ].map((part) => text.indexOf(part));
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(seen(text)).toContain("1:02:03.500");
    expect(text.match(/<img /g)?.length).toBe(text.match(/<img loading="lazy" /g)?.length);
  });

  it("a picture that is not in the package is not pointed at", () => {
    const clip = captureFacts(id);
    const files = clip.files.filter(({ path }) => !/contact-sheet|kf-1|playable/.test(path));
    const text = packagePage(packageFacts([{ ...clip, files }]));
    expect(text).not.toMatch(/href="[^"]*(?:contact-sheet|kf-1|playable)/);
    expect(text).toContain("kf-0.jpg");
    expect(seen(text)).toContain("There is no contact sheet");
  });

  it("a capture without a derivation has its files, and says that nobody has judged it", () => {
    const text = packagePage(packageFacts([captureFacts(id, { derivation: null })]));
    expect(text).toContain(`href="${id}/original/track-1.mp4"`);
    expect(text).not.toContain("derived/");
    expect(text.indexOf("NOT JUDGED")).toBeLessThan(text.indexOf("In short"));
    expect(text).toContain("NOT JUDGED");
  });
});

describe("the page says what is wrong before anything else", () => {
  const decode = (verdict: "damaged" | "unknown") => [
    { original: "original/track-1.mp4", verdict, grounds: [] },
  ];
  it.each([
    [
      "incomplete by the transfer",
      { record: { ...samples.record, status: "incomplete" } as const },
      "INCOMPLETE",
    ],
    [
      "incomplete by decoding",
      {
        derivation: {
          ...derivation,
          completeness: { verdict: "incomplete", grounds: ["ends at 2 s"] } as const,
        },
      },
      "INCOMPLETE",
    ],
    ["damaged", { derivation: { ...derivation, decode: decode("damaged") } }, "DAMAGED"],
    ["not judged", { derivation: { ...derivation, decode: decode("unknown") } }, "NOT JUDGED"],
    ["imported", { record: samples.importRecord }, "did not fetch"],
  ] as const)("a clip that is %s", (_title, changes, words) => {
    const text = packagePage(packageFacts([captureFacts(id, changes)]));
    expect(packagePage(whole)).not.toContain(words);
    expect(text.indexOf(words)).toBeGreaterThan(0);
    expect(text.indexOf(words)).toBeLessThan(text.indexOf("<figure"));
  });

  it("a package with the private annex says so before its first clip, and a redacted one what is not in it", () => {
    const annex = packaged(`${id}/annex/annex.json`);
    const clip = captureFacts(id);
    const text = packagePage(
      packageFacts([{ ...clip, files: [...clip.files, annex] }], { profile: "with-annex" }),
    );
    expect(text.indexOf("PRIVATE")).toBeLessThan(text.indexOf('<section class="clip"'));
    expect(text).toContain(annex.sha256);
    expect(packagePage(whole)).not.toContain("PRIVATE");
    expect(seen(packagePage(whole))).toMatch(/not in it\s+is the private annex/);
  });
});

describe("the page says whose word each thing is", () => {
  it("title, uploader and dates are the platform's, addresses are text and no links", () => {
    const text = packagePage(whole);
    expect(seen(text)).toMatch(/title: the platform says so/);
    expect(seen(text)).toContain("None of this was checked");
    expect(text).not.toMatch(/href="https?:/);
    expect(seen(text)).toContain(samples.record.requested_url!);
  });

  it("with a time-stamp: existed not later than, says whom; without one that was traced to a trusted root, that there is none", () => {
    expect(seen(packagePage(whole))).toMatch(
      /Existed not later than\s+2026-11-23 18:23:00 UTC\s*, says\s+Example Time Unit\s+\(checkpoint 4\)/,
    );
    const none = seen(packagePage(packageFacts([captureFacts(id, { existedBy: [] })])));
    expect(none).toContain("No time-stamp over this clip in this package was traced to a trusted root");
    expect(none).not.toContain("says Example Time Unit (checkpoint");
  });

  it("alterations are listed, and where there are none the page says that none are stated", () => {
    expect(seen(packagePage(whole))).toContain(samples.record.alterations[0]!);
    const unaltered = captureFacts(id, { record: { ...samples.record, alterations: [] } });
    expect(seen(packagePage(packageFacts([unaltered])))).toContain("none stated");
  });

  it("promises nothing: such words stand only behind a denial", () => {
    const promises =
      /authentic|genuine|unedited|tamper|immutable|blockchain|impossible|original file|same video|upload time|admissib|legally|certif(?!icates?\b)|complian|\bqualified|anonym|\bverified|guarantee|proven/i;
    const denial = /\b(?:not|never|no|nothing|nobody)\b/i;
    const claims = (text: string) =>
      text.split(/(?<=[.!?:;])\s+/).filter((sentence) => {
        const found = promises.exec(sentence);
        return found !== null && !denial.test(sentence.slice(0, found.index));
      });
    for (const of of [whole, { ...whole, profile: "with-annex" } as const, packageFacts([])])
      expect(claims(seen(packagePage(of)))).toEqual([]);
    expect(claims("The footage is authentic.")).toHaveLength(1);
  });
});

describe("what a hostile page wrote stays text", () => {
  const attacked = (text: string): PackageFacts =>
    packageFacts([
      captureFacts(id, {
        record: hostileRecord(text),
        derivation: { ...derivation, completeness: { verdict: "unknown", grounds: [text] }, duration: text },
        entries: [{ seq: 2, at: text, event: text, sha256: text }],
        existedBy: [{ authority: text, signer_sha256: text, gen_time: text, checkpoint: 4 }],
      }),
    ]);

  it.each(hostileTexts)("%#", (hostile) => {
    const text = packagePage(attacked(hostile));
    expect(tags(text)).not.toMatch(reaches);
    expect(tags(text)).not.toContain("evil.example");
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\0\u001b]/);
    for (const address of addresses(text)) expect(address).toMatch(ours);
    // One opening tag of each kind for every closing one: nothing broke out of its place.
    for (const tag of [
      "section",
      "table",
      "td",
      "span",
      "bdi",
      "code",
      "title",
      "style",
      "a",
      "li",
      "details",
    ])
      expect(text.split(new RegExp(`<${tag}[ >]`)).length, tag).toBe(text.split(`</${tag}>`).length);
    expect(text.length).toBeLessThan(400_000);
  });

  it.each([
    "javascript:alert(1)",
    "//evil.example/a.jpg",
    "http://evil.example/a.jpg",
    `${id}/../../a.jpg`,
    '" onerror="alert(1)',
  ])("a file named %s is no link and no picture", (path) => {
    const clip = captureFacts(id, { derivation: { ...derivation, contact_sheet: path } });
    const text = packagePage(packageFacts([{ ...clip, files: [packaged(path)] }]));
    expect(tags(text)).not.toMatch(reaches);
    for (const address of addresses(text)) expect(address).toMatch(ours);
  });

  it("runs nothing, and loads nothing but pictures that lie beside it", () => {
    const text = packagePage(whole);
    expect(tags(text)).not.toMatch(reaches);
    expect(text).not.toMatch(/@import|url\(/);
    expect(text).toContain("default-src &#39;none&#39;; img-src &#39;self&#39; file:;");
  });

  it.each([
    '<img src="http://a/b">',
    "<script>",
    '<a href="https://a/b">',
    "<p onclick=x>",
    '<img src="//a/b">',
  ])("and this check finds %s", (text) => expect(tags(text)).toMatch(reaches));

  it("a title of another direction turns nothing around it", () => {
    const title = { value: "مقطع فيديو", basis: "platform_claim", from: "info.json:title" } as const;
    const record = { ...samples.record, source: { ...samples.record.source, title } };
    expect(packagePage(packageFacts([captureFacts(id, { record })]))).toContain("<bdi>مقطع فيديو</bdi></h2>");
  });
});

describe("numbers are written for a reader", () => {
  it.each([
    ["0.000000", "0:00.000"],
    ["-0.040000", "−0:00.040"],
    ["62.5", "1:02.500"],
    ["3723.500000", "1:02:03.500"],
    ["N/A", "N/A"],
  ])("%s seconds are %s", (seconds, words) => expect(position(seconds)).toBe(words));

  it.each([
    [0, "0 bytes", "0 bytes"],
    [999, "999 bytes", "999 bytes"],
    [1000, "1.0 kB", "1,000 bytes"],
    [2_372_712, "2.4 MB", "2,372,712 bytes"],
    [999_999, "1.0 MB", "999,999 bytes"],
    [123_456_789_012, "123 GB", "123,456,789,012 bytes"],
  ])("%i bytes are %s and %s", (bytes, short, full) => {
    expect(shortSize(bytes)).toBe(short);
    expect(fullSize(bytes)).toBe(full);
  });
});
