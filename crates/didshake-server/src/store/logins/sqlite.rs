//! SQLite: a thread of its own, since each statement given to another thread costs more than the statement.

use std::path::PathBuf;
use std::sync::Arc;
use std::{io, thread};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::NewLogin;
use super::queue::{LoginWriter, Queue};
use crate::policy::holder;
use crate::store::row::sql_time;
use crate::store::sessions::INSERT;
use crate::store::sqlite::SETTINGS;
use crate::store::writing::Turns;

/// Only where there is room, and nothing is known of whose it is.
const BURN: &str = "INSERT INTO burned_handshakes (th3, ends) SELECT ?1, ?2
    WHERE (SELECT row_count FROM sizes WHERE name = 'burned_handshakes') < ?3
        AND (SELECT row_count FROM sizes WHERE name = 'sessions') < ?4
        AND (SELECT count(*) FROM sessions WHERE did = ?5) < ?6
        AND NOT EXISTS (SELECT 1 FROM revocations WHERE holder = ?7)
        AND NOT EXISTS (SELECT 1 FROM account_keys WHERE holder = ?7)
        AND NOT EXISTS (SELECT 1 FROM accounts WHERE holder = ?7)
    ON CONFLICT DO NOTHING";
/// In KiB: new rows go anywhere.
const CACHE: &str = "PRAGMA cache_size = -8192";

impl LoginWriter {
    /// Starts the thread; it ends with the last clone, or when it is closed.
    pub(in crate::store) fn of_file(path: PathBuf, turns: Turns) -> io::Result<Self> {
        let (writer, queue) = Self::new();
        thread::Builder::new()
            .name("logins".to_owned())
            .spawn(move || Thread { path, turns, open: None }.run(queue))?;
        Ok(writer)
    }
}

struct Thread {
    path: PathBuf,
    turns: Turns,
    /// From the first login on.
    open: Option<Connection>,
}

impl Thread {
    fn run(mut self, mut queue: Queue) {
        while let Some(batch) = queue.wait_for_next() {
            let written = self.commit(&batch.logins);
            if written.is_err() || batch.is_last() {
                // The next login opens it anew.
                self.open = None;
            }
            let is_last = batch.is_last();
            batch.answer(written);
            if is_last {
                return;
            }
        }
    }

    fn commit(&mut self, logins: &[Arc<NewLogin>]) -> Result<Vec<bool>, rusqlite::Error> {
        if logins.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turns.wait_for_next();
        let connection = match &mut self.open {
            Some(connection) => connection,
            None => self.open.insert(open(&self.path)?),
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let written: Result<Vec<bool>, _> = logins.iter().map(|login| write(&transaction, login)).collect();
        let written = written?;
        transaction.commit()?;
        Ok(written)
    }
}

fn open(path: &PathBuf) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&SETTINGS.join(";"))?;
    connection.execute_batch(CACHE)?;
    Ok(connection)
}

fn write(on: &Connection, login: &NewLogin) -> Result<bool, rusqlite::Error> {
    let parts = login.record.session.parts();
    let burned = on.prepare_cached(BURN)?.execute(params![
        login.th3,
        sql_time(login.burned_until),
        i64::try_from(login.bounds.burns).unwrap_or(i64::MAX),
        i64::try_from(login.bounds.sessions).unwrap_or(i64::MAX),
        parts.did.as_str(),
        login.bounds.sessions_of_did,
        holder(&parts.did),
    ])?;
    if burned == 0 {
        return Ok(false);
    }
    on.prepare_cached(INSERT)?.execute(params![
        parts.id,
        parts.did.as_str(),
        parts.fragment.as_str(),
        parts.algorithm as u8,
        parts.key,
        sql_time(parts.accepted),
        parts.lifetime,
        parts.used,
        login.record.origin.as_str(),
        login.record.request_key.secret().expose(),
        login.record.client.map(|address| address.to_string()),
        login.record.last_used.map(sql_time),
        sql_time(login.record.session.expires()),
    ])?;
    Ok(true)
}
