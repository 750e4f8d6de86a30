//! Whose documents are to be looked at again, and when; and the end of sessions whose key is gone.

use didshake::{Algorithm, Did, Fragment, UnixTime};
use didshake_peer::VerifiedKey;
use sqlx::{AnyConnection, Row as _};

use super::database::Database;
use super::row::{self, sql_time};

/// Which DIDs have a document that can change.
const CAN_CHANGE: &str = "did NOT LIKE 'did:key:%' AND did NOT LIKE 'did:jwk:%'";

/// A look that is due, and taken by whoever has this.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DueLook {
    pub(crate) did: Did,
    /// As of when the document was seen last.
    pub(crate) seen: UnixTime,
    logins: i64,
}

/// The looks of all instances.
#[derive(Clone, Debug)]
pub(crate) struct SqlLooks {
    database: Database,
}

impl SqlLooks {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Takes up the sessions that were made while nobody looked.
    pub(crate) async fn take_up(&self, now: UnixTime) -> Result<(), sqlx::Error> {
        let missing = format!(
            "INSERT INTO document_looks (did, seen, due, logins)
                SELECT DISTINCT did, CAST($1 AS BIGINT), CAST($1 AS BIGINT), CAST(0 AS BIGINT) FROM sessions
                    WHERE ends > $1 AND {CAN_CHANGE}
                ON CONFLICT (did) DO NOTHING"
        );
        let missing = sqlx::query(sqlx::AssertSqlSafe(missing)).bind(sql_time(now));
        missing.execute(&mut *self.database.write().await?).await.map(|_| ())
    }

    /// Takes looks that are due, those first that have waited longest; nobody else takes them before `until`.
    pub(crate) async fn claim(&self, now: UnixTime, until: UnixTime, most: usize) -> Result<Vec<DueLook>, sqlx::Error> {
        // Most often there is none, and reading keeps nobody waiting.
        let due = sqlx::query("SELECT 1 FROM document_looks WHERE due <= $1 LIMIT 1").bind(sql_time(now));
        if most == 0 || due.fetch_optional(&self.database.reader).await?.is_none() {
            return Ok(Vec::new());
        }
        // Of two instances the second waits for the first, and finds that the row is not due any more.
        let rows = sqlx::query(
            "UPDATE document_looks SET due = $1 WHERE due <= $2 AND did IN
                (SELECT did FROM document_looks WHERE due <= $2 ORDER BY due LIMIT $3)
                RETURNING did, seen, logins",
        )
        .bind(sql_time(until))
        .bind(sql_time(now))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&mut *self.database.write().await?)
        .await?;
        let read = |row| -> Result<DueLook, sqlx::Error> {
            let (did, seen) = (row::did(row, "did")?, row::unix_time(row.try_get("seen")?));
            Ok(DueLook { did, seen, logins: row.try_get("logins")? })
        };
        rows.iter().map(read).collect()
    }

    /// The keys that live sessions of a DID rest on.
    pub(crate) async fn keys(&self, did: &Did, now: UnixTime) -> Result<Vec<VerifiedKey>, sqlx::Error> {
        let rows =
            sqlx::query("SELECT DISTINCT fragment, algorithm, public_key FROM sessions WHERE did = $1 AND ends > $2");
        let rows = rows.bind(did.as_str()).bind(sql_time(now)).fetch_all(&self.database.reader).await?;
        let read = |row| -> Result<VerifiedKey, sqlx::Error> {
            let fragment = Fragment::of(did, row::text(row, "fragment")?.as_str()).map_err(row::malformed)?;
            let (algorithm, bytes): (Algorithm, Vec<u8>) = (row::algorithm(row)?, row.try_get("public_key")?);
            Ok(VerifiedKey { did: did.clone(), fragment, algorithm, bytes })
        };
        rows.iter().map(read).collect()
    }

    /// Notes what a look came to: as of when the document was seen last, and when the next look is due.
    pub(crate) async fn note(&self, did: &Did, seen: UnixTime, due: UnixTime) -> Result<(), sqlx::Error> {
        let noted = sqlx::query("UPDATE document_looks SET seen = $1, due = $2 WHERE did = $3")
            .bind(sql_time(seen))
            .bind(sql_time(due))
            .bind(did.as_str());
        noted.execute(&mut *self.database.write().await?).await.map(|_| ())
    }

    /// Looks at a document no more, unless a session was made since the look was taken.
    pub(crate) async fn forget(&self, look: &DueLook) -> Result<(), sqlx::Error> {
        let forgotten = sqlx::query("DELETE FROM document_looks WHERE did = $1 AND logins = $2");
        let forgotten = forgotten.bind(look.did.as_str()).bind(look.logins);
        forgotten.execute(&mut *self.database.write().await?).await.map(|_| ())
    }

    /// Ends the sessions that rest on a key, with all that hangs on them, and gives their ids.
    pub(crate) async fn end_sessions(&self, key: &VerifiedKey) -> Result<Vec<[u8; 16]>, sqlx::Error> {
        let rows = sqlx::query(
            "DELETE FROM sessions WHERE did = $1 AND fragment = $2 AND algorithm = $3 AND public_key = $4 RETURNING id",
        )
        .bind(key.did.as_str())
        .bind(key.fragment.as_str())
        .bind(i64::from(key.algorithm as u8))
        .bind(key.bytes.as_slice())
        .fetch_all(&mut *self.database.write().await?)
        .await?;
        rows.iter().map(|row| row::bytes(row, "id")).collect()
    }
}

/// Has the document of a DID looked at in time, as of a new session of it; within the session's own transaction.
pub(super) async fn look_again(
    did: &Did,
    accepted: UnixTime,
    due: UnixTime,
    on: &mut AnyConnection,
) -> Result<(), sqlx::Error> {
    if did.has_single_method() {
        return Ok(());
    }
    let look = sqlx::query(
        "INSERT INTO document_looks (did, seen, due, logins) VALUES ($1, $2, $3, 1)
            ON CONFLICT (did) DO UPDATE SET logins = document_looks.logins + 1,
                due = CASE WHEN excluded.due < document_looks.due THEN excluded.due ELSE document_looks.due END",
    );
    let look = look.bind(did.as_str()).bind(sql_time(accepted)).bind(sql_time(due));
    look.execute(on).await.map(|_| ())
}
