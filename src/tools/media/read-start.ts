import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Opens a regular file for reading; never waits on a pipe. Throws with a `code`, as the system does, for anything else. */
export function openRegular(file: string | Buffer): number {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw Object.assign(new Error("it is not a regular file"), { code: "EINVAL" });
}

/** The first bytes of a regular file. */
export function readStart(file: string | Buffer, bytes: number): Buffer {
  const descriptor = openRegular(file);
  try {
    const head = Buffer.alloc(bytes);
    return head.subarray(0, readSync(descriptor, head, 0, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}
