//! The agent: writes letters, delivers them, takes those of others.

mod connections;
mod deliver;
mod failure;
mod keys;
mod opening;
mod options;
mod receive;
mod running;
mod sealing;
mod tokens;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use didshake::mailbox::{MAX_LETTER_CONTENT_BYTES, MailboxKey, MessageId};
use didshake::relay::MailboxUrl;
use didshake::{Did, Origin, UnixTime};
use didshake_did::SigningIdentity;
use getrandom::SysRng;
use rand_core::TryRng;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use zeroize::Zeroizing;

pub use connections::{Connection, Connections};
pub use deliver::Delivery;
pub use failure::AgentError;
pub use keys::{KEY_PERIOD_SECONDS, KEY_ROTATION_SECONDS};
pub use options::AgentOptions;

use super::circuit::CircuitOffer;
use super::live::Held;
use super::receipt::{self, MAX_RECEIPT_IDS, RECEIPT_TYPE};
use super::records::{Contact, InboxLetter, MailboxAddress, NewLetter, OwnMailbox};
use super::relay::{Depositor, RelayOwner};
use super::store::AgentStore;
use crate::http::WebClient;

/// Seconds for which a receipt is worth delivering.
const RECEIPT_SECONDS: u64 = 2_592_000;

/// One identity that writes letters and takes them. Clones are the same agent.
///
/// What it does is durable before anybody hears of it; a call that was cancelled, or a program that died, is continued by the
/// next [`deliver`](Self::deliver), [`fetch`](Self::fetch) or [`run`](Self::run), in this process or another.
#[derive(Clone)]
pub struct Agent {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    identity: SigningIdentity,
    store: Arc<dyn AgentStore>,
    options: AgentOptions,
    client: WebClient,
    depositor: Depositor,
    /// To whom nothing goes to a relay, because it goes over a channel.
    held: Held,
    owners: Mutex<HashMap<Origin, Arc<RelayOwner>>>,
    keys: Mutex<HashMap<MailboxUrl, (MailboxKey, Instant)>>,
    changes: watch::Sender<u64>,
    connections: watch::Sender<Connections>,
    /// There is something to deliver, or a mailbox to look after.
    work: Notify,
    mailboxes: Notify,
    /// Who takes calls, if anybody does.
    offers: watch::Sender<Option<mpsc::Sender<CircuitOffer>>>,
}

