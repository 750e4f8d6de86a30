-- What a browser shows in place of a signature (R-BIND-15). Only its hash: who reads this file logs in nowhere. One for each
-- session and origin, so that what bounds sessions bounds cookies.

CREATE TABLE cookies (
    hash       BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    origin     TEXT NOT NULL,
    UNIQUE (session_id, origin)
) STRICT, WITHOUT ROWID;

-- What takes a login to an application's own host: used once, and only by the browser whose state it is for. Only hashes;
-- one for each session and application.
CREATE TABLE login_codes (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    origin     TEXT    NOT NULL,
    state      BLOB    NOT NULL CHECK (length(state) = 32),
    ends       INTEGER NOT NULL,
    UNIQUE (session_id, origin)
) STRICT, WITHOUT ROWID;
