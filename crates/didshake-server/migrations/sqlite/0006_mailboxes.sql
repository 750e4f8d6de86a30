-- The relay (spec/relay-1.md). Nothing here says who deposited what.

CREATE TABLE mailboxes (
    -- Random, and what depositors know it by.
    name          BLOB    NOT NULL PRIMARY KEY CHECK (length(name) = 16),
    -- What DIDs of one holder have in common (policy.rs).
    owner         TEXT    NOT NULL UNIQUE,
    opened        INTEGER NOT NULL,
    mailbox_key   BLOB,
    key_id        BLOB    CHECK (length(key_id) = 16),
    key_ends      INTEGER,
    -- Of the newest deposit.
    last_sequence INTEGER NOT NULL,
    -- Of what waits.
    waiting       INTEGER NOT NULL,
    bytes         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Of a token only the hash.
CREATE TABLE deposit_tokens (
    mailbox     BLOB    NOT NULL REFERENCES mailboxes (name) ON DELETE CASCADE,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    ends        INTEGER,
    max_waiting INTEGER,
    max_bytes   INTEGER,
    waiting     INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    PRIMARY KEY (mailbox, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX deposit_tokens_by_end ON deposit_tokens (ends) WHERE ends IS NOT NULL;

CREATE TABLE deposits (
    mailbox  BLOB    NOT NULL REFERENCES mailboxes (name) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    token    BLOB    NOT NULL,
    name     BLOB    NOT NULL CHECK (length(name) = 16),
    -- 0 waiting, 1 taken, 2 refused, 3 expired.
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    -- While it waits: when it expires. Afterwards: until when its state is kept.
    ends     INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    -- Last, and only while it waits: what is read without it stays small.
    envelope BLOB,
    UNIQUE (mailbox, token, name)
) STRICT;

CREATE INDEX deposits_waiting ON deposits (mailbox, sequence) WHERE state = 0;
CREATE INDEX deposits_by_end ON deposits (ends);

INSERT INTO sizes (name, row_count) VALUES ('mailboxes', 0);

CREATE TRIGGER mailbox_added AFTER INSERT ON mailboxes
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'mailboxes'; END;
CREATE TRIGGER mailbox_gone AFTER DELETE ON mailboxes
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'mailboxes'; END;
