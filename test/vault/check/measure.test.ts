import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256, sha512 } from "../../../src/audit/digest.js";
import { measureFiles } from "../../../src/vault/check/measure.js";
import { temporaryFolder } from "../../support/vaults.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const at = (name: string) => join(folder.path, name);

const words = Buffer.from("Тоқтат!\n");
const measured = (bytes: Buffer) => ({ bytes: bytes.length, sha256: sha256(bytes), sha512: sha512(bytes) });
const large = 17 * 1024 ** 2;

beforeAll(() => {
  writeFileSync(at("words"), words);
  writeFileSync(at("empty"), "");
  writeFileSync(at("large"), words);
  truncateSync(at("large"), large);
  mkdirSync(at("folder"));
  symlinkSync(at("words"), at("link"));
});

const named = ["words", "empty", "folder", "link", "gone", `${"n".repeat(300)}`];
const whole = Buffer.alloc(large);
words.copy(whole);

/** The same files, with so much before them that threads read them, and without. */
describe.each([
  ["here, where there is little to read", []],
  ["on threads, where there is much to read", ["large"]],
])("files are hashed %s", (_, before) => {
  const paths = [...before, ...named].map(at);

  it("in the order asked, and one that is no file or cannot be read says so and holds up no other", async () => {
    const counted: number[] = [];
    const found = await measureFiles(paths, false, (done) => counted.push(done));
    expect(found).toEqual([
      ...before.map(() => measured(whole)),
      measured(words),
      measured(Buffer.alloc(0)),
      { problem: expect.stringMatching(/not a regular file/) },
      ...["ELOOP", "ENOENT", "ENAMETOOLONG"].map((code) => ({ problem: expect.stringContaining(code) })),
    ]);
    expect(counted).toEqual(paths.map((_path, index) => index + 1));
  });

  it("with SHA-256 alone where the check is quick", async () => {
    const [first] = await measureFiles(paths, true, () => undefined);
    expect(first).toEqual({ ...measured(before.length === 0 ? words : whole), sha512: null });
  });

  it("no further once that is stopped", async () => {
    const stop = new AbortController();
    const counted: number[] = [];
    const stopped = measureFiles(
      paths,
      false,
      (done) => {
        counted.push(done);
        stop.abort(new Error("stopped"));
      },
      stop.signal,
    );
    await expect(stopped).rejects.toThrow("stopped");
    expect(counted.length).toBeLessThan(paths.length);
  });
});

it("as many as a large vault has are hashed like one", async () => {
  const many = Array.from({ length: 1100 }, (_, index) => at(index % 2 === 0 ? "words" : "empty"));
  const found = await measureFiles(many, true, () => undefined);
  expect(new Set(found.map((one) => JSON.stringify(one))).size).toBe(2);
  expect(found).toHaveLength(many.length);
});
