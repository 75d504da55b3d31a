import { describe, expect, it } from "vitest";
import { withoutPaths } from "../../../src/core/words/local-paths.js";

describe("an error's text in the log", () => {
  it("names no folder of this machine, the innermost is named by its own mark, and it is one short line", () => {
    const places = [
      ["/home/somebody", "<home>"],
      ["/home/somebody/vault", "<vault>"],
      ["/", "<root>"],
    ] as const;
    expect(withoutPaths("EACCES: open '/home/somebody/vault/x'\n  at /home/somebody/y", places)).toBe(
      "EACCES: open '<vault>/x' at <home>/y",
    );
    expect(withoutPaths("x".repeat(600), places)).toHaveLength(500);
    expect(withoutPaths("half \ud800", [])).toBe("half \ufffd");
  });
});
