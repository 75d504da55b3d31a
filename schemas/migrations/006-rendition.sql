-- The index over captures gets `rendition`: the grade, then its reasons (FORMAT.md §5.7); null where the record does not
-- say. And `decode`: the worst verdict of the strict decode (FORMAT.md §6); null before the first derivation. It is made anew with the tables that refer to it, and filled again from the log like every index table.
DROP TABLE annotation;
DROP TABLE file;
DROP TABLE capture;

CREATE TABLE capture (
  id               TEXT PRIMARY KEY,
  entry            INTEGER NOT NULL REFERENCES entry (seq),
  at               TEXT NOT NULL,
  method           TEXT NOT NULL,
  status           TEXT NOT NULL,
  derivation       TEXT,
  url              TEXT,
  url_key          TEXT,
  host             TEXT,
  title            TEXT,
  description      TEXT,
  uploader         TEXT,
  claimed_date     TEXT,
  duration         TEXT,
  bytes            INTEGER NOT NULL,
  sha256           TEXT,
  object           TEXT,
  version          TEXT,
  inventory_sha512 TEXT,
  annex_sha256     TEXT,
  reason           TEXT,
  rendition        TEXT,
  decode           TEXT
) STRICT;

CREATE INDEX capture_at ON capture (at);
CREATE INDEX capture_entry ON capture (entry);
CREATE INDEX capture_claimed_date ON capture (claimed_date);
CREATE INDEX capture_url_key ON capture (url_key);
CREATE INDEX capture_host ON capture (host);
CREATE INDEX capture_derivation ON capture (derivation) WHERE derivation IS NOT 'done';

CREATE TABLE file (
  capture TEXT NOT NULL REFERENCES capture (id),
  entry   INTEGER NOT NULL REFERENCES entry (seq),
  path    TEXT NOT NULL,
  bytes   INTEGER NOT NULL,
  sha256  TEXT NOT NULL,
  sha512  TEXT,
  PRIMARY KEY (capture, entry, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX file_sha256 ON file (sha256);
CREATE INDEX file_sha512 ON file (sha512);

-- The values of annotations (FORMAT.md §4.7) that are in force, each with the entry that states it.
CREATE TABLE annotation (
  capture TEXT NOT NULL REFERENCES capture (id),
  key     TEXT NOT NULL,
  entry   INTEGER NOT NULL REFERENCES entry (seq),
  value   TEXT NOT NULL,
  PRIMARY KEY (capture, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX annotation_incident_date ON annotation (value) WHERE key = 'incident_date';
