import { deflateSync } from "node:zlib";
import { pngOf } from "./rich-page.ts";
import type { Routes } from "./site.ts";

/** Rows of one picture; a browser draws pictures of up to 16,384. */
const rowsOfPicture = 10_000;

/**
 * A page of `height` rows, each of a colour of its own, under a bar that stays at the top of the window. Its rows are
 * pictures of one pixel's width.
 */
export function tallPage(height: number): Routes {
  const pictures = Math.ceil(height / rowsOfPicture);
  const images = Array.from(
    { length: pictures },
    (_, n) => `<img src="/tall/${n}.png" height="${rowsOf(n, height)}">`,
  );
  return {
    "/tall": ({ response }) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(
        `<!doctype html><title>Tall</title><style>body { margin: 0 } img { display: block; width: 100%; image-rendering: pixelated } div { position: fixed; top: 0; width: 100%; height: 40px; background: #fff }</style><div></div>${images.join("")}`,
      );
    },
    "/tall/": ({ response, url }) => {
      const n = Number.parseInt(url.pathname.split("/").at(-1) ?? "", 10);
      response
        .writeHead(200, { "content-type": "image/png" })
        .end(rows(n * rowsOfPicture, rowsOf(n, height)));
    },
  };
}

/** The number of the row that each row of a picture shows, by its colour; -1 for another colour. */
export function rowsOfColour(picture: {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}): readonly number[] {
  const { data, width, height } = picture;
  return Array.from({ length: height }, (_, y) => {
    const at = 3 * (y * width + Math.floor(width / 2));
    const number = data.readUIntBE(at, 3);
    return number === 0xffffff ? -1 : number;
  });
}

function rowsOf(n: number, height: number): number {
  return Math.min(rowsOfPicture, height - n * rowsOfPicture);
}

/** A picture of one pixel's width whose row `n` has the colour of the number `first + n`. */
function rows(first: number, count: number): Buffer {
  const lines = Buffer.alloc(4 * count);
  for (let n = 0; n < count; n += 1) lines.writeUIntBE(first + n, 4 * n + 1, 3);
  return pngOf(1, count, 2, deflateSync(lines));
}
