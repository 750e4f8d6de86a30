//! Letters of ours.

use didshake::mailbox::MessageId;
use didshake::relay::DepositName;
use didshake::{Did, UnixTime};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::row::{bytes, did, malformed, maybe_bytes, number, private, sql_number, sql_time, time};
use super::{Failure, SqliteStore};
use crate::mailbox::receipt::RECEIPT_TYPE;
use crate::mailbox::records::{Deposited, NewLetter, Sealed, SentLetter, SentState};
use crate::mailbox::store::Change;

/// Seconds for which a relay keeps what became of a deposit.
const STATE_SECONDS: u64 = 604_800;

impl SqliteStore {
    pub(super) async fn write_letter(&self, letter: &NewLetter) -> Result<u64, Failure> {
        let mut transaction = self.begin().await?;
        let number = insert(self.own_text(), letter, &mut transaction).await?;
        // What was written before goes before it, or none of them.
        sqlx::query("UPDATE outbox SET state = ? WHERE own = ? AND recipient = ? AND state = ? AND state < 16")
            .bind(SentState::Queued.number())
            .bind(self.own_text())
            .bind(letter.recipient.as_str())
            .bind(SentState::Blocked.number())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(number)
    }

    pub(super) async fn queue_blocked(&self) -> Result<u64, Failure> {
        let queued = sqlx::query(
            "UPDATE outbox SET state = ?1 WHERE own = ?2 AND state = ?3 AND state < 16 AND recipient IN
                (SELECT did FROM contacts WHERE own = ?2 AND mailbox_url IS NOT NULL)",
        )
        .bind(SentState::Queued.number())
        .bind(self.own_text())
        .bind(SentState::Blocked.number())
        .execute(&self.writer)
        .await?;
        Ok(queued.rows_affected())
    }

    pub(super) async fn read_recipients(&self) -> Result<Vec<Did>, Failure> {
        let query =
            sqlx::query("SELECT DISTINCT recipient FROM outbox WHERE own = ? AND state IN (?, ?) AND state < 16");
        let query = query.bind(self.own_text()).bind(SentState::Queued.number()).bind(SentState::Waiting.number());
        let rows = query.fetch_all(&self.reader).await?;
        Ok(rows.iter().map(|row| did(row, "recipient")).collect::<Result<_, _>>()?)
    }

