import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Files below a folder, those aside that `skipped` names by their path in it. */
export function filesBelow(folder: string, skipped: (path: string) => boolean): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !skipped(path.slice(folder.length + 1)));
}

/** Everything in these files that could be a digest, as hex or base64, cut into every length that a digest has. */
export function digestsIn(files: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of files) {
    const text = readFileSync(file, "latin1");
    for (const [hex] of text.matchAll(/[0-9a-fA-F]{32,}/g))
      for (const length of [32, 40, 64, 128])
        for (let at = 0; at + length <= hex.length; at += 1)
          found.add(hex.slice(at, at + length).toLowerCase());
    for (const [base64] of text.matchAll(/[A-Za-z0-9+/_-]{22,88}={0,2}/g))
      found.add(Buffer.from(base64, "base64").toString("hex"));
  }
  return found;
}

/** What somebody who guesses at a name or a path would hash: the forms in which it stands in files and settings. */
export function formsOf(guess: string): readonly string[] {
  const around = [
    guess,
    guess.toLowerCase(),
    guess.toUpperCase(),
    JSON.stringify(guess),
    `#!${guess}`,
    `file://${guess}`,
    `/home/${guess}`,
    `/home/${guess}/`,
    `/Users/${guess}`,
    `/root/${guess}`,
    `${guess}/`,
    `--cookies ${guess}`,
    `--vault\0${guess}`,
    `HOME=${guess}`,
    `USER=${guess}`,
  ];
  return around.flatMap((text) => [text, `${text}\n`, `${text}\r\n`, `${text}\0`]);
}

/** Which of the things guessed stands behind one of the digests, by whatever function somebody might have taken. */
export function guessed(
  things: ReadonlyMap<string, string | Buffer>,
  digests: ReadonlySet<string>,
): readonly string[] {
  return [...things].flatMap(([name, bytes]) =>
    ["md5", "sha1", "sha256", "sha512"]
      .filter((how) => digests.has(createHash(how).update(bytes).digest("hex")))
      .map((how) => `${how} of ${name}`),
  );
}
