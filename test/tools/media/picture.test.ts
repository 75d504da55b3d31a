import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { encodeJpeg, jpegOf, lookOf } from "../../../src/tools/media/picture.ts";
import { openPictures } from "../../../src/tools/media/pictures.ts";
import { jail } from "../../support/jails.ts";
import { inFolder, pictures } from "../../support/keyframes.ts";

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const webp = Buffer.from("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA", "base64");

/** One black pixel, little-endian, uncompressed. */
function tiff(): Buffer {
  const tags = [
    [256, 3, 1, 1],
    [257, 3, 1, 1],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [277, 3, 1, 1],
    [278, 3, 1, 1],
    [279, 4, 1, 1],
  ] as const;
  const bytes = Buffer.alloc(12 + 2 + tags.length * 12 + 4);
  bytes.write("II*\0", 0, "latin1");
  bytes.writeUInt32LE(12, 4);
  bytes.writeUInt16LE(tags.length, 12);
  for (const [at, [tag, type, count, value]] of tags.entries()) {
    bytes.writeUInt16LE(tag, 14 + at * 12);
    bytes.writeUInt16LE(type, 16 + at * 12);
    bytes.writeUInt32LE(count, 18 + at * 12);
    bytes.writeUInt32LE(value, 22 + at * 12);
  }
  return bytes;
}

const kinds: Readonly<Record<string, Buffer>> = {
  SVG: Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  ),
  GIF: gif,
  TIFF: tiff(),
  PDF: Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
  PNG: png,
  WebP: webp,
};

/** What a process of its own prints that runs this code after loading the library. */
function printed(code: string, ...argv: readonly string[]): string {
  const whole = `import sharp from "sharp"; ${code}`;
  const all = ["--input-type=module", "-e", whole, ...argv];
  return execFileSync(process.execPath, all, { encoding: "utf8", cwd: import.meta.dirname }).trim();
}

const drawing = new URL("../../../dist/tools/media/picture.js", import.meta.url).href;
const kindOf = `console.log((await sharp(Buffer.from(process.argv[1], "base64")).metadata()).format)`;

