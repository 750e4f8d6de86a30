//! The store in one SQLite file: modes, settings, migrations, damage.

mod contacts;
mod inbox;
mod mailboxes;
mod outbox;
mod row;
mod sightings;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use didshake::mailbox::MessageId;
use didshake::relay::DepositToken;
use didshake::{Did, Origin, UnixTime};
use didshake_did::private_file::{create_directory, permissions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqlitePool, Transaction};

use super::records::{
    Arrived, Contact, Deposited, GivenToken, InboxLetter, KeptKey, NewLetter, OwnMailbox, Sealed, SentLetter, Taken,
};
use super::sighting::{Sighted, Sighting};
use super::store::{AgentStore, Change, StoreError, Stored};

/// How long anything waits for what another process has locked.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What others may fill, in one store.
///
/// ```
/// use didshake_peer::mailbox::InboxBounds;
/// assert_eq!(InboxBounds::default().bytes, 1 << 30);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboxBounds {
    /// Letters in the inbox of one identity; 1,000,000.
    pub letters: u64,
    /// Bytes of what they say; 1 GiB.
    pub bytes: u64,
}

impl Default for InboxBounds {
    fn default() -> Self {
        Self { letters: 1_000_000, bytes: 1 << 30 }
    }
}

/// [`AgentStore`] in a file, `agent.sqlite` by custom, in which several identities may keep their letters.
///
/// The file and its journals are the user's alone (mode 0600). Secrets of mailbox keys and tokens, and what was written, stand
/// in them as they are: who reads the file reads the letters. What is deleted is overwritten, and a destroyed key is gone from the
/// journal too.
///
/// ```
/// use didshake::{Did, UnixTime};
/// use didshake_peer::mailbox::{AgentStore, Contact, SqliteStore};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("agent.sqlite");
/// let store = SqliteStore::open(&path, Did::parse("did:web:alice.example")?).await?;
/// let bob = Contact { did: Did::parse("did:web:bob.example")?, address: None, card: None, added: UnixTime(1_767_225_600) };
/// store.put_contact(&bob).await?;
/// assert_eq!(store.contacts().await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    own: Did,
    /// One connection: SQLite has one writer.
    writer: SqlitePool,
    reader: SqlitePool,
    path: PathBuf,
    bounds: InboxBounds,
}

impl SqliteStore {
    /// Opens the store of one of our identities, making the file, its directory (mode 0700) and its tables if need be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(path: &Path, own: Did) -> Result<Self, StoreError> {
        make_private(path)?;
        let failed = |error| of_database(path, error);
        check(path).await.map_err(failed)?;
        let options = options(path).synchronous(SqliteSynchronous::Full).pragma("secure_delete", "ON");
        let pool = |most| SqlitePoolOptions::new().acquire_timeout(BUSY).max_connections(most);
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
        MIGRATIONS.run(&writer).await.map_err(|error| of_migration(path, error))?;
        let reader = pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(failed)?;
        Ok(Self { own, writer, reader, path: path.to_owned(), bounds: InboxBounds::default() })
    }

    /// The same, with other bounds of the inbox.
    #[must_use]
    pub fn with_bounds(self, bounds: InboxBounds) -> Self {
        Self { bounds, ..self }
    }

    /// Ends every connection, so that nothing is left beside the file itself.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// A transaction that has the lock from its beginning.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    fn failed(&self, error: sqlx::Error) -> StoreError {
        of_database(&self.path, error)
    }

    fn own_text(&self) -> &str {
        self.own.as_str()
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("own", &self.own).field("path", &self.path).finish_non_exhaustive()
    }
}

/// Runs what the submodules do, and says of which file it was.
macro_rules! stored {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        Box::pin(async move { $self.$method($($argument),*).await.map_err(|error| error.at($self)) })
    };
}

