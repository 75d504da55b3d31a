import { describe, expect, test } from "vitest";
import { askedAddress, hostsOfSite, isTelegramPost } from "../../../src/core/capture/sites.js";

const asked = (text: string) => askedAddress(new URL(text));
const isPost = (text: string) => isTelegramPost(new URL(text));

describe("a Telegram post", () => {
  test.each([
    ["https://t.me/s/channel/12", "https://t.me/channel/12"],
    ["https://telegram.me/channel/12?single", "https://t.me/channel/12?single"],
    ["https://telegram.dog/s/channel/12/", "https://t.me/channel/12"],
    ["http://t.me/channel/12", "https://t.me/channel/12"],
  ])("at %s is asked for at %s", (typed, address) => expect(asked(typed)).toBe(address));

  test("has every video in it, unless one of them is named", () => {
    expect(isPost("https://t.me/channel/12")).toBe(true);
    expect(isPost("https://t.me/s/channel/12?q=word")).toBe(true);
    expect(isPost("https://t.me/channel/12?single")).toBe(false);
  });

  test.each(["https://t.me/s/channel", "https://t.me/c/123/45/6", "https://t.me.example/channel/12"])(
    "is not what %s names, which is asked for as it is",
    (typed) => expect([asked(typed), isPost(typed)]).toEqual([typed, false]),
  );
});

test("a host belongs to its site with every name below it, and to no other", () => {
  expect(hostsOfSite("M.Youtube.com.")).toContain("youtu.be");
  expect(hostsOfSite("notyoutube.com")).toEqual(["notyoutube.com"]);
  expect(hostsOfSite("x.com.example")).toEqual(["x.com.example"]);
});
