import { describe, expect, it } from "vitest";
import { withoutOwnFolders } from "../../src/cli/own-folders.js";

const own = { cwd: "/home/maria+1/work", home: "/home/maria+1" };

describe("what is said on a terminal", () => {
  const cases: readonly [string, string, string][] = [
    [
      "a path below the current folder is named from there",
      "  folder  /home/maria+1/work/v/objects/1",
      "  folder  v/objects/1",
    ],
    [
      "the current folder itself is named from home",
      "there is no vault in /home/maria+1/work",
      "there is no vault in ~/work",
    ],
    [
      "the home folder is ~",
      "key /home/maria+1/.config/k, home '/home/maria+1'",
      "key ~/.config/k, home '~'",
    ],
    [
      "of a path that is quoted for a shell the ~ stands outside the quotes, where a shell reads it",
      "next holdfast show X --vault '/home/maria+1/my evidence'",
      "next holdfast show X --vault ~/'my evidence'",
    ],
    [
      "longer names that begin alike are others",
      "/home/maria+1nna/x /home/maria+1/resources",
      "/home/maria+1nna/x ~/resources",
    ],
    ["a path inside another one stays", "/mnt/home/maria+1/x", "/mnt/home/maria+1/x"],
  ];
  it.each(cases)("%s", (_claim, words, expected) => {
    expect(withoutOwnFolders(words, own)).toBe(expected);
  });

  it("a home or current folder that is the root leaves every word as it is", () => {
    for (const place of [
      { cwd: "/", home: "/" },
      { cwd: "/", home: null },
      { cwd: "", home: "" },
    ])
      expect(withoutOwnFolders("at /v and / and ~", place)).toBe("at /v and / and ~");
  });
});
