//! What an agent's store has to do.

use std::io;
use std::path::PathBuf;

use didshake::mailbox::{KeyId, MessageId};
use didshake::relay::DepositToken;
use didshake::{Did, Origin, UnixTime};
use didshake_did::BoxFuture;

use super::records::{
    Arrived, Contact, Deposited, GivenToken, InboxLetter, KeptKey, NewLetter, OwnMailbox, Sealed, SentLetter,
    SentState, Taken,
};
use super::sighting::{Sighted, Sighting};

/// What comes back from a store.
pub type Stored<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// What one identity keeps of its letters. [`SqliteStore`](super::SqliteStore) is one.
///
/// Whatever is confirmed is durable: it is there after a crash of the program or of the machine. Each method is one
/// transaction. Several agents, also in several processes, may use one store at the same time.
pub trait AgentStore: Send + Sync {
    /// Whose store it is.
    fn own(&self) -> &Did;

    /// Adds a contact or replaces it. Where its address changed, what was [`Blocked`](SentState::Blocked) is queued again.
    fn put_contact<'a>(&'a self, contact: &'a Contact) -> Stored<'a, ()>;
    /// A contact.
    fn contact<'a>(&'a self, did: &'a Did) -> Stored<'a, Option<Contact>>;
    /// All contacts.
    fn contacts(&self) -> Stored<'_, Vec<Contact>>;
    /// Removes a contact; whether there was one. Letters stay.
    fn remove_contact<'a>(&'a self, did: &'a Did) -> Stored<'a, bool>;

    /// Adds a mailbox of ours or replaces it.
    fn put_mailbox<'a>(&'a self, mailbox: &'a OwnMailbox) -> Stored<'a, ()>;
    /// Our mailboxes.
    fn mailboxes(&self) -> Stored<'_, Vec<OwnMailbox>>;
    /// Removes a mailbox and the tokens that were given for it.
    fn remove_mailbox<'a>(&'a self, origin: &'a Origin) -> Stored<'a, ()>;

    /// Keeps a mailbox key, before anybody is shown it (R-RLY-10).
    fn put_key<'a>(&'a self, key: &'a KeptKey) -> Stored<'a, ()>;
    /// Our mailbox keys, the one that ends last first; of those that end together, the one that was kept last.
    fn keys(&self) -> Stored<'_, Vec<KeptKey>>;
    /// Destroys the keys whose grace is over at `now`, so that nothing of them is left in the store (R-MBOX-6); how many.
    fn destroy_keys(&self, now: UnixTime) -> Stored<'_, u64>;

    /// Adds a token or replaces it.
    fn put_token<'a>(&'a self, token: &'a GivenToken) -> Stored<'a, ()>;
    /// The tokens that were given.
    fn tokens(&self) -> Stored<'_, Vec<GivenToken>>;
    /// Removes a token.
    fn remove_token<'a>(&'a self, token: &'a DepositToken) -> Stored<'a, ()>;

    /// Queues a letter, and before it what was [`Blocked`](SentState::Blocked) to the same recipient; its number.
    fn queue<'a>(&'a self, letter: &'a NewLetter) -> Stored<'a, u64>;
    /// To whom letters are [`Queued`](SentState::Queued) or [`Waiting`](SentState::Waiting).
    fn recipients(&self) -> Stored<'_, Vec<Did>>;
    /// Letters to somebody that are [`Queued`](SentState::Queued), in the order of writing.
    fn queued<'a>(&'a self, to: &'a Did, most: u32) -> Stored<'a, Vec<SentLetter>>;
    /// Letters to somebody that are [`Waiting`](SentState::Waiting) at a relay, from the first above `after`.
    fn deposited<'a>(&'a self, to: &'a Did, after: u64, most: u32) -> Stored<'a, Vec<Deposited>>;
    /// Keeps the envelope of a queued letter, unless it has one or is queued no more. What is kept then is to be asked for
    /// again: another process may have been faster.
    fn seal<'a>(&'a self, sealed: &'a [(u64, Sealed)]) -> Stored<'a, ()>;
    /// Notes what became of letters, all or none. What is over stays as it is. An envelope is kept only while its letter is
    /// [`Queued`](SentState::Queued) or [`Blocked`](SentState::Blocked).
    fn note<'a>(&'a self, changes: &'a [Change], now: UnixTime) -> Stored<'a, ()>;
    /// Queues again what was [`Blocked`](SentState::Blocked), to contacts that have an address; how many letters.
    fn retry_blocked(&self) -> Stored<'_, u64>;
    /// A letter of ours.
    fn sent<'a>(&'a self, id: &'a MessageId) -> Stored<'a, Option<SentLetter>>;
    /// Letters of ours, without receipts, ascending from the first above `after`.
    fn sent_after(&self, after: u64, most: u32) -> Stored<'_, Vec<SentLetter>>;
    /// Ends what has expired in the queue, and forgets receipts that are over; how many letters changed.
    fn sweep_outbox(&self, now: UnixTime) -> Stored<'_, u64>;

