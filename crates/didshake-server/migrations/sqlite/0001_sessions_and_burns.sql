-- Times are Unix seconds. `ends` is when a row no longer counts, for the sweeper.

CREATE TABLE sessions (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    did         TEXT    NOT NULL,
    fragment    TEXT    NOT NULL,
    algorithm   INTEGER NOT NULL,
    public_key  BLOB    NOT NULL,
    accepted    INTEGER NOT NULL,
    lifetime    INTEGER NOT NULL,
    used        INTEGER NOT NULL CHECK (used IN (0, 1)),
    origin      TEXT    NOT NULL,
    request_key BLOB    NOT NULL CHECK (length(request_key) = 32),
    client      TEXT,
    last_used   INTEGER,
    ends        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_did ON sessions (did, accepted);
CREATE INDEX sessions_by_end ON sessions (ends);

CREATE TABLE request_nonces (
    session_id BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    nonce      BLOB    NOT NULL CHECK (length(nonce) = 16),
    ends       INTEGER NOT NULL,
    PRIMARY KEY (session_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_nonces_by_end ON request_nonces (ends);

-- Refers to no session: ending one makes no Finish usable again.
CREATE TABLE burned_handshakes (
    th3  BLOB    NOT NULL PRIMARY KEY CHECK (length(th3) = 32),
    ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX burned_handshakes_by_end ON burned_handshakes (ends);

-- How many rows there are, since every table has a bound and counting them each time is slow.
CREATE TABLE sizes (
    name      TEXT    NOT NULL PRIMARY KEY,
    row_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sizes (name, row_count) VALUES ('sessions', 0), ('request_nonces', 0), ('burned_handshakes', 0);

CREATE TRIGGER session_added AFTER INSERT ON sessions
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'sessions'; END;
CREATE TRIGGER session_gone AFTER DELETE ON sessions
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'sessions'; END;
CREATE TRIGGER nonce_added AFTER INSERT ON request_nonces
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'request_nonces'; END;
CREATE TRIGGER nonce_gone AFTER DELETE ON request_nonces
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'request_nonces'; END;
CREATE TRIGGER burn_added AFTER INSERT ON burned_handshakes
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'burned_handshakes'; END;
CREATE TRIGGER burn_gone AFTER DELETE ON burned_handshakes
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'burned_handshakes'; END;

-- Of one row: when a backup became this database. It lacks the nonces that were burned after it was made.
CREATE TABLE restored (
    only_row    INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    restored_at INTEGER NOT NULL
) STRICT;

INSERT INTO restored (only_row, restored_at) VALUES (1, 0);
