-- Whose DID documents are looked at again while there are sessions of them, as of when one was seen last, and when the next look
-- is due: one row for each DID that is no key itself. `logins` changes with each session that is made. Whichever instance puts
-- `due` off looks.
CREATE TABLE document_looks (
    did    TEXT   NOT NULL PRIMARY KEY,
    seen   BIGINT NOT NULL,
    due    BIGINT NOT NULL,
    logins BIGINT NOT NULL
);

CREATE INDEX document_looks_by_due ON document_looks (due);
