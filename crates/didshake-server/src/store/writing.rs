//! Who writes: one after the other, where the database lets in one at a time.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::database::BUSY;

/// Who may write to SQLite, one after the other in the order in which they came: the file itself lets wait whoever it likes.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Option<Arc<Mutex<()>>>);

impl Turns {
    pub(super) fn one_at_a_time() -> Self {
        Self(Some(Arc::default()))
    }

    /// The next one, for a task.
    pub(super) async fn next(&self) -> Result<Turn, sqlx::Error> {
        let Some(turns) = &self.0 else { return Ok(None) };
        let turn = timeout(BUSY, Arc::clone(turns).lock_owned()).await;
        turn.map(Some).map_err(|_| sqlx::Error::PoolTimedOut)
    }

    /// For a thread that may wait.
    pub(super) fn wait_for_next(&self) -> Turn {
        self.0.as_ref().map(|turns| Arc::clone(turns).blocking_lock_owned())
    }
}

/// It is over when it is dropped.
type Turn = Option<OwnedMutexGuard<()>>;

/// A connection that writes, and reads what was just written. What is dropped first is given back first.
pub(crate) struct Writing {
    connection: PoolConnection<Any>,
    _turn: Turn,
}

/// A transaction in which what is written stays as it was read. Where it is dropped, nothing of it is done.
pub(crate) struct WriteTransaction {
    transaction: Transaction<'static, Any>,
    _turn: Turn,
}

impl Writing {
    pub(super) fn new(connection: PoolConnection<Any>, turn: Turn) -> Self {
        Self { connection, _turn: turn }
    }
}

impl WriteTransaction {
    pub(super) fn new(transaction: Transaction<'static, Any>, turn: Turn) -> Self {
        Self { transaction, _turn: turn }
    }

    /// Makes what was written durable.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl Deref for Writing {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

impl Deref for WriteTransaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}
