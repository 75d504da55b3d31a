import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointsIn } from "../../src/cli/brought-checkpoint.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { holdfast } from "../support/cli.js";
import { bodyOf, seal } from "../support/sealed.js";
import { captureText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const sizes: number[] = [];

beforeAll(async () => {
  const world = testWorld();
  for (const text of ["first", "second, longer"]) {
    const opened = await openTestVault(vault, world);
    captureText(opened, text);
    sizes.push((await closeAfterWriting(opened, world, seal)).size ?? 0);
  }
});
afterAll(() => folder.remove());

const origin = `holdfast/${"0123456789abcdef".repeat(2)}`;
/** Roots with all signs that mail programs take for something else. */
const root = `${Buffer.from("fbf/3q2+7/8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhc=", "base64").toString("base64")}`;
const held = `${origin}\n1234\n${root}\n`;

const mail = (headers: string, body: string) =>
  `Received: by mx.example.org\nFrom: A <a@example.org>\nTo: b@example.org\nSubject: =?utf-8?B?${Buffer.from("хэш").toString("base64")}?=\nMIME-Version: 1.0\n${headers}\n\n${body}`;

const quotedPrintable = (text: string) =>
  [...Buffer.from(text)]
    .map((byte) =>
      byte === 10
        ? "\n"
        : byte === 61 || byte > 126
          ? `=${byte.toString(16).toUpperCase()}`
          : String.fromCharCode(byte),
    )
    .join("")
    .replace(/[^\n]{40}(?=[^\n])/g, "$&=\n");
const base64Lines = (text: string) => Buffer.from(text).toString("base64").replace(/.{60}/g, "$&\n");
const quoted = (text: string, mark = "> ") => text.replace(/^/gm, mark);
const html = (text: string) => `<html><body><div>Привет</div><blockquote>${text}</blockquote></body></html>`;
const plain = 'Content-Type: text/plain; charset="utf-8"';

const multipart = (...parts: readonly string[]) =>
  mail(
    'Content-Type: multipart/mixed; boundary="b1"',
    `${parts.map((part) => `--b1\n${part}\n`).join("")}--b1--\n`,
  );

const kinds: readonly (readonly [string, string | Buffer])[] = [
  ["a text", `As agreed:\n\n${held}`],
  ["a text with lines of Windows", held.replaceAll("\n", "\r\n")],
  ["a text quoted twice and indented", quoted(quoted(held), "  > ")],
  ["a text in UTF-16 with its mark", Buffer.from(`\ufeff${held}`, "utf16le")],
  ["a text in UTF-16 without its mark", Buffer.from(`Вот:\n${held}`, "utf16le")],
  ["a text in UTF-16, big-endian", Buffer.from(`\ufeff${held}`, "utf16le").swap16()],
  ["three lines joined into one", `Checkpoint: ${held.trim().replaceAll("\n", " ")} (2026-12-01)`],
  ["lines wrapped inside the root", held.replace(root, `${root.slice(0, 20)}\n> ${root.slice(20)}`)],
  ["lines wrapped inside the name", held.replace(origin, `${origin.slice(0, 25)}\n${origin.slice(25)}`)],
  ["lines with hidden signs and hard blanks", held.replaceAll("\n", "\u200b\u00a0\n")],
  ["a mail in plain text", mail(plain, `Hello\n\n${held}`)],
  ["a mail with lines of Windows", mail(plain, held).replaceAll("\n", "\r\n")],
  [
    "a mail in quoted-printable",
    mail(`${plain}\nContent-Transfer-Encoding: quoted-printable`, quotedPrintable(`Вот он:\n${held}`)),
  ],
  [
    "a mail in base64",
    mail(`${plain}\nContent-Transfer-Encoding: base64`, base64Lines(`Вот он:\n${quoted(held)}`)),
  ],
  ["a mail in flowed text", mail(`${plain}; format=flowed`, quoted(held.replace("\n", " \n")))],
  [
    "a mail that is HTML",
    mail("Content-Type: text/html; charset=utf-8", html(held.replaceAll("\n", "<br>\n"))),
  ],
  [
    "HTML with escapes and tags inside a line",
    mail(
      "Content-Type: text/html",
      html(
        held
          .replace(root, `<b>${root.replaceAll("+", "&#43;").replaceAll("/", "&#x2F;")}</b>`)
          .replaceAll("\n", "</div><div>"),
      ),
    ),
  ],
  [
    "a mail of several parts, the text in base64",
    multipart(
      `${plain}\nContent-Transfer-Encoding: base64\n\n${base64Lines(held)}`,
      "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
    ),
  ],
  [
    "a mail with the checkpoint as its attachment",
    multipart(
      `${plain}\n\nsee the file`,
      `Content-Type: text/plain; name="checkpoint.txt"\nContent-Disposition: attachment; filename="checkpoint.txt"\nContent-Transfer-Encoding: base64\n\n${base64Lines(held)}`,
    ),
  ],
  [
    "a mail that was forwarded whole",
    multipart(
      `${plain}\n\nforwarded`,
      `Content-Type: message/rfc822\n\n${mail(`${plain}\nContent-Transfer-Encoding: quoted-printable`, quotedPrintable(held))}`,
    ),
  ],
  [
    "a mailbox with other mails",
    `From a@example.org Tue Dec  1 10:00:00 2026\n${mail(plain, "nothing")}\n\nFrom b@example.org Tue Dec  1 11:00:00 2026\n${mail(`${plain}\nContent-Transfer-Encoding: base64`, base64Lines(held))}`,
  ],
  ["a body in quoted-printable without its header", quotedPrintable(held)],
  ["a body in base64 without its header", base64Lines(`${held}${"\n".repeat(20)}`)],
];

async function refusal(content: string): Promise<string> {
  try {
    await checkpointsIn(Buffer.from(content), "mail.eml");
  } catch (error) {
    if (error instanceof HoldfastError) return `${error.code}: ${error.message}; ${error.hint}`;
    throw error;
  }
  return "";
}

describe("a checkpoint is found in what it was kept in", () => {
  it.each(kinds)("%s", async (_, content) => {
    expect(await checkpointsIn(Buffer.from(content as string), "mail.eml")).toEqual([held]);
  });

  it("where a mail quotes an older one, both are found", async () => {
    const older = held.replace("\n1234\n", "\n12\n");
    expect(await checkpointsIn(Buffer.from(mail(plain, `${held}\n\n${quoted(older)}`)), "a")).toEqual([
      held,
      older,
    ]);
  });

  it("any vault, size and root, in each kind of mail", async () => {
    for (let round = 0; round < 40; round += 1) {
      const own = `holdfast/${randomBytes(16).toString("hex")}\n${1 + (round * 7919) ** 2}\n${randomBytes(32).toString("base64")}\n`;
      for (const text of [
        mail(`${plain}\nContent-Transfer-Encoding: quoted-printable`, quotedPrintable(quoted(own))),
        mail("Content-Type: text/html", html(own.replaceAll("\n", "<br/>"))),
        quotedPrintable(own),
        own.replaceAll("\n", " "),
      ]) {
        expect(await checkpointsIn(Buffer.from(text), "a"), text).toEqual([own]);
      }
    }
  });
});

describe("what cannot be read is said", () => {
  it("names the parts that were not read where no checkpoint is found", async () => {
    const text = multipart(
      `${plain}\n\nsee the file`,
      'Content-Type: application/pdf; name="scan.pdf"\nContent-Disposition: attachment; filename="scan.pdf"\n\nx',
    );
    expect(await refusal(text)).toMatch(
      /^usage: reading mail\.eml for --against: it does not hold the three lines of a checkpoint; not read: scan\.pdf \(application\/pdf\); give the three lines/,
    );
    const outlook = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(100)]).toString(
      "latin1",
    );
    await expect(checkpointsIn(Buffer.from(outlook, "latin1"), "a.msg")).rejects.toThrow(/Outlook \(\.msg\)/);
  });

  it.each([
    ["nothing", ""],
    ["a root that is cut", held.slice(0, -4)],
    ["a root with one sign too many", held.replace("=", "A=")],
    ["lines glued together, where size and root cannot be told apart", held.replaceAll("\n", "")],
    ["a size that is none", held.replace("1234", "01234")],
    ["words alone", "holdfast/ is a program"],
  ])("%s is no checkpoint", async (_, text) => {
    expect(await refusal(text)).toMatch(/does not hold the three lines/);
  });

  it("checkpoints of two vaults are not taken for a fault of one", async () => {
    const other = held.replace("holdfast/0", "holdfast/f");
    expect(await refusal(`${held}\n${other}`)).toMatch(/checkpoints of several vaults/);
  });
});

describe("verify --against a mail", () => {
  it("passes where today's log goes on from every checkpoint in it, and fails where it does not from one", async () => {
    const [first = 0, second = 0] = sizes;
    const body = (size: number) => bodyOf(vault, size).toString();
    const path = join(folder.path, "mail.eml");
    const send = (text: string) =>
      writeFileSync(
        path,
        mail(`${plain}\nContent-Transfer-Encoding: base64`, base64Lines(text)).replaceAll("\n", "\r\n"),
      );
    send(`${body(second)}\n\n${quoted(body(first))}`);
    const run = await holdfast(["verify", "--vault", vault, "--against", path, "--json"]);
    expect(run.status, run.stderr).toBe(0);
    expect(run.lines[0]).toMatchObject({ ok: true, against: "pass" });
    const [origin = "", size = ""] = body(first).split("\n");
    const forged = `${origin}\n${size}\n${Buffer.alloc(32, 7).toString("base64")}\n`;
    send(`${body(second)}\n\n${quoted(forged)}`);
    const bad = await holdfast(["verify", "--vault", vault, "--against", path, "--json"]);
    expect(bad.status).toBe(1);
    expect(JSON.stringify(bad.lines[0]?.findings)).toContain("history-rewritten");
  });
});
