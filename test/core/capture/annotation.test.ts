import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  annotationBody,
  annotationBounds,
  annotationKey,
  fromCommandLine,
  fromRow,
  readAnnotation,
  statedValues,
} from "../../../src/core/capture/annotation.js";
import { annotationPatterns, knownKeys, valueProblem } from "../../../src/core/capture/annotation-forms.js";

const schema = JSON.parse(
  readFileSync(new URL("../../../schemas/annotation.schema.json", import.meta.url), "utf8"),
);
const validate = new Ajv2020({ strict: true }).compile(schema);
const digest = "7870d08a77390fcd9b77e32c46d2eacecadceef3be6ae4c08cceccd6c820eb1c";

describe("the key that a header stands for", () => {
  it.each([
    ["Place", "place"],
    ["Широта", "lat"],
    ["ДОЛГОТА ", "lon"],
    ["Орын", "place"],
    ["Күні", "incident_date"],
    ["Дата события", "incident_date"],
    ["Дело №", "case"],
    ["Іс", "case"],
    ["Ескерту", "note"],
    ["Дереккөз", "source"],
    ["latitude", "lat"],
    ["Место (город)", "место_город"],
    ["е\u0308", "ё"],
    ["__proto__", "proto"],
    ["a/b\tc", "a_b_c"],
    ["v1.2-x", "v1.2-x"],
    [" — ", ""],
  ])("%j: %j", (name, key) => {
    expect(annotationKey(name)).toBe(key);
    expect(annotationKey(key)).toBe(key);
  });
});

