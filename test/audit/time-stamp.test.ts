import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkTimeStamp } from "../../src/audit/time-stamp.js";
import { encodeTimeStampRequest, nonceText, readRefusal } from "../../src/seal/time-stamp-request.js";
import { der, opensslAccepts, readRequest, responseAround } from "../support/authority-stamps.ts";
import { readVectors } from "../support/vectors.ts";

interface TokenVector {
  readonly comment: string;
  readonly signed_base64: string;
  readonly response_base64: string;
  readonly roots: readonly string[];
  /** As of when `openssl ts -verify` is asked. */
  readonly at: string;
  readonly expect: {
    readonly code?: string;
    readonly gen_time?: string;
    readonly policy?: string;
    readonly serial?: string;
    readonly signer_sha256?: string;
    readonly trusted?: boolean;
    /** Where `openssl ts` cannot read it, and `openssl cms` can. */
    readonly form?: "cms";
  };
}

const vectors = readVectors<TokenVector>("tokens");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-tokens-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bytesOf({ signed_base64, response_base64 }: TokenVector) {
  return { signed: Buffer.from(signed_base64, "base64"), response: Buffer.from(response_base64, "base64") };
}

function vector(name: string): TokenVector {
  return vectors.find((one) => one.name === `${name}.json`)!;
}

async function outcome(
  { response, signed }: { response: Uint8Array; signed: Uint8Array },
  roots: readonly string[],
) {
  const check = await checkTimeStamp(response, signed, roots);
  if (!("timeStamp" in check)) return { code: check.code };
  const { genTime, policy, serial, signerSha256, root, form } = check.timeStamp;
  const stated = { gen_time: genTime, policy, serial, signer_sha256: signerSha256, trusted: root.trusted };
  return form === "cms" ? { ...stated, form } : stated;
}

describe("a time-stamp counts only as FORMAT.md §15 says", () => {
  it.each(vectors)("$name: $comment", async (one) => {
    expect(await outcome(bytesOf(one), one.roots)).toEqual(one.expect);
  });

  // Where we are stricter: FORMAT.md asks for SHA-256 and for a time that exists; OpenSSL reads the rest liberally.
  const stricter = [
    "malformed-no-time.json",
    "malformed-local-time.json",
    "malformed-bytes-behind.json",
    "imprint-sha512.json",
    "signature-sha1.json",
  ];

  it.each(vectors.filter(({ expect: { form } }) => form === "cms"))(
    "openssl ts cannot read $name, and openssl cms can",
    async (one) => {
      const rootFile = join(folder, "roots.pem");
      writeFileSync(rootFile, one.roots.join("\n"));
      const given = { ...bytesOf(one), rootFile, genTime: one.at };
      expect(await opensslAccepts(folder, given)).toBe(false);
      expect(await opensslAccepts(folder, given, "cms")).toBe(true);
    },
  );

  it.each(vectors.filter(({ name, expect: { form } }) => !stricter.includes(name) && form === undefined))(
    "OpenSSL says the same about $name",
    async (one) => {
      const rootFile = join(folder, "roots.pem");
      writeFileSync(rootFile, one.roots.length > 0 ? one.roots.join("\n") : rootCertificates[0]!);
      const accepted = await opensslAccepts(folder, { ...bytesOf(one), rootFile, genTime: one.at });
      expect(accepted).toBe(one.expect.trusted === true);
    },
  );

  it.each(stricter)("OpenSSL takes %s, and we do not", async (name) => {
    const one = vectors.find((other) => other.name === name)!;
    const rootFile = join(folder, "roots.pem");
    writeFileSync(rootFile, one.roots.join("\n"));
    expect(await opensslAccepts(folder, { ...bytesOf(one), rootFile, genTime: one.at })).toBe(true);
    expect(one.expect.code).toBeDefined();
  });

  it("the chain is given from the signer to the root, each issued by the next", async () => {
    const one = vector("granted-rsa");
    const check = await checkTimeStamp(bytesOf(one).response, bytesOf(one).signed, one.roots);
    expect("timeStamp" in check && check.timeStamp).toMatchObject({
      signerName: "Holdfast Test TSA rsa",
      accuracyMs: 1000,
      nonce: nonceText(Buffer.from("8899aabbccddeeff", "hex")),
      root: { trusted: true, name: "Holdfast Test Root" },
    });
    expect("timeStamp" in check && check.timeStamp.chain.length).toBe(3);
  });

  it("several roots in one text, and others beside the right one, do not matter", async () => {
    const one = vector("granted-p256");
    const roots = [`${rootCertificates.slice(0, 3).join("\n")}\n${one.roots[0]}`, "not a certificate"];
    expect(await outcome(bytesOf(one), roots)).toEqual(one.expect);
  });
});

