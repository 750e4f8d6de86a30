//! The newest entry that was seen of each did:webvh log, for all instances.

use didshake::UnixTime;
use didshake_did::BoxFuture;
use didshake_did::webvh::{HistoryUnavailable, LogHead, LogHistory};
use sqlx::any::AnyRow;

use super::database::Database;
use super::row::{self, sql_time};

/// Logs that are kept: beyond them, those are forgotten that advanced longest ago.
pub(crate) const MAX_LOGS: u32 = 100_000;

/// What was seen of logs, in the database.
#[derive(Clone, Debug)]
pub(crate) struct SqlLogHistory {
    database: Database,
    most: u32,
}

impl SqlLogHistory {
    pub(crate) fn new(database: Database, most: u32) -> Self {
        Self { database, most }
    }

    async fn find(&self, scid: &str) -> Result<Option<LogHead>, sqlx::Error> {
        // What was just written counts.
        let found = sqlx::query("SELECT version_id FROM webvh_logs WHERE scid = $1").bind(scid);
        let found = found.fetch_optional(&self.database.writer).await?;
        found.as_ref().map(head).transpose()
    }

    async fn replace(&self, scid: &str, from: &LogHead, to: &LogHead, now: UnixTime) -> Result<bool, sqlx::Error> {
        let replaced =
            sqlx::query("UPDATE webvh_logs SET version_id = $1, advanced = $2 WHERE scid = $3 AND version_id = $4")
                .bind(to.version_id())
                .bind(sql_time(now))
                .bind(scid)
                .bind(from.version_id());
        Ok(replaced.execute(&self.database.writer).await?.rows_affected() == 1)
    }

    async fn insert(&self, scid: &str, to: &LogHead, now: UnixTime) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO webvh_logs (scid, version_id, advanced) VALUES ($1, $2, $3) ON CONFLICT (scid) DO NOTHING",
        )
        .bind(scid)
        .bind(to.version_id())
        .bind(sql_time(now))
        .execute(&mut *transaction)
        .await?;
        let over = sqlx::query(
            "DELETE FROM webvh_logs WHERE scid IN
                (SELECT scid FROM webvh_logs ORDER BY advanced DESC LIMIT 1000 OFFSET $1)",
        );
        over.bind(i64::from(self.most)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(inserted.rows_affected() == 1)
    }
}

fn head(row: &AnyRow) -> Result<LogHead, sqlx::Error> {
    LogHead::parse(&row::text(row, "version_id")?).ok_or_else(|| row::malformed(()))
}

impl LogHistory for SqlLogHistory {
    fn seen<'a>(&'a self, scid: &'a str) -> BoxFuture<'a, Result<Option<LogHead>, HistoryUnavailable>> {
        Box::pin(async move { self.find(scid).await.map_err(HistoryUnavailable::because) })
    }

    fn advance<'a>(
        &'a self,
        scid: &'a str,
        from: Option<&'a LogHead>,
        to: &'a LogHead,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<bool, HistoryUnavailable>> {
        Box::pin(async move {
            let advanced = match from {
                Some(from) => self.replace(scid, from, to, now).await,
                None => self.insert(scid, to, now).await,
            };
            advanced.map_err(HistoryUnavailable::because)
        })
    }
}
