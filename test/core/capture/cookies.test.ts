import { describe, expect, it } from "vitest";
import { cookieFileProblem, cookiesFit, cookiesForHost } from "../../../src/core/capture/cookies.js";

const now = new Date("2026-11-23T18:00:00Z");
const later = "1900000000";
const over = "1700000000";

const line = (domain: string, expires = later, value = "secret-value") =>
  [domain, "TRUE", "/", "TRUE", expires, "session", value].join("\t");
const file = (...lines: readonly string[]) => ["# Netscape HTTP Cookie File", ...lines, ""].join("\n");
const kept = (text: string, host: string) =>
  cookiesForHost(text, host)
    .jar.split("\n")
    .slice(1)
    .flatMap((row) => (row === "" ? [] : [row.replace(/^#HttpOnly_/, "").split("\t")[0]]));

describe("the cookies of one site", () => {
  it.each([
    ["youtu.be", ".youtube.com"],
    ["www.youtube-nocookie.com", ".youtube.com"],
    ["fb.watch", ".facebook.com"],
    ["m.facebook.com", ".facebook.com"],
    ["instagr.am", ".instagram.com"],
    ["twitter.com", ".x.com"],
    ["x.com", ".twitter.com"],
    ["t.co", ".x.com"],
    ["vkvideo.ru", ".vk.com"],
    ["vk.ru", ".login.vk.com"],
    ["vm.tiktok.com", ".tiktok.com"],
    ["video.example", ".video.example"],
    ["www.video.example", ".video.example"],
    ["video.example", ".media.video.example"],
    ["VIDEO.example", ".Video.Example"],
  ])("go along when %s is asked and the file has them for %s", (host, domain) => {
    expect(kept(file(line(domain)), host)).toEqual([domain]);
    expect(cookiesFit(file(line(domain)), host, now)).toBe("fit");
  });

  it.each([
    ["youtube.com", "notyoutube.com"],
    ["youtube.com", ".google.com"],
    ["youtu.be", "youtu.be.example"],
    ["x.com", "netflix.com"],
    ["video.example", "com"],
    ["video.example", "example"],
    ["a.example", "b.example"],
  ])("never reach %s where the file has them for %s", (host, domain) => {
    expect(kept(file(line(domain)), host)).toEqual([]);
    expect(cookiesFit(file(line(domain)), host, now)).toBe("other-site");
  });

  it("keep the lines that only the server may read, and lose the comments", () => {
    const text = file("# a comment", `#HttpOnly_${line(".video.example")}`);
    expect(cookiesForHost(text, "video.example").jar).toBe(
      `# Netscape HTTP Cookie File\n#HttpOnly_${line(".video.example")}\n`,
    );
  });

  it("end at a whole second, as yt-dlp demands it", () => {
    const text = file(line(".a.example", "1900000000.372"));
    expect(cookiesForHost(text, "a.example").jar).toBe(file(line(".a.example")));
  });

  it.each([
    ["a.example", "TRUE", ".a.example", "TRUE"],
    [".a.example", "FALSE", ".a.example", "TRUE"],
    [".a.example", "true", ".a.example", "TRUE"],
    ["a.example", "false", "a.example", "FALSE"],
    ["192.0.2.7", "TRUE", "192.0.2.7", "FALSE"],
  ])(
    "say the same by domain and flag, for else Python refuses the file: %s %s",
    (domain, flag, ...wanted) => {
      const text = file([domain, flag, "/", "true", "Session", "session", "secret-value"].join("\t"));
      const [, written = ""] = cookiesForHost(text, domain.replace(/^\./, "")).jar.split("\n");
      expect(written.split("\t")).toEqual([...wanted, "/", "TRUE", "0", "session", "secret-value"]);
    },
  );

  it("are found behind the mark of UTF-8, which is no part of a domain", () => {
    expect(kept(`\ufeff${line("a.example")}\n`, "a.example")).toEqual([".a.example"]);
    expect(cookiesForHost(`\ufeff${line("a.example")}\n`, "a.example").jar).not.toContain("\ufeff");
  });

  it("are secrets, each value of them", () => {
    expect(cookiesForHost(file(line("a.example")), "a.example").secrets).toEqual(["secret-value"]);
  });
});

describe("before anything is fetched it is known", () => {
  it("that every cookie for the site is over", () => {
    expect(cookiesFit(file(line("a.example", over), line("b.example")), "a.example", now)).toBe("expired");
    expect(cookiesFit(file(line("a.example", over), line("a.example")), "a.example", now)).toBe("fit");
  });

  it("that a cookie which ends with the browser's session is not over", () => {
    expect(cookiesFit(file(line("a.example", "0")), "a.example", now)).toBe("fit");
  });

  it("that a file is in another format, or has no cookie", () => {
    expect(cookieFileProblem(file(line("a.example")))).toBeNull();
    expect(cookieFileProblem('[{"domain": ".a.example", "name": "session"}]')).toBe("json");
    expect(cookieFileProblem('\ufeff\n {"cookies": []}')).toBe("json");
    expect(cookieFileProblem("session=secret-value; other=1")).toBe("no-cookies");
    expect(cookieFileProblem(file(line("a.example").replaceAll("\t", "    ")))).toBe("no-cookies");
    expect(cookieFileProblem(Buffer.from(file(line("a.example")), "utf16le").toString())).toBe("utf-16");
    expect(cookieFileProblem("")).toBe("no-cookies");
  });
});
