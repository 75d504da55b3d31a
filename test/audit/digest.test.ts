import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { isSha256, sha256, sha512 } from "../../src/audit/digest.js";

test("the digests of nothing and of abc are those of FIPS 180-4", () => {
  expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha512("abc")).toBe(
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  );
});

test("text is hashed as its UTF-8 bytes, as sha256sum and sha512sum hash it", () => {
  const text = "Қазақстан 😀\n";
  expect(execFileSync("sha256sum", { input: text, encoding: "utf8" }).slice(0, 64)).toBe(sha256(text));
  expect(execFileSync("sha512sum", { input: text, encoding: "utf8" }).slice(0, 128)).toBe(sha512(text));
  expect(sha256(new TextEncoder().encode(text))).toBe(sha256(text));
});

test("only 64 lower-case hex digits pass as a SHA-256", () => {
  expect(isSha256(sha256(""))).toBe(true);
  for (const text of ["", sha256("").toUpperCase(), `${sha256("")}\n`, sha256("").slice(1), sha512("")]) {
    expect(isSha256(text)).toBe(false);
  }
});
