import jsonld from "jsonld";
import { describe, expect, it } from "vitest";
import type { PackageFacts } from "../../../src/core/package/facts.js";
import { roCrate } from "../../../src/core/package/ro-crate.js";
import {
  captureFacts,
  hostileRecord,
  hostileTexts,
  packaged,
  packageFacts,
} from "../../support/package-facts.js";
import { context, contextUrl, loader, strictly } from "../../support/ro-crate-loader.js";
import { crateProblems } from "../../support/ro-crate-rules.js";
import * as samples from "../../support/samples.js";

const ids = ["20261123-4T9KX2MB", "20261124-AAAA2222"] as const;
const [id] = ids;
const both = packageFacts([
  captureFacts(ids[0]),
  captureFacts(ids[1], { record: samples.importRecord, derivation: null }),
]);

type Entity = Record<string, unknown> & { "@id": string; "@type": string };
const page = packaged("index.html", 4321);
const crateOf = (of: PackageFacts) => roCrate(of, page);
const graphOf = (of: PackageFacts): readonly Entity[] => JSON.parse(crateOf(of))["@graph"];
const entity = (of: PackageFacts, name: string) => graphOf(of).find((item) => item["@id"] === name)!;

/** Every `{"@id": …}` that stands in a property. */
function referencesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== "object" || value === null) return [];
  return "@id" in value ? [String(value["@id"])] : [];
}

