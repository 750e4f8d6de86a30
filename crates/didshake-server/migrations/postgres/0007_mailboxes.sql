-- As in ../sqlite: the relay (spec/relay-1.md). Nothing here says who deposited what.

CREATE TABLE mailboxes (
    -- Random, and what depositors know it by.
    name          BYTEA  NOT NULL PRIMARY KEY CHECK (length(name) = 16),
    -- What DIDs of one holder have in common (policy.rs).
    owner         TEXT   NOT NULL UNIQUE,
    opened        BIGINT NOT NULL,
    mailbox_key   BYTEA,
    key_id        BYTEA  CHECK (length(key_id) = 16),
    key_ends      BIGINT,
    -- Of the newest deposit.
    last_sequence BIGINT NOT NULL,
    -- Of what waits.
    waiting       BIGINT NOT NULL,
    bytes         BIGINT NOT NULL
) WITH (fillfactor = 50);

-- Of a token only the hash.
CREATE TABLE deposit_tokens (
    mailbox     BYTEA  NOT NULL REFERENCES mailboxes (name) ON DELETE CASCADE,
    hash        BYTEA  NOT NULL CHECK (length(hash) = 32),
    ends        BIGINT,
    max_waiting BIGINT,
    max_bytes   BIGINT,
    waiting     BIGINT NOT NULL,
    bytes       BIGINT NOT NULL,
    PRIMARY KEY (mailbox, hash)
);

CREATE INDEX deposit_tokens_by_end ON deposit_tokens (ends) WHERE ends IS NOT NULL;

CREATE TABLE deposits (
    mailbox  BYTEA  NOT NULL REFERENCES mailboxes (name) ON DELETE CASCADE,
    sequence BIGINT NOT NULL,
    token    BYTEA  NOT NULL,
    name     BYTEA  NOT NULL CHECK (length(name) = 16),
    -- 0 waiting, 1 taken, 2 refused, 3 expired.
    state    BIGINT NOT NULL CHECK (state BETWEEN 0 AND 3),
    -- While it waits: when it expires. Afterwards: until when its state is kept.
    ends     BIGINT NOT NULL,
    size     BIGINT NOT NULL,
    -- Last, and only while it waits: what is read without it stays small.
    envelope BYTEA,
    UNIQUE (mailbox, token, name)
);

-- What is sealed gets no smaller.
ALTER TABLE deposits ALTER COLUMN envelope SET STORAGE EXTERNAL;

CREATE INDEX deposits_waiting ON deposits (mailbox, sequence) WHERE state = 0;
CREATE INDEX deposits_by_end ON deposits (ends);

CREATE TRIGGER counted AFTER INSERT OR DELETE ON mailboxes FOR EACH ROW EXECUTE FUNCTION count_rows();
