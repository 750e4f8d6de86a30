//! What is over: envelopes whose time has come, states that were kept for long enough, tokens that ended.

use didshake::UnixTime;
use didshake::relay::{MailboxName, TokenHash};

use super::STATE_SECONDS;
use crate::store::database::Database;
use crate::store::mailboxes::number;
use crate::store::row::{self, sql_time};

/// Deletes the envelopes that nobody took in time.
pub(in crate::store) async fn expire(database: &Database, now: UnixTime) -> Result<(), sqlx::Error> {
    loop {
        let due = sqlx::query("SELECT DISTINCT mailbox FROM deposits WHERE state = 0 AND ends <= $1 LIMIT 100");
        let due = due.bind(sql_time(now)).fetch_all(&mut *database.write().await?).await?;
        if due.is_empty() {
            return Ok(());
        }
        for row in due {
            expire_in(&MailboxName(row::bytes(&row, "mailbox")?), database, now).await?;
        }
    }
}

/// A thousand at a time, under the lock of the mailbox.
async fn expire_in(mailbox: &MailboxName, database: &Database, now: UnixTime) -> Result<(), sqlx::Error> {
    let mut transaction = database.begin().await?;
    let lock = sqlx::query("UPDATE mailboxes SET waiting = waiting WHERE name = $1").bind(mailbox.0.as_slice());
    lock.execute(&mut *transaction).await?;
    let expired = sqlx::query(
        "UPDATE deposits SET state = 3, ends = ends + $1, envelope = NULL WHERE mailbox = $2 AND state = 0 AND sequence IN
            (SELECT sequence FROM deposits WHERE mailbox = $2 AND state = 0 AND ends <= $3 LIMIT 1000)
            RETURNING token, size",
    );
    let expired = expired.bind(sql_time(UnixTime(STATE_SECONDS))).bind(mailbox.0.as_slice()).bind(sql_time(now));
    for row in expired.fetch_all(&mut *transaction).await? {
        let (token, size) = (TokenHash(row::bytes(&row, "token")?), number(&row, "size")?);
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let of_mailbox = sqlx::query("UPDATE mailboxes SET waiting = waiting - 1, bytes = bytes - $1 WHERE name = $2");
        of_mailbox.bind(size).bind(mailbox.0.as_slice()).execute(&mut *transaction).await?;
        let of_token = sqlx::query(
            "UPDATE deposit_tokens SET waiting = waiting - 1, bytes = bytes - $1 WHERE mailbox = $2 AND hash = $3",
        );
        let of_token = of_token.bind(size).bind(mailbox.0.as_slice()).bind(token.0.as_slice());
        of_token.execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Deletes states that were kept for long enough, and tokens that ended.
pub(in crate::store) async fn forget(database: &Database, now: UnixTime) -> Result<(), sqlx::Error> {
    const OVER: [&str; 2] = [
        "DELETE FROM deposits WHERE state <> 0 AND (mailbox, sequence) IN
            (SELECT mailbox, sequence FROM deposits WHERE state <> 0 AND ends <= $1 LIMIT 1000)",
        "DELETE FROM deposit_tokens WHERE (mailbox, hash) IN
            (SELECT mailbox, hash FROM deposit_tokens WHERE ends <= $1 LIMIT 1000)",
    ];
    for over in OVER {
        loop {
            let gone = sqlx::query(over).bind(sql_time(now)).execute(&mut *database.write().await?).await?;
            if gone.rows_affected() == 0 {
                break;
            }
        }
    }
    Ok(())
}