describe("the metadata of a package are an RO-Crate 1.2", () => {
  it("a program that reads JSON-LD finds every entity, and no term is lost", async () => {
    for (const of of [both, packageFacts([captureFacts(id, { record: hostileRecord("a: b") })])]) {
      const document = JSON.parse(crateOf(of));
      const expanded = await jsonld.expand(document, strictly);
      const graph = graphOf(of);
      expect(expanded).toHaveLength(graph.length);
      for (const [at, item] of expanded.entries()) {
        const keys = Object.keys(graph[at]!);
        expect(Object.keys(item), graph[at]!["@id"]).toHaveLength(keys.length);
        expect(Object.keys(item).filter((key) => !/^(?:@id|@type|https?:\/\/.+)$/.test(key))).toEqual([]);
      }
      const terms = graph.flatMap((item) => [...Object.keys(item), item["@type"]]);
      expect(terms.filter((term) => !term.startsWith("@") && !(term in context["@context"]))).toEqual([]);
    }
  });

  it("a term that the context does not have is noticed", async () => {
    const document = { "@context": contextUrl, "@id": "https://crate.invalid/", unheardOf: "x" };
    await expect(jsonld.expand(document, strictly)).rejects.toThrow();
    const elsewhere = { ...document, "@context": "https://elsewhere.invalid/" };
    await expect(jsonld.expand(elsewhere, { documentLoader: loader })).rejects.toThrow();
  });

  it("the descriptor names the root and the version of the standard, and the root has what the standard asks for", () => {
    expect(entity(both, "ro-crate-metadata.json")).toMatchObject({
      "@type": "CreativeWork",
      about: { "@id": "./" },
      conformsTo: { "@id": "https://w3id.org/ro/crate/1.2" },
    });
    const root = entity(both, "./");
    expect(root["@type"]).toBe("Dataset");
    expect(root.datePublished).toBe(both.madeAt);
    for (const term of ["name", "description"]) expect(root[term]).toMatch(/\w/);
    expect(entity(both, referencesIn(root.license)[0]!).name).toBe("No licence is granted");
  });

  it("each entity has an id of its own, and every reference leads to one", () => {
    const graph = graphOf(both);
    const known = new Set(graph.map((item) => item["@id"]));
    expect(known.size).toBe(graph.length);
    const references = graph.flatMap((item) => Object.values(item).flatMap(referencesIn));
    expect(references.length).toBeGreaterThan(40);
    expect(references.filter((name) => !known.has(name))).toEqual(["https://w3id.org/ro/crate/1.2"]);
  });

  it("every file of the package is there exactly once, with size, digest and type, and is part of its capture", () => {
    const annex = packaged(`${id}/annex/annex.json`);
    const [first, second] = both.captures;
    const of = packageFacts([{ ...first!, files: [...first!.files, annex] }, second!], {
      profile: "with-annex",
    });
    const all = of.captures.flatMap(({ files }) => files);
    const listed = graphOf(of).filter((item) => item["@type"] === "File");
    expect(listed.map((item) => item["@id"]).sort()).toEqual(
      ["index.html", ...all.map(({ path }) => path)].sort(),
    );
    for (const { path, bytes, sha256 } of all)
      expect(entity(of, path)).toMatchObject({ contentSize: String(bytes), sha256 });
    for (const { id: capture, files } of of.captures)
      expect(referencesIn(entity(of, `${capture}/`).hasPart)).toEqual(files.map(({ path }) => path));
    expect(referencesIn(entity(of, "./").hasPart)).toEqual(["index.html", `${ids[0]}/`, `${ids[1]}/`]);
    expect(entity(of, `${id}/original/track-1.mp4`).encodingFormat).toBe("video/mp4");
  });

  it("a strict reader finds whatever the standard requires, of every program too", () => {
    const named = ["yt-dlp (changed since set-up)", "curl-cffi", "a program of tomorrow", "node"];
    const software = named.map((name) => ({ name, version: "", sha256: null, sha256_of: null }));
    const of = packageFacts([captureFacts(id, { record: { ...samples.record, software } })]);
    for (const facts of [both, of, packageFacts([captureFacts(id, { record: hostileRecord("a: b") })])])
      expect(crateProblems(crateOf(facts))).toEqual([]);
    const programs = graphOf(of).filter((item) => item["@type"] === "SoftwareApplication");
    expect(programs.find(({ name }) => name === named[0])!.url).toBe("https://github.com/yt-dlp/yt-dlp");
    expect(programs.find(({ name }) => name === named[2])!.description).toContain("leads nowhere");
  });

  it("what a strict reader would refuse is noticed", () => {
    const whole = crateOf(both);
    for (const [from, to] of [
      [`"contentSize": "4321"`, `"contentSize": "4 KB"`],
      [`"url": "https://github.com/yt-dlp/yt-dlp"`, `"alternateName": "yt-dlp"`],
      [`"@id": "${ids[1]}/"\n`, `"@id": "elsewhere/"\n`],
      [`"datePublished": "`, `"datePublished": "about `],
    ] as const) {
      const changed = whole.replace(from, to);
      expect(changed).not.toBe(whole);
      expect(crateProblems(changed), from).not.toEqual([]);
    }
  });

  it("its text is indented, ends with one line feed and is the same for the same facts", () => {
    expect(crateOf(both)).toBe(crateOf(structuredClone(both)));
    expect(crateOf(both)).toMatch(/^\{\n {2}"@context"[\s\S]*[^\n]\n$/);
  });
});

describe("the metadata say how the files came to be, and whose word each thing is", () => {
  it("a capture has its times, its source and its programs with their versions", () => {
    const action = entity(both, `#capture-${id}`);
    expect(action).toMatchObject({
      "@type": "CreateAction",
      startTime: samples.record.started_at,
      endTime: samples.record.ended_at,
    });
    expect(referencesIn(action.result)).toEqual([`${id}/original/track-1.mp4`, `${id}/record.json`]);
    const programs = referencesIn(action.instrument).map((name) => entity(both, name));
    expect(programs.map(({ name, version }) => [name, version])).toEqual([["yt-dlp", "2026.08.19"]]);
    expect(entity(both, referencesIn(action.object)[0]!)).toMatchObject({
      "@type": "WebPage",
      url: samples.record.requested_url,
    });
    expect(referencesIn(entity(both, "./").mentions)).toContain(`#capture-${id}`);
  });

  it("a derivation is made from the originals, and where there is none, none is stated", () => {
    const action = entity(both, `#derivation-${id}`);
    expect(referencesIn(action.object)).toEqual([`${id}/original/track-1.mp4`]);
    expect(referencesIn(action.result)).toContain(`${id}/derived/derivation.json`);
    expect(entity(both, `#derivation-${ids[1]}`)).toBeUndefined();
  });

  it("an import is not said to come from an address; the address is somebody's claim", () => {
    const source = entity(both, `#source-${ids[1]}`);
    expect(source["@type"]).toBe("CreativeWork");
    expect(source.url).toBeUndefined();
    expect(entity(both, `#claim-${ids[1]}-claimed_url`).description).toContain(
      "a person says so (--source-url)",
    );
  });

  it("title and uploader are values that nobody checked, never the name or author of anything", () => {
    const title = { value: "Who filmed this", basis: "platform_claim", from: "info.json:title" } as const;
    const of = packageFacts([
      captureFacts(id, {
        record: { ...samples.record, source: { ...samples.record.source, title, uploader: title } },
      }),
    ]);
    const holders = graphOf(of).filter((item) => JSON.stringify(item).includes("Who filmed this"));
    expect(holders.map((item) => item["@id"])).toEqual([`#claim-${id}-title`, `#claim-${id}-uploader`]);
    for (const item of holders) {
      expect(item["@type"]).toBe("PropertyValue");
      expect(item.description).toContain("nobody checked: the platform says so (info.json:title)");
    }
    expect(graphOf(of).filter((item) => /Person|Organization/.test(item["@type"]))).toEqual([]);
    for (const term of ["author", "agent", "creator", "publisher"])
      expect(crateOf(of)).not.toContain(`"${term}"`);
  });

  it.each(hostileTexts)("a hostile text is read back as it was and hides nothing: %#", (text) => {
    const of = packageFacts([captureFacts(id, { record: hostileRecord(text) })]);
    expect(crateOf(of)).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\0\u001b]/);
    expect(entity(of, `#claim-${id}-title`).value).toBe(text);
    expect(graphOf(of).filter((item) => !/^[#\w][\w./-]*$|^\.\/$/.test(item["@id"]))).toEqual([]);
  });
});
