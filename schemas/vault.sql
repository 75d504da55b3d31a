-- The schema of vault.db as it stands after the last migration. vault.db must match it statement for statement.
-- PRAGMA user_version is the number of the last migration.

-- The custody log: one row per entry, `line` holds the exact bytes of the entry without its line feed.
-- `SELECT line FROM entry ORDER BY seq` prints the log. Everything else here is an index that can be rebuilt.
CREATE TABLE entry (
  seq  INTEGER PRIMARY KEY,
  prev TEXT NOT NULL,
  line TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE
) STRICT;

CREATE INDEX entry_capture ON entry (json_extract(line, '$.body.capture'));
CREATE INDEX entry_event ON entry (json_extract(line, '$.event'));

-- Triggers stop accidents, not people. The guard on INSERT also stops INSERT OR REPLACE, which fires no DELETE trigger.
CREATE TRIGGER entry_append_only BEFORE INSERT ON entry
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)
  OR NEW.prev IS NOT coalesce(
    (SELECT hash FROM entry ORDER BY seq DESC LIMIT 1),
    '0000000000000000000000000000000000000000000000000000000000000000')
  OR json_extract(NEW.line, '$.seq') IS NOT NEW.seq
  OR json_extract(NEW.line, '$.prev') IS NOT NEW.prev
BEGIN
  SELECT RAISE(ABORT, 'the custody log only grows, one linked entry at a time');
END;

CREATE TRIGGER entry_never_changed BEFORE UPDATE ON entry
BEGIN
  SELECT RAISE(ABORT, 'an entry of the custody log is never changed');
END;

CREATE TRIGGER entry_never_removed BEFORE DELETE ON entry
BEGIN
  SELECT RAISE(ABORT, 'an entry of the custody log is never removed');
END;

-- A commit that has begun: written before the first rename, removed in the transaction that appends the entry.
CREATE TABLE intent (
  capture          TEXT PRIMARY KEY,
  version          TEXT NOT NULL,
  inventory_sha512 TEXT,
  event            TEXT NOT NULL,
  body             TEXT NOT NULL,
  started_at       TEXT NOT NULL
) STRICT;

-- `rendition`: the grade, then its reasons (FORMAT.md §5.7); null where the record does not say.
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

-- Lists that are worked through and what became of each row: working state and no evidence (FORMAT.md §19).
CREATE TABLE batch (
  id          TEXT PRIMARY KEY,
  list_sha256 TEXT NOT NULL,
  name        TEXT,
  list        TEXT NOT NULL,
  request     TEXT NOT NULL,
  started_at  TEXT NOT NULL,
  ended_at    TEXT
) STRICT;

-- One row of a list, or one video of a list that a row names. `attempt` is the capture id that the row began with.
CREATE TABLE batch_row (
  batch      TEXT NOT NULL REFERENCES batch (id),
  n          INTEGER NOT NULL,
  row        INTEGER,
  part       INTEGER,
  parent     INTEGER,
  url        TEXT NOT NULL,
  url_key    TEXT,
  item       INTEGER,
  list_url   TEXT,
  list_title TEXT,
  list_index INTEGER,
  cells      TEXT NOT NULL,
  state      TEXT NOT NULL,
  same_as    INTEGER,
  attempt    TEXT,
  status     TEXT,
  capture    TEXT,
  code       TEXT,
  reason     TEXT,
  hint       TEXT,
  may_pass   INTEGER,
  ms         INTEGER,
  PRIMARY KEY (batch, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_row_state ON batch_row (batch, state, n);
CREATE INDEX batch_row_key ON batch_row (batch, url_key);
CREATE INDEX batch_row_same ON batch_row (batch, same_as) WHERE same_as IS NOT NULL;
