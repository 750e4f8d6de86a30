//! The newest entry that was seen of each did:webvh log, for all instances.

use didshake::UnixTime;
use didshake_did::BoxFuture;
use didshake_did::webvh::{
    HistoryFull, HistoryUnavailable, LogHead, LogHistory, NOTED_AGAIN_SECONDS, RECENTLY_USED_SECONDS,
};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::database::Database;
use super::row::{self, sql_time};

/// Logs that are kept: beyond them, those are forgotten that were used longest ago. The column says `advanced` for when.
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
        let found = found.fetch_optional(&mut *self.database.write().await?).await?;
        found.as_ref().map(head).transpose()
    }

    async fn replace(&self, scid: &str, from: &LogHead, to: &LogHead, now: UnixTime) -> Result<bool, sqlx::Error> {
        let replaced =
            sqlx::query("UPDATE webvh_logs SET version_id = $1, advanced = $2 WHERE scid = $3 AND version_id = $4")
                .bind(to.version_id())
                .bind(sql_time(now))
                .bind(scid)
                .bind(from.version_id());
        Ok(replaced.execute(&mut *self.database.write().await?).await?.rows_affected() == 1)
    }

    async fn insert(&self, scid: &str, to: &LogHead, now: UnixTime) -> Result<bool, HistoryUnavailable> {
        let failed = |error: sqlx::Error| HistoryUnavailable::because(error);
        let mut transaction = self.database.begin().await.map_err(failed)?;
        let inserted = sqlx::query(
            "INSERT INTO webvh_logs (scid, version_id, advanced) VALUES ($1, $2, $3) ON CONFLICT (scid) DO NOTHING",
        );
        let inserted = inserted.bind(scid).bind(to.version_id()).bind(sql_time(now));
        if inserted.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
            return Ok(false);
        }
        let kept = sqlx::query("SELECT count(*) AS kept FROM webvh_logs").fetch_one(&mut *transaction).await;
        let kept: i64 = kept.and_then(|row| row.try_get("kept")).map_err(failed)?;
        let over = u64::try_from(kept - i64::from(self.most)).unwrap_or_default();
        // Times that a clock which was set back has left in the future are the oldest.
        let forgotten = sqlx::query(
            "DELETE FROM webvh_logs WHERE scid IN
                (SELECT scid FROM webvh_logs WHERE advanced <= $1 OR advanced > $2
                    ORDER BY CASE WHEN advanced > $2 THEN 0 ELSE 1 END, advanced LIMIT $3)",
        )
        .bind(sql_time(UnixTime(now.0.saturating_sub(RECENTLY_USED_SECONDS))))
        .bind(sql_time(now))
        .bind(i64::try_from(over).unwrap_or(i64::MAX))
        .execute(&mut *transaction);
        if forgotten.await.map_err(failed)?.rows_affected() < over {
            let full = HistoryFull { most: usize::try_from(self.most).unwrap_or(usize::MAX) };
            tracing::error!(error = %full, "a did:webvh that is new here is refused");
            return Err(HistoryUnavailable::because(full));
        }
        if over > 0 {
            tracing::warn!(
                most = self.most,
                "what was seen of the did:webvh log that was used longest ago is forgotten"
            );
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    async fn note(&self, scid: &str, now: UnixTime) -> Result<(), sqlx::Error> {
        let noted =
            sqlx::query("UPDATE webvh_logs SET advanced = $1 WHERE scid = $2 AND (advanced <= $3 OR advanced > $1)")
                .bind(sql_time(now))
                .bind(scid)
                .bind(sql_time(UnixTime(now.0.saturating_sub(NOTED_AGAIN_SECONDS))));
        noted.execute(&mut *self.database.write().await?).await.map(drop)
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
            match from {
                Some(from) => self.replace(scid, from, to, now).await.map_err(HistoryUnavailable::because),
                None => self.insert(scid, to, now).await,
            }
        })
    }

    fn used<'a>(&'a self, scid: &'a str, now: UnixTime) -> BoxFuture<'a, Result<(), HistoryUnavailable>> {
        Box::pin(async move { self.note(scid, now).await.map_err(HistoryUnavailable::because) })
    }
}
