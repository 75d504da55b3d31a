import sharp, { type Sharp } from "sharp";
import { type Look, lookHeight, lookWidth } from "../../core/media/dhash.js";
import { displaySize, maxPixels } from "./display-size.js";
import type { FrameShape } from "./picture-messages.js";

/**
 * For the process that draws, and for it alone, because it changes the library for everybody who shares the process:
 * sharp receives only raw pixels or JPEG files made by holdfast, so none of its readers may meet untrusted bytes.
 */
export function prepareToDraw(): void {
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ["VipsForeignLoadJpeg"] });
  sharp.concurrency(1);
  sharp.cache(false);
}

/** A keyframe is there to look closely at. The chroma of nearly every clip is no finer than this, so nothing of it is lost. */
const keyframeJpeg = { quality: 90, chromaSubsampling: "4:2:0" } as const;
/** A contact sheet is an overview: at arm's length nobody sees the difference, and it is less than half the bytes. */
const sheetJpeg = { quality: 75, chromaSubsampling: "4:2:0" } as const;

/** The versions of the libraries that make JPEG files: other versions may produce other bytes for the same frame. */
export function pictureLibraries(): { readonly sharp: string; readonly libvips: string } {
  return { sharp: sharp.versions.sharp ?? "unknown", libvips: sharp.versions.vips };
}

/** Raw RGB pixels, row by row without padding. */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A decoded frame after the stream's rotation, before scaling. */
function shown(rgb: Uint8Array, video: FrameShape): Sharp {
  const raw = { width: video.width, height: video.height, channels: 3 } as const;
  return sharp(rgb, { raw, limitInputPixels: maxPixels }).rotate(video.rotation);
}

/** The look of a decoded frame as displayed: the pixels behind its difference hash. */
export async function lookOf(rgb: Uint8Array, video: FrameShape): Promise<Look> {
  const scaled = shown(rgb, video).resize(lookWidth, lookHeight, { fit: "fill" });
  return new Uint8Array(await scaled.raw().toBuffer());
}

/** A decoded frame as JPEG at full size, rotated for display and stretched by the sample aspect ratio. */
export async function jpegOf(rgb: Uint8Array, video: FrameShape): Promise<Uint8Array> {
  const { width, height } = displaySize(video);
  const turned = shown(rgb, video);
  const square = video.sampleAspect.num === video.sampleAspect.den;
  const picture = square ? turned : turned.resize(width, height, { fit: "fill" });
  return picture.jpeg(keyframeJpeg).toBuffer();
}

/** Width and height of a JPEG file made by holdfast. */
export async function sizeOfJpeg(
  jpeg: Uint8Array,
): Promise<{ readonly width: number; readonly height: number }> {
  const { width, height } = await sharp(jpeg, { limitInputPixels: maxPixels }).metadata();
  return { width, height };
}

/** Reads a JPEG file made by holdfast, fitted into the given box. */
export async function readFitted(jpeg: Uint8Array, width: number, height: number): Promise<RawPicture> {
  const { data, info } = await sharp(jpeg, { limitInputPixels: maxPixels, failOn: "warning" })
    .resize(width, height, { fit: "inside" })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Raw pixels as a PNG file, which keeps each of them. */
export async function encodePng(picture: RawPicture): Promise<Uint8Array> {
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  return sharp(picture.data, { raw, limitInputPixels: maxPixels }).png().toBuffer();
}

/** Raw pixels as the JPEG file of a contact sheet. */
export async function encodeJpeg(picture: RawPicture): Promise<Uint8Array> {
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  return sharp(picture.data, { raw, limitInputPixels: maxPixels }).jpeg(sheetJpeg).toBuffer();
}
