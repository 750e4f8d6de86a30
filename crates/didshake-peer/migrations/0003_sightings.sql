-- What was learned about others, a row for each change: which key proved them, and under which name they were pinned. It is
-- one for all identities of the store, as names and pins are.
CREATE TABLE sightings (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    did       TEXT    NOT NULL,
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    -- A key that proved the DID: its verification method, algorithm, bytes, and the version of the document, where there is one.
    method    TEXT,
    algorithm INTEGER,
    key       BLOB,
    version   TEXT,
    -- Or a name that was given to the DID (1) or taken from it (0).
    name      TEXT,
    pinned    INTEGER,
    CHECK ((method IS NULL) = (key IS NULL) AND (key IS NULL) = (algorithm IS NULL)),
    CHECK ((name IS NULL) = (pinned IS NULL) AND (name IS NULL) != (key IS NULL))
) STRICT;

CREATE INDEX sightings_of ON sightings (did, number);
