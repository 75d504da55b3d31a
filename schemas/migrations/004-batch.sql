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
