/** Bytes that are to stay free on a disk of `totalBytes`: 2 GiB or 5 %, whichever is more (SECURITY §4). */
export function diskReserve(totalBytes: number): number {
  return Math.max(2 * 1024 ** 3, Math.floor(totalBytes / 20));
}
