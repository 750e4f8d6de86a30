//! DIDs that are refused from now on, whatever the policy says, and sessions as an admin sees them.

use didshake::{Did, UnixTime};
use didshake_axum::{SessionRecord, StoreError};
use sqlx::Row as _;

use super::accounts::{Accounts, Connection, Undone, admins, keep_an_admin};
use super::row::{self, sql_time, unix_time};
use super::sessions::unavailable;
use super::sweeper::{Table, fits};
use crate::policy::holder;

/// A DID that is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Revocation {
    pub(crate) did: String,
    pub(crate) since: UnixTime,
    pub(crate) reason: String,
}

impl Accounts {
    /// Refuses a DID from now on, ends its sessions, and takes back its invites. `Conflict` where nobody could administer any
    /// more.
    pub(crate) async fn revoke(&self, did: &Did, reason: &str, by: &Did, now: UnixTime) -> Result<(), Undone> {
        let mut transaction = self.administer(by, now).await?;
        let admins = admins(&mut transaction).await?;
        revoke(did.as_str(), reason, self.bounds.revocations, now, &mut transaction).await?;
        keep_an_admin(admins, &mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Refuses a DID no more; `false` where it was not revoked.
    pub(crate) async fn restore(&self, did: &Did, by: &Did, now: UnixTime) -> Result<bool, Undone> {
        let mut transaction = self.administer(by, now).await?;
        let restored = sqlx::query("DELETE FROM revocations WHERE holder = $1").bind(holder(did));
        let restored = restored.execute(&mut *transaction).await?;
        let was_revoked = restored.rows_affected() == 1;
        if was_revoked {
            // A session that was made at the moment of the revocation must not live again.
            end_sessions(did.as_str(), &mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(was_revoked)
    }

    /// The revoked DIDs after this one, in the order of the alphabet.
    pub(crate) async fn revocations(&self, after: Option<&Did>, limit: u32) -> Result<Vec<Revocation>, StoreError> {
        let rows = sqlx::query("SELECT * FROM revocations WHERE holder > $1 ORDER BY holder LIMIT $2")
            .bind(after.map(holder).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(&self.database.reader)
            .await
            .map_err(unavailable)?;
        let read = |row: &super::accounts::Row| -> Result<Revocation, sqlx::Error> {
            let since = unix_time(row.try_get("since")?);
            Ok(Revocation { did: row.try_get("did")?, since, reason: row.try_get("reason")? })
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(unavailable)
    }

    /// The live sessions that were made last, of whomever.
    pub(crate) async fn newest_sessions(&self, now: UnixTime, limit: u32) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = sqlx::query("SELECT * FROM sessions WHERE ends > $1 ORDER BY accepted DESC, id LIMIT $2")
            .bind(sql_time(now))
            .bind(i64::from(limit))
            .fetch_all(&self.database.reader)
            .await
            .map_err(unavailable)?;
        rows.iter().map(row::record).collect::<Result<_, _>>().map_err(unavailable)
    }
}

/// The same in a transaction of the caller. The first reason stays.
pub(super) async fn revoke(
    did: &str,
    reason: &str,
    bound: u64,
    now: UnixTime,
    on: &mut Connection,
) -> Result<(), Undone> {
    let parsed = Did::parse(did).map_err(|_| Undone::Unknown)?;
    sqlx::query("INSERT INTO revocations (holder, did, since, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(holder(&parsed))
        .bind(did)
        .bind(sql_time(now))
        .bind(reason)
        .execute(&mut *on)
        .await?;
    if !fits(Table::Revocations, bound, now, on).await? {
        return Err(StoreError::Full.into());
    }
    take_back_invites(did, on).await?;
    Ok(end_sessions(did, on).await?)
}

/// Takes back what a DID has made for others, and perhaps for itself under another one.
pub(super) async fn take_back_invites(did: &str, on: &mut Connection) -> Result<(), sqlx::Error> {
    let Ok(did) = Did::parse(did) else { return Ok(()) };
    let take_back = sqlx::query("DELETE FROM invites WHERE made_by = $1 AND used IS NULL").bind(holder(&did));
    take_back.execute(on).await.map(|_| ())
}

/// Ends the sessions of a DID, however it is written.
pub(super) async fn end_sessions(did: &str, on: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE did = $1").bind(did).execute(&mut *on).await?;
    let Ok(wanted) = Did::parse(did) else { return Ok(()) };
    let pattern = match wanted.method() {
        "web" => "did:web:%",
        "peer" if wanted.short_form().is_some() => "did:peer:4%",
        _ => return Ok(()),
    };
    let wanted = holder(&wanted);
    let rows = sqlx::query("SELECT DISTINCT did FROM sessions WHERE did LIKE $1").bind(pattern);
    let rows = rows.fetch_all(&mut *on).await?;
    for row in &rows {
        let other: String = row.try_get("did")?;
        if Did::parse(&other).is_ok_and(|did| holder(&did) == wanted) {
            sqlx::query("DELETE FROM sessions WHERE did = $1").bind(other).execute(&mut *on).await?;
        }
    }
    Ok(())
}
