CREATE INDEX entry_event ON entry (json_extract(line, '$.event'));

-- The tree over the log (FORMAT.md §4.5): the hash of every full subtree. Level 0 is a leaf, the one of entry 1 is number 0.
CREATE TABLE merkle_node (
  level  INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
  entry         INTEGER PRIMARY KEY REFERENCES entry (seq),
  checkpoint    INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  authority     TEXT NOT NULL,
  url           TEXT NOT NULL,
  path          TEXT NOT NULL,
  bytes         INTEGER NOT NULL,
  sha256        TEXT NOT NULL,
  status        TEXT NOT NULL,
  gen_time      TEXT,
  accuracy_ms   INTEGER,
  policy        TEXT,
  serial        TEXT,
  signer_sha256 TEXT,
  height        INTEGER
) STRICT;

CREATE INDEX token_checkpoint ON token (checkpoint);

-- When which authority or calendar is asked again: working state and no evidence.
CREATE TABLE authority (
  name     TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  tried_at TEXT NOT NULL,
  next_at  TEXT,
  reason   TEXT
) STRICT;
