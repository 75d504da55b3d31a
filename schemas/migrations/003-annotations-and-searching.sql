-- These two are made anew, and filled again from the log like every index table.
DROP TABLE file;
DROP TABLE capture_text;

CREATE INDEX capture_entry ON capture (entry);
CREATE INDEX capture_claimed_date ON capture (claimed_date);

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

-- What is searched, folded as FORMAT.md §4.6 says. The rowid is the capture's entry.
CREATE VIRTUAL TABLE capture_text USING fts5 (
  id UNINDEXED, title, description, uploader, notes,
  tokenize = "unicode61 remove_diacritics 2"
);

-- The values of annotations (FORMAT.md §4.7) that are in force, each with the entry that states it.
CREATE TABLE annotation (
  capture TEXT NOT NULL REFERENCES capture (id),
  key     TEXT NOT NULL,
  entry   INTEGER NOT NULL REFERENCES entry (seq),
  value   TEXT NOT NULL,
  PRIMARY KEY (capture, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX annotation_incident_date ON annotation (value) WHERE key = 'incident_date';
