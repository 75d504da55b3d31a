export type ExifToolOutcome = { readonly json: string } | { readonly refused: string };

/** One ExifTool process kept open for a session. */
export interface ExifToolSession {
  /** The program's version, for instance `13.55`. Starts the process if need be. */
  version(): Promise<string>;
  /** Absolute path. The JSON is one object (not the one-element array), without facts of this machine. */
  read(path: string): Promise<ExifToolOutcome>;
  close(): Promise<void>;
}

/** `scratch`: existing folder of ours, the process's working folder and TMPDIR. */
export function openExifTool(scratch: string): ExifToolSession {
  throw new Error(`not yet ${scratch}`);
}
