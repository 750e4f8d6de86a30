//! Letters that came.

use didshake::mailbox::MessageId;
use didshake::{Did, UnixTime};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::outbox::insert;
use super::row::{bytes, did, number, private, sql_number, sql_time, time};
use super::{Failure, SqliteStore};
use crate::mailbox::records::{Arrived, Body, InboxLetter, NewLetter, SentLetter, SentState, Taken};

/// Seconds by which a clock may be set back: a day.
const CLOCK_SECONDS: u64 = 86_400;

impl SqliteStore {
    pub(super) async fn write_arrived(&self, letters: &[Arrived], now: UnixTime) -> Result<Vec<Taken>, Failure> {
        let mut transaction = self.begin().await?;
        let mut taken = Vec::with_capacity(letters.len());
        for letter in letters {
            taken.push(self.write_one(letter, now, &mut transaction).await?);
        }
        if taken.iter().any(|taken| matches!(taken, Taken::New(_))) && !self.fits(&mut transaction).await? {
            return Err(Failure::Full);
        }
        transaction.commit().await?;
        Ok(taken)
    }

    async fn write_one(
        &self,
        letter: &Arrived,
        now: UnixTime,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<Taken, Failure> {
        let (content_type, content) = match &letter.body {
            // One that comes again changes nothing: it need not be kept, and none of them fills the store.
            Body::Read(ids) => {
                self.write_receipt(letter, ids, now, transaction).await?;
                return Ok(Taken::Noted);
            }
            Body::Letter { content_type, content } => (content_type, content),
        };
        let seen = sqlx::query(
            "INSERT INTO seen (own, sender, message_id, expires) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(self.own_text())
        .bind(letter.sender.as_str())
        .bind(letter.id.as_slice())
        .bind(sql_time(letter.expires))
        .execute(&mut **transaction)
        .await?;
        if seen.rows_affected() == 0 {
            return Ok(Taken::Again);
        }
        let inserted = sqlx::query(
            "INSERT INTO inbox (own, sender, method, message_id, content_type, content, sent, expires, taken, read)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        )
        .bind(self.own_text())
        .bind(letter.sender.as_str())
        .bind(letter.method.as_str())
        .bind(letter.id.as_slice())
        .bind(content_type.as_str())
        .bind(content.as_slice())
        .bind(sql_time(letter.sent))
        .bind(sql_time(letter.expires))
        .bind(sql_time(now))
        .execute(&mut **transaction)
        .await?;
        u64::try_from(inserted.last_insert_rowid()).map(Taken::New).map_err(|_| Failure::Bounds)
    }

    /// Whoever it is from says it of letters to them alone.
    async fn write_receipt(
        &self,
        receipt: &Arrived,
        ids: &[MessageId],
        now: UnixTime,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<(), Failure> {
        for id in ids {
            sqlx::query(
                "UPDATE outbox SET state = ?1, changed = ?2, envelope = NULL, trouble = NULL
                    WHERE own = ?3 AND message_id = ?4 AND recipient = ?5 AND state <> ?1",
            )
            .bind(SentState::Read.number())
            .bind(sql_time(now))
            .bind(self.own_text())
            .bind(id.as_slice())
            .bind(receipt.sender.as_str())
            .execute(&mut **transaction)
            .await?;
        }
        Ok(())
    }

    async fn fits(&self, transaction: &mut Transaction<'static, Sqlite>) -> Result<bool, Failure> {
        let query = sqlx::query("SELECT letters, bytes FROM filled WHERE own = ?").bind(self.own_text());
        let Some(row) = query.fetch_optional(&mut **transaction).await? else { return Ok(true) };
        Ok(number(&row, "letters")? <= self.bounds.letters && number(&row, "bytes")? <= self.bounds.bytes)
    }

    pub(super) async fn read_inbox(&self, after: u64, most: u32) -> Result<Vec<InboxLetter>, Failure> {
        let query = sqlx::query("SELECT * FROM inbox WHERE own = ? AND number > ? ORDER BY number LIMIT ?");
        let rows = query.bind(self.own_text()).bind(sql_number(after)?).bind(most).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(letter).collect::<Result<_, _>>()?)
    }

    pub(super) async fn read_unread(&self, after: u64, most: u32) -> Result<Vec<InboxLetter>, Failure> {
        let query =
            sqlx::query("SELECT * FROM inbox WHERE own = ? AND number > ? AND read = 0 ORDER BY number LIMIT ?");
        let rows = query.bind(self.own_text()).bind(sql_number(after)?).bind(most).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(letter).collect::<Result<_, _>>()?)
    }

    pub(super) async fn read_conversation(
        &self,
        with: &Did,
        most: u32,
    ) -> Result<(Vec<InboxLetter>, Vec<SentLetter>), Failure> {
        let query = sqlx::query("SELECT * FROM inbox WHERE own = ? AND sender = ? ORDER BY number DESC LIMIT ?");
        let rows = query.bind(self.own_text()).bind(with.as_str()).bind(most).fetch_all(&self.reader).await?;
        let came = rows.iter().rev().map(letter).collect::<Result<_, _>>()?;
        Ok((came, self.read_last_to(with, most).await?))
    }

    pub(super) async fn write_read(&self, numbers: &[u64], receipts: &[NewLetter]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for number in numbers {
            sqlx::query("UPDATE inbox SET read = 1 WHERE own = ? AND number = ?")
                .bind(self.own_text())
                .bind(sql_number(*number)?)
                .execute(&mut *transaction)
                .await?;
        }
        for receipt in receipts {
            insert(self.own_text(), receipt, &mut transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(super) async fn delete_letter(&self, number: u64) -> Result<bool, Failure> {
        let query = sqlx::query("DELETE FROM inbox WHERE own = ? AND number = ?");
        let gone = query.bind(self.own_text()).bind(sql_number(number)?).execute(&self.writer).await?;
        Ok(gone.rows_affected() > 0)
    }

    pub(super) async fn delete_seen(&self, now: UnixTime) -> Result<u64, Failure> {
        // A clock that is set back makes a letter good once more: it is known for a while longer.
        let over = now.0.checked_sub(CLOCK_SECONDS).map_or(-1, |over| sql_time(UnixTime(over)));
        let query = sqlx::query("DELETE FROM seen WHERE own = ? AND expires <= ?");
        Ok(query.bind(self.own_text()).bind(over).execute(&self.writer).await?.rows_affected())
    }
}

fn letter(row: &SqliteRow) -> Result<InboxLetter, sqlx::Error> {
    Ok(InboxLetter {
        number: number(row, "number")?,
        sender: did(row, "sender")?,
        method: row.try_get("method")?,
        id: bytes(row, "message_id")?,
        content_type: row.try_get("content_type")?,
        content: private(row, "content")?,
        sent: time(row, "sent")?,
        taken: time(row, "taken")?,
        read: row.try_get("read")?,
    })
}
