import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { shippedRoots } from "../../src/vault/authority-roots.js";
import { defaultAuthorities, encodeSettings, newSettings, readSettings } from "../../src/vault/settings.js";
import { temporaryFolder } from "../support/vaults.ts";
import { readVectors } from "../support/vectors.ts";

const folder = temporaryFolder();
const path = join(folder.path, "holdfast.json");
const fresh = newSettings("2026-11-23T18:00:00.000Z", Buffer.alloc(16), Buffer.alloc(5));
const roots = readVectors<{ readonly roots: readonly string[] }>("tokens", "granted-rsa.json").flatMap(
  (one) => one.roots,
);

afterAll(() => folder.remove());

function read(settings: object) {
  writeFileSync(path, JSON.stringify({ ...fresh, settings }));
  return readSettings(path).settings.settings;
}

function problem(settings: object): string {
  try {
    read(settings);
    return "none";
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return error.message.split("knows: ")[1] ?? error.message;
  }
}

describe("the settings of a vault", () => {
  it("the roots of the authorities that a new vault asks stand in them, each the certificate that the list says", () => {
    for (const { name, roots = [] } of fresh.settings.authorities ?? []) {
      const listed = shippedRoots.filter(({ authority }) => authority === name);
      expect([name, roots]).toEqual([name, listed.map(({ pem }) => pem)]);
      for (const { pem, name: common, ends, sha256: digest } of listed) {
        const { raw, subject, validTo } = new X509Certificate(pem);
        expect(subject.split("\n")).toContain(`CN=${common}`);
        expect([new Date(validTo).toISOString(), sha256(raw)]).toEqual([ends, digest]);
      }
      expect(roots.length).toBeGreaterThan(0);
    }
  });

  it("a new vault asks two authorities at different hosts, and can be read back", () => {
    writeFileSync(path, encodeSettings(fresh));
    expect(readSettings(path).settings).toEqual(fresh);
    expect(
      new Set(defaultAuthorities.map(({ url }) => new URL(url).hostname.split(".").slice(-2).join("."))).size,
    ).toBe(2);
    expect(fresh.settings).toMatchObject({
      authorities: defaultAuthorities,
      calendars: [],
      anchor_wait_seconds: 10,
    });
  });

  it("a root in PEM, a policy and a proxy are taken", () => {
    const settings = {
      authorities: [{ name: "own", url: "https://tsa.example/", policy: "0.4.0.2023.1.1", roots }],
      proxy: "socks5://127.0.0.1:9050",
    };
    expect(read(settings)).toEqual(settings);
  });

  it.each([
    [
      "a root that is no certificate",
      {
        authorities: [
          {
            name: "own",
            url: "http://a.example",
            roots: [...roots, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
          },
        ],
      },
      "settings: root 2 of own is not a certificate in PEM",
    ],
    [
      "a policy that is no object identifier",
      { authorities: [{ name: "own", url: "http://a.example", policy: "3.4" }] },
      "settings: the policy of own is not an object identifier",
    ],
    [
      "an address that is none",
      { calendars: [{ name: "cal", url: "http://[" }] },
      "settings: the url of cal is not an address",
    ],
    [
      "two of one name",
      {
        authorities: [{ name: "own", url: "http://a.example" }],
        calendars: [{ name: "own", url: "http://b.example" }],
      },
      "settings: two authorities or calendars are called own",
    ],
    [
      "a proxy of another kind",
      { proxy: "ftp://127.0.0.1:9050" },
      "settings: proxy is neither http:// nor socks5:// with a host, such as socks5://127.0.0.1:9050",
    ],
  ])("%s is refused in words", (_, settings, words) => {
    expect(problem(settings)).toBe(words);
  });
});
