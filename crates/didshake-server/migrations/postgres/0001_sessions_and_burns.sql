-- As in ../sqlite, for several instances at once. Times are Unix seconds. `ends` is when a row no longer counts, for the
-- sweeper. Flags are numbers, since both databases are read alike.

CREATE TABLE sessions (
    id          BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    did         TEXT   NOT NULL,
    fragment    TEXT   NOT NULL,
    algorithm   BIGINT NOT NULL,
    public_key  BYTEA  NOT NULL,
    accepted    BIGINT NOT NULL,
    lifetime    BIGINT NOT NULL,
    used        BIGINT NOT NULL CHECK (used IN (0, 1)),
    origin      TEXT   NOT NULL,
    request_key BYTEA  NOT NULL CHECK (length(request_key) = 32),
    client      TEXT,
    last_used   BIGINT,
    ends        BIGINT NOT NULL
);

CREATE INDEX sessions_by_did ON sessions (did, accepted);
CREATE INDEX sessions_by_end ON sessions (ends);

CREATE TABLE request_nonces (
    session_id BYTEA  NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    nonce      BYTEA  NOT NULL CHECK (length(nonce) = 16),
    ends       BIGINT NOT NULL,
    PRIMARY KEY (session_id, nonce)
);

CREATE INDEX request_nonces_by_end ON request_nonces (ends);

-- Refers to no session: ending one makes no Finish usable again.
CREATE TABLE burned_handshakes (
    th3  BYTEA  NOT NULL PRIMARY KEY CHECK (length(th3) = 32),
    ends BIGINT NOT NULL
);

CREATE INDEX burned_handshakes_by_end ON burned_handshakes (ends);

-- How many rows there are: the sum of the parts. A part belongs to one connection, nearly always, so that nobody waits for
-- another's transaction to count his own.
CREATE TABLE sizes (
    name      TEXT   NOT NULL,
    part      BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    PRIMARY KEY (name, part)
) WITH (fillfactor = 50);

CREATE FUNCTION count_rows() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sizes VALUES (TG_TABLE_NAME, pg_backend_pid() % 64, CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END)
        ON CONFLICT (name, part) DO UPDATE SET row_count = sizes.row_count + excluded.row_count;
    RETURN NULL;
END $$;

CREATE TRIGGER counted AFTER INSERT OR DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION count_rows();
CREATE TRIGGER counted AFTER INSERT OR DELETE ON request_nonces FOR EACH ROW EXECUTE FUNCTION count_rows();
CREATE TRIGGER counted AFTER INSERT OR DELETE ON burned_handshakes FOR EACH ROW EXECUTE FUNCTION count_rows();

-- Of one row: until when this was a backup. It lacks the nonces that were burned after it was made.
CREATE TABLE restored (
    only_row    BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    restored_at BIGINT NOT NULL
);

INSERT INTO restored (only_row, restored_at) VALUES (1, 0);

-- Of one row: whose sessions these are. Instances of one service have one DID.
CREATE TABLE service (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    did      TEXT   NOT NULL
);

-- To whom instances encrypt their sealing keys: X25519 keys of which the secret half is in the memory of one instance, for
-- two minutes.
CREATE UNLOGGED TABLE recipients (
    id         BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    public_key BYTEA  NOT NULL CHECK (length(public_key) = 32),
    ends       BIGINT NOT NULL
);

-- Sealing keys on their way, each encrypted to one recipient (HPKE), who takes it out.
CREATE UNLOGGED TABLE shared_keys (
    recipient BYTEA  NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
    key_id    BYTEA  NOT NULL CHECK (length(key_id) = 8),
    since     BIGINT NOT NULL,
    sealed    BYTEA  NOT NULL,
    PRIMARY KEY (recipient, key_id)
);
