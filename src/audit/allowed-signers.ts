import { checkpointNamespace } from "./checkpoint.js";
import { isUtcMillis } from "./entry.js";
import { demand, FormatError, readOr } from "./finding.js";
import { parsePublicKey, type SshPublicKey, sameKey, sshKeyTypes } from "./ssh-key.js";

/** One line of OpenSSH's `allowed_signers` (ssh-keygen(1), ALLOWED SIGNERS). Times are RFC 3339 in UTC. */
export interface AllowedSigner {
  /** Pattern list: commas, `*`, `?`, and `!` before a pattern that must not match. */
  readonly principals: string;
  /** Pattern list likewise; null if the line is for every namespace. */
  readonly namespaces: string | null;
  readonly validAfter: string | null;
  readonly validBefore: string | null;
  /** Whether the line ends in the word `stolen`, which OpenSSH takes for a comment (FORMAT.md §13). */
  readonly stolen: boolean;
  readonly key: SshPublicKey;
}

const bad = "bad-allowed-signers";

/** Whether a line of the list, for whatever log, says that this key was stolen. */
export function saysStolen(signers: readonly AllowedSigner[], key: SshPublicKey): boolean {
  return signers.some((signer) => signer.stolen && sameKey(signer.key, key));
}

/**
 * Whether a line of the list names this key for the origin and for checkpoints, and `at` (RFC 3339) lies in its time.
 * If `at` is null, the time is not judged. If a line says that the key was stolen, lines for it that do not say so
 * count for nothing, and `at` must be the word of an outside authority: whoever has the key can date a log as they
 * like.
 */
export function allows(
  signers: readonly AllowedSigner[],
  origin: string,
  key: SshPublicKey,
  at: string | null,
): boolean {
  const isStolen = saysStolen(signers, key);
  return signers.some(
    (signer) =>
      sameKey(signer.key, key) &&
      signer.stolen === isStolen &&
      matchesList(origin, signer.principals) &&
      (signer.namespaces === null || matchesList(checkpointNamespace, signer.namespaces)) &&
      (at === null || isInTime(signer, at)),
  );
}

/** As ssh-keygen judges its `verify-time`: in whole seconds, both ends included. */
function isInTime({ validAfter, validBefore }: AllowedSigner, at: string): boolean {
  const second = secondOf(at);
  return (
    (validAfter === null || second >= secondOf(validAfter)) &&
    (validBefore === null || second <= secondOf(validBefore))
  );
}

/** The seconds that have begun. */
export function secondOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}

/**
 * Reads an `allowed_signers` file as OpenSSH does. Skips comments, blank lines, `cert-authority` lines and key types
 * with which no vault is signed. A time without `Z` is taken as UTC, since the file names no time zone. Throws
 * FormatError `bad-allowed-signers` for any other line that OpenSSH would not read.
 */
export function parseAllowedSigners(text: string): readonly AllowedSigner[] {
  if (text.length > 1024 * 1024) throw new FormatError(bad, "it is too large for a list of signers");
  return text.split("\n").flatMap((line) => {
    // The lookbehind keeps a long run of blanks in the middle from being retried at every position.
    const trimmed = line.replace(/^[ \t]+|(?<![ \t\r])[ \t\r]+$/g, "");
    return trimmed === "" || trimmed.startsWith("#") ? [] : parseLine(trimmed);
  });
}

function parseLine(line: string): readonly AllowedSigner[] {
  const [principals, behind] = takeWord(line);
  const plain = principals.startsWith('"') ? principals.slice(1, -1) : principals;
  if (plain === "" || behind === "") throw new FormatError(bad, "a line has no key");
  const [word, rest] = takeWord(behind);
  const bare = keyType.test(word);
  const options = bare ? new Map<string, string | null>() : parseOptions(word);
  const key = parseKey(bare ? behind : rest);
  if (key === null || options.has("cert-authority")) return [];
  return [
    {
      principals: plain,
      namespaces: options.get("namespaces") ?? null,
      validAfter: parseTime(options.get("valid-after")),
      validBefore: parseTime(options.get("valid-before")),
      stolen: /[ \t]stolen$/.test(line),
      key,
    },
  ];
}

/** The first word and what follows it. White space inside double quotes does not end a word. */
function takeWord(text: string): readonly [word: string, behind: string] {
  const word = /^(?:[^\s"]|"(?:\\"|[^"])*")+/.exec(text)?.[0];
  if (word === undefined) throw new FormatError(bad, "a line has an open quotation mark");
  const behind = text.slice(word.length);
  demand(/^(?:$|[ \t])/.test(behind), bad, "a line has an open quotation mark");
  return [word, behind.trimStart()];
}

const keyType = /^(?:ssh-|ecdsa-|sk-|rsa-|webauthn-)[a-z0-9@.-]+$/;

/** Null for a key of a type with which no vault is signed. */
function parseKey(text: string): SshPublicKey | null {
  const [type] = takeWord(text);
  if (!keyType.test(type)) throw new FormatError(bad, "a line has no key");
  if (sshKeyTypes.every((known) => known !== type)) return null;
  return readOr(
    () => parsePublicKey(text),
    ({ message }) => {
      throw new FormatError(bad, `the key of a line: ${message}`);
    },
  );
}

const known: readonly string[] = ["namespaces", "valid-after", "valid-before"];

/**
 * `name="value"` and bare names between commas, in any order and case; a name given twice is refused, as OpenSSH does.
 */
function parseOptions(text: string): ReadonlyMap<string, string | null> {
  const options = new Map<string, string | null>();
  const option = /([A-Za-z-]+)(?:="((?:\\"|[^"])*)")?(?:,(?=.)|$)/y;
  while (option.lastIndex < text.length) {
    const [, name, value] = option.exec(text) ?? [];
    if (name === undefined) throw new FormatError(bad, "a line has options that cannot be read");
    const key = name.toLowerCase();
    const fits = value === undefined ? key === "cert-authority" : known.includes(key);
    if (!fits || options.has(key)) throw new FormatError(bad, "a line has an unknown or repeated option");
    options.set(key, value === undefined ? null : value.replaceAll('\\"', '"'));
  }
  return options;
}

/** `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, each with `Z` or without. */
function parseTime(text: string | null | undefined): string | null {
  if (text === undefined || text === null) return null;
  const parts = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z?$/.exec(text);
  if (!parts) throw new FormatError(bad, "a line has a time that cannot be read");
  const [, year, month, day, hour = "00", minute = "00", second = "00"] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  demand(isUtcMillis(iso), bad, "a line has a time that does not exist");
  return iso;
}

/** OpenSSH's `match_pattern_list`: one pattern must match, and none after a `!`. */
function matchesList(text: string, list: string): boolean {
  const patterns = list.split(",");
  const denied = patterns.some((pattern) => pattern.startsWith("!") && matches(text, pattern.slice(1)));
  return !denied && patterns.some((pattern) => !pattern.startsWith("!") && matches(text, pattern));
}

/** `*` is any text, `?` any character. In time of text times pattern, whatever the pattern. */
function matches(text: string, pattern: string): boolean {
  /** Each length of a beginning of the text that the pattern so far can match, in ascending order. */
  let lengths: readonly number[] = [0];
  for (const wanted of pattern.split("")) {
    const [shortest = text.length + 1] = lengths;
    lengths =
      wanted === "*"
        ? Array.from({ length: text.length + 1 - shortest }, (_, more) => shortest + more)
        : lengths.flatMap((at) =>
            at < text.length && (wanted === "?" || wanted === text[at]) ? [at + 1] : [],
          );
  }
  return lengths.includes(text.length);
}
