-- As in ../sqlite.

CREATE TABLE cookies (
    hash       BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BYTEA NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    origin     TEXT  NOT NULL,
    UNIQUE (session_id, origin)
);

CREATE TABLE login_codes (
    hash       BYTEA  NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BYTEA  NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    origin     TEXT   NOT NULL,
    state      BYTEA  NOT NULL CHECK (length(state) = 32),
    ends       BIGINT NOT NULL,
    UNIQUE (session_id, origin)
);
