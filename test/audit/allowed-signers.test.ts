import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { allows, parseAllowedSigners, saysStolen } from "../../src/audit/allowed-signers.js";
import { checkpointNamespace as namespace } from "../../src/audit/checkpoint.js";
import { FormatError } from "../../src/audit/finding.js";
import { parsePublicKey } from "../../src/audit/ssh-key.js";
import { secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { opensshAccepts } from "../support/ssh.js";
import { readVectors } from "../support/vectors.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secrets = [1, 2].map((seed) => secretOfSeed(Buffer.alloc(32, seed)));
const [first, second] = secrets.map(({ publicKey }) => publicKey.line);
const key = secrets[0]!.publicKey;
const origin = "holdfast/0f6c3d3b5a1e4c9d8b7a69584736251f";

/** Whether ssh-keygen accepts a signature of the nth key by this list. */
function openssh(
  signers: string,
  nth: number,
  at?: string,
  principal = origin,
  purpose = namespace,
): boolean {
  const signature = signMessage(Buffer.from("message"), purpose, secrets[nth]!);
  const given = { signers, principal, namespace: purpose, signature, message: "message" };
  return opensshAccepts(folder, at === undefined ? given : { ...given, at });
}

const otherKey =
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDXjcrLpUZgjLWRdGaFAF8lZ3o48NwBJm7UwyrVJQAkjWkN7ZoiGl7RHzlPqt9ZPqYUQ/4rZwtZ0ZFZ4qM9Tm6o=";

/** A list and whether it names the first key for this vault's checkpoints; OpenSSH is asked the same. */
const lists: readonly (readonly [what: string, list: string, named: boolean])[] = [
  ["a line without options", `${origin} ${first}`, true],
  ["a comment behind the key", `${origin} ${first} laptop of the archive`, true],
  ["tabs and spaces", `  ${origin} \t namespaces="${namespace}"\t ${first}  `, true],
  ["comments and blank lines around", `# signers\n\n   # more\n${origin} ${first}\n\n`, true],
  ["no line feed at the end", `${origin} ${first}`, true],
  ["CR LF", `${origin} ${first}\r\n`, true],
  ["another vault", `holdfast/00000000000000000000000000000000 ${first}`, false],
  ["another key", `${origin} ${second}`, false],
  ["one of several principals", `a@example.org,${origin},b ${first}`, true],
  ["quoted principals", `"a@example.org,${origin}" ${first}`, true],
  ["every vault", `holdfast/* ${first}`, true],
  ["everybody", `* ${first}`, true],
  ["question marks", `holdfast/${"?".repeat(32)} ${first}`, true],
  ["a question mark too few", `holdfast/${"?".repeat(31)} ${first}`, false],
  ["stars in the middle", `h*fast/*6251f ${first}`, true],
  ["a pattern that ends too early", `holdfast/0f6c ${first}`, false],
  ["a vault that is left out", `holdfast/*,!${origin} ${first}`, false],
  ["a vault that is left out, said first", `!${origin},* ${first}`, false],
  ["another vault that is left out", `!holdfast/ff*,holdfast/* ${first}`, true],
  ["only a vault that is left out", `!holdfast/ff* ${first}`, false],
  ["namespaces as a list", `${origin} namespaces="file,${namespace},git" ${first}`, true],
  ["namespaces as a pattern", `${origin} namespaces="holdfast-*" ${first}`, true],
  ["another namespace", `${origin} namespaces="git" ${first}`, false],
  ["a namespace that is left out", `${origin} namespaces="*,!${namespace}" ${first}`, false],
  [
    "options in another order and case",
    `${origin} Valid-After="20200101",NAMESPACES="${namespace}" ${first}`,
    true,
  ],
  ["a certificate authority", `${origin} cert-authority ${first}`, false],
  [
    "a certificate authority with namespaces",
    `${origin} cert-authority,namespaces="${namespace}" ${first}`,
    false,
  ],
  ["a key of another type first", `${origin} ${otherKey}\n${origin} ${first}`, true],
  [
    "the same key twice, the second for this",
    `${origin} namespaces="git" ${first}\n${origin} ${first}`,
    true,
  ],
];

interface SignersVector {
  readonly signers: string;
  readonly origin: string;
  readonly key: string;
  readonly at: string;
  readonly expect: { readonly named: boolean; readonly stolen: boolean; readonly allowed: boolean };
}

describe("the vectors of FORMAT.md §13", () => {
  it.each(readVectors<SignersVector>("signers"))("$comment ($name)", (vector) => {
    const [list, named] = [parseAllowedSigners(vector.signers), parsePublicKey(vector.key)];
    expect({
      named: allows(list, vector.origin, named, null),
      stolen: saysStolen(list, named),
      allowed: allows(list, vector.origin, named, vector.at),
    }).toEqual(vector.expect);
  });
});

describe("lists that people keep", () => {
  it.each(lists)("%s", (_what, list, named) => {
    expect(allows(parseAllowedSigners(list), origin, key, null)).toBe(named);
  });

  it.each(lists)("ssh-keygen says the same: %s", (_what, list, named) => {
    expect(openssh(list, 0)).toBe(named);
  });

  it.each([
    ['"20260102"', "2026-01-02T00:00:00.000Z"],
    ['"20260102Z"', "2026-01-02T00:00:00.000Z"],
    ['"202601020304"', "2026-01-02T03:04:00.000Z"],
    ['"202601020304Z"', "2026-01-02T03:04:00.000Z"],
    ['"20260102030405"', "2026-01-02T03:04:05.000Z"],
    ['"20260102030405Z"', "2026-01-02T03:04:05.000Z"],
  ])("the time %s is %s", (text, time) => {
    const [signer] = parseAllowedSigners(`${origin} valid-after=${text} ${first}`);
    expect(signer?.validAfter).toBe(time);
    expect(openssh(`${origin} valid-after=${text} ${first}`, 0, "20270101Z")).toBe(true);
  });

  it.each([
    ["before its time", "2026-01-02T03:04:04.999Z", false],
    ["at the first second of its time", "2026-01-02T03:04:05.000Z", true],
    ["at the last second of its time", "2026-01-03T03:04:05.000Z", true],
    ["within the last second", "2026-01-03T03:04:05.999Z", true],
    ["a second later", "2026-01-03T03:04:06.000Z", false],
  ])("a key counts as ssh-keygen has it, %s", (_when, at, counts) => {
    const options = 'valid-after="20260102030405Z",valid-before="20260103030405Z"';
    const list = `${origin} ${options} ${first}`;
    expect(allows(parseAllowedSigners(list), origin, key, at)).toBe(counts);
    expect(openssh(list, 0, at.replace(/[-:T]|\.\d+/g, ""))).toBe(counts);
    const twice = `${list}\n${origin} ${first}`;
    expect(allows(parseAllowedSigners(twice), origin, key, at)).toBe(true);
  });

  it.each([
    ["a line without a key", origin],
    ["a key without a principal", `${first}`],
    ["an open quotation mark", `"${origin} ${first}`],
    ["options with an open quotation mark", `${origin} namespaces="x ${first}`],
    ["an unknown option", `${origin} restrict ${first}`],
    ["an option without its value", `${origin} namespaces ${first}`],
    ["an option twice", `${origin} namespaces="a",namespaces="b" ${first}`],
    ["a time that is none", `${origin} valid-after="tomorrow" ${first}`],
    ["a time in the month 13", `${origin} valid-after="20261301" ${first}`],
    ["a damaged key", `${origin} ${first!.slice(0, -4)}`],
    ["options and no key", `${origin} namespaces="x"`],
    ["something that is no list", "-----BEGIN CERTIFICATE-----"],
    ["two megabytes", "#".repeat(2 * 1024 * 1024)],
  ])("%s is refused", (_what, list) => {
    expect(() => parseAllowedSigners(list)).toThrow(FormatError);
    expect(openssh(list, 0)).toBe(false);
  });

  it("a pattern of many stars takes no time", () => {
    const list = `${"*a".repeat(1000)}b ${first}`;
    expect(allows(parseAllowedSigners(list), "a".repeat(1000), key, null)).toBe(false);
  });

  it.each([
    ["the word at the end", `${origin} ${first} stolen`, true],
    ["the word at the end of a comment", `${origin} ${first} laptop of the archive, stolen`, true],
    ["blanks and CR LF behind the word", `${origin} ${first} stolen \t\r\n`, true],
    ["the word on a line for another log", `holdfast/other ${first} stolen\n${origin} ${first}`, true],
    ["the word in the middle of a comment", `${origin} ${first} stolen laptop`, false],
    ["a word that only ends so", `${origin} ${first} unstolen`, false],
    ["another key's line", `${origin} ${first}\n${origin} ${second} stolen`, false],
  ])(
    "a line says that its key was stolen by %s, which ssh-keygen takes for a comment",
    (_what, list, says) => {
      expect(saysStolen(parseAllowedSigners(list), key)).toBe(says);
      expect(openssh(list, 0)).toBe(true);
    },
  );

  it("of a key that one line calls stolen, the lines that do not say so count for nothing", () => {
    const both = `${origin} ${first}\n${origin} valid-before="20260301Z" ${first} stolen\n`;
    expect(allows(parseAllowedSigners(both), origin, key, "2026-02-01T00:00:00.000Z")).toBe(true);
    expect(allows(parseAllowedSigners(both), origin, key, "2026-04-01T00:00:00.000Z")).toBe(false);
    expect(allows(parseAllowedSigners(`${origin} ${first}`), origin, key, "2026-04-01T00:00:00.000Z")).toBe(
      true,
    );
  });
});