impl AgentStore for SqliteStore {
    fn own(&self) -> &Did {
        &self.own
    }
    fn put_contact<'a>(&'a self, contact: &'a Contact) -> Stored<'a, ()> {
        stored!(self.write_contact(contact))
    }
    fn contact<'a>(&'a self, did: &'a Did) -> Stored<'a, Option<Contact>> {
        stored!(self.read_contact(did))
    }
    fn contacts(&self) -> Stored<'_, Vec<Contact>> {
        stored!(self.read_contacts())
    }
    fn remove_contact<'a>(&'a self, did: &'a Did) -> Stored<'a, bool> {
        stored!(self.delete_contact(did))
    }
    fn put_mailbox<'a>(&'a self, mailbox: &'a OwnMailbox) -> Stored<'a, ()> {
        stored!(self.write_mailbox(mailbox))
    }
    fn mailboxes(&self) -> Stored<'_, Vec<OwnMailbox>> {
        stored!(self.read_mailboxes())
    }
    fn remove_mailbox<'a>(&'a self, origin: &'a Origin) -> Stored<'a, ()> {
        stored!(self.delete_mailbox(origin))
    }
    fn put_key<'a>(&'a self, key: &'a KeptKey) -> Stored<'a, ()> {
        stored!(self.write_key(key))
    }
    fn keys(&self) -> Stored<'_, Vec<KeptKey>> {
        stored!(self.read_keys())
    }
    fn destroy_keys(&self, now: UnixTime) -> Stored<'_, u64> {
        stored!(self.delete_keys(now))
    }
    fn put_token<'a>(&'a self, token: &'a GivenToken) -> Stored<'a, ()> {
        stored!(self.write_token(token))
    }
    fn tokens(&self) -> Stored<'_, Vec<GivenToken>> {
        stored!(self.read_tokens())
    }
    fn remove_token<'a>(&'a self, token: &'a DepositToken) -> Stored<'a, ()> {
        stored!(self.delete_token(token))
    }
    fn queue<'a>(&'a self, letter: &'a NewLetter) -> Stored<'a, u64> {
        stored!(self.write_letter(letter))
    }
    fn recipients(&self) -> Stored<'_, Vec<Did>> {
        stored!(self.read_recipients())
    }
    fn queued<'a>(&'a self, to: &'a Did, most: u32) -> Stored<'a, Vec<SentLetter>> {
        stored!(self.read_queued(to, most))
    }
    fn deposited<'a>(&'a self, to: &'a Did, after: u64, most: u32) -> Stored<'a, Vec<Deposited>> {
        stored!(self.read_deposited(to, after, most))
    }
    fn seal<'a>(&'a self, sealed: &'a [(u64, Sealed)]) -> Stored<'a, ()> {
        stored!(self.write_sealed(sealed))
    }
    fn note<'a>(&'a self, changes: &'a [Change], now: UnixTime) -> Stored<'a, ()> {
        stored!(self.write_changes(changes, now))
    }
    fn retry_blocked(&self) -> Stored<'_, u64> {
        stored!(self.queue_blocked())
    }
    fn sent<'a>(&'a self, id: &'a MessageId) -> Stored<'a, Option<SentLetter>> {
        stored!(self.read_sent(id))
    }
    fn sent_after(&self, after: u64, most: u32) -> Stored<'_, Vec<SentLetter>> {
        stored!(self.read_sent_after(after, most))
    }
    fn sweep_outbox(&self, now: UnixTime) -> Stored<'_, u64> {
        stored!(self.expire_letters(now))
    }
    fn take<'a>(&'a self, letters: &'a [Arrived], now: UnixTime) -> Stored<'a, Vec<Taken>> {
        stored!(self.write_arrived(letters, now))
    }
    fn inbox(&self, after: u64, most: u32) -> Stored<'_, Vec<InboxLetter>> {
        stored!(self.read_inbox(after, most))
    }
    fn unread(&self, after: u64, most: u32) -> Stored<'_, Vec<InboxLetter>> {
        stored!(self.read_unread(after, most))
    }
    fn mark_read<'a>(&'a self, numbers: &'a [u64], receipts: &'a [NewLetter]) -> Stored<'a, ()> {
        stored!(self.write_read(numbers, receipts))
    }
    fn conversation<'a>(&'a self, with: &'a Did, most: u32) -> Stored<'a, (Vec<InboxLetter>, Vec<SentLetter>)> {
        stored!(self.read_conversation(with, most))
    }
    fn forget(&self, number: u64) -> Stored<'_, bool> {
        stored!(self.delete_letter(number))
    }
    fn sweep_seen(&self, now: UnixTime) -> Stored<'_, u64> {
        stored!(self.delete_seen(now))
    }
    fn see<'a>(&'a self, did: &'a Did, what: &'a Sighted, now: UnixTime) -> Stored<'a, bool> {
        stored!(self.write_sighting(did, what, now))
    }
    fn sightings<'a>(&'a self, did: &'a Did) -> Stored<'a, Vec<Sighting>> {
        stored!(self.read_sightings(did))
    }
}

/// What fails inside of a transaction.
#[derive(Debug)]
enum Failure {
    Sql(sqlx::Error),
    Full,
    Bounds,
}

impl Failure {
    fn at(self, store: &SqliteStore) -> StoreError {
        match self {
            Self::Sql(error) => store.failed(error),
            Self::Full => StoreError::Full,
            Self::Bounds => StoreError::Bounds,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY);
    // The system keeps the file's pages once for all connections; each would keep 2 MiB of them.
    let options = options.pragma("cache_size", "-128");
    options.journal_mode(SqliteJournalMode::Wal).foreign_keys(true).disable_statement_logging()
}

/// Before the pool, which would try again and again, and tell no cause.
async fn check(path: &Path) -> Result<(), sqlx::Error> {
    let mut connection = options(path).connect().await?;
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    if found == "ok" { Ok(()) } else { Err(sqlx::Error::Decode(Box::new(Damaged))) }
}

/// What SQLite's own check has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the file is damaged")]
struct Damaged;

/// SQLite gives its journals the mode of the database file.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_directory(directory).map_err(failed)?;
    let mut new = OpenOptions::new();
    new.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    match new.open(path) {
        // The name of a new file is to survive a crash like what is in it.
        Ok(_) => fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(ErrorKind::InvalidInput.into()));
    }
    let mode = permissions(&metadata);
    if mode & 0o077 == 0 { Ok(()) } else { Err(StoreError::OpenToOthers { path: path.to_owned(), mode }) }
}

fn of_database(path: &Path, error: sqlx::Error) -> StoreError {
    let corrupt = match &error {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => true,
        // SQLITE_CORRUPT (11) with its extended codes, SQLITE_NOTADB (26), and SQLITE_ERROR, which is what a wrong schema
        // gives: our statements are fixed and fit ours.
        error => error
            .as_database_error()
            .and_then(|error| error.code()?.parse::<u32>().ok())
            .is_some_and(|code| matches!(code & 0xff, 1 | 11 | 26)),
    };
    if corrupt { StoreError::Corrupt { path: path.to_owned() } } else { StoreError::Failed(Box::new(error)) }
}

fn of_migration(path: &Path, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            StoreError::Newer { path: path.to_owned() }
        }
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => of_database(path, source),
        _ => StoreError::Corrupt { path: path.to_owned() },
    }
}