describe("a response in hostile hands", () => {
  it("a changed byte never makes it state something else, and is never a crash", async () => {
    const { response, signed } = bytesOf(vector("granted-p256"));
    const { roots, expect: right } = vector("granted-p256");
    const others: unknown[] = [];
    for (let at = 0; at < response.length; at += 13) {
      const changed = Buffer.from(response);
      changed[at]! ^= 0x11;
      const found = await outcome({ response: changed, signed }, roots);
      const harmless = "code" in found || !found.trusted || JSON.stringify(found) === JSON.stringify(right);
      if (!harmless) others.push({ at, found });
    }
    expect(others).toEqual([]);
  });

  it("no response that breaks off is more than malformed", async () => {
    const { response, signed } = bytesOf(vector("granted-rsa"));
    const codes = new Set<unknown>();
    for (let length = 0; length < response.length; length += 7) {
      codes.add(Object.values(await outcome({ response: response.subarray(0, length), signed }, []))[0]);
    }
    expect([...codes]).toEqual(["token-malformed"]);
  });

  const mebibyte = 1024 * 1024;
  const nested = (depth: number) => {
    let inner: Buffer = Buffer.alloc(0);
    for (let level = 0; level < depth; level++) inner = der(0x30, inner);
    return inner;
  };
  it.each<[string, Buffer]>([
    ["thousands of nested sequences", nested(5000)],
    ["nested sequences without lengths", Buffer.alloc(mebibyte, Buffer.of(0x30, 0x80))],
    [
      "half a million empty values",
      Buffer.concat([Buffer.of(0x30, 0x83, 0x0f, 0xff, 0xf0), Buffer.alloc(0x0ffff0, Buffer.of(5, 0))]),
    ],
    ["a length of many bytes", Buffer.concat([Buffer.of(0x30, 0x88), Buffer.alloc(8, 0xff)])],
    ["more than 1 MiB", Buffer.alloc(mebibyte + 1, 0x30)],
    ["a sequence of nothing", Buffer.of(0x30, 0)],
    ["a status and an empty token", responseAround(Buffer.of(0x30, 0))],
    [
      "a token of another kind",
      responseAround(der(0x30, Buffer.from("06092a864886f70d010701", "hex"), der(0xa0, der(4)))),
    ],
  ])("%s: malformed, and soon", async (_, response) => {
    expect(await outcome({ response, signed: Buffer.from("x") }, [])).toEqual({ code: "token-malformed" });
  });

  it("certificates that issue each other in a circle end the search", async () => {
    const one = vector("untrusted-root");
    const twice = [...one.roots, ...one.roots, ...rootCertificates];
    expect(await outcome(bytesOf(one), twice)).toEqual(one.expect);
  });
});

describe("a request", () => {
  it("is read back as it was meant, with a policy and without", () => {
    const digest = Buffer.alloc(32, 0xab);
    for (const nonce of ["8899aabbccddeeff", "0011223344556677", "7fffffffffffffff", "0000000000000000"]) {
      for (const policy of [
        null,
        "1.2.3.4.1",
        "2.16.840.1.114412.7.1",
        "0.4.0.2023.1.1",
        "2.999.1234567890123",
      ]) {
        const read = readRequest(encodeTimeStampRequest(digest, Buffer.from(nonce, "hex"), policy));
        expect({ ...read, nonce: nonceText(read.nonce) }).toEqual({
          digest,
          nonce: BigInt(`0x${nonce}`).toString(),
          policy,
        });
      }
    }
  });

  it("cannot ask for a policy that is no object identifier", () => {
    expect(() => encodeTimeStampRequest(Buffer.alloc(32), Buffer.alloc(8), "3.1")).toThrow(
      "object identifier",
    );
  });

  it("a refusal is told in the authority's own words, cut to what fits", () => {
    expect(readRefusal(bytesOf(vector("malformed-rejected")).response)).toBe(
      "Requested policy is not supported.",
    );
    expect(readRefusal(bytesOf(vector("granted-rsa")).response)).toBeNull();
    const words = der(0x30, der(0x0c, Buffer.from("no ".repeat(500))));
    expect(readRefusal(der(0x30, der(0x30, der(0x02, Buffer.of(2)), words)))?.length).toBe(200);
  });
});
