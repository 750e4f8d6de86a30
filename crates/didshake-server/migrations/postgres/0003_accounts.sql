-- As in ../sqlite: who people are beside their DIDs. `holder` is what DIDs of one holder have in common (policy.rs), `did` how it was written.

CREATE TABLE accounts (
    account_id BYTEA   NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    -- The first DID: applications know the account by it, so that nobody else gets it.
    subject    TEXT    NOT NULL,
    holder     TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    email      TEXT,
    created    BIGINT NOT NULL,
    -- Since when.
    disabled   BIGINT
);

CREATE TABLE account_groups (
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
);

CREATE INDEX account_groups_by_name ON account_groups (name);

CREATE TABLE account_keys (
    holder     TEXT    NOT NULL PRIMARY KEY,
    account_id BYTEA   NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    did        TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    added      BIGINT NOT NULL
);

CREATE INDEX account_keys_by_account ON account_keys (account_id);

-- Of the secret only the hash. With an `account_id` it is for a further key of that account, and `name` is the key's label.
CREATE TABLE invites (
    invite_id   BYTEA   NOT NULL PRIMARY KEY CHECK (length(invite_id) = 16),
    hash        BYTEA   NOT NULL UNIQUE CHECK (length(hash) = 32),
    account_id  BYTEA   REFERENCES accounts (account_id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    email       TEXT,
    -- Names with commas between them.
    group_names TEXT    NOT NULL,
    -- The holder who made it; the service itself, at its start: none.
    made_by     TEXT,
    made        BIGINT NOT NULL,
    ends        BIGINT NOT NULL,
    used        BIGINT ,
    -- For whom it will be used, until when; a DID may have several.
    claimed     TEXT,
    holder      TEXT,
    claim_ends  BIGINT ,
    -- Whoever comes late is told so, until then.
    kept_until  BIGINT NOT NULL
);

CREATE INDEX invites_by_account ON invites (account_id);
CREATE INDEX invites_by_holder ON invites (holder, claim_ends);
CREATE INDEX invites_by_end ON invites (kept_until);

CREATE TABLE revocations (
    holder TEXT    NOT NULL PRIMARY KEY,
    did    TEXT    NOT NULL,
    since  BIGINT NOT NULL,
    reason TEXT    NOT NULL
);

CREATE INDEX sessions_by_time ON sessions (accepted);

CREATE TRIGGER counted AFTER INSERT OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION count_rows();
CREATE TRIGGER counted AFTER INSERT OR DELETE ON invites FOR EACH ROW EXECUTE FUNCTION count_rows();
CREATE TRIGGER counted AFTER INSERT OR DELETE ON revocations FOR EACH ROW EXECUTE FUNCTION count_rows();
