-- Who people are beside their DIDs. `holder` is what DIDs of one holder have in common (policy.rs), `did` how it was written.

CREATE TABLE accounts (
    account_id BLOB    NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    -- The first DID: applications know the account by it, so that nobody else gets it.
    subject    TEXT    NOT NULL,
    holder     TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    email      TEXT,
    created    INTEGER NOT NULL,
    -- Since when.
    disabled   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE account_groups (
    account_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_groups_by_name ON account_groups (name);

CREATE TABLE account_keys (
    holder     TEXT    NOT NULL PRIMARY KEY,
    account_id BLOB    NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    did        TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    added      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_keys_by_account ON account_keys (account_id);

-- Of the secret only the hash. With an `account_id` it is for a further key of that account, and `name` is the key's label.
CREATE TABLE invites (
    invite_id   BLOB    NOT NULL PRIMARY KEY CHECK (length(invite_id) = 16),
    hash        BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    account_id  BLOB    REFERENCES accounts (account_id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    email       TEXT,
    -- Names with commas between them.
    group_names TEXT    NOT NULL,
    -- The holder who made it; the service itself, at its start: none.
    made_by     TEXT,
    made        INTEGER NOT NULL,
    ends        INTEGER NOT NULL,
    used        INTEGER,
    -- For whom it will be used, until when; a DID may have several.
    claimed     TEXT,
    holder      TEXT,
    claim_ends  INTEGER,
    -- Whoever comes late is told so, until then.
    kept_until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX invites_by_account ON invites (account_id);
CREATE INDEX invites_by_holder ON invites (holder, claim_ends);
CREATE INDEX invites_by_end ON invites (kept_until);

CREATE TABLE revocations (
    holder TEXT    NOT NULL PRIMARY KEY,
    did    TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    reason TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_time ON sessions (accepted);

INSERT INTO sizes (name, row_count) VALUES ('accounts', 0), ('invites', 0), ('revocations', 0);

CREATE TRIGGER account_added AFTER INSERT ON accounts
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'accounts'; END;
CREATE TRIGGER account_gone AFTER DELETE ON accounts
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'accounts'; END;
CREATE TRIGGER invite_added AFTER INSERT ON invites
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'invites'; END;
CREATE TRIGGER invite_gone AFTER DELETE ON invites
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'invites'; END;
CREATE TRIGGER revocation_added AFTER INSERT ON revocations
BEGIN UPDATE sizes SET row_count = row_count + 1 WHERE name = 'revocations'; END;
CREATE TRIGGER revocation_gone AFTER DELETE ON revocations
BEGIN UPDATE sizes SET row_count = row_count - 1 WHERE name = 'revocations'; END;
