/** The columns of `find --csv` before those of annotations, in order. */
export const foundColumns = [
  "id",
  "captured",
  "status",
  "method",
  "url",
  "host",
  "title",
  "uploader",
  "claimed date",
  "length",
  "bytes",
  "sha256",
  "entry",
  "time-stamp",
  "reason",
  "matched",
] as const;