    pub(super) async fn read_queued(&self, to: &Did, most: u32) -> Result<Vec<SentLetter>, Failure> {
        let rows = sqlx::query(
            "SELECT * FROM outbox WHERE own = ? AND recipient = ? AND state = ? AND state < 16 ORDER BY number LIMIT ?",
        )
        .bind(self.own_text())
        .bind(to.as_str())
        .bind(SentState::Queued.number())
        .bind(most)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows.iter().map(sent).collect::<Result<_, _>>()?)
    }

    pub(super) async fn read_deposited(&self, to: &Did, after: u64, most: u32) -> Result<Vec<Deposited>, Failure> {
        let rows = sqlx::query(
            "SELECT number, deposit, key_id, expires FROM outbox
                WHERE own = ? AND recipient = ? AND state = ? AND state < 16 AND number > ? ORDER BY number LIMIT ?",
        )
        .bind(self.own_text())
        .bind(to.as_str())
        .bind(SentState::Waiting.number())
        .bind(sql_number(after)?)
        .bind(most)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows.iter().map(deposited).collect::<Result<_, _>>()?)
    }

    pub(super) async fn write_sealed(&self, sealed: &[(u64, Sealed)]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for (number, sealed) in sealed {
            sqlx::query(
                "UPDATE outbox SET envelope = ?, key_id = ?, deposit = ?
                    WHERE own = ? AND number = ? AND envelope IS NULL AND state = ?",
            )
            .bind(sealed.envelope.as_slice())
            .bind(sealed.key.as_slice())
            .bind(sealed.deposit.0.as_slice())
            .bind(self.own_text())
            .bind(sql_number(*number)?)
            .bind(SentState::Queued.number())
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(super) async fn write_changes(&self, changes: &[Change], now: UnixTime) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for change in changes {
            self.write_change(change, now, &mut transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn write_change(
        &self,
        change: &Change,
        now: UnixTime,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<(), Failure> {
        let number = sql_number(change.number)?;
        if let Some(key) = &change.reseal {
            // Another process may have sealed it anew meanwhile: that envelope stays.
            sqlx::query(
                "UPDATE outbox SET envelope = NULL, key_id = NULL, deposit = NULL
                    WHERE own = ? AND number = ? AND key_id = ? AND state < 16",
            )
            .bind(self.own_text())
            .bind(number)
            .bind(key.as_slice())
            .execute(&mut **transaction)
            .await?;
        }
        // What is over stays over: a receipt may come before anybody hears that the letter was taken.
        sqlx::query(
            "UPDATE outbox SET trouble = ?3, state = ?4, changed = CASE state WHEN ?4 THEN changed ELSE ?5 END,
                    envelope = CASE WHEN ?4 < 2 THEN envelope END
                WHERE own = ?1 AND number = ?2 AND state < 16",
        )
        .bind(self.own_text())
        .bind(number)
        .bind(change.trouble)
        .bind(change.state.number())
        .bind(sql_time(now))
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    pub(super) async fn read_sent(&self, id: &MessageId) -> Result<Option<SentLetter>, Failure> {
        let query = sqlx::query("SELECT * FROM outbox WHERE own = ? AND message_id = ?");
        let row = query.bind(self.own_text()).bind(id.as_slice()).fetch_optional(&self.reader).await?;
        Ok(row.as_ref().map(sent).transpose()?)
    }

    pub(super) async fn read_sent_after(&self, after: u64, most: u32) -> Result<Vec<SentLetter>, Failure> {
        let rows = sqlx::query(
            "SELECT * FROM outbox WHERE own = ? AND number > ? AND content_type <> ? ORDER BY number LIMIT ?",
        )
        .bind(self.own_text())
        .bind(sql_number(after)?)
        .bind(RECEIPT_TYPE)
        .bind(most)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows.iter().map(sent).collect::<Result<_, _>>()?)
    }

    pub(super) async fn read_last_to(&self, to: &Did, most: u32) -> Result<Vec<SentLetter>, Failure> {
        let rows = sqlx::query(
            "SELECT * FROM outbox WHERE own = ? AND recipient = ? AND content_type <> ? ORDER BY number DESC LIMIT ?",
        )
        .bind(self.own_text())
        .bind(to.as_str())
        .bind(RECEIPT_TYPE)
        .bind(most)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows.iter().rev().map(sent).collect::<Result<_, _>>()?)
    }

    pub(super) async fn expire_letters(&self, now: UnixTime) -> Result<u64, Failure> {
        let mut transaction = self.begin().await?;
        // What a relay has, the relay says.
        let expired = sqlx::query(
            "UPDATE outbox SET state = ?, changed = ?, envelope = NULL
                WHERE own = ? AND state IN (?, ?) AND expires <= ?",
        )
        .bind(SentState::Expired.number())
        .bind(sql_time(now))
        .bind(self.own_text())
        .bind(SentState::Queued.number())
        .bind(SentState::Blocked.number())
        .bind(sql_time(now))
        .execute(&mut *transaction)
        .await?;
        // No relay keeps a state for longer: nobody is left to say it.
        sqlx::query("UPDATE outbox SET state = ?, changed = ? WHERE own = ? AND state = ? AND expires <= ?")
            .bind(SentState::Unknown.number())
            .bind(sql_time(now))
            .bind(self.own_text())
            .bind(SentState::Waiting.number())
            .bind(now.0.checked_sub(STATE_SECONDS).map_or(-1, |over| sql_time(UnixTime(over))))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM outbox WHERE own = ? AND content_type = ? AND state >= 16")
            .bind(self.own_text())
            .bind(RECEIPT_TYPE)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(expired.rows_affected())
    }
}

pub(super) async fn insert(
    own: &str,
    letter: &NewLetter,
    transaction: &mut Transaction<'static, Sqlite>,
) -> Result<u64, Failure> {
    let inserted = sqlx::query(
        "INSERT INTO outbox (own, recipient, message_id, content_type, content, written, expires, state, changed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(own)
    .bind(letter.recipient.as_str())
    .bind(letter.id.as_slice())
    .bind(letter.content_type.as_str())
    .bind(letter.content.as_slice())
    .bind(sql_time(letter.written))
    .bind(sql_time(letter.expires))
    .bind(SentState::Queued.number())
    .bind(sql_time(letter.written))
    .execute(&mut **transaction)
    .await?;
    u64::try_from(inserted.last_insert_rowid()).map_err(|_| Failure::Bounds)
}

fn deposited(row: &SqliteRow) -> Result<Deposited, sqlx::Error> {
    Ok(Deposited {
        number: number(row, "number")?,
        deposit: DepositName(bytes(row, "deposit")?),
        key: bytes(row, "key_id")?,
        expires: time(row, "expires")?,
    })
}

fn sent(row: &SqliteRow) -> Result<SentLetter, sqlx::Error> {
    let letter = NewLetter {
        recipient: did(row, "recipient")?,
        id: bytes(row, "message_id")?,
        content_type: row.try_get("content_type")?,
        content: private(row, "content")?,
        written: time(row, "written")?,
        expires: time(row, "expires")?,
    };
    let envelope = row.try_get::<Option<Vec<u8>>, _>("envelope")?;
    let sealed = match (envelope, maybe_bytes(row, "key_id")?, maybe_bytes(row, "deposit")?) {
        (Some(envelope), Some(key), Some(deposit)) => Some(Sealed { envelope, key, deposit: DepositName(deposit) }),
        _ => None,
    };
    let state = row.try_get::<i64, _>("state")?;
    Ok(SentLetter {
        number: number(row, "number")?,
        letter,
        state: SentState::of_number(state).ok_or(()).map_err(malformed)?,
        changed: time(row, "changed")?,
        trouble: row.try_get("trouble")?,
        sealed,
    })
}
