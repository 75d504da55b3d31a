import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isPrivateAddress,
  isPrivateHost,
  parseIpv6,
  parseSourceUrl,
} from "../../../src/core/capture/source-url.ts";

function refusal(text: string, allowPrivate = false): string | null {
  const source = parseSourceUrl(text, { allowPrivate });
  return "failure" in source ? source.failure.code : null;
}

describe("an address that may be asked for", () => {
  test.each(["https://example.org/watch?v=1", "http://example.org:8080/x", "  https://t.me/channel/1  "])(
    "%s",
    (text) => expect(refusal(text)).toBeNull(),
  );
});

describe("an address that is refused", () => {
  test.each([
    ["", "not-a-url"],
    ["not an address", "not-a-url"],
    ["--exec=touch /tmp/pwned", "not-a-url"],
    ["example.org/video", "not-a-url"],
    ["file:///etc/passwd", "unsupported-scheme"],
    ["ftp://example.org/x", "unsupported-scheme"],
    ["ytsearch:anything", "unsupported-scheme"],
    ["C:\\\\Users\\\\witness\\\\clip.mp4", "not-a-url"],
    ["d:/videos/clip.mp4", "not-a-url"],
    ["data:text/html,x", "unsupported-scheme"],
    ["https://user:password@example.org/", "not-a-url"],
    ["https://example.org/#__youtubedl_smuggle=%7B%7D", "not-a-url"],
    ["https://example.org/#%5F%5Fyoutubedl%5Fsmuggle=%7B%7D", "not-a-url"],
    ["https://example.org/?x=%255F_youtubedl_smuggle", "not-a-url"],
    [`https://example.org/${"a".repeat(2048)}`, "not-a-url"],
    ["http://localhost/", "private-address"],
    ["http://localhost./", "private-address"],
    ["http://intranet/", "private-address"],
    ["http://printer.local/", "private-address"],
    ["http://metadata.google.internal/", "private-address"],
    ["http://x.localhost:9000/", "private-address"],
    ["http://127.1/", "private-address"],
    ["http://2130706433/", "private-address"],
    ["http://0x7f.1/", "private-address"],
    ["http://017700000001/", "private-address"],
    ["http://①②⑦.⓪.⓪.①/", "private-address"],
    ["http://0/", "private-address"],
    ["http://[::1]/", "private-address"],
    ["http://[::ffff:127.0.0.2]/", "private-address"],
    ["http://169.254.169.254/latest/meta-data", "private-address"],
  ])("%s is refused as %s", (text, code) => expect(refusal(text)).toBe(code));

  test("private addresses pass only when they are asked for", () => {
    expect(refusal("http://127.0.0.1:8080/clip.mp4", true)).toBeNull();
    expect(refusal("file:///etc/passwd", true)).toBe("unsupported-scheme");
  });

  test("no text makes the check itself fail", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        const source = parseSourceUrl(text, { allowPrivate: false });
        expect("failure" in source || source.url.protocol.startsWith("http")).toBe(true);
      }),
    );
  });
});

describe("private addresses", () => {
  test.each([
    ...[
      "0.1.2.3",
      "10.255.255.255",
      "100.64.0.1",
      "100.127.255.255",
      "127.0.0.2",
      "169.254.1.1",
      "172.16.0.1",
    ],
    ...[
      "172.31.255.255",
      "192.0.0.8",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.0.1",
      "198.18.0.1",
      "198.19.255.255",
    ],
    ...["198.51.100.1", "203.0.113.77", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"],
    ...[
      "::",
      "::1",
      "::ffff:8.8.8.8",
      "::ffff:7f00:1",
      "::8.8.8.8",
      "64:ff9b::808:808",
      "64:ff9b:1::1",
      "100::1",
    ],
    ...[
      "2001::1",
      "2001:db8::1",
      "2002:7f00:1::",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "fe80::1%eth0",
      "fec0::1",
      "ff02::1",
    ],
    ...["localhost", "", "1.2.3", "1.2.3.4.5", "01.2.3.4", ":::", "1::2::3"],
  ])("%s is not dialled", (address) => expect(isPrivateAddress(address)).toBe(true));

  test.each([
    ...[
      "1.1.1.1",
      "8.8.8.8",
      "100.63.255.255",
      "100.128.0.0",
      "172.15.0.1",
      "172.32.0.1",
      "192.0.1.1",
      "192.167.1.1",
    ],
    ...[
      "198.17.255.255",
      "198.20.0.0",
      "223.255.255.255",
      "2606:4700:4700::1111",
      "2a00:1450:4001:81b::200e",
    ],
  ])("%s is a public address", (address) => expect(isPrivateAddress(address)).toBe(false));

  test("every spelling of an IPv6 address has one value", () => {
    expect(parseIpv6("2001:db8::1")).toBe(parseIpv6("2001:0db8:0:0:0:0:0:1"));
    expect(parseIpv6("::ffff:1.2.3.4")).toBe(parseIpv6("::ffff:102:304"));
    expect(parseIpv6("1:2:3:4:5:6:7:8:9")).toBeNull();
    expect(parseIpv6("1:2:3:4:5:6:7")).toBeNull();
  });

  test("a public name is not a private host", () => {
    expect(isPrivateHost("example.org")).toBe(false);
    expect(isPrivateHost("[2606:4700:4700::1111]")).toBe(false);
    expect(isPrivateHost("8.8.8.8")).toBe(false);
  });
});
