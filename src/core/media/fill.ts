import type { Region } from "./publication.js";

/** A region to be filled, and when, in whole microseconds from the beginning of the clip; null for the whole clip. */
export interface Fill extends Region {
  readonly from: number | null;
  readonly to: number | null;
}

/** How a fill is typed, for a hint. */
export const fillForm = "X,Y,WIDTHxHEIGHT or X,Y,WIDTHxHEIGHT@START-END, as in 640,120,200x240@12.5-1:03";

/** More regions than this are taken for a mistake. */
export const mostFills = 100;

/** Reads `X,Y,WxH` or `X,Y,WxH@START-END`; times are seconds, `m:ss` or `h:mm:ss`. Returns what is wrong with it in words. */
export function parseFill(text: string): Fill | { readonly problem: string } {
  const parts = /^(\d{1,5}),(\d{1,5}),(\d{1,5})x(\d{1,5})(?:@([0-9:.]+)-([0-9:.]+))?$/.exec(text);
  if (!parts) return { problem: "it is not a region" };
  const [x, y, width, height] = parts.slice(1, 5).map(Number);
  if (x === undefined || y === undefined || !width || !height) return { problem: "it is empty" };
  const region = { x, y, width, height };
  if (parts[5] === undefined) return { ...region, from: null, to: null };
  const [from, to] = [parseTime(parts[5]), parseTime(parts[6] ?? "")];
  if (from === null || to === null) return { problem: "its times cannot be read" };
  return from < to ? { ...region, from, to } : { problem: "it ends before it begins" };
}

/** `75.5`, `1:15.5` or `0:01:15.5` in microseconds; null for anything else. */
export function parseTime(text: string): number | null {
  const parts = /^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,6})?)$/.exec(text);
  if (!parts) return null;
  const [hours, minutes, seconds] = parts.slice(1, 4).map((part) => Number(part ?? 0));
  if (hours === undefined || minutes === undefined || seconds === undefined) return null;
  if ((parts[2] !== undefined && seconds >= 60) || (parts[1] !== undefined && minutes >= 60)) return null;
  return (hours * 3600 + minutes * 60) * 1_000_000 + Math.round(seconds * 1_000_000);
}

/** Why a fill would not hide what was meant in a picture of that size; null if the region lies inside it. */
export function fillProblem(fill: Region, picture: { readonly width: number; readonly height: number }) {
  const inside = fill.x + fill.width <= picture.width && fill.y + fill.height <= picture.height;
  return inside
    ? null
    : `it reaches beyond the picture, which is ${picture.width}x${picture.height} as shown`;
}

/** A coded picture is made of blocks of so many pixels each way. */
const block = 16;

/**
 * The region grown to whole blocks, so that no block of the coded picture holds both what is filled and what is not,
 * and filled blocks decode to one colour. `picture` is the coded size.
 */
export function wholeBlocks(
  region: Region,
  picture: { readonly width: number; readonly height: number },
): Region {
  const x = Math.floor(region.x / block) * block;
  const y = Math.floor(region.y / block) * block;
  const right = Math.min(picture.width, Math.ceil((region.x + region.width) / block) * block);
  const bottom = Math.min(picture.height, Math.ceil((region.y + region.height) / block) * block);
  return { x, y, width: right - x, height: bottom - y };
}

/** The size a picture is coded with: whole colour samples, two pixels each way. */
export function codedSize({ width, height }: { readonly width: number; readonly height: number }) {
  return { width: width + (width % 2), height: height + (height % 2) };
}

/**
 * The frames that are visible between the times of a fill, both included: a frame stays until the next one comes.
 * `times` are those of all frames in ascending order, in microseconds. Null if the clip ends before the fill begins.
 */
export function framesOf(
  { from, to }: Pick<Fill, "from" | "to">,
  times: readonly number[],
  length: number | null,
): { readonly first: number; readonly last: number } | null {
  if (times.length === 0) return null;
  if (from === null || to === null) return { first: 0, last: times.length - 1 };
  const end = Math.max(length ?? 0, times.at(-1) ?? 0);
  if (from > end) return null;
  const begun = times.findLastIndex((time) => time <= from);
  const last = times.findLastIndex((time) => time <= to);
  return { first: Math.max(0, begun), last: Math.max(0, last) };
}

/**
 * The times halfway between the frames around a span, in microseconds: null before the first frame and after the last.
 */
export function boundsOf(
  { first, last }: { readonly first: number; readonly last: number },
  times: readonly number[],
): { readonly after: number | null; readonly before: number | null } {
  return { after: between(times[first - 1], times[first]), before: between(times[last], times[last + 1]) };
}

function between(one: number | undefined, other: number | undefined): number | null {
  return one === undefined || other === undefined ? null : Math.floor((one + other) / 2);
}
