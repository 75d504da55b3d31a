import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decidedBy, type Finding } from "../../src/audit/finding.js";
import { type FindingCode, findingKinds, lineFinding, questions } from "../../src/audit/finding-codes.js";

const format = readFileSync(new URL("../../schemas/FORMAT.md", import.meta.url), "utf8");
const codes = Object.keys(findingKinds) as FindingCode[];

/** The cells of the tables between two headings of FORMAT.md. */
function cells(from: string, to: string): string[][] {
  const text = format.slice(format.indexOf(`\n${from}`), format.indexOf(`\n${to}`));
  return [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) =>
    row.split(/ ?\| ?/).map((cell) => cell.trim()),
  );
}

const named = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([a-z-]+)`/g)].map(([, name = ""]) => name);

const finding = (code: FindingCode, severity: Finding["severity"]): Finding => {
  return { code, severity, where: "somewhere", message: "something" };
};

describe("what a finding decides is one closed table", () => {
  it("which is that of FORMAT.md, code by code", () => {
    const stated = cells("### 18.5", "## 19")
      .filter(([first]) => first?.startsWith("`"))
      .flatMap(([first, severity = "", fails, opens]) =>
        named(first).map((code) => [
          code,
          { severities: severity.split(" or "), fails: named(fails), opens: named(opens) },
        ]),
      );
    expect(new Set(stated.map(([code]) => code)).size).toBe(stated.length);
    expect(Object.fromEntries(stated)).toEqual(findingKinds);
  });

  it("and every code that FORMAT.md explains is in it", () => {
    const explained = cells("### 18.1", "### 18.5").flatMap(([first]) =>
      named(first?.replace(/\(.*?\)/g, "")),
    );
    expect(explained.length).toBeGreaterThan(80);
    expect(explained.filter((code) => !(code in findingKinds))).toEqual([]);
  });

  it("and every code in it is explained in FORMAT.md, with a severity that it can have", () => {
    const explained = cells("### 18.1", "### 18.5").flatMap((row) => {
      const severity = row.length === 3 && /^(error|note)$/.test(row[1] ?? "") ? row[1] : null;
      return named(row[0]).map((code) => [code, severity] as const);
    });
    const known = new Set(explained.map(([code]) => code));
    expect(codes.filter((code) => !known.has(code) && !code.startsWith("log-"))).toEqual([]);
    const severities: Readonly<Record<string, { readonly severities: readonly string[] }>> = findingKinds;
    const stated = explained.filter(([, severity]) => severity !== null);
    expect(stated.length).toBeGreaterThan(40);
    const wrong = stated.filter(([code, one]) => one && !severities[code]?.severities.includes(one));
    expect(wrong).toEqual([]);
  });

  it("every reason for which a line is refused has a code of its own", () => {
    const forms = format.slice(format.indexOf("### 4.1"), format.indexOf("### 4.4"));
    const reasons = named(forms).filter((code) => code.includes("-"));
    expect(reasons.length).toBeGreaterThan(15);
    expect(reasons.filter((code) => lineFinding(code) !== `log-${code}`)).toEqual([]);
  });

  it.each(questions)(
    "an error fails %s exactly where the table says so, and a note never does",
    (question) => {
      const failing = codes.filter((code) => decidedBy([finding(code, "error")], question) === "fail");
      expect(failing).toEqual(codes.filter((code) => findingKinds[code].fails.includes(question)));
      expect(codes.filter((code) => decidedBy([finding(code, "note")], question) === "fail")).toEqual([]);
    },
  );

  it("what fails a question outweighs what leaves it open", () => {
    const open = finding("being-written", "note");
    expect(decidedBy([open], "hashes")).toBe("unchecked");
    expect(decidedBy([open, finding("file-changed", "error")], "hashes")).toBe("fail");
    expect(decidedBy([], "hashes")).toBeNull();
  });
});
