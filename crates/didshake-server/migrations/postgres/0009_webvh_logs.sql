-- The newest entry that was seen of each did:webvh log, by its SCID: an older or another log is refused, by every instance.
CREATE TABLE webvh_logs (
    scid       TEXT   NOT NULL PRIMARY KEY,
    version_id TEXT   NOT NULL,
    advanced   BIGINT NOT NULL
);

CREATE INDEX webvh_logs_by_advanced ON webvh_logs (advanced);