    /// Takes letters, all or none: each into the inbox unless it was seen before, which is noted in the same transaction
    /// (R-RLY-9).
    fn take<'a>(&'a self, letters: &'a [Arrived], now: UnixTime) -> Stored<'a, Vec<Taken>>;
    /// Letters of the inbox, ascending from the first above `after`.
    fn inbox(&self, after: u64, most: u32) -> Stored<'_, Vec<InboxLetter>>;
    /// Letters that were not marked as read, ascending from the first above `after`.
    fn unread(&self, after: u64, most: u32) -> Stored<'_, Vec<InboxLetter>>;
    /// Marks letters as read, and queues the receipts for them in the same transaction.
    fn mark_read<'a>(&'a self, numbers: &'a [u64], receipts: &'a [NewLetter]) -> Stored<'a, ()>;
    /// The last letters with somebody, each ascending: what came, and what we wrote, without receipts; at most so many of each.
    fn conversation<'a>(&'a self, with: &'a Did, most: u32) -> Stored<'a, (Vec<InboxLetter>, Vec<SentLetter>)>;
    /// Removes a letter from the inbox; whether there was one. It is not taken again.
    fn forget(&self, number: u64) -> Stored<'_, bool>;
    /// Forgets what was seen and cannot come again, because it has expired: a day ago, so that a clock that is set back
    /// makes nothing new.
    fn sweep_seen(&self, now: UnixTime) -> Stored<'_, u64>;

    /// Notes what was learned about somebody, for all identities of the store; whether it is news. What is known already is
    /// only dated.
    fn see<'a>(&'a self, did: &'a Did, what: &'a Sighted, now: UnixTime) -> Stored<'a, bool>;
    /// What was learned about somebody, the first and the newest [`MAX_SIGHTINGS`](super::MAX_SIGHTINGS), in order.
    fn sightings<'a>(&'a self, did: &'a Did) -> Stored<'a, Vec<Sighting>>;
}

/// A letter of ours to which something happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The letter.
    pub number: u64,
    /// What became of it.
    pub state: SentState,
    /// What went wrong, a word for logs.
    pub trouble: Option<&'static str>,
    /// The mailbox key of the envelope that is not to be used again: the letter is sealed anew.
    pub reseal: Option<KeyId>,
}

impl Change {
    /// A letter that came into a state.
    #[must_use]
    pub fn to(number: u64, state: SentState) -> Self {
        Self { number, state, trouble: None, reseal: None }
    }
}

/// Why a store did not do what it was asked for; nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the path, its mode, and what was said below")]
pub enum StoreError {
    /// The file or its directory cannot be made, read or written.
    #[error("cannot use {}: check its directory's owner and mode", path.display())]
    File { path: PathBuf, source: io::Error },
    /// Others may read or write what is secret.
    #[error("{} is open to other users (mode {mode:04o}): `chmod go= {}` after looking at who could read it", path.display(), path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    /// The file is damaged, or none of ours.
    #[error("{} is damaged, or no store of didshake: move it away", path.display())]
    Corrupt { path: PathBuf },
    /// A newer version of this crate has written it.
    #[error("{} was written by a newer version of didshake: run that one", path.display())]
    Newer { path: PathBuf },
    /// The inbox holds as much as it may: nothing is taken until letters are forgotten. They wait at the relay.
    #[error("the inbox is full: forget letters that were read")]
    Full,
    /// A contact, a letter or a number is out of the bounds of the store: the caller's fault.
    #[error("a number or a text is out of the store's bounds")]
    Bounds,
    /// Anything else that the database says: a full disk, a lock that another process has held for 5 seconds.
    #[error("the store failed: see the cause; a full disk, perhaps")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A fixed word for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "store_file",
            Self::OpenToOthers { .. } => "store_open_to_others",
            Self::Corrupt { .. } => "store_corrupt",
            Self::Newer { .. } => "store_newer",
            Self::Full => "store_full",
            Self::Bounds => "store_bounds",
            Self::Failed(_) => "store_failed",
        }
    }
}
