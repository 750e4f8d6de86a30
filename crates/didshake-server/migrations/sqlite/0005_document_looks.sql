-- Whose DID documents are looked at again while there are sessions of them, as of when one was seen last, and when the next look
-- is due: one row for each DID that is no key itself. `logins` changes with each session that is made.
CREATE TABLE document_looks (
    did    TEXT    NOT NULL PRIMARY KEY,
    seen   INTEGER NOT NULL,
    due    INTEGER NOT NULL,
    logins INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX document_looks_by_due ON document_looks (due);
