-- What logs a browser in to a session that a program has made: shown once, within half a minute. Only the hash; one for each
-- session.
CREATE TABLE browser_links (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB    NOT NULL UNIQUE REFERENCES sessions (id) ON DELETE CASCADE,
    ends       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