describe("the library that draws pictures, in the process that it has for itself", () => {
  test.each(Object.entries(kinds))("reads no %s, however it is handed over", async (_kind, bytes) => {
    const asked = [pictures.sizeOf(bytes), pictures.fit(bytes, 10, 10)];
    // Both at once: the second may be refused while the first is awaited.
    await Promise.all(asked.map((one) => expect(one).rejects.toThrow(/unsupported image format/)));
  });

  test.each(Object.entries(kinds).filter(([kind]) => kind !== "PDF"))(
    "would read this %s if it were let",
    (kind, bytes) => {
      expect(printed(kindOf, bytes.toString("base64"))).toBe(kind.toLowerCase());
    },
  );

  test("loses its readers there alone, and not where its functions are merely loaded", () => {
    const loaded = `await import("${drawing}"); ${kindOf}`;
    expect(printed(loaded, png.toString("base64"))).toBe("png");
  });

  test("reads the JPEG files that it wrote", async () => {
    const jpeg = await pictures.encode({ data: new Uint8Array(8 * 4 * 3), width: 8, height: 4 });
    expect(await pictures.sizeOf(jpeg)).toEqual({ width: 8, height: 4 });
    expect(await pictures.fit(jpeg, 4, 4)).toMatchObject({ width: 4, height: 2 });
  });

  test("draws a frame as it is shown, the same bytes as the library itself, several at a time", async () => {
    const shape = { width: 64, height: 48, rotation: 90, sampleAspect: { num: 4, den: 3 } } as const;
    const frames = [10, 90, 200].map((level) => new Uint8Array(64 * 48 * 3).fill(level));
    const drawn = await Promise.all(frames.map((rgb) => pictures.drawFrame(rgb, shape)));
    for (const [at, rgb] of frames.entries()) {
      expect(Buffer.compare(drawn[at]?.jpeg ?? Buffer.of(), await jpegOf(rgb, shape))).toBe(0);
      expect(drawn[at]?.look).toEqual(await lookOf(rgb, shape));
    }
    expect(await pictures.sizeOf(drawn[0]?.jpeg ?? Buffer.of())).toEqual({ width: 48, height: 85 });
  });

  test("draws frames that lie in files as it draws those in memory, hashes them as decoded and leaves no file", async () => {
    const shape = { width: 64, height: 48, rotation: 180, sampleAspect: { num: 1, den: 1 } } as const;
    await inFolder(async (folder) => {
      // More than it works on at once, of two sizes, and as decoded both smaller and larger than as RGB.
      const frames = [1, 2, 3, 4, 5, 6].map((number) => {
        const own = { ...shape, height: number < 4 ? 48 : 40 };
        const rgb = new Uint8Array(own.width * own.height * 3).map((_, at) => (at * number) % 251);
        const files = { rgb: join(folder, `${number}.a`), decoded: join(folder, `${number}.b`) };
        writeFileSync(files.rgb, rgb);
        writeFileSync(files.decoded, rgb.subarray(0, 2000 * number));
        return { shape: own, rgb, files };
      });
      const drawn = await Promise.all(
        frames.map((frame) => pictures.drawFrameFiles(frame.files, frame.shape)),
      );
      for (const [at, { rgb, shape }] of frames.entries()) {
        const decoded = rgb.subarray(0, 2000 * (at + 1));
        expect(drawn[at]).toEqual({
          ...(await pictures.drawFrame(rgb, shape)),
          decodedSha256: createHash("sha256").update(decoded).digest("hex"),
        });
      }
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  test("draws nothing from a file of another size, and follows no link", async () => {
    const shape = { width: 8, height: 8, rotation: 0, sampleAspect: { num: 1, den: 1 } } as const;
    await inFolder(async (folder) => {
      const files = { rgb: join(folder, "a"), decoded: join(folder, "b") };
      writeFileSync(files.rgb, Buffer.alloc(8 * 8 * 3 + 1));
      writeFileSync(files.decoded, "");
      await expect(pictures.drawFrameFiles(files, shape)).rejects.toThrow("of 192 bytes has 193");
      writeFileSync(join(folder, "other"), Buffer.alloc(8 * 8 * 3));
      symlinkSync(join(folder, "other"), files.rgb);
      writeFileSync(files.decoded, "");
      await expect(pictures.drawFrameFiles(files, shape)).rejects.toThrow("ELOOP");
      expect(readdirSync(folder)).toEqual(["other"]);
    });
  });

  test("is a JPEG of quality 90, that of a contact sheet one of 75, both with colour at half the resolution", async () => {
    const shape = { width: 48, height: 32, rotation: 0, sampleAspect: { num: 1, den: 1 } } as const;
    const rgb = new Uint8Array(48 * 32 * 3).map((_, at) => (at * 37) % 256);
    const made = [await jpegOf(rgb, shape), await encodeJpeg({ data: rgb, width: 48, height: 32 })];
    // The first number of the table by which brightness is divided: 16 at quality 50 (ISO/IEC 10918-1, Annex K).
    const divisors = made.map((jpeg) => jpeg[Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xdb])) + 5]);
    expect(divisors).toEqual([Math.round(16 * 0.2), Math.round(16 * 0.5)]);
    const colour = await Promise.all(
      made.map(async (jpeg) => (await sharp(jpeg).metadata()).chromaSubsampling),
    );
    expect(colour).toEqual(["4:2:0", "4:2:0"]);
  });

  test("works on one thing at a time and keeps nothing of it", () => {
    const prepared = `(await import("${drawing}")).prepareToDraw();
      console.log(JSON.stringify([sharp.concurrency(), sharp.cache()]))`;
    const [threads, kept] = JSON.parse(printed(prepared)) as readonly unknown[];
    expect(threads).toBe(1);
    expect(kept).toMatchObject({ memory: { max: 0 }, files: { max: 0 }, items: { max: 0 } });
  });
});

describe("the process that draws pictures", () => {
  test.skipIf(!jail.works)("sees no file of ours but its program, has no network and no right", async () => {
    await pictures.libraries();
    const [pid = 0] = workersOf(process.pid);
    expect(pid).toBeGreaterThan(0);
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    expect(basename(folder)).toBe("drawing");
    expect(readdirSync(`/proc/${pid}/root${dirname(folder)}`)).toEqual(["drawing"]);
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
    const last = mounts.findLast((mount) => mount.split(" ")[4] === folder);
    expect(last?.split(" ")[5]).toMatch(/^ro\b/);
    expect(existsSync(`/proc/${pid}/root${import.meta.filename}`)).toBe(false);
    expect(existsSync(`/proc/${pid}/root/etc/passwd`)).toBe(false);
    const devices = readFileSync(`/proc/${pid}/net/dev`, "utf8").match(/^\s*\w+:/gm);
    expect(devices?.map((name) => name.trim())).toEqual(["lo:"]);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(status).toMatch(/^CapEff:\s*0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
    expect(readFileSync(`/proc/${pid}/limits`, "utf8")).toMatch(/^Max address space\s+4294967296 /m);
  });

  test.skipIf(process.platform !== "linux")(
    "that dies says so for what it was drawing, and the next picture is drawn",
    async () => {
      await pictures.libraries();
      const large = { data: new Uint8Array(3000 * 3000 * 3), width: 3000, height: 3000 };
      const lost = pictures.encode(large);
      for (const pid of workersOf(process.pid)) process.kill(pid, "SIGKILL");
      await expect(lost).rejects.toThrow("ended before it finished");
      expect(
        await pictures.encode({ ...large, width: 10, height: 10, data: new Uint8Array(300) }),
      ).toBeTruthy();
    },
  );

  test.skipIf(process.platform !== "linux")(
    "gives back the memory of the frames that it has drawn, so that a batch does not hold it to its end",
    () =>
      inFolder(async (folder) => {
        const others = new Set(workersOf(process.pid));
        const own = openPictures(folder);
        await own.libraries();
        const [pid = 0] = workersOf(process.pid).filter((one) => !others.has(one));
        const shape = { width: 1920, height: 1080, rotation: 0, sampleAspect: { num: 1, den: 1 } } as const;
        const frame = new Uint8Array(shape.width * shape.height * 3);
        for (let round = 0; round < 10; round++)
          await Promise.all([1, 2, 3].map(() => own.drawFrame(frame, shape)));
        expect(ownMegabytes(pid)).toBeLessThan(100);
        for (let round = 0; round < 10; round++)
          await Promise.all(
            [1, 2, 3].map((number) => {
              const files = { rgb: join(folder, `${number}.a`), decoded: join(folder, `${number}.b`) };
              for (const file of Object.values(files)) writeFileSync(file, frame);
              return own.drawFrameFiles(files, shape);
            }),
          );
        expect(ownMegabytes(pid)).toBeLessThan(100);
        await own.close();
      }),
  );

  test("ends when it is closed", async () => {
    await inFolder(async (folder) => {
      const own = openPictures(folder);
      await own.libraries();
      const before = workersOf(process.pid).length;
      await own.close();
      expect(workersOf(process.pid).length).toBe(before - 1);
    });
  });
});

/** The processes below this one that draw. */
function workersOf(parent: number): readonly number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const ppid = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "latin1"))?.[1]);
        return ppid === parent ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
  return children.flatMap((pid) => {
    const below = workersOf(pid);
    return below.length > 0 ? below : draws(pid) ? [pid] : [];
  });
}

function draws(pid: number): boolean {
  try {
    const [program, ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return program === process.execPath && words.some((word) => word.endsWith("picture-worker.js"));
  } catch {
    return false;
  }
}

/** What a process holds and shares with no file, in megabytes. */
function ownMegabytes(pid: number): number {
  const kib = /^Anonymous:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(kib) / 1000;
}
