//! What was learned about others.

use didshake::{Algorithm, Did, PublicKey, UnixTime};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};

use super::row::{malformed, sql_time, time};
use super::{Failure, SqliteStore};
use crate::mailbox::sighting::{MAX_SIGHTINGS, Sighted, Sighting};

type Query<'a> = sqlx::query::Query<'a, Sqlite, SqliteArguments>;

impl SqliteStore {
    /// Whether it is news; otherwise the time of what is known is set.
    pub(super) async fn write_sighting(&self, did: &Did, what: &Sighted, now: UnixTime) -> Result<bool, Failure> {
        let mut transaction = self.begin().await?;
        let newest = "SELECT * FROM sightings WHERE did = ? AND (key IS NULL) = ? AND (? IS NULL OR name = ?) \
                      ORDER BY number DESC LIMIT 1";
        let name = name(what);
        let query = sqlx::query(newest).bind(did.as_str()).bind(name.is_some());
        let row = query.bind(name).bind(name).fetch_optional(&mut *transaction).await?;
        let known = row.as_ref().map(of_row).transpose()?.filter(|known| known.what == *what);
        match row.filter(|_| known.is_some()) {
            Some(row) => {
                let query = sqlx::query("UPDATE sightings SET last = max(last, ?) WHERE number = ?");
                query.bind(sql_time(now)).bind(row.try_get::<i64, _>("number")?).execute(&mut *transaction).await?;
            }
            None => {
                insert(did, what, now).execute(&mut *transaction).await?;
                // The first stays: since when somebody is known.
                let spare = "DELETE FROM sightings WHERE number IN (SELECT number FROM sightings WHERE did = ?1 AND \
                             number != (SELECT min(number) FROM sightings WHERE did = ?1) \
                             ORDER BY number DESC LIMIT -1 OFFSET ?2)";
                let query = sqlx::query(spare).bind(did.as_str()).bind(MAX_SIGHTINGS - 1);
                query.execute(&mut *transaction).await?;
            }
        }
        transaction.commit().await?;
        Ok(known.is_none())
    }

    pub(super) async fn read_sightings(&self, did: &Did) -> Result<Vec<Sighting>, Failure> {
        let query = sqlx::query("SELECT * FROM sightings WHERE did = ? ORDER BY number");
        let rows = query.bind(did.as_str()).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(of_row).collect::<Result<_, _>>()?)
    }
}

fn name(what: &Sighted) -> Option<&str> {
    match what {
        Sighted::Key { .. } => None,
        Sighted::Pinned { name } | Sighted::Unpinned { name } => Some(name),
    }
}

fn insert<'a>(did: &'a Did, what: &'a Sighted, now: UnixTime) -> Query<'a> {
    let (method, key, version) = match what {
        Sighted::Key { method, key, version } => (Some(method.as_str()), Some(key), version.as_deref()),
        Sighted::Pinned { .. } | Sighted::Unpinned { .. } => (None, None, None),
    };
    sqlx::query(
        "INSERT INTO sightings (did, first, last, method, algorithm, key, version, name, pinned) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(did.as_str())
    .bind(sql_time(now))
    .bind(sql_time(now))
    .bind(method)
    .bind(key.map(|key| i64::from(key.algorithm() as u8)))
    .bind(key.map(PublicKey::as_bytes))
    .bind(version)
    .bind(name(what))
    .bind(name(what).map(|_| matches!(what, Sighted::Pinned { .. })))
}

fn of_row(row: &SqliteRow) -> Result<Sighting, sqlx::Error> {
    let name: Option<String> = row.try_get("name")?;
    let what = match name {
        Some(name) if row.try_get::<bool, _>("pinned")? => Sighted::Pinned { name },
        Some(name) => Sighted::Unpinned { name },
        None => Sighted::Key { method: row.try_get("method")?, key: key(row)?, version: row.try_get("version")? },
    };
    Ok(Sighting { first: time(row, "first")?, last: time(row, "last")?, what })
}

fn key(row: &SqliteRow) -> Result<PublicKey, sqlx::Error> {
    let algorithm = u8::try_from(row.try_get::<i64, _>("algorithm")?).ok().and_then(Algorithm::from_byte);
    let bytes: &[u8] = row.try_get("key")?;
    let key = match algorithm {
        Some(Algorithm::Ed25519) => PublicKey::ed25519(bytes.try_into().map_err(malformed)?),
        Some(Algorithm::Es256) => PublicKey::p256(bytes.try_into().map_err(malformed)?),
        None => return Err(malformed(())),
    };
    key.map_err(malformed)
}