describe("values of keys that are known", () => {
  const good: Readonly<Record<string, readonly string[]>> = {
    lat: ["43.238949", "-90", "90.000", "+0,5", "\u22125", "07"],
    lon: ["76,889709", "180", "-180.0", "005", "179.99"],
    coordinates: ["43.2, 76.8", "43.2,76.8", "43,2; 76,8", "43,2 76,8", "43,2, 76,8", "-43;76", "43.2 76.8"],
    incident_date: ["2026", "2026-01", "2026-01-05", "2026-01-05T14:30+05:00", "2026-01-05T14:30:05.5Z"],
    country: ["KZ", "kz", "XK"],
    case: ["Дело-14/2", "КҮЗ_2026.1", "a", "дело № 14/2 (эпизод 3)", "№1", "a b"],
    language: ["kk", "uz-Cyrl", "zh-Hant-TW"],
  };
  const bad: Readonly<Record<string, readonly string[]>> = {
    lat: ["91", "90.1", "43°", "43.2N", "1e1", "", "--1", "43.", "а"],
    lon: ["181", "180.1", "1000", "76.8 E"],
    coordinates: ["43,2,76,8", "43.2", "91, 10", "10, 181", "43.2; 76,8"],
    country: ["Kazakhstan", "K", "К2", "zzz"],
    case: [" a", "a ", "x".repeat(65), "a;b", "a=b", "a\tb", ""],
    language: ["казахский", "k", "kk_KZ"],
  };

  it.each(Object.entries(good))("%s takes %j, as the schema does", (key, values) => {
    for (const value of values) {
      expect(valueProblem(key, value), value).toBeNull();
      expect(validate({ [key]: value }), value).toBe(true);
    }
  });

  it.each(Object.entries(bad))("%s does not take %j, nor does the schema", (key, values) => {
    for (const value of values) {
      expect(valueProblem(key, value), value).not.toBeNull();
      expect(validate({ [key]: value }), value).toBe(false);
    }
  });

  it("what the schema cannot say is refused too: a day no calendar has, a country there is none of", () => {
    expect(valueProblem("incident_date", "2026-02-30")).not.toBeNull();
    expect(valueProblem("country", "UK")).not.toBeNull();
  });

  it("the schema has the same keys with the same forms", () => {
    expect(Object.keys(schema.properties).sort()).toEqual([...knownKeys].sort());
    for (const [key, pattern] of Object.entries(annotationPatterns)) {
      if (key !== "case") expect(schema.properties[key].pattern, key).toBe(pattern);
    }
  });

  it("no pattern of a published schema asks a validator for classes of Unicode or for a look behind", () => {
    const folder = new URL("../../../schemas/", import.meta.url);
    const schemas = readdirSync(folder).filter((name) => name.endsWith(".schema.json"));
    expect(schemas.length).toBeGreaterThan(5);
    for (const name of schemas) {
      const patterns = readFileSync(new URL(name, folder), "utf8").matchAll(/"pattern": (".*")/g);
      for (const [, text = ""] of patterns) {
        const pattern: string = JSON.parse(text);
        expect(pattern, name).not.toMatch(/\\[pP]\{|\(\?</);
        expect(() => new RegExp(pattern), name).not.toThrow();
      }
    }
  });
});

describe("reading what a person typed or a row has", () => {
  it("keeps texts as typed, in order of key, without the blanks around them", () => {
    const { values, problems } = readAnnotation([
      ["Широта", " 43,238949 "],
      ["Дело", "14/2"],
      ["Көзі", '"Ә." жіберді\n2'],
    ]);
    expect(values).toEqual({ case: "14/2", lat: "43,238949", көзі: '"Ә." жіберді\n2' });
    expect(Object.keys(values)).toEqual(["case", "lat", "көзі"]);
    expect(problems).toEqual([]);
  });

  it("passes over a blank text, and takes back only where that is said", () => {
    expect(readAnnotation([["place", " "]])).toEqual({ values: {}, problems: [], unchecked: {} });
    expect(readAnnotation([["place", null]]).values).toEqual({ place: null });
  });

  it("names what does not fit and sets it aside unchecked, so that nothing of a list is lost", () => {
    const read = readAnnotation([
      ["Широта", "на север"],
      ["Дата", "зимой"],
      ["", "no header"],
      ["—", "nor here"],
      ["place", "Тараз"],
      ["Орын", "Алматы"],
      ["location", "Тараз"],
    ]);
    expect(read.values).toEqual({ place: "Тараз" });
    expect(read.problems).toEqual([
      expect.stringMatching(/^Широта: give degrees/),
      expect.stringMatching(/^Дата: give an ISO date/),
      expect.stringMatching(/^a column without a name: /),
      expect.stringMatching(/^—: /),
      expect.stringMatching(/^Орын: place already has another value/),
    ]);
    expect(read.unchecked).toEqual({
      unchecked: "no header\nnor here",
      "unchecked.incident_date": "зимой",
      "unchecked.lat": "на север",
      "unchecked.place": "Алматы",
    });
    expect(validate({ ...read.values, ...read.unchecked })).toBe(true);
  });

  it("has bounds: of a value, of a name, of how many, of all together", () => {
    const { value, key, keys, all } = annotationBounds;
    expect(readAnnotation([["note", "я".repeat(value)]]).problems).toEqual([]);
    expect(readAnnotation([["note", `${"я".repeat(value)}a`]])).toMatchObject({
      values: {},
      unchecked: {},
    });
    expect(readAnnotation([["к".repeat(key), "x"]]).problems).toEqual([]);
    const long = readAnnotation([["к".repeat(key + 1), "x"]]);
    expect(long).toMatchObject({ values: {}, unchecked: { unchecked: "x" } });
    const many = readAnnotation(Array.from({ length: keys + 1 }, (_, at) => [`k${at}`, "x"] as const));
    expect([Object.keys(many.values).length, many.problems.length]).toEqual([keys, 1]);
    const large = readAnnotation(
      Array.from({ length: 9 }, (_, at) => [`k${at}`, "x".repeat(value)] as const),
    );
    expect(Object.keys(large.values).length).toBe(Math.floor(all / (value + 2)));
    expect(large.problems).not.toEqual([]);
  });

  it("half a character becomes a whole one, since it could not be stored", () => {
    expect(readAnnotation([["note", "a\ud83d"]]).values).toEqual({ note: "a\ufffd" });
  });

  it("whatever is typed, what comes of it fits the schema and can be stated", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("Широта", "дата", "case"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
        const { values, unchecked } = readAnnotation(pairs);
        const all = { ...values, ...unchecked };
        expect(validate(all), JSON.stringify(all)).toBe(true);
        const body = annotationBody("20261123-4T9KX2MB", all, fromCommandLine);
        expect(Object.fromEntries(statedValues(body))).toEqual(all);
      }),
    );
  });
});

describe("the body of an entry", () => {
  it("names its keys in ascending order, the basis, and a list only by its digest", () => {
    expect(annotationBody("20261123-4T9KX2MB", { b: null, "10": "x", a: "y" }, fromRow(digest, 12))).toEqual({
      capture: "20261123-4T9KX2MB",
      values: [
        { key: "10", value: "x" },
        { key: "a", value: "y" },
        { key: "b", value: null },
      ],
      basis: "person_assertion",
      from: `list ${digest}, row 12`,
    });
  });

  it("of another form states nothing", () => {
    expect(statedValues({ values: "x" })).toEqual([]);
    expect(
      statedValues({ values: [1, { key: "a" }, { key: 1, value: "b" }, { key: "a", value: "b" }] }),
    ).toEqual([["a", "b"]]);
  });
});
