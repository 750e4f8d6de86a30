-- As in ../sqlite.
CREATE TABLE browser_links (
    hash       BYTEA  NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BYTEA  NOT NULL UNIQUE REFERENCES sessions (id) ON DELETE CASCADE,
    ends       BIGINT NOT NULL
);
