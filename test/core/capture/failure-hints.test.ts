import { describe, expect, it, test } from "vitest";
import { type FailureCode, failureOf } from "../../../src/core/capture/failure-codes.js";
import { withHint } from "../../../src/core/capture/failure-hints.js";

const hintOf = (code: FailureCode, host: string) => withHint(failureOf(code), host).hint;

describe("a hint names what helps on the platform that was asked", () => {
  test.each<readonly [FailureCode, string, RegExp]>([
    ["bot-check", "youtu.be", /an hour.*--proxy.*--cookies FILE.*JavaScript runtime/],
    ["login-required", "m.youtube.com", /--cookies FILE.*JavaScript runtime/],
    ["login-required", "www.instagram.com", /stories and private posts/],
    ["ip-blocked", "vm.tiktok.com", /another country with --proxy/],
    ["downloader-failed", "fb.watch", /--cookies FILE/],
    ["login-required", "vkvideo.ru", /what is not public/],
    ["not-on-web", "t.me", /Telegram's app, then: holdfast import FILE/],
    ["not-found", "telegram.me", /private channel/],
  ])("%s on %s", (code, host, words) => expect(hintOf(code, host)).toMatch(words));

  it("elsewhere, and where nothing special helps, it is the hint of the reason; nothing else changes", () => {
    expect(withHint(failureOf("bot-check"), "video.example")).toEqual(failureOf("bot-check"));
    expect(withHint(failureOf("gone"), "youtu.be")).toEqual(failureOf("gone"));
    expect(withHint(failureOf("bot-check"), "youtu.be")).toMatchObject({ code: "bot-check", retry: true });
  });

  it("is one line without a full stop", () => {
    for (const host of [
      "youtu.be",
      "instagr.am",
      "tiktok.com",
      "fb.watch",
      "x.com",
      "vk.ru",
      "ok.ru",
      "t.me",
    ])
      for (const code of ["bot-check", "login-required", "rate-limited", "not-found"] as const)
        expect(hintOf(code, host)).toMatch(/^[a-z][^\n]*[^.\n]$/);
  });
});
