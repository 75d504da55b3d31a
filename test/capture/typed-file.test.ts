import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readTypedFile } from "../../src/capture/typed-file.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-typed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const program = join(import.meta.dirname, "../../bin/holdfast.js");

function pipe(name: string): string {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
}

/** What a shell prints on stdout and stderr, with `holdfast` in it. */
async function inShell(line: string): Promise<string> {
  const script = `holdfast() { "${process.execPath}" "${program}" "$@"; }; cd "${folder}"; ${line}`;
  const env = { PATH: process.env.PATH, HOME: folder, HOLDFAST_OFFLINE: "1" };
  const child = spawn("bash", ["-c", `(${script}) 2>&1`], { env, stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(child, "close");
  return said;
}

describe("a file that somebody names", () => {
  it("is read whole, and not at all where it is larger than what is asked for can be", async () => {
    const path = join(folder, "list.txt");
    writeFileSync(path, "0123456789");
    expect((await readTypedFile(path, 10, never)).toString()).toBe("0123456789");
    await expect(readTypedFile(path, 9, never)).rejects.toThrow("too large");
    await expect(readTypedFile(folder, 9, never)).rejects.toThrow(/EISDIR/);
  });

  it("may be a pipe: it is read until its writer closes it, however slowly that writes", async () => {
    const path = pipe("slow");
    const writer = spawn("sh", ["-c", `{ printf one; sleep 0.3; printf two; } > "${path}"`]);
    const ended = once(writer, "close");
    expect((await readTypedFile(path, 1000, never)).toString()).toBe("onetwo");
    await ended;
  });

  it("that is a pipe with more bytes than are asked for, or a device without an end, is refused", async () => {
    await expect(readTypedFile("/dev/zero", 1_000_000, never)).rejects.toThrow("too large");
    expect(await readTypedFile("/dev/null", 10, never)).toHaveLength(0);
  });

  it("that is a pipe to which nobody writes keeps nobody: Ctrl-C ends it, and so does the time", async () => {
    const path = pipe("silent");
    const stop = new AbortController();
    const reading = readTypedFile(path, 1000, stop.signal);
    stop.abort(new Error("interrupted"));
    await expect(reading).rejects.toThrow("interrupted");
    await expect(readTypedFile(path, 1000, never)).rejects.toThrow(/nobody wrote within 10 seconds/);
  });
});

describe.skipIf(process.platform === "win32")("on the command line", () => {
  it("a list from <(…) or /dev/stdin is a list like any other, and a pipe for cookies too", async () => {
    const list = "printf 'url\\nftp://files.example/a.mp4\\n'";
    expect(await inShell(`holdfast batch <(${list}) --dry-run --vault none`)).toContain(
      "ftp://files.example/a.mp4",
    );
    expect(await inShell(`${list} | holdfast batch /dev/stdin --dry-run --vault none`)).toContain(
      "ftp://files.example",
    );
    const cookies = "printf 'no cookies\\n'";
    const said = await inShell(`holdfast formats https://video.example/ --cookies <(${cookies})`);
    expect(said).toMatch(/it has no cookie in the cookies\.txt format/);
  });
});
