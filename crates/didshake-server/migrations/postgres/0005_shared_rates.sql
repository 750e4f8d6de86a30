-- Instances that are there, and what sources have spent of their rate at one of them, on its way to another. For seconds.
CREATE UNLOGGED TABLE instances (
    id   BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    ends BIGINT NOT NULL
);

CREATE UNLOGGED TABLE spent_rates (
    id       BYTEA NOT NULL CHECK (length(id) = 16),
    instance BYTEA NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    -- JSON: addresses and tokens.
    spent    TEXT  NOT NULL,
    PRIMARY KEY (instance, id)
);
