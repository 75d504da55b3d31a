import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typedAddresses } from "../../src/cli/typed-addresses.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { holdfast } from "../support/cli.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(() => {
  mkdirSync(at("for.example"));
  writeFileSync(at("from source A. Serik.mp4"), "video");
  writeFileSync(at("for.example", "clip.mp4"), "video");
});
afterAll(() => folder.remove());

/** What is said of a text that is refused; null if it is taken. */
function refusal(text: string): string | null {
  try {
    typedAddresses([text], folder.path);
    return null;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return `${error.code}: ${error.message}; ${error.hint}`;
  }
}

describe("what somebody types as an address", () => {
  it.each([
    ["youtu.be/abcdefghijk", "https://youtu.be/abcdefghijk"],
    ["t.me/s/channel/12", "https://t.me/s/channel/12"],
    ["www.tiktok.com/@a/video/7?_r=1", "https://www.tiktok.com/@a/video/7?_r=1"],
    [" https://video.example/watch/1 ", "https://video.example/watch/1"],
    ["<https://video.example/watch/1>", "https://video.example/watch/1"],
    ["HTTPS://Video.Example/1", "HTTPS://Video.Example/1"],
  ])("%s is taken", (text, url) => expect(typedAddresses([text], folder.path)).toEqual([url]));

  it.each([
    "clip.mp4",
    "not an address",
    "--exec=touch pwned",
    "C:\\Users\\Serik\\clip.mp4",
    "file:///home/serik/clip.mp4",
    "ftp://video.example/clip.mp4",
    "",
  ])("%s is refused, with what to give instead", (text) =>
    expect(refusal(text)).toMatch(/^usage: capturing .*; (?:give a whole address|copy the address)/),
  );

  it("a file is refused, and the command that adds files is named", () => {
    for (const name of ["from source A. Serik.mp4", "for.example/clip.mp4", at("for.example", "clip.mp4")])
      expect(refusal(name)).toMatch(/; to add a file: holdfast import FILE$/);
  });

  it("a password in an address is not said again", () => {
    expect(refusal("https://anna:secret9@video.example/1")).toMatch(/^usage: /);
    expect(refusal("https://anna:secret9@video.example/1")).not.toContain("secret9");
  });

  it("that is none ends the command with 2 before anything is written, whatever else was typed", async () => {
    const words = [
      "archive",
      "--vault",
      at("vault"),
      "https://video.example/1",
      at("from source A. Serik.mp4"),
    ];
    const { status, stdout } = await holdfast(words);
    expect([status, stdout, existsSync(at("vault"))]).toEqual([2, "", false]);
  });
});
