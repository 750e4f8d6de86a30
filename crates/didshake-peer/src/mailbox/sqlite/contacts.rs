//! Contacts.

use didshake::Did;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zeroize::Zeroizing;

use super::row::{did, sql_time, time, token, url};
use super::{Failure, SqliteStore};
use crate::mailbox::records::{Contact, MailboxAddress, SentState};

impl SqliteStore {
    pub(super) async fn write_contact(&self, contact: &Contact) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT * FROM contacts WHERE own = ? AND did = ?");
        let query = query.bind(self.own_text()).bind(contact.did.as_str());
        let before = query.fetch_optional(&mut *transaction).await?;
        let before = before.as_ref().map(of_row).transpose()?.and_then(|before| before.address);
        let address = contact.address.as_ref();
        sqlx::query(
            "INSERT OR REPLACE INTO contacts (own, did, mailbox_url, token, card, added) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(self.own_text())
        .bind(contact.did.as_str())
        .bind(address.map(|address| address.url.as_str()))
        .bind(address.map(|address| address.token.secret().expose().as_slice()))
        .bind(contact.card.as_ref().map(|card| card.as_slice()))
        .bind(sql_time(contact.added))
        .execute(&mut *transaction)
        .await?;
        if contact.address.is_some() && contact.address != before {
            sqlx::query("UPDATE outbox SET state = ?, trouble = NULL WHERE own = ? AND recipient = ? AND state = ?")
                .bind(SentState::Queued.number())
                .bind(self.own_text())
                .bind(contact.did.as_str())
                .bind(SentState::Blocked.number())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(super) async fn read_contact(&self, did: &Did) -> Result<Option<Contact>, Failure> {
        let query = sqlx::query("SELECT * FROM contacts WHERE own = ? AND did = ?");
        let row = query.bind(self.own_text()).bind(did.as_str()).fetch_optional(&self.reader).await?;
        Ok(row.as_ref().map(of_row).transpose()?)
    }

    pub(super) async fn read_contacts(&self) -> Result<Vec<Contact>, Failure> {
        let query = sqlx::query("SELECT * FROM contacts WHERE own = ? ORDER BY did");
        let rows = query.bind(self.own_text()).fetch_all(&self.reader).await?;
        Ok(rows.iter().map(of_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn delete_contact(&self, did: &Did) -> Result<bool, Failure> {
        let query = sqlx::query("DELETE FROM contacts WHERE own = ? AND did = ?");
        let gone = query.bind(self.own_text()).bind(did.as_str()).execute(&self.writer).await?;
        Ok(gone.rows_affected() > 0)
    }
}

fn of_row(row: &SqliteRow) -> Result<Contact, sqlx::Error> {
    let address = match row.try_get::<Option<&str>, _>("mailbox_url")? {
        Some(text) => Some(MailboxAddress { url: url(text)?, token: token(row, "token")? }),
        None => None,
    };
    let card = row.try_get::<Option<Vec<u8>>, _>("card")?.map(Zeroizing::new);
    Ok(Contact { did: did(row, "did")?, address, card, added: time(row, "added")? })
}
