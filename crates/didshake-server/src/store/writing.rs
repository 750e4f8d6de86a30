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

/// What writes, as long as it is its turn; a connection, or a transaction in which what is written stays as it was read. It is given back
/// before the turn is; where a transaction is dropped, nothing of it is done.
pub(crate) struct Turned<T> {
    inner: T,
    _turn: Turn,
}

/// For statements that are each their own transaction; it reads what was just written.
pub(crate) type Writing = Turned<PoolConnection<Any>>;
pub(crate) type WriteTransaction = Turned<Transaction<'static, Any>>;

impl<T> Turned<T> {
    pub(super) fn new(inner: T, turn: Turn) -> Self {
        Self { inner, _turn: turn }
    }
}

impl WriteTransaction {
    /// Makes what was written durable.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await
    }
}

impl<T: Deref<Target = AnyConnection>> Deref for Turned<T> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.inner
    }
}

impl<T: DerefMut<Target = AnyConnection>> DerefMut for Turned<T> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}