impl Agent {
    /// An agent of this identity, whose store it is. Nothing is sent yet.
    ///
    /// # Errors
    /// [`AgentError::Client`]; [`AgentError::OtherStore`] where the store is of another DID.
    pub fn new(
        identity: SigningIdentity,
        store: impl AgentStore + 'static,
        options: AgentOptions,
    ) -> Result<Self, AgentError> {
        if store.own() != identity.did() {
            return Err(AgentError::OtherStore);
        }
        let client = WebClient::new(&options.web)?;
        let depositor = Depositor::new(&options.web)?;
        let inner = Inner {
            identity,
            store: Arc::new(store),
            options,
            client,
            depositor,
            held: Held::default(),
            owners: Mutex::default(),
            keys: Mutex::default(),
            changes: watch::Sender::new(0),
            connections: watch::Sender::default(),
            work: Notify::new(),
            mailboxes: Notify::new(),
            offers: watch::Sender::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What it keeps: contacts, letters, and what became of them.
    #[must_use]
    pub fn store(&self) -> &dyn AgentStore {
        &*self.inner.store
    }

    /// Whose letters these are.
    #[must_use]
    pub fn identity(&self) -> &SigningIdentity {
        &self.inner.identity
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(super) fn depositor(&self) -> &Depositor {
        &self.inner.depositor
    }

    pub(super) fn offer_to(&self, application: mpsc::Sender<CircuitOffer>) {
        self.inner.offers.send_replace(Some(application));
    }

    pub(super) async fn owner_of(&self, origin: &Origin) -> Result<Arc<RelayOwner>, AgentError> {
        Ok(self.inner.owner(&self.inner.mailbox(origin).await?))
    }

    /// Changes whenever this agent has changed something in its store: a letter came, or something became of one of ours.
    /// What another process does is not told.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Adds a contact: we take letters of theirs, and where there is an address, ours go to it. One that is there gets the new
    /// address; its card and its age stay.
    ///
    /// # Errors
    /// [`AgentError::Store`].
    pub async fn add_contact(&self, did: &Did, address: Option<MailboxAddress>) -> Result<(), AgentError> {
        let before = self.inner.store.contact(did).await?;
        let (card, added) = before.map_or((None, self.inner.now()), |before| (before.card, before.added));
        self.inner.store.put_contact(&Contact { did: did.clone(), address, card, added }).await?;
        self.inner.changed();
        self.inner.work.notify_one();
        Ok(())
    }

    /// Writes a letter. It is durable when this returns, and goes out with the next [`deliver`](Self::deliver), or by
    /// [`run`](Self::run). Somebody who is no contact yet gets it once they are one that has an address.
    ///
    /// # Errors
    /// [`AgentError::TooLong`], [`AgentError::Letter`] where the content type or the time cannot be, [`AgentError::Store`].
    pub async fn write(
        &self,
        to: &Did,
        content_type: &str,
        content: &[u8],
        expires: UnixTime,
    ) -> Result<MessageId, AgentError> {
        if content.len() > MAX_LETTER_CONTENT_BYTES {
            return Err(AgentError::TooLong { bytes: content.len() });
        }
        let letter = self.inner.letter(to, content_type, content, expires)?;
        sealing::check(&letter)?;
        self.inner.store.queue(&letter).await?;
        self.inner.changed();
        self.inner.work.notify_one();
        Ok(letter.id)
    }

    /// Marks letters as read, and tells their senders, where they are contacts and the options say so.
    ///
    /// # Errors
    /// [`AgentError::Store`], [`AgentError::Protocol`] without randomness.
    pub async fn mark_read(&self, letters: &[InboxLetter]) -> Result<(), AgentError> {
        let numbers: Vec<u64> = letters.iter().map(|letter| letter.number).collect();
        let mut of_sender: HashMap<&Did, Vec<MessageId>> = HashMap::new();
        for letter in letters.iter().filter(|letter| self.inner.options.receipts && !letter.read) {
            of_sender.entry(&letter.sender).or_default().push(letter.id);
        }
        let mut receipts = Vec::new();
        for (sender, ids) in of_sender {
            let contact = self.inner.store.contact(sender).await?;
            if contact.is_some_and(|contact| contact.address.is_some()) || self.inner.held.contains(sender) {
                for some in ids.chunks(MAX_RECEIPT_IDS) {
                    let expires = self.inner.now().plus(RECEIPT_SECONDS);
                    receipts.push(self.inner.letter(sender, RECEIPT_TYPE, &receipt::write(some), expires)?);
                }
            }
        }
        self.inner.store.mark_read(&numbers, &receipts).await?;
        self.inner.changed();
        self.inner.work.notify_one();
        Ok(())
    }
}

impl Inner {
    pub(super) fn now(&self) -> UnixTime {
        self.options.surroundings.clock.now()
    }

    pub(super) fn store(&self) -> &dyn AgentStore {
        &*self.store
    }

    pub(super) fn held(&self) -> &Held {
        &self.held
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// What is queued goes out now, if it may.
    pub(super) fn hurry(&self) {
        self.work.notify_one();
    }

    fn letter(&self, to: &Did, content_type: &str, content: &[u8], expires: UnixTime) -> Result<NewLetter, AgentError> {
        let mut id = MessageId::default();
        SysRng.try_fill_bytes(&mut id).map_err(|_| didshake::Internal::Randomness)?;
        Ok(NewLetter {
            recipient: to.clone(),
            id,
            content_type: content_type.to_owned(),
            content: Zeroizing::new(content.to_vec()),
            written: self.now(),
            expires,
        })
    }

    /// The client of one of our mailboxes; it keeps its session.
    fn owner(&self, mailbox: &OwnMailbox) -> Arc<RelayOwner> {
        self.owner_at(&mailbox.origin, &mailbox.relay)
    }

    fn owner_at(&self, origin: &Origin, relay: &Did) -> Arc<RelayOwner> {
        let mut owners = lock(&self.owners);
        let owner = owners.entry(origin.clone()).or_insert_with(|| {
            let (client, surroundings) = (self.client.clone(), self.options.surroundings.clone());
            Arc::new(RelayOwner::new(client, self.identity.clone(), origin.clone(), relay.clone(), surroundings))
        });
        owner.clone()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("identity", &self.inner.identity).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
