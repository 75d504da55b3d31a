import type { FrameShape } from "./picture-messages.js";

/** The largest picture to draw, in pixels. */
export const maxPixels = 40_000_000;

// A larger aspect ratio is a mistake or an attack, not a picture.
const widestSample = 4;

/** A frame's display size: samples are stretched, never shrunk, and then the picture is rotated. */
export function displaySize(video: FrameShape): { readonly width: number; readonly height: number } {
  const { num, den } = video.sampleAspect;
  const ratio = num / den;
  const usable = ratio <= widestSample && ratio >= 1 / widestSample;
  const width = usable && ratio > 1 ? Math.round(video.width * ratio) : video.width;
  const height = usable && ratio < 1 ? Math.round(video.height / ratio) : video.height;
  const fits = width * height <= maxPixels && Math.max(width, height) < 65_500;
  const size = fits ? { width, height } : { width: video.width, height: video.height };
  return video.rotation % 180 === 0 ? size : { width: size.height, height: size.width };
}
