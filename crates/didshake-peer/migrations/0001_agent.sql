-- What agents keep, each row under the DID of ours that it belongs to (`own`). Names and pins are in the file of known peers.
-- Times are Unix seconds. Secrets stand here as they are: the file is its user's alone.

CREATE TABLE contacts (
    own         TEXT    NOT NULL,
    did         TEXT    NOT NULL,
    -- Where they take letters, and with which token: both or neither.
    mailbox_url TEXT,
    token       BLOB    CHECK (length(token) = 32),
    -- Their card as it came.
    card        BLOB,
    added       INTEGER NOT NULL,
    PRIMARY KEY (own, did),
    CHECK ((mailbox_url IS NULL) = (token IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE mailboxes (
    own       TEXT    NOT NULL,
    origin    TEXT    NOT NULL,
    relay_did TEXT    NOT NULL,
    url       TEXT    NOT NULL,
    opened    INTEGER NOT NULL,
    -- The mailbox key that the relay was last known to show.
    shown     BLOB    CHECK (length(shown) = 16),
    PRIMARY KEY (own, origin)
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox_keys (
    own    TEXT    NOT NULL,
    key_id BLOB    NOT NULL CHECK (length(key_id) = 16),
    secret BLOB    NOT NULL CHECK (length(secret) = 32),
    begins INTEGER NOT NULL,
    ends   INTEGER NOT NULL,
    -- As it is published.
    signed BLOB    NOT NULL,
    PRIMARY KEY (own, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE given_tokens (
    own        TEXT    NOT NULL,
    token      BLOB    NOT NULL CHECK (length(token) = 32),
    origin     TEXT    NOT NULL,
    -- Whom it was given to: a DID, or what the user called it.
    label      TEXT    NOT NULL,
    given      INTEGER NOT NULL,
    expires    INTEGER,
    -- Whether the relay has said that it knows it.
    registered INTEGER NOT NULL CHECK (registered IN (0, 1)),
    -- Whether it is to be revoked.
    revoked    INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    PRIMARY KEY (own, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    -- In the order of writing, for ever ascending.
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    own          TEXT    NOT NULL,
    recipient    TEXT    NOT NULL,
    message_id   BLOB    NOT NULL CHECK (length(message_id) = 16),
    content_type TEXT    NOT NULL,
    content      BLOB    NOT NULL,
    written      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    -- What went wrong last, a word for logs.
    trouble      TEXT,
    -- Sent again with the same bytes until the relay has said that it has them.
    envelope     BLOB,
    key_id       BLOB,
    deposit      BLOB,
    UNIQUE (own, message_id)
) STRICT;

CREATE INDEX outbox_under_way ON outbox (own, recipient, state, number) WHERE state < 16;
CREATE INDEX outbox_with ON outbox (own, recipient, number);

CREATE TABLE inbox (
    -- In the order of taking, for ever ascending.
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    own          TEXT    NOT NULL,
    sender       TEXT    NOT NULL,
    -- What verified the letter.
    method       TEXT    NOT NULL,
    message_id   BLOB    NOT NULL CHECK (length(message_id) = 16),
    content_type TEXT    NOT NULL,
    content      BLOB    NOT NULL,
    sent         INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    taken        INTEGER NOT NULL,
    read         INTEGER NOT NULL CHECK (read IN (0, 1))
) STRICT;

CREATE INDEX inbox_of ON inbox (own, number);
CREATE INDEX inbox_unread ON inbox (own, number) WHERE read = 0;

-- Outlives the letter: one that comes again is not one that is new.
CREATE TABLE seen (
    own        TEXT    NOT NULL,
    sender     TEXT    NOT NULL,
    message_id BLOB    NOT NULL CHECK (length(message_id) = 16),
    expires    INTEGER NOT NULL,
    PRIMARY KEY (own, sender, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_by_expiry ON seen (own, expires);

-- What others have filled: counted, so that a bound costs nothing.
CREATE TABLE filled (
    own     TEXT    NOT NULL PRIMARY KEY,
    letters INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER inbox_fills AFTER INSERT ON inbox BEGIN
    INSERT INTO filled (own, letters, bytes) VALUES (NEW.own, 1, length(NEW.content))
        ON CONFLICT (own) DO UPDATE SET letters = letters + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER inbox_empties AFTER DELETE ON inbox BEGIN
    UPDATE filled SET letters = letters - 1, bytes = bytes - length(OLD.content) WHERE own = OLD.own;
END;
