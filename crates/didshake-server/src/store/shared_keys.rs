//! Sealing keys on their way from instance to instance.

use didshake::UnixTime;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::database::Database;
use super::row::{self, sql_time};

/// More instances than anybody runs; each has two recipients.
const MAX_RECIPIENTS: i64 = 64;

/// To whom a key is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Recipient {
    pub(crate) id: [u8; 16],
    /// X25519.
    pub(crate) public_key: [u8; 32],
}

/// A sealing key, encrypted to a recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SharedKey {
    pub(crate) recipient: [u8; 16],
    pub(crate) key_id: [u8; 8],
    pub(crate) since: UnixTime,
    pub(crate) sealed: Vec<u8>,
}

/// Where they are until they are taken.
#[derive(Clone, Debug)]
pub(crate) struct SharedKeys {
    database: Database,
}

impl SharedKeys {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Makes a recipient known until it ends, and forgets those that have ended.
    pub(crate) async fn announce(&self, one: &Recipient, ends: UnixTime, now: UnixTime) -> Result<(), sqlx::Error> {
        let over = sqlx::query("DELETE FROM recipients WHERE ends <= $1").bind(sql_time(now));
        over.execute(&mut *self.database.write().await?).await?;
        sqlx::query("INSERT INTO recipients (id, public_key, ends) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
            .bind(one.id.as_slice())
            .bind(one.public_key.as_slice())
            .bind(sql_time(ends))
            .execute(&mut *self.database.write().await?)
            .await
            .map(|_| ())
    }

    pub(crate) async fn recipients(&self, now: UnixTime) -> Result<Vec<Recipient>, sqlx::Error> {
        let rows = sqlx::query("SELECT id, public_key FROM recipients WHERE ends > $1 ORDER BY ends DESC LIMIT $2")
            .bind(sql_time(now))
            .bind(MAX_RECIPIENTS)
            .fetch_all(&self.database.reader)
            .await?;
        let read = |row| Ok(Recipient { id: row::bytes(row, "id")?, public_key: row::bytes(row, "public_key")? });
        rows.iter().map(read).collect()
    }

    /// Leaves a key for its recipient; nothing where that has ended.
    pub(crate) async fn hand_on(&self, key: &SharedKey) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO shared_keys (recipient, key_id, since, sealed)
                SELECT id, $1, $2, $3 FROM recipients WHERE id = $4 ON CONFLICT (recipient, key_id) DO NOTHING",
        )
        .bind(key.key_id.as_slice())
        .bind(sql_time(key.since))
        .bind(key.sealed.as_slice())
        .bind(key.recipient.as_slice())
        .execute(&mut *self.database.write().await?)
        .await
        .map(|_| ())
    }

    /// Takes out what is for a recipient.
    pub(crate) async fn take(&self, recipient: &[u8; 16]) -> Result<Vec<SharedKey>, sqlx::Error> {
        let rows =
            sqlx::query("DELETE FROM shared_keys WHERE recipient = $1 RETURNING recipient, key_id, since, sealed")
                .bind(recipient.as_slice())
                .fetch_all(&mut *self.database.write().await?)
                .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<SharedKey, sqlx::Error> {
    Ok(SharedKey {
        recipient: row::bytes(row, "recipient")?,
        key_id: row::bytes(row, "key_id")?,
        since: row::unix_time(row.try_get("since")?),
        sealed: row.try_get("sealed")?,
    })
}
