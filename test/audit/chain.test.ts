import { describe, expect, test } from "vitest";
import { checkLine, firstLink, lineHash } from "../../src/audit/entry.js";
import { readVectors } from "../support/vectors.js";

interface ChainVector {
  readonly comment: string;
  readonly lines: readonly string[];
  readonly expect: readonly { readonly line: number; readonly code: string }[];
}

function faultsOf(lines: readonly string[]) {
  let link = firstLink;
  return lines.flatMap((line, index) => {
    const check = checkLine(line, link);
    link = check.next;
    return check.faults.map(({ code }) => ({ line: index + 1, code }));
  });
}

describe("a log that was changed shows where", () => {
  test.each(readVectors<ChainVector>("chains"))("$name: $comment", (vector) => {
    expect(faultsOf(vector.lines)).toEqual(vector.expect);
  });
});

const log = readVectors<ChainVector>("chains", "untouched")[0]!.lines;

test("any character of any line changed is found", () => {
  const unfound: string[] = [];
  for (const [index, line] of log.slice(0, -1).entries()) {
    // What comes after the next line says nothing more of this one.
    const some = log.slice(0, index + 2);
    for (let at = 0; at < line.length; at += 1) {
      const other = line[at] === "0" ? "1" : "0";
      const changed = `${line.slice(0, at)}${other}${line.slice(at + 1)}`;
      if (faultsOf(some.with(index, changed)).length === 0) unfound.push(changed);
    }
  }
  expect(unfound).toEqual([]);
});

test("any entry but the last removed, and any two swapped, is found", () => {
  for (let first = 0; first < log.length; first++) {
    if (first < log.length - 1) expect(faultsOf(log.toSpliced(first, 1))).not.toEqual([]);
    for (let second = first + 1; second < log.length; second++) {
      expect(faultsOf(log.with(first, log[second]!).with(second, log[first]!))).not.toEqual([]);
    }
  }
});

test("the next entry must carry the hash of this line", () => {
  const { entry, next } = checkLine(log[0]!, firstLink);
  expect(entry?.event).toBe("vault-created");
  expect(next).toEqual({ seq: 2, prev: lineHash(log[0]!) });
});
